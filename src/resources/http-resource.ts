import { IsInt, IsNumber, IsObject, IsOptional, IsPositive, IsString, IsUrl, Min } from "class-validator";
import { systemClock, type Clock } from "../base/clock.js";
import { messageOf } from "../base/errors.js";
import { ConfigurableResource, type ResourceContext } from "../config/configurable-resource.js";
import { Secret } from "../config/secret.js";
import { HttpError } from "./http-error.js";
import { backoffMs, mayPass, mayRetry, retryAfterMs } from "./http-retry.js";

/** Values of a query; `undefined` is left out, a list is repeated. */
export type Query = Readonly<Record<string, string | number | boolean | undefined | readonly (string | number | boolean)[]>>;

/** One request, beside its method and path. */
export interface HttpRequest {
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a string, bytes or a form as they are. */
  readonly body?: unknown;
  /** Stops the request, its retries and its waits: hand it `context.signal`. The run's own signal always does. */
  readonly signal?: AbortSignal;
  /** Whether it may be sent again after a failure. @defaultValue GET, HEAD, OPTIONS, PUT and DELETE may; any method after 429 and 503 */
  readonly retry?: boolean;
}

/** Where the next page is: a query that is laid over the last one, or a URL or path. `undefined`: that was the last. */
export type NextPage<Page> = (page: Page, response: Response) => Query | string | undefined;

/** How many characters of an answer an error keeps. */
const BODY_CHARS = 2_000;

/**
 * An HTTP API: a base URL, authentication, retries that honour `Retry-After`, time-outs, pages, a limit of requests per second.
 * An answer outside 200 to 299 is an {@link HttpError}; no error shows a secret.
 * @example
 * ```ts
 * resources: [HttpResource.with({ baseUrl: env("API_URL"), bearerToken: env("API_KEY") })]
 * ```
 */
