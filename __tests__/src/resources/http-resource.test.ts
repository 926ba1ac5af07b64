import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../../src/base/clock.js";
import type { HttpError } from "../../../src/resources/http-error.js";
import { HttpResource } from "../../../src/resources/http-resource.js";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const KEY = "k-top-secret-0001";
let answers: Answer[];
let asked: { method: string; url: string; headers: IncomingMessage["headers"]; body: string; atMs: number }[];
let waits: number[];
let nowMs: number;
let baseUrl: string;

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (text: Buffer) => (body += text.toString()));
  request.on("end", () => {
    asked.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body, atMs: nowMs });
    (answers.shift() ?? json(200, { ok: true }))(request, response);
  });
});
const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  answers = [];
  asked = [];
  waits = [];
  nowMs = 1_000_000;
});

/** A clock whose sleeps are over at once, and told. */
const hasty: Clock = {
  nowMs: () => nowMs,
  sleep: (ms) => {
    waits.push(ms);
    nowMs += ms;
    return Promise.resolve();
  },
};

class Api extends HttpResource {
  protected override clock(): Clock {
    return hasty;
  }
  protected override random(): number {
    return 0.5;
  }
  override setup(context: Parameters<HttpResource["setup"]>[0]): void {
    super.setup(context);
  }
}

function api(fields: Partial<HttpResource> = {}): Api {
  return Object.assign(new Api(), { baseUrl, bearerToken: KEY }, fields);
}

async function failureOf(asking: Promise<unknown>): Promise<HttpError> {
  return asking.then(
    () => fail("It was answered."),
    (error: unknown) => error as HttpError,
  );
}
const fail = (message: string): never => {
  throw new Error(message);
};

test("asks below the base URL with its query, its headers and its key, and gives the answer as JSON", async () => {
  answers = [json(200, { data: [1] })];
  const query = { date: "2025-07-10", limit: 5, tag: ["a", "b"], none: undefined };
  expect(await api({ headers: { accept: "application/json" } }).getJson("/events", { query })).toEqual({ data: [1] });
  expect(asked).toMatchObject([
    {
      method: "GET",
      url: "/api/events?date=2025-07-10&limit=5&tag=a&tag=b",
      headers: { authorization: `Bearer ${KEY}`, accept: "application/json" },
    },
  ]);
});

test("sends a body as JSON, and text as it is", async () => {
  await api().postJson("events", { id: 1 });
  await api().request("PUT", "events", { body: "id\n1", headers: { "content-type": "text/csv" } });
  expect(asked.map(({ method, headers, body }) => [method, headers["content-type"], body])).toEqual([
    ["POST", "application/json", '{"id":1}'],
    ["PUT", "text/csv", "id\n1"],
  ]);
});

test("tries again after 429 and 5xx: as long as Retry-After asks, else with back-off and jitter", async () => {
  const date = new Date(1_009_000 + 7_000).toUTCString(); // whole seconds
  answers = [json(500, {}), json(503, {}), json(429, {}, { "retry-after": "8" }), json(429, {}, { "retry-after": date })];
  expect(await api().getJson("events")).toEqual({ ok: true });
  expect(asked).toHaveLength(5);
  expect(waits).toEqual([250, 500, 8000, Date.parse(date) - (1_000_000 + 250 + 500 + 8000)]);
});

test("gives up after its retries, and tells status, place and what the answer said", async () => {
  answers = Array.from({ length: 3 }, () => json(502, { why: "upstream" }));
  const error = await failureOf(api({ maxRetries: 2 }).getJson("events", { query: { token: "other-secret" } }));
  expect([error.code, error.status, error.body, error.allowRetries]).toEqual(["HTTP.STATUS", 502, '{"why":"upstream"}', true]);
  expect(error.message).toBe(
    `GET ${baseUrl}events?token=… answered 502 Bad Gateway: {"why":"upstream"}\n  → The API failed; try again later, or tell who runs it.`,
  );
  expect(asked).toHaveLength(3);
});

test.each([400, 401, 403, 404, 422, 501])(
  "does not try again after %i, and lets no step try again: it would be answered the same",
  async (status) => {
    answers = [json(status, {})];
    expect(await failureOf(api().getJson("events"))).toMatchObject({ status, allowRetries: false });
    expect([asked.length, waits]).toEqual([1, []]);
  },
);

test("sends what may not be sent twice again only when it was not carried out, or when told to", async () => {
  answers = [json(500, {})];
  expect((await failureOf(api().postJson("events", {}))).status).toBe(500);
  answers = [json(429, {}), json(503, {})];
  expect(await api().postJson("events", {})).toEqual({ ok: true });
  answers = [json(500, {})];
  expect(await api().postJson("events", {}, { retry: true })).toEqual({ ok: true });
  expect(asked).toHaveLength(6);
});

