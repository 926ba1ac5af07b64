import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Express, Request, RequestHandler, Response } from "express";
import type { HealthAnswer, ReadyAnswer } from "../../src/api/status.js";
import type { Clock } from "../../src/base/clock.js";
import { ConfigError, messageOf, RequestError, StoreError } from "../../src/base/errors.js";
import type { RunStore } from "../../src/storage/run-store.js";
import { errorAnswer, errorBody } from "./error-answer.js";
import { inUrl, isKnownHost } from "./host-check.js";
import { statusAnswer, type StatusSources } from "./status-answer.js";
import { STATUS_PAGE_POLICY, statusPage } from "./status-page.js";

/** Where the server listens, for which names it answers, and what it tells. */
/** A server that listens. */
export interface HttpServerOptions extends StatusSources {
  /** 0: any free port. */
  readonly port: number;
  /** @defaultValue "127.0.0.1": reached from this machine only */
  readonly host?: string;
  /** Host headers to answer beside localhost and the server's own address: `name` or `name:port`. @defaultValue [] */
  readonly allowedHosts?: readonly string[];
}

export interface HttpServer {
  /** Without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** Lets running requests end, for a second at most, and shuts every connection. Leaves the store open. */
  close(): Promise<void>;
}

const READY_LIMIT_MS = 2_000;
const CLOSE_GRACE_MS = 1_000;
const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 1_000;

/**
 * Serves `/health`, `/ready` and `/status`; resolves when it listens.
 * @throws {@link ConfigError} when the server cannot listen there
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host = "127.0.0.1" } = options;
  const server = createServer();
  const active = new Set<ServerResponse>();
  server.on("request", (_request, response) => {
    active.add(response);
    response.on("close", () => active.delete(response));
  });
  server.on(
    "request",
    appOf(options, () => portOf(server)),
  );
  await listen(server, options.port, host);
  const port = portOf(server);
  const named = host === "0.0.0.0" || host === "::" ? "localhost" : inUrl(host);
  let closed: Promise<void> | undefined;
  return { url: `http://${named}:${port}`, port, close: () => (closed ??= shut(server, active, options.clock)) };
}

function appOf(options: HttpServerOptions, port: () => number): Express {
  // Most commands serve nothing: express is read when a server starts.
  const express = require("express") as typeof import("express");
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.use(secured);
  app.use(fromKnownHost(options.allowedHosts ?? [], port));
  app.use(["/health", "/ready", "/status"], onlyReads);
  app.get("/", (_request, response) => response.redirect("/status"));
  app.get("/health", (_request, response) => {
    response.json({ status: "ok" } satisfies HealthAnswer);
  });
  app.get("/ready", async (_request, response) => {
    const answer = await readiness(options.store, options.clock);
    response.status(answer.status === "ready" ? 200 : 503).json(answer);
  });
  app.get("/status", (request, response) => answerStatus(options, request, response));
  app.use((request: Request, response: Response) => {
    response.status(404).json(errorBody("REQUEST.NOT_FOUND", `Nothing is at ${request.path}.`, "Ask for /status, /health or /ready."));
  });
  // Express tells a handler of errors by its four parameters.
  app.use((error: unknown, _request: Request, response: Response, next: (error: unknown) => void) => {
    if (response.headersSent) return next(error);
    const { httpStatus, body } = errorAnswer(error);
    response.status(httpStatus).json(body);
  });
  return app;
}

const secured: RequestHandler = (_request, response, next) => {
  response.set({
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
  });
  next();
};

function fromKnownHost(allowed: readonly string[], port: () => number): RequestHandler {
  return (request, response, next) => {
    const { host } = request.headers;
    if (isKnownHost(host, { port: port(), allowed, address: request.socket.localAddress })) return next();
    const fix = `Ask for http://localhost:${port()}, or add the name to allowedHosts.`;
    response.status(421).json(errorBody("REQUEST.HOST", `This server does not answer for the host ${JSON.stringify(host ?? "")}.`, fix));
  };
}

const onlyReads: RequestHandler = (request, response, next) => {
  if (request.method === "GET" || request.method === "HEAD") return next();
  const body = errorBody("REQUEST.METHOD", `${request.method} is not possible on ${request.baseUrl}.`, "Use GET.");
  response.status(405).set("Allow", "GET, HEAD").json(body);
};

async function answerStatus(options: HttpServerOptions, request: Request, response: Response): Promise<void> {
  const limit = limitOf(request.query.limit);
  const { after } = request.query;
  const status = await statusAnswer(options, { limit, ...(typeof after === "string" ? { after } : {}) });
  response.vary("Accept");
  // JSON first: it is what a client gets that takes anything.
  if (request.accepts(["json", "html"]) === "html") {
    response.set("Content-Security-Policy", STATUS_PAGE_POLICY).type("html").send(statusPage(status, limit));
  } else response.json(status);
}

function limitOf(given: unknown): number {
  if (given === undefined) return DEFAULT_LIMIT;
  const limit = typeof given === "string" && /^\d+$/.test(given) ? Number(given) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new RequestError("REQUEST.LIMIT", `limit is ${JSON.stringify(given)}.`, { fix: `Give a whole number from 1 to ${MAX_LIMIT}.` });
}

async function readiness(store: RunStore, clock: Clock): Promise<ReadyAnswer> {
  const answered = new AbortController();
  const late = clock.sleep(READY_LIMIT_MS, answered.signal).then(() => {
    if (!answered.signal.aborted) throw new StoreError("STORE.SLOW", `The store has not answered for ${READY_LIMIT_MS} ms.`);
  });
  try {
    await Promise.race([store.info().then(() => store.countRuns()), late]);
    return { status: "ready" };
  } catch (error) {
    return { status: "not ready", reason: messageOf(error) };
  } finally {
    answered.abort();
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ConfigError("CONFIG.PORT", `The port is ${port}.`, { fix: "Give a whole number from 0 (any free port) to 65535." });
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => reject(listenError(error, port, host));
    server.once("error", refused);
    server.listen({ port, host, exclusive: true }, () => {
      server.off("error", refused);
      resolve();
    });
  });
}

function listenError(error: NodeJS.ErrnoException, port: number, host: string): ConfigError {
  switch (error.code) {
    case "EADDRINUSE":
      return new ConfigError("CONFIG.PORT_IN_USE", `Port ${port} of ${host} is in use by another process.`, {
        fix: "Give another port, or 0 for any free one, or stop the process that has it.",
        cause: error,
      });
    case "EACCES":
      return new ConfigError("CONFIG.PORT_DENIED", `Port ${port} of ${host} may not be opened by this user.`, {
        fix: "Give a port from 1024 on.",
        cause: error,
      });
    default:
      return new ConfigError("CONFIG.HOST", `The server cannot listen on ${host}, port ${port}: ${error.message}`, {
        fix: 'Give an address of this machine as the host: "127.0.0.1" for this machine only, "0.0.0.0" for its network.',
        cause: error,
      });
  }
}

async function shut(server: Server, active: ReadonlySet<ServerResponse>, clock: Clock): Promise<void> {
  const graceOver = new AbortController();
  const shutDown = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const response of active) if (!response.headersSent) response.setHeader("Connection", "close");
  if (active.size > 0) await Promise.race([shutDown, clock.sleep(CLOSE_GRACE_MS, graceOver.signal)]);
  graceOver.abort();
  server.closeAllConnections();
  await shutDown;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}