export class HttpResource extends ConfigurableResource {
  /** What paths are relative to, e.g. `https://api.example.com/v2`. */
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ["http", "https"] })
  baseUrl!: string;

  /** Sent as `Authorization: Bearer …`. */
  @Secret()
  @IsOptional()
  @IsString()
  bearerToken?: string;

  /** Sent with each request. */
  @IsObject()
  headers: Record<string, string> = {};

  /** Limit of one attempt in milliseconds, its whole answer included. @defaultValue 30,000 */
  @IsInt()
  @IsPositive()
  timeoutMs = 30_000;

  /** How often a request is sent again after a failure that may pass. @defaultValue 4 */
  @IsInt()
  @Min(0)
  maxRetries = 4;

  /** Upper limit of the first wait before a retry, in milliseconds; it doubles, and the wait is drawn below it. @defaultValue 500 */
  @IsInt()
  @Min(0)
  retryDelayMs = 500;

  /** No wait is longer, in milliseconds; an answer that asks for a longer one is a failure. @defaultValue 60,000 */
  @IsInt()
  @Min(0)
  maxRetryDelayMs = 60_000;

  /** At most so many requests begin in a second, evenly. @defaultValue no limit */
  @IsOptional()
  @IsNumber()
  @IsPositive()
  requestsPerSecond?: number;

  #runSignal: AbortSignal | undefined;
  #nextStartMs = 0;

  /** Where time comes from. */
  protected clock(): Clock {
    return systemClock;
  }

  /** A number in [0, 1), for the waits. */
  protected random(): number {
    return Math.random();
  }

  protected override setup({ signal }: ResourceContext): void {
    this.#runSignal = signal;
  }

  /** The answer as JSON. @throws {@link HttpError} `HTTP.NOT_JSON` when it is none */
  async getJson<T = unknown>(path: string, request: HttpRequest = {}): Promise<T> {
    return this.#json<T>(await this.request("GET", path, request), "GET", path);
  }

  /** Sends the body as JSON and gives the answer as JSON. */
  async postJson<T = unknown>(path: string, body: unknown, request: HttpRequest = {}): Promise<T> {
    return this.#json<T>(await this.request("POST", path, { ...request, body }), "POST", path);
  }

  /** Page after page, each asked for when it is wanted. */
  async *pages<Page = unknown>(path: string, next: NextPage<Page>, request: HttpRequest = {}): AsyncGenerator<Page> {
    let [at, query] = [path, request.query];
    for (;;) {
      const response = await this.request("GET", at, { ...request, ...(query ? { query } : {}) });
      const page = await this.#json<Page>(response, "GET", at);
      yield page;
      const following = next(page, response);
      if (following === undefined) return;
      if (typeof following === "string") [at, query] = [following, undefined];
      else query = { ...query, ...following };
    }
  }

  /**
   * Sends a request until it is answered with 200 to 299, and gives the answer; its text is there already.
   * @throws {@link HttpError} `HTTP.STATUS`, `HTTP.TIMEOUT` or `HTTP.UNREACHABLE`; the signal's reason once that has aborted
   */
  async request(method: string, path: string, request: HttpRequest = {}): Promise<Response> {
    const url = this.#urlOf(path, request.query);
    const signals = [this.#runSignal, request.signal].filter((signal) => signal !== undefined);
    const signal = AbortSignal.any(signals);
    for (let attempt = 1; ; attempt++) {
      await this.#turn(signal);
      const answer = await this.#send(method, url, request, signal);
      if (answer instanceof Response && answer.ok) return answer;
      const failed = answer instanceof Response ? await this.#refused(method, url, answer) : answer;
      const again = request.retry === true || mayRetry(method, failed.status);
      if (!again || attempt > this.maxRetries) throw failed;
      const asked = answer instanceof Response ? retryAfterMs(answer.headers.get("retry-after"), this.clock().nowMs()) : undefined;
      if (asked !== undefined && asked > this.maxRetryDelayMs) throw failed;
      const limits = { firstMs: this.retryDelayMs, mostMs: this.maxRetryDelayMs };
      await this.clock().sleep(asked ?? backoffMs(attempt, limits, this.random()), signal);
      signal.throwIfAborted();
    }
  }

  async #send(method: string, url: URL, { headers, body }: HttpRequest, signal: AbortSignal): Promise<Response | HttpError> {
    const isJson = body !== undefined && !isRaw(body);
    const timeout = AbortSignal.timeout(this.timeoutMs);
    try {
      const response = await fetch(url, {
        method,
        headers: {
          ...(isJson ? { "content-type": "application/json" } : {}),
          ...(this.bearerToken === undefined ? {} : { authorization: `Bearer ${this.bearerToken}` }),
          ...this.headers,
          ...headers,
        },
        ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as NonNullable<RequestInit["body"]>) }),
        signal: AbortSignal.any([signal, timeout]),
      });
      const content = await response.arrayBuffer();
      const bare = response.status === 204 || response.status === 205 || response.status === 304;
      return new Response(bare ? null : content, response);
    } catch (error) {
      signal.throwIfAborted();
      return timeout.aborted ? this.#timedOut(method, url, error) : this.#unreachable(method, url, error);
    }
  }

  /** Waits until the next request may begin. */
  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.requestsPerSecond === undefined) return;
    const nowMs = this.clock().nowMs();
    const startMs = Math.max(nowMs, this.#nextStartMs);
    this.#nextStartMs = startMs + 1000 / this.requestsPerSecond;
    if (startMs > nowMs) await this.clock().sleep(startMs - nowMs, signal);
    signal.throwIfAborted();
  }

  #urlOf(path: string, query: Query | undefined): URL {
    const absolute = /^https?:\/\//i.test(path);
    const url = new URL(absolute ? path : `${this.baseUrl.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`);
    if (url.origin !== new URL(this.baseUrl).origin)
      throw new HttpError("HTTP.OTHER_HOST", `${shown(url)} is not below the base URL ${shown(new URL(this.baseUrl))}; its credentials would go to another host.`, {
        fix: "Use a path of this API, or a resource of its own for the other host.",
      }); // prettier-ignore
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value === undefined) continue;
      url.searchParams.delete(name);
      for (const each of typeof value === "object" ? value : [value]) url.searchParams.append(name, String(each));
    }
    return url;
  }

  async #json<T>(response: Response, method: string, path: string): Promise<T> {
    const text = await response.text();
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      const type = response.headers.get("content-type") ?? "no content type";
      throw new HttpError("HTTP.NOT_JSON", `${method} ${shown(this.#urlOf(path, undefined))} answered ${response.status} with ${type}, which is no JSON: ${messageOf(error)}.`, {
        fix: "Check the path, or use `request` and read the answer yourself.",
        cause: error,
        status: response.status,
        body: this.#hidden(text),
      }); // prettier-ignore
    }
  }

  async #refused(method: string, url: URL, response: Response): Promise<HttpError> {
    const { status, statusText } = response;
    const body = this.#hidden((await response.text()).slice(0, BODY_CHARS));
    const told = body === "" ? "" : `: ${body.slice(0, 200)}${body.length > 200 ? "…" : ""}`;
    return new HttpError("HTTP.STATUS", `${method} ${shown(url)} answered ${status}${statusText === "" ? "" : ` ${statusText}`}${told}`, {
      fix: fixOf(status),
      allowRetries: mayPass(status),
      status,
      body,
    });
  }

  #timedOut(method: string, url: URL, cause: unknown): HttpError {
    const { timeoutMs } = this;
    return new HttpError("HTTP.TIMEOUT", `${method} ${shown(url)} was not answered within ${timeoutMs} ms.`, {
      fix: "Check that the API is up, ask for less at once, or give `timeoutMs` a higher value.",
      cause,
    });
  }

  #unreachable(method: string, url: URL, cause: unknown): HttpError {
    const inner = ((cause as { cause?: unknown } | undefined)?.cause ?? cause) as { message?: string; code?: string };
    const reason = inner.message || inner.code || messageOf(cause); // several addresses that refuse are an error without a message
    return new HttpError("HTTP.UNREACHABLE", `${method} ${shown(url)} could not be sent: ${this.#hidden(reason)}.`, {
      fix: "Check `baseUrl` and that the API is up and can be reached from here.",
      cause,
    });
  }

  #hidden(text: string): string {
    return this.bearerToken ? text.replaceAll(this.bearerToken, "***") : text;
  }
}

/** Without user, password and the values of its query, any of which may be a secret. */
function shown(url: URL): string {
  const names = [...new Set(url.searchParams.keys())];
  return `${url.origin}${url.pathname}${names.length === 0 ? "" : `?${names.map((name) => `${name}=…`).join("&")}`}`;
}

function fixOf(status: number): string {
  if (status === 401 || status === 403) return "Check the credentials of this resource and what they may do.";
  if (status === 404) return "Check `baseUrl` and the path.";
  if (status === 429) return "Ask less often (`requestsPerSecond`), or try again later.";
  return status >= 500 ? "The API failed; try again later, or tell who runs it." : "Correct the request.";
}

function isRaw(body: unknown): boolean {
  return (
    typeof body === "string" ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body) ||
    body instanceof Blob ||
    body instanceof FormData ||
    body instanceof URLSearchParams
  );
}
