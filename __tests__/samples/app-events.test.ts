import { AppEventsWorld } from "./app-events-world";

type Cell = string | number | boolean | null;
type Event = Readonly<Record<string, Cell>>;
interface Materialization {
  readonly type: string;
  readonly assetKey?: string;
  readonly payload?: { readonly message?: string; readonly metadata?: Readonly<Record<string, { type: string; value: unknown }>> };
}
interface Report {
  readonly runId: string;
  readonly status: string;
  readonly events: readonly Materialization[];
}

/** What the specification says of a column: text, a whole number, a number, yes or no. */
const COLUMNS: readonly (readonly [name: string, kind: "text" | "whole" | "number" | "boolean"])[] = [
  ["eventId", "whole"],
  ["type", "text"],
  ["occurredAt", "text"],
  ["receivedAtMs", "whole"],
  ["userId", "text"],
  ["email", "text"],
  ["name", "text"],
  ["orderId", "whole"],
  ["amount", "number"],
  ["currency", "text"],
  ["quantity", "whole"],
  ["path", "text"],
  ["bytes", "whole"],
  ["isBot", "boolean"],
];
const PARQUET = { text: "UTF8", whole: "INT64", number: "DOUBLE", boolean: "BOOLEAN" } as const;
const POSTGRES = { text: "text", whole: "bigint", number: "double precision", boolean: "boolean" } as const;

const parquetColumns = COLUMNS.map(([name, kind]) => `${name} ${PARQUET[kind]} OPTIONAL`);
const asUser = (name: string): string => name.replace(/^userId\b/, "id");
/** The cells of an event in the order of the columns, a whole number as the reader writes it; what is absent is null. */
const cells = (event: Event, whole: (value: Cell) => Cell): Cell[] =>
  COLUMNS.map(([name]) => event[name] ?? null).map((value, at) => (value !== null && COLUMNS[at]?.[1] === "whole" ? whole(value) : value));
const parquetRow = (event: Event): Cell[] => cells(event, (value) => `${value}n`);
/** The driver gives a bigint of SQL as text. */
const sqlRow = (event: Event): Cell[] => cells(event, String);

/** The specification, read once more: the first of each userId, where null is one; orders that lack none of three. */
function usersAmong(events: readonly Event[]): Event[] {
  const created = events.filter(({ type }) => type === "user_created");
  return created.filter(({ userId }, at) => created.findIndex((other) => other.userId === userId) === at);
}
function ordersAmong(events: readonly Event[]): Event[] {
  const complete = (event: Event): boolean => ["orderId", "userId", "amount"].every((name) => event[name] !== null);
  return events.filter(({ type }) => type === "order_placed").filter(complete);
}

const metadataOf = (report: Report, asset: string) =>
  report.events.find(({ type, assetKey }) => type === "ASSET_MATERIALIZATION" && assetKey === asset)?.payload?.metadata ?? {};
const messagesOf = ({ events }: Report): string[] =>
  events.flatMap(({ type, payload }) => (type === "LOG" && payload?.message !== undefined ? [payload.message] : []));

const DAYS = ["2025-07-10", "2025-07-15", "2025-01-01"] as const;

