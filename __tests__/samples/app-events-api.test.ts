import type { AddressInfo } from "node:net";
import { configFor, ref } from "millrace";
import { materialize, type TestRunResult } from "millrace/testing";
import { AppApi } from "../../samples/app-events/app-api";
import { Ingestion } from "../../samples/app-events/ingestion";
import { markdownTable } from "../../samples/app-events/markdown-table";
import type { ApiEvent } from "../../samples/app-events/stub-api/events";
import { eventsApi } from "../../samples/app-events/stub-api/server";
import { ordersOf, usersOf } from "../../samples/app-events/transform";

const event = (eventId: number, fields: object = {}): ApiEvent => ({ eventId, type: "page_view", occurredAt: "2025-07-10T00:00:00.000Z", receivedAtMs: 1, userId: null, ...fields }); // prettier-ignore
const many = (count: number): ApiEvent[] => Array.from({ length: count }, (_, at) => event(at));

let asked: string[];

/** Materializes an asset of the ingestion from an API of these events. */
async function ingested(events: readonly ApiEvent[], selection: string, partitionKey?: string): Promise<TestRunResult> {
  asked = [];
  const server = eventsApi({ key: "test-key", events, onRequest: (_method, path) => asked.push(path) });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const resources = [AppApi.with({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey: "test-key" })];
  try {
    return await materialize([Ingestion], { selection, ...(partitionKey === undefined ? {} : { partitionKey }), resources });
  } finally {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
}
const failure = async (run: Promise<unknown>): Promise<string> => run.then(() => "", (error: Error) => error.message); // prettier-ignore

describe("raw_events", () => {
  it("takes everything at once from an API of 1,000 events, and asks once more when there are others", async () => {
    expect((await ingested(many(1_000), "raw_events")).value("raw_events")).toHaveLength(1_000);
    expect(asked).toEqual(["/api/admin/events"]);
    expect((await ingested(many(1_001), "raw_events")).value("raw_events")).toEqual(many(1_001));
    expect(asked).toEqual(["/api/admin/events", "/api/admin/events?limit=10000"]);
  });

  it("fails rather than cut off what is beyond the API's largest answer", async () => {
    expect(await failure(ingested(many(10_001), "raw_events"))).toContain("There are 10001 events, and the API gives 10000 at most");
    expect(await failure(ingested(many(10_001), "raw_events_partitioned", "2025-07-10"))).toContain("2025-07-10 has 10001 events");
  });

  it("says that a field id beside userId would make two columns of that name", async () => {
    const text = await failure(ingested([event(1), event(2, { id: 7 })], "raw_events"));
    expect(text).toMatch(/Event 2 has a field "id" beside "userId".*two columns "id"/);
  });

  it("refuses a field that is not declared, and a value of another type, by column, row and value", async () => {
    expect(await failure(ingested([event(1), event(2, { referrer: "x" })], "raw_events"))).toMatch(
      /Row 1 .*"raw_events".*"referrer" \(the text "x"\)/,
    );
    expect(await failure(ingested([event(1, { bytes: "12" })], "raw_events"))).toMatch(/"bytes".*int64.*row 0.*"12"/);
  });

  it("fails when what answers is no events API", async () => {
    const events = { length: 0, slice: () => undefined } as unknown as ApiEvent[];
    expect(await failure(ingested(events, "raw_events"))).toContain('answered without "data" and "has_more"');
  });
});

describe("the split", () => {
  it("keeps the first of each user, one of those without id, and neither changes nor drops other columns", () => {
    const created = (eventId: number, userId: string | null) => event(eventId, { type: "user_created", userId, name: "\\N" });
    const rows = usersOf([created(1, "u-2"), created(2, null), event(3, { userId: "u-9" }), created(4, "u-2"), created(5, null), created(6, "u-1")] as never); // prettier-ignore
    expect(rows).toEqual(
      [
        [1, "u-2"],
        [2, null],
        [6, "u-1"],
      ].map(([eventId, id]) => ({
        eventId,
        id,
        type: "user_created",
        occurredAt: "2025-07-10T00:00:00.000Z",
        receivedAtMs: 1,
        name: "\\N",
      })),
    );
  });

  it("keeps orders of nothing and refunds, and drops those that lack number, user or amount", () => {
    const order = (fields: object) => event(1, { type: "order_placed", orderId: 4, userId: "u-1", amount: 1, ...fields });
    const kept = [order({ amount: 0 }), order({ amount: -5 })];
    const dropped = [order({ orderId: null }), order({ userId: null }), order({ amount: null }), order({ amount: undefined }), event(2)];
    expect(ordersOf([...dropped, ...kept] as never)).toEqual(kept);
  });
});

it("writes a table of Markdown whose cells stay in their line and column", () => {
  expect(markdownTable(["a", "b|c"], [{ a: "x|y\\z", "b|c": "1\r\n2\n3" }, { a: null }, { a: "", "b|c": false }])).toBe(
    ["| a | b\\|c |", "| --- | --- |", "| x\\|y\\\\z | 1<br>2<br>3 |", "|  |  |", "|  | false |"].join("\n"),
  );
});

it("writes nothing for rows without columns", () => {
  expect(markdownTable([], [])).toBe("");
});

it("takes the export files by a typed configuration", () => {
  expect(configFor(ref(Ingestion, "rawEvents"), { keys: ["exports/a.json"] }).fields).toEqual({ keys: ["exports/a.json"] });
});
