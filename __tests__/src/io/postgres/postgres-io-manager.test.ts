import { Client } from "pg";
import { Relation } from "../../../../src/duckdb/relation.js";
import { PostgresServer } from "../../../../tools/servers/postgres";
import { describeIOManager, inputContextFor, outputContextFor } from "../../../../runtime/testing/io-manager-contract.js";
import type { InputContext, OutputContext } from "../../../../src/config/io-manager.js";
import { PostgresIOManager } from "../../../../src/io/postgres/postgres-io-manager.js";

class Manager extends PostgresIOManager {
  override async teardown(): Promise<void> {
    await super.teardown();
  }
}

let server: PostgresServer;
let dsn: string;
const opened: Manager[] = [];

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  dsn = await server.createDatabase();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.teardown()));
});

function manager(fields: Partial<PostgresIOManager> = {}): Manager {
  const made = Object.assign(new Manager(), { dsn, ...fields });
  opened.push(made);
  return made;
}

const wide = [
  {
    id: 1,
    amount: 1,
    big: 1n,
    huge: 1n,
    text: "é'\"\\N",
    ok: true,
    at: new Date(1_700_000_000_123),
    none: null,
    json: { b: [1, 2n, new Date(3)], a: "x" },
    bytes: new Uint8Array([0, 255]),
    constructor: 1,
  },
  {
    id: -2,
    amount: 0.5,
    big: -(2n ** 63n),
    huge: 2n ** 90n,
    text: "",
    ok: false,
    at: new Date(-1),
    none: null,
    json: [],
    bytes: new Uint8Array(),
    constructor: 2,
  },
  {
    id: 3,
    amount: Number.NaN,
    big: null,
    huge: null,
    text: null,
    ok: null,
    at: new Date(8.64e15),
    none: null,
    json: null,
    bytes: null,
    constructor: 3,
  },
];

describeIOManager("PostgresIOManager", () => manager(), {
  rows: [
    wide,
    [{ id: 1 }, { id: 2 }],
    [],
    [{}, {}],
    [{ Id: 1, id: "a", ID: true }],
    [{ only: null }],
    [{ n: -0 }, { n: Infinity }, { n: 2 ** 60 }],
    JSON.parse('[{"__proto__":1,"a\\"b":2}]') as object[],
    [{ z: 1, a: 2 }, { z: 3, a: 4 }], // prettier-ignore
  ],
});

type Given = Partial<OutputContext>;

let attempts = 0;

/** Stores and publishes. @returns the metadata that was added */
async function materialize(io: Manager, rows: unknown, given: Given = {}): Promise<Record<string, unknown>> {
  const added: Record<string, unknown> = {};
  const context = contextOf({ addOutputMetadata: (more) => void Object.assign(added, more), ...given });
  await io.store(rows as object[], context);
  await io.publish(context);
  return added;
}

const contextOf = (given: Given = {}): OutputContext =>
  outputContextFor(given.assetKey ?? "shop/orders", { attemptId: `attempt-${attempts++}`, ...given });

async function load(io: Manager, given: Partial<InputContext> = {}): Promise<object[]> {
  const rows: object[] = [];
  for await (const row of await io.load(inputContextFor(given.assetKey ?? "shop/orders", given))) rows.push(row);
  return rows;
}

const sql = <Row extends object = Record<string, unknown>>(text: string) => server.query<Row>(text, dsn);
const text = (value: string) => ({ type: "text" as const, value });

async function told(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => Promise.reject(new Error("nothing was thrown")),
    (thrown: Error & { code: string; allowRetries: boolean }) => thrown,
  );
  return `${error.code}${error.allowRetries ? " (may be retried)" : ""}: ${error.message}`
    .replace(/staging_[0-9a-f]{40}/, "staging_<attempt>")
    .replaceAll(String(server.port), "<port>")
    .replaceAll(new URL(dsn).pathname.slice(1), "<database>");
}