describe("app events", () => {
  let world: AppEventsWorld;
  let events: Event[];
  const reports: Report[] = [];
  const rowsOf = async (table: string): Promise<Cell[][]> => {
    const rows = await world.postgres.query<Record<string, Cell>>(`select * from "${table}" order by "eventId"`, world.dsn);
    return rows.map((row) => Object.values(row));
  };

  beforeAll(async () => {
    world = await AppEventsWorld.start("--seed", "11", "--latency-ms", "5");
    events = ((await (await world.api.get("/api/admin/events")).json()) as { data: Event[] }).data;
    for (const day of DAYS) reports.push(await world.json<Report>(["materialize", "--job", "daily_ingest", "--partition", day]));
  });
  afterAll(() => world?.stop());

  it("makes one object for each asset, and one for each partition of the divided one", async () => {
    expect(reports.map(({ status }) => status)).toEqual(["SUCCESS", "SUCCESS", "SUCCESS"]);
    expect(await world.keys()).toEqual([
      "dagster/clean_orders.parquet",
      "dagster/clean_users.parquet",
      "dagster/raw_events.parquet",
      "dagster/raw_events_partitioned/2025-01-01.parquet",
      "dagster/raw_events_partitioned/2025-07-10.parquet",
      "dagster/raw_events_partitioned/2025-07-15.parquet",
    ]);
  });

  it("keeps every event in the API's order, value by value", async () => {
    const file = await world.parquet("dagster/raw_events.parquet");
    expect(file).toEqual({ columns: parquetColumns, codecs: ["SNAPPY"], rows: events.map(parquetRow) });
  });

  it("keeps the events of each day with their partition", async () => {
    for (const day of DAYS) {
      const file = await world.parquet(`dagster/raw_events_partitioned/${day}.parquet`);
      const ofDay = events.filter(({ occurredAt }) => (occurredAt as string).startsWith(day));
      expect(file.columns).toEqual([...parquetColumns, "partition_date UTF8 OPTIONAL"]);
      expect(file.rows).toEqual(ofDay.map((event) => [...parquetRow(event), day]));
      expect(ofDay.length > 0).toBe(day !== "2025-01-01");
    }
  });

  it("keeps the first of each user as id, and complete orders", async () => {
    const [users, orders] = [usersAmong(events), ordersAmong(events)];
    expect(users.filter(({ userId }) => userId === null)).toHaveLength(1);
    expect(await world.parquet("dagster/clean_users.parquet")).toEqual({
      columns: parquetColumns.map(asUser),
      codecs: ["SNAPPY"],
      rows: users.map(parquetRow),
    });
    expect(await world.parquet("dagster/clean_orders.parquet")).toEqual({
      columns: parquetColumns,
      codecs: ["SNAPPY"],
      rows: orders.map(parquetRow),
    });
  });

  it("loads the same rows into the warehouse, with empty text, null and \\N apart, and ids as integers", async () => {
    const columns = await world.postgres.query<{ table_name: string; column_name: string; data_type: string }>(
      "select table_name, column_name, data_type from information_schema.columns where table_schema = 'public' order by table_name, ordinal_position",
      world.dsn,
    );
    const expected = COLUMNS.map(([name, kind]) => `${name} ${POSTGRES[kind]}`);
    const told = (table: string): string[] => columns.filter(({ table_name }) => table_name === table).map(({ column_name, data_type }) => `${column_name} ${data_type}`); // prettier-ignore
    expect(told("clean_orders")).toEqual(expected);
    expect(told("clean_users")).toEqual(expected.map(asUser));
    expect(await rowsOf("clean_users")).toEqual(usersAmong(events).map(sqlRow));
    expect(await rowsOf("clean_orders")).toEqual(ordersAmong(events).map(sqlRow));
    const names = new Set(usersAmong(events).map(({ name }) => name));
    expect(["", "\\N", "null"].filter((name) => names.has(name)).length).toBeGreaterThan(0); // or this test would look at nothing
  });

  it("tells rows, columns by their first appearance, and a preview of five rows", async () => {
    const [report] = reports as [Report];
    const columns = [...new Set(events.flatMap((event) => Object.keys(event)))];
    const metadata = metadataOf(report, "raw_events");
    expect(metadata).toMatchObject({ row_count: { type: "int", value: 420 }, columns: { type: "json", value: columns } });
    expect(metadata).not.toHaveProperty("export_keys");
    expect(metadata.preview?.type).toBe("md");
    const [head, rule, ...body] = (metadata.preview?.value as string).split("\n");
    expect(head).toBe(`| ${columns.join(" | ")} |`);
    expect(rule).toBe(`| ${columns.map(() => "---").join(" | ")} |`);
    expect(body.map((line) => line.split(" | ")[0])).toEqual(events.slice(0, 5).map(({ eventId }) => `| ${eventId}`));
  });

  it("logs what it fetched and what it split", () => {
    const ofDay = (day: string): number => events.filter(({ occurredAt }) => (occurredAt as string).startsWith(day)).length;
    const split = `Users: ${usersAmong(events).length}, Orders: ${ordersAmong(events).length}`;
    expect(reports.map((report) => messagesOf(report).sort())).toEqual(
      DAYS.map((day) => [`Fetched ${ofDay(day)} events for ${day}`, split]),
    );
  });

  it("asks the API for the day with the largest limit, and for everything without parameters", () => {
    const asked = [...new Set(world.api.requests)].sort();
    expect(asked).toEqual([
      "GET /api/admin/events → 200",
      ...["2025-01-01", "2025-07-10", "2025-07-15"].map((day) => `GET /api/admin/events?date=${day}&limit=10000 → 200`),
    ]);
  });

  it("records the export files that asked for a run, and keeps objects below another prefix when it is told to", async () => {
    const config = JSON.stringify({ assets: { raw_events: { keys: ["exports/b.json", "exports/a.json"] } } });
    const report = await world.json<Report>(["materialize", "raw_events", "--config", config], { S3_PREFIX: "other/lake" });
    expect(metadataOf(report, "raw_events").export_keys).toEqual({ type: "json", value: ["exports/b.json", "exports/a.json"] });
    expect((await world.parquet("other/lake/raw_events.parquet")).rows).toEqual(events.map(parquetRow));
  });

  it("is described as specified: groups, kinds, partitions, a job with a tag", async () => {
    const assets = await world.json<{ key: string; group: string; kinds: string[]; deps: unknown[] }[]>(["list"]);
    expect(assets.map(({ key, group, kinds }) => [key, group, ...kinds].join(" ")).sort()).toEqual([
      "clean_orders transform pandas",
      "clean_users transform pandas",
      "raw_events ingestion api",
      "raw_events_partitioned ingestion api",
    ]);
    const [job] = await world.json<{ name: string; assets: string[]; tags: object }[]>(["jobs"]);
    expect(job).toMatchObject({ name: "daily_ingest", tags: { team: "data-eng" } });
    expect([...(job?.assets ?? [])].sort()).toEqual(["clean_orders", "clean_users", "raw_events", "raw_events_partitioned"]);
    const [run] = await world.json<{ tags: Record<string, string> }[]>(["runs", "--tag", "team=data-eng"]);
    expect(run?.tags).toMatchObject({ team: "data-eng", "millrace/partition": "2025-01-01" });
  });

  it("goes over a week by a backfill, and doubles nothing in the warehouse", async () => {
    const { code, stdout, stderr } = await world.run(["backfill", "job:daily_ingest", "--partitions", "2025-07-09...2025-07-16"]);
    expect({ code, stderr, stdout }).toMatchObject({ code: 0, stderr: "" });
    const days = Array.from({ length: 8 }, (_, at) => `2025-07-${String(9 + at).padStart(2, "0")}`);
    expect(await world.keys()).toEqual(expect.arrayContaining(days.map((day) => `dagster/raw_events_partitioned/${day}.parquet`)));
    expect(await rowsOf("clean_users")).toEqual(usersAmong(events).map(sqlRow));
    expect(await rowsOf("clean_orders")).toEqual(ordersAmong(events).map(sqlRow));
  });
});