test("fails at once when it is asked to wait for longer than it may", async () => {
  answers = [json(429, {}, { "retry-after": "3600" })];
  expect((await failureOf(api().getJson("events"))).message).toBe(
    `GET ${baseUrl}events answered 429 Too Many Requests: {}\n  → Ask less often (\`requestsPerSecond\`), or try again later.`,
  );
  expect(waits).toEqual([]);
});

test("shows no secret in an error, in the address or in what the API echoes", async () => {
  answers = [json(401, { echo: `Bearer ${KEY}` })];
  const error = await failureOf(api().getJson("events", { query: { api_key: KEY } }));
  expect(JSON.stringify([error.message, error.stack, error.body, error.fix])).not.toContain(KEY);
  expect(error.body).toBe('{"echo":"Bearer ***"}');
});

test("ends an attempt that takes too long, half-way through its answer too, and tries again", async () => {
  const never: Answer = () => undefined;
  const half: Answer = (_, response) => void response.writeHead(200).write("{");
  answers = [never, half];
  expect(await api({ timeoutMs: 250 }).getJson("events")).toEqual({ ok: true });
  answers = [never];
  const error = await failureOf(api({ timeoutMs: 40, maxRetries: 0 }).getJson("events"));
  expect([error.code, error.message.split("\n")[0]]).toEqual(["HTTP.TIMEOUT", `GET ${baseUrl}events was not answered within 40 ms.`]);
  server.closeAllConnections();
});

test("names an API that cannot be reached", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => closed.once("listening", resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const error = await failureOf(api({ baseUrl: `http://127.0.0.1:${port}`, maxRetries: 1 }).getJson("x"));
  expect([error.code, waits.length]).toEqual(["HTTP.UNREACHABLE", 1]);
  expect(error.message).toContain(`GET http://127.0.0.1:${port}/x could not be sent: connect ECONNREFUSED 127.0.0.1:${port}.`);
});

test("asks for page after page, by query or by link, each when it is wanted", async () => {
  answers = [json(200, { data: [1, 2], next: 2 }), json(200, { data: [3] })];
  const pages = api().pages<{ data: number[]; next?: number }>("events", ({ next }) => next === undefined ? undefined : { page: next }, { query: { limit: 2 } }); // prettier-ignore
  expect((await pages.next()).value).toEqual({ data: [1, 2], next: 2 });
  expect(asked).toHaveLength(1);
  expect((await pages.next()).value).toEqual({ data: [3] });
  expect((await pages.next()).done).toBe(true);
  expect(asked.map(({ url }) => url)).toEqual(["/api/events?limit=2", "/api/events?limit=2&page=2"]);
  answers = [json(200, {}, { link: "x" })];
  const linked: unknown[] = [];
  for await (const page of api().pages("events", (_, { headers }) => (headers.get("link") ? `${baseUrl}more` : undefined)))
    linked.push(page);
  expect([linked.length, asked.at(-1)?.url]).toEqual([2, "/api/more"]);
});

test("refuses a link to another host, which would be sent the key", async () => {
  const error = await failureOf(api().getJson("https://elsewhere.example/events"));
  expect([error.code, asked]).toEqual(["HTTP.OTHER_HOST", []]);
});

test("begins no more requests in a second than it may", async () => {
  const limited = api({ requestsPerSecond: 4 });
  await Promise.all([1, 2, 3, 4, 5].map(() => limited.getJson("events")));
  expect(waits).toEqual([250, 250, 250, 250]);
});

test("stops at a signal, while it waits for an answer and while it waits to try again, and sends nothing after", async () => {
  const stop = new AbortController();
  answers = [() => stop.abort(new Error("canceled"))];
  await expect(api().getJson("events", { signal: stop.signal })).rejects.toThrow("canceled");
  await expect(api().getJson("events", { signal: stop.signal })).rejects.toThrow("canceled");
  expect(asked).toHaveLength(1);
  const run = new AbortController();
  const ofRun = api();
  ofRun.setup({ runId: "r", log: undefined as never, signal: run.signal });
  answers = [(request, response) => (json(500, {})(request, response), run.abort(new Error("run canceled")))];
  await expect(ofRun.getJson("events")).rejects.toThrow("run canceled");
  expect(asked).toHaveLength(2);
  server.closeAllConnections();
});

test("tells that an answer is no JSON", async () => {
  answers = [(_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>")];
  const error = await failureOf(api().getJson("events"));
  expect([error.code, error.status, error.body]).toEqual(["HTTP.NOT_JSON", 200, "<html>"]);
  expect(error.message).toMatch(/^GET http:.*\/api\/events answered 200 with text\/html, which is no JSON: /);
});
