import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiEvent } from "./events.js";

/** How the API behaves. */
export interface StubOptions {
  /** What `Authorization: Bearer …` must carry. */
  readonly key: string;
  readonly events: readonly ApiEvent[];
  /** So many requests are refused before the first is answered. @defaultValue 0 */
  readonly failFirst?: number;
  /** With which status. @defaultValue 500 */
  readonly failWith?: number;
  /** Seconds that a 429 asks to wait. @defaultValue 1 */
  readonly retryAfterSeconds?: number;
  /** How long every answer takes. @defaultValue 0 */
  readonly latencyMs?: number;
  /** Is told of each request that was answered. */
  readonly onRequest?: (method: string, path: string, status: number) => void;
}

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Record<string, string>;
}

const PATH = "/api/admin/events";
const DEFAULT_LIMIT = 1_000;
const MOST = 10_000;

/** The events API: `GET /api/admin/events[?date=YYYY-MM-DD][&limit=1..10000]` with a key. It answers once `listen` was called. */
export function eventsApi(options: StubOptions): Server {
  let left = options.failFirst ?? 0;
  return createServer((request, response) => {
    const answer = left-- > 0 ? refusal(options) : answerTo(request, options);
    void send(response, answer, options.latencyMs ?? 0).then(() =>
      options.onRequest?.(request.method ?? "", request.url ?? "", answer.status),
    );
  });
}

function refusal({ failWith = 500, retryAfterSeconds = 1 }: StubOptions): Answer {
  if (failWith !== 429) return { status: failWith, body: { error: "internal error" } };
  return { status: 429, body: { error: "too many requests" }, headers: { "retry-after": String(retryAfterSeconds) } };
}

function answerTo(request: IncomingMessage, { key, events }: StubOptions): Answer {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (request.method !== "GET" || url.pathname !== PATH) return { status: 404, body: { error: "not found" } };
  if (request.headers.authorization !== `Bearer ${key}`) return { status: 401, body: { error: "missing or wrong key" } };
  const date = url.searchParams.get("date");
  if (date !== null && !isDate(date)) return { status: 400, body: { error: `date ${JSON.stringify(date)} is not YYYY-MM-DD` } };
  const limit = limitOf(url.searchParams.get("limit"));
  if (limit === undefined) return { status: 400, body: { error: `limit is not a whole number from 1 to ${MOST}` } };
  const found = date === null ? events : events.filter(({ occurredAt }) => occurredAt.startsWith(date));
  return { status: 200, body: { data: found.slice(0, limit), total: found.length, has_more: found.length > limit } };
}

/** Of a day that there is: no 30th of February. */
function isDate(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function limitOf(text: string | null): number | undefined {
  if (text === null) return DEFAULT_LIMIT;
  const limit = /^\d+$/.test(text) ? Number(text) : NaN;
  return limit >= 1 && limit <= MOST ? limit : undefined;
}

async function send(response: ServerResponse, { status, body, headers }: Answer, latencyMs: number): Promise<void> {
  if (latencyMs > 0) await sleep(latencyMs);
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers }).end(JSON.stringify(body));
}