describe("PostgresIOManager", () => {
  it("makes a schema and a table that SQL reads as one expects, and tells what it wrote and where", async () => {
    const rows = [
      { id: 1, price: 0.5, big: 2n, name: "Ann", at: new Date(0), tags: ["a"], ok: true, raw: new Uint8Array([1]), none: null },
      { id: 2, price: 1, big: 3n, name: "", at: null, tags: null, ok: null, raw: null, none: null },
    ];
    const metadata = await materialize(manager(), rows);
    expect(await sql("SELECT id, price, big::text, name, at, tags, ok, raw, none FROM shop.orders")).toEqual([
      { id: "1", price: 0.5, big: "2", name: "Ann", at: new Date(0), tags: ["a"], ok: true, raw: Buffer.from([1]), none: null },
      { id: "2", price: 1, big: "3", name: "", at: null, tags: null, ok: null, raw: null, none: null },
    ]);
    expect(metadata).toEqual({
      "millrace/row_count": { type: "int", value: 2 },
      "millrace/bytes": { type: "int", value: expect.any(Number) as number },
      "millrace/column_schema": {
        type: "table_schema",
        value: [
          { name: "id", type: "bigint" },
          { name: "price", type: "double precision" },
          { name: "big", type: "bigint" },
          { name: "name", type: "text" },
          { name: "at", type: "timestamp with time zone" },
          { name: "tags", type: "jsonb" },
          { name: "ok", type: "boolean" },
          { name: "raw", type: "bytea" },
          { name: "none", type: "text" },
        ],
      },
      "millrace/preview": { type: "table", value: { records: expect.any(Array) as unknown[] } },
      "millrace/path": { type: "path", value: `postgres://127.0.0.1:${server.port}/${new URL(dsn).pathname.slice(1)}/shop.orders` },
    });
    expect((metadata["millrace/bytes"] as { value: number }).value).toBeGreaterThan(0);
  });

  it("takes the types that the asset declares, and gives back the same values", async () => {
    const types = { id: "int64", part: "int32", big: "bigint", price: "decimal(10,2)", day: "date", time: "time", at: "timestamp", seen: "timestamptz", data: "json", raw: "bytes", tags: "list<string>", parts: "list<decimal(4,1)>", place: "struct<lat: float64, at: timestamptz>", ratio: "float64", ok: "boolean" }; // prettier-ignore
    const schema = { columns: Object.entries(types).map(([name, type]) => ({ name, type, nullable: true })) };
    const rows = [
      { id: 2 ** 53 - 1, part: -1, big: 2n ** 63n - 1n, price: "12.30", day: "2024-02-29", time: "12:34:56.123456", at: new Date(5), seen: new Date(6), data: { b: 1, a: null }, raw: new Uint8Array([7]), tags: ["x", "", null], parts: ["1.0", null], place: { lat: 1.5, at: new Date(8) }, ratio: 1, ok: false }, // prettier-ignore
      Object.fromEntries(Object.keys(types).map((name) => [name, null])),
    ];
    const io = manager();
    await materialize(io, rows, { schema });
    expect(await load(io, { schema })).toEqual(rows);
    const columns = await sql<{ type: string }>("SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'shop.orders'::regclass AND attnum > 0 ORDER BY attnum"); // prettier-ignore
    expect(columns.map(({ type }) => type)).toEqual(["bigint", "integer", "bigint", "numeric(10,2)", "date", "time without time zone", "timestamp without time zone", "timestamp with time zone", "jsonb", "bytea", "text[]", "numeric(4,1)[]", "jsonb", "double precision", "boolean"]); // prettier-ignore
    await sql("DROP TABLE _millrace.stored");
    expect(await load(manager(), { schema })).toEqual(rows); // as if somebody else had written them
  });

  it.each(["relation", "table of Arrow"])("takes the types of a %s", async (form) => {
    const relation =
      Relation.sql`SELECT 7::INTEGER AS part, 12.30::DECIMAL(10,2) AS price, DATE '2024-02-29' AS day, TIME '12:34:56.5' AS time,
      TIMESTAMP '2024-01-01 00:00:00' AS at, 9007199254740993 AS big, [1, 2] AS tags, 'x' AS text, NULL AS none`.bigints("big");
    const io = manager();
    await materialize(io, form === "relation" ? relation : await relation.toArrow());
    expect(await load(io)).toEqual([
      { part: 7, price: "12.30", day: "2024-02-29", time: "12:34:56.5", at: new Date("2024-01-01"), big: 9_007_199_254_740_993n, tags: [1, 2], text: "x", none: null }, // prettier-ignore
    ]);
    const columns = await sql<{ type: string }>("SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'shop.orders'::regclass AND attnum > 0 ORDER BY attnum"); // prettier-ignore
    expect(columns.map(({ type }) => type)).toEqual(["integer", "numeric(10,2)", "date", "time without time zone", "timestamp without time zone", "bigint", "integer[]", "text", "integer"]); // prettier-ignore
  });

  it("keeps columns that come late, and types that widen within the rows", async () => {
    const io = manager();
    const early = Array.from({ length: 3000 }, (_, id) => ({ id, big: 1n }));
    const late = [
      { id: 0.5, big: 2n ** 80n, more: { a: 1 } },
      { id: null, big: null, more: null, none: null },
    ];
    await materialize(io, [...early, ...late]);
    const rows = await load(io);
    expect(rows.slice(2998)).toEqual([
      { id: 2998, big: 1n, more: null, none: null },
      { id: 2999, big: 1n, more: null, none: null },
      { id: 0.5, big: 2n ** 80n, more: { a: 1 }, none: null },
      { id: null, big: null, more: null, none: null },
    ]);
  });

  it("gives the columns and the rows that are asked for, by SQL", async () => {
    const io = manager();
    const rows = [
      { id: 1, name: "a", price: 0.5, at: new Date(0), big: 2n ** 60n, ok: true },
      { id: 2, name: "B", price: Number.NaN, at: new Date(1000), big: 1n, ok: false },
      { id: 3, name: null, price: 10, at: null, big: null, ok: null },
      { id: 4, name: "'; DROP TABLE shop.orders; --", price: -1, at: new Date(2000), big: 5n, ok: true },
    ];
    await materialize(io, rows);
    expect(await load(io, { columns: ["price", "id"], where: { id: { gte: 2, lt: 4 } } as never })).toEqual([{ price: Number.NaN, id: 2 }, { price: 10, id: 3 }]); // prettier-ignore
    const ids = async (where: Record<string, unknown>) =>
      (await load(io, { columns: ["id"], where: where as NonNullable<InputContext["where"]> })).map((row) => (row as { id: number }).id);
    expect(await ids({ name: null })).toEqual([3]);
    expect(await ids({ name: ["a", "'; DROP TABLE shop.orders; --"] })).toEqual([1, 4]);
    expect(await ids({ name: { gt: "A" } })).toEqual([1, 2]);
    expect(await ids({ price: { gt: 0 } })).toEqual([1, 3]);
    expect(await ids({ price: { ne: 10 } })).toEqual([1, 2, 4]);
    expect(await ids({ at: { gt: new Date(0) } })).toEqual([2, 4]);
    expect(await ids({ big: 2n ** 60n, ok: true })).toEqual([1]);
    expect(await ids({ id: [] })).toEqual([]);
    expect(await ids({ id: 1.5 })).toEqual([]);
    expect(await ids({ id: "1" })).toEqual([]);
    expect(await ids({ name: { ne: 5 } })).toEqual([1, 2, 4]);
    expect(await told(load(io, { columns: ["prize"] }))).toBe('IO.NO_COLUMN (may be retried): Asset "shop/orders" has no column "prize"; it has "id", "name", "price", "at", "big", "ok".\n  → Did you mean "price"?'); // prettier-ignore
  });

  it("keeps what hangs on a table when its rows are replaced: views, indexes, grants", async () => {
    const io = manager();
    await materialize(io, [{ id: 1 }]);
    await sql("CREATE VIEW shop.seen AS SELECT * FROM shop.orders");
    await sql("CREATE UNIQUE INDEX ON shop.orders (id)");
    await materialize(io, [{ id: 2 }, { id: 3 }]);
    expect(await sql("SELECT id::int FROM shop.seen ORDER BY id")).toEqual([{ id: 2 }, { id: 3 }]);
    expect(await load(io)).toEqual([{ id: 2 }, { id: 3 }]);
    expect(await told(materialize(io, [{ id: 4 }, { id: 4 }]))).toBe('POSTGRES.CONSTRAINT: Postgres at 127.0.0.1:<port>, database "<database>", user "postgres": publishing asset "shop/orders" to shop.orders failed: duplicate key value violates unique constraint "orders_id_idx". Key (id)=(4) already exists.\n  → Correct the rows, or change the constraint "orders_id_idx".'); // prettier-ignore
    expect(await load(io)).toEqual([{ id: 2 }, { id: 3 }]);
  });

  it("shows old rows or new ones to every reader, also to one whose snapshot is older than the table", async () => {
    const io = manager();
    await materialize(io, [{ id: 1 }]);
    const reader = new Client({ connectionString: dsn });
    await reader.connect();
    await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    await reader.query("SELECT 1");
    await materialize(io, [{ id: 2 }, { id: 3 }]);
    const { rows } = await reader.query("SELECT id::int FROM shop.orders ORDER BY id");
    await reader.end();
    expect([[{ id: 1 }], [{ id: 2 }, { id: 3 }]]).toContainEqual(rows);
  });

  it("begins in several processes at the same moment", async () => {
    const managers = Array.from({ length: 8 }, () => manager());
    await Promise.all(managers.map((io, id) => materialize(io, [{ id }], { assetKey: `same/moment_${id}` })));
    const loaded = await Promise.all(managers.map((io, id) => load(io, { assetKey: `same/moment_${id}` })));
    expect(loaded).toEqual(managers.map((_, id) => [{ id }]));
  });

  it("gives readers the old rows or the new ones, whole, whatever is published while they read", async () => {
    const [writer, reader] = [manager(), manager()];
    const versions = [0, 1, 2].map((version) =>
      Array.from({ length: 2000 }, (_, id) => (version === 0 ? { id, v: 0 } : { id, v: version + 0.5, more: 2n })),
    );
    const seen = new Set<string>();
    for (const partitionKey of [undefined, "day"]) {
      const of = partitionKey === undefined ? {} : { partitionKey };
      await materialize(writer, versions[0], of);
      let writing = true;
      const written = (async () => {
        for (let round = 0; round < 12; round++) await materialize(writer, versions[round % 3], of);
        writing = false;
      })();
      while (writing) {
        const rows = await load(reader, of);
        const version = versions.findIndex((one) => (one[0] as { v: number }).v === (rows[0] as { v: number } | undefined)?.v);
        expect([...rows].sort((a, b) => (a as { id: number }).id - (b as { id: number }).id)).toEqual(versions[version]);
        seen.add(`${partitionKey} ${version}`);
      }
      await written;
    }
    expect(seen.size).toBeGreaterThan(2);
  });

  it("replaces rows while somebody reads them to the end", async () => {
    const io = manager();
    await materialize(
      io,
      Array.from({ length: 50_000 }, (_, id) => ({ id, text: "x".repeat(100) })),
    );
    const reading = (await io.load(inputContextFor("shop/orders")))[Symbol.asyncIterator]();
    expect(await reading.next()).toEqual({ done: false, value: { id: 0, text: "x".repeat(100) } });
    await materialize(io, [{ id: -1, text: "new" }]);
    let last: unknown;
    for (let next = await reading.next(); !next.done; next = await reading.next()) last = next.value;
    expect(last).toMatchObject({ id: 49_999 });
    expect(await load(io)).toEqual([{ id: -1, text: "new" }]);
  });

  it("updates rows of the same keys, and deletes none, where keys are declared", async () => {
    const io = manager();
    const metadata = { "millrace/upsert_keys": { type: "json" as const, value: ["id"] } };
    await materialize(io, [{ id: 1, n: "a" }, { id: 2, n: "b" }], { metadata }); // prettier-ignore
    await materialize(io, [{ id: 2, n: "B" }, { id: 3, n: "c" }], { metadata }); // prettier-ignore
    expect(await sql("SELECT id::int, n FROM shop.orders ORDER BY id")).toEqual([{ id: 1, n: "a" }, { id: 2, n: "B" }, { id: 3, n: "c" }]); // prettier-ignore
  });

  it("takes a column of the rows, or an expression over them, for the partition's key", async () => {
    const io = manager();
    const schema = { columns: [{ name: "day", type: "date", nullable: false }, { name: "id", type: "int64", nullable: false }] }; // prettier-ignore
    const byColumn = { assetKey: "by/column", schema, metadata: { "millrace/partition_column": text("day") } };
    const byExpression = {
      assetKey: "by/expression",
      metadata: { "millrace/partition_expression": text("to_char(at AT TIME ZONE 'UTC', 'YYYY-MM')") },
    };
    for (const id of [1, 2]) {
      await materialize(io, [{ day: "2025-01-01", id }], { ...byColumn, partitionKey: "2025-01-01" });
      await materialize(io, [{ day: "2025-01-02", id: 9 }], { ...byColumn, partitionKey: "2025-01-02" });
      await materialize(io, [{ at: new Date("2025-01-31"), id }], { ...byExpression, partitionKey: "2025-01" });
    }
    expect(await sql("SELECT day::text, id::int FROM by.column ORDER BY day".replace("by.column", '"by"."column"'))).toEqual([{ day: "2025-01-01", id: 2 }, { day: "2025-01-02", id: 9 }]); // prettier-ignore
    expect(await load(io, { ...byColumn, partitionKey: "2025-01-01" })).toEqual([{ day: "2025-01-01", id: 2 }]);
    expect(await load(io, { ...byExpression, partitionKey: "2025-01" })).toEqual([{ at: new Date("2025-01-31"), id: 2 }]);
    expect(await told(materialize(io, [{ day: "2025-01-05", id: 1 }], { ...byColumn, partitionKey: "2025-01-01" }))).toBe(
      `IO.OTHER_PARTITION: Partition "2025-01-01" of asset "by/column" has one row that column "day" puts into another partition; nothing was published.\n  → Give the rows of the partition only, or name another partition column in the asset's metadata.`,
    );
  });

  it("sweeps what attempts left, and publishes nothing of a table that lost its rows in a crash of the server", async () => {
    const io = manager();
    const [left, current] = [contextOf({ partitionKey: "a" }), contextOf({ partitionKey: "b" })];
    await io.store([{ id: 1 }], left);
    await io.store([{ id: 2 }], current);
    expect(await io.sweep((attemptId) => attemptId === current.attemptId)).toHaveLength(1);
    expect(await told(io.publish(left))).toBe(
      `IO.NOTHING_TO_PUBLISH (may be retried): Partition "a" of asset "shop/orders" cannot be published to table shop.orders: of its table _millrace.staging_<attempt>, nothing is left.\n  → Materialize "shop/orders" again.`,
    );
    await server.restart("crash");
    expect(await told(io.publish(current))).toBe(
      `IO.NOTHING_TO_PUBLISH (may be retried): Partition "b" of asset "shop/orders" cannot be published to table shop.orders: of its table _millrace.staging_<attempt>, it has 0 of 1 rows; the server lost them in a crash.\n  → Materialize "shop/orders" again.`,
    );
    expect(await told(load(io, { partitionKey: "b" }))).toBe(
      `IO.NOT_FOUND (may be retried): Partition "b" of asset "shop/orders" has no stored value: table shop.orders does not exist. It was never materialized, or its value was removed.\n  → Materialize "shop/orders" first: millrace materialize "shop/orders" --partition "b"`,
    );
  });

  it("drops what attempts left a day ago when it is first used", async () => {
    await manager().store([{ id: 1 }], contextOf());
    const staged = "SELECT c.oid::regclass::text AS name, obj_description(c.oid) AS told FROM pg_class c WHERE relname LIKE 'staging%'";
    const [{ name, told: said }] = (await sql<{ name: string; told: string }>(staged)) as [{ name: string; told: string }];
    await manager().store([{ id: 2 }], contextOf());
    expect(await sql(staged)).toHaveLength(2);
    const { stagedAtMs, ...rest } = JSON.parse(said) as { stagedAtMs: number };
    await sql(`COMMENT ON TABLE ${name} IS '${JSON.stringify({ ...rest, stagedAtMs: stagedAtMs - 25 * 3_600_000 })}'`);
    await manager().store([{ id: 3 }], contextOf());
    const left = await sql<{ name: string }>(staged);
    expect([left.length, left.some((one) => one.name === name)]).toEqual([2, false]);
  });

  it("publishes what was stored before the server was restarted", async () => {
    const io = manager();
    const [whole, part] = [contextOf(), contextOf({ assetKey: "parts", partitionKey: "a" })];
    await io.store([{ id: 1 }], whole);
    await io.store([{ id: 2 }], part);
    await server.restart();
    await io.publish(whole);
    await io.publish(part);
    expect([await load(io), await load(io, { assetKey: "parts", partitionKey: "a" })]).toEqual([[{ id: 1 }], [{ id: 2 }]]);
  });

  it("passes on what the source of the rows throws, and leaves nothing", async () => {
    const io = manager();
    const mine = new Error("mine");
    async function* rows(): AsyncGenerator<object> {
      yield await Promise.resolve({ id: 1 });
      throw mine;
    }
    await expect(io.store(rows(), contextOf())).rejects.toBe(mine);
    expect(await sql("SELECT relname FROM pg_class WHERE relname LIKE 'staging%'")).toEqual([]);
  });

  it("stops at the step's signal, whatever it does", async () => {
    const io = manager();
    const stop = new AbortController();
    async function* rows(): AsyncGenerator<object> {
      for (let id = 0; ; id++) {
        if (id === 5000) stop.abort(new Error("canceled"));
        if (id % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
        yield { id };
      }
    }
    const context = contextOf({ signal: stop.signal });
    await expect(io.store(rows(), context)).rejects.toThrow("canceled");
    await io.discard(context);
    await expect(load(io, { signal: stop.signal })).rejects.toBe(stop.signal.reason);
    expect(await sql("SELECT relname FROM pg_class WHERE relname LIKE 'staging%'")).toEqual([]);
  });
});

describe("PostgresIOManager changes a table where nothing is lost by it, and else tells which edit to make", () => {
  const changes = async (before: object[], after: object[], given: Given = {}) => {
    const io = manager();
    await materialize(io, before, { ...given, partitionKey: "1" });
    await materialize(io, after, { ...given, partitionKey: "2" });
    expect(await load(io, { partitionKey: "1" })).toEqual(before);
    expect(await load(io, { partitionKey: "2" })).toEqual(after);
  };

  it("adds columns that are new, and leaves those alone that are gone", () => changes([{ id: 1, old: "x" }], [{ new: 2n, id: 2 }]));
  it("widens whole numbers to fractions, and bigints beyond 64 bits", () => changes([{ n: 1, big: 1n }], [{ n: 0.5, big: 2n ** 70n }]));
  it("keeps a wider column for narrower values", () => changes([{ n: 0.5, big: 2n ** 70n }], [{ n: 1, big: 1n }]));
  it("gives a column of nulls its type when it has one", () => changes([{ a: null, b: null }], [{ a: 1, b: new Date(0) }]));
  it("takes nulls for a column of any type", () => changes([{ a: 1, b: new Date(0) }], [{ a: null, b: null }]));

  it("refuses text for numbers, also when all rows are replaced", async () => {
    const io = manager();
    await materialize(io, [{ id: 1, amount: 5 }]);
    expect(await told(materialize(io, [{ id: 1, amount: "five" }]))).toBe(
      `IO.COLUMN_CHANGED: Column "amount" of table shop.orders is bigint, but asset "shop/orders" gives text.\n  → Give "amount" the type that it had, or change the column, which may lose values: ALTER TABLE "shop"."orders" ALTER COLUMN "amount" TYPE text USING "amount"::text`,
    );
    expect(await load(io)).toEqual([{ id: 1, amount: 5 }]);
  });

  it("refuses fractions for whole numbers that a fraction cannot keep", async () => {
    const io = manager();
    await materialize(io, [{ n: 2n ** 60n }], { partitionKey: "1" });
    expect(await told(materialize(io, [{ n: 0.5 }], { partitionKey: "2" }))).toBe(
      `IO.COLUMN_CHANGED: Column "n" of table shop.orders is bigint, but asset "shop/orders" gives double precision.\n  → Give "n" the type that it had, or change the column, which may lose values: ALTER TABLE "shop"."orders" ALTER COLUMN "n" TYPE double precision USING "n"::text::double precision`,
    );
  });

  it("widens declared types, and refuses narrower ones only where a value would not fit", async () => {
    const io = manager();
    const of = (type: string) => ({ schema: { columns: [{ name: "n", type, nullable: true }] } });
    await materialize(io, [{ n: 1 }], of("int32"));
    await materialize(io, [{ n: 2 ** 40 }], of("int64"));
    await materialize(io, [{ n: 3 }], of("int32"));
    expect(await sql("SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'shop.orders'::regclass AND attname = 'n'")).toEqual([{ type: "bigint" }]); // prettier-ignore
    expect(await told(materialize(io, [{ n: "2025-01-01" }], of("date")))).toBe(
      `IO.COLUMN_CHANGED: Column "n" of table shop.orders is bigint, but asset "shop/orders" gives date.\n  → Give "n" the type that it had, or change the column, which may lose values: ALTER TABLE "shop"."orders" ALTER COLUMN "n" TYPE date USING "n"::text::date`,
    );
  });

  it("tells a value that does not fit a table made by others, and its row", async () => {
    const io = manager();
    await sql("CREATE SCHEMA shop");
    await sql("CREATE TABLE shop.orders (id int4, code varchar(3), price numeric(6, 2), needed int NOT NULL)");
    const good = { id: 1, code: "abc", price: "1.5", needed: 1 };
    const bad = async (wrong: object) => told(materialize(io, [good, { ...good, ...wrong }]));
    expect(await bad({ id: 2 ** 31 })).toBe(
      `POSTGRES.VALUE: Row 1: column "id" (integer) of shop.orders cannot take 2147483648: it is out of range: -2147483648 to 2147483647.\n  → Correct the value, or change the column's type. Nothing was loaded.`,
    );
    expect(await bad({ code: "abcd" })).toBe(
      `POSTGRES.VALUE: Row 1: column "code" (character varying(3)) of shop.orders cannot take "abcd": it has more than 3 characters.\n  → Correct the value, or change the column's type. Nothing was loaded.`,
    );
    expect(await bad({ price: "1.555" })).toBe(
      `POSTGRES.VALUE: Row 1: column "price" (numeric(6,2)) of shop.orders cannot take "1.555": it has more than 2 digits behind the point.\n  → Correct the value, or change the column's type. Nothing was loaded.`,
    );
    expect(await bad({ needed: null })).toBe(
      `POSTGRES.CONSTRAINT: Postgres at 127.0.0.1:<port>, database "<database>", user "postgres": publishing asset "shop/orders" to shop.orders failed: null value in column "needed" of relation "orders" violates not-null constraint. Failing row contains (1, abc, 1.50, null).\n  → Give column "needed" a value in every row, or let it be null.`,
    );
    expect(await bad({ code: "a\0" })).toBe(
      `POSTGRES.VALUE: Row 1: column "code" (character varying(3)) of shop.orders cannot take "a\\u0000": it holds a NUL character, which Postgres cannot keep in text.\n  → Correct the value, or change the column's type. Nothing was loaded.`,
    );
    expect(await sql("SELECT * FROM shop.orders")).toEqual([]);
    await materialize(io, [good]);
    expect(await load(io)).toEqual([{ ...good, price: "1.50" }]);
  });

  it("refuses a table that keeps another asset's rows", async () => {
    const io = manager({ schema: "warehouse" });
    await materialize(io, [{ id: 1 }], { assetKey: "a/orders" });
    expect(await told(materialize(io, [{ id: 2 }], { assetKey: "b/orders" }))).toBe(
      `IO.TABLE_TAKEN: Table warehouse.orders keeps the rows of asset "a/orders", so asset "b/orders" cannot have it.\n  → Name another table in the asset's metadata: { "millrace/table": "schema.name" }; or leave \`schema\` out, so that each key has its own.`,
    );
    await materialize(io, [{ id: 2 }], { assetKey: "b/orders", metadata: { "millrace/table": text("b.orders") } });
    expect(await sql("SELECT 'a' AS of, id::int FROM warehouse.orders UNION ALL SELECT 'b', id::int FROM b.orders")).toEqual([{ of: "a", id: 1 }, { of: "b", id: 2 }]); // prettier-ignore
  });

  it("refuses the key of a partition that is no text", async () => {
    const fix = "Give the partition another key.";
    for (const partitionKey of ["a\0b", "a\ud800"])
      expect(await told(manager().store([], contextOf({ partitionKey })))).toBe(`IO.PARTITION_KEY: Partition ${JSON.stringify(partitionKey)} of asset "shop/orders" cannot be kept: text of Postgres holds no NUL and no half character.\n  → ${fix}`); // prettier-ignore
  });

  it("tells what is no rows, wrong credentials, and a server that is down", async () => {
    expect(await told(manager().store(5 as never, contextOf()))).toContain("IO.NO_ROWS");
    expect(await told(manager({ password: "wr0ng-secret" }).store([], contextOf()))).toBe(
      `POSTGRES.CREDENTIALS: Postgres at 127.0.0.1:<port>, database "<database>", user "postgres": connecting failed: password authentication failed for user "postgres".\n  → Correct the password of user "postgres", or the user.`,
    );
    expect(await told(manager({ port: 1 }).load(inputContextFor("shop/orders")))).toBe(
      `POSTGRES.UNREACHABLE (may be retried): Postgres at 127.0.0.1:1, database "<database>", user "postgres": connecting failed: connect ECONNREFUSED 127.0.0.1:1.\n  → Check that a Postgres listens at 127.0.0.1:1 and can be reached from here.`,
    );
    expect(await told(manager().load(inputContextFor("shop/orders")))).toBe(
      `IO.NOT_FOUND (may be retried): Asset "shop/orders" has no stored value: table shop.orders does not exist. It was never materialized, or its value was removed.\n  → Materialize "shop/orders" first: millrace materialize "shop/orders"`,
    );
  });

  it("tells a server that went away in the middle of storing, and leaves nothing half-published", async () => {
    const io = manager();
    await materialize(io, [{ id: 1 }]);
    async function* rows(): AsyncGenerator<object> {
      for (let id = 0; id < 200_000; id++) {
        if (id === 100_000) await server.restart();
        yield { id };
      }
    }
    const context = contextOf();
    expect(await told(io.store(rows(), context))).toMatch(/^POSTGRES.CONNECTION_LOST \(may be retried\): Postgres at 127.0.0.1:<port>, database "<database>", user "postgres": storing asset "shop\/orders" in shop.orders failed: .*\n {2}→ Try again; look into the server's log when it happens often.$/); // prettier-ignore
    await io.discard(context);
    expect(await load(io)).toEqual([{ id: 1 }]);
    await materialize(io, [{ id: 2 }]);
    expect(await load(io)).toEqual([{ id: 2 }]);
  });
});
