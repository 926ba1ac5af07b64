import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { inputContextFor, outputContextFor } from "../../../../runtime/testing/io-manager-contract.js";
import type { InputContext } from "../../../../src/config/io-manager.js";
import type { MetadataInput } from "../../../../src/model/metadata.js";
import { rowPredicate, type FilterValue, type RowFilter } from "../../../../src/model/row-filter.js";
import { rowSchema, type RowSchema } from "../../../../src/model/row-schema.js";
import type { RowStream } from "../../../../src/model/row-stream.js";
import { FileParquetIOManager } from "../../../../src/io/parquet/parquet-io-manager.js";
import type { Compression } from "../../../../src/io/rows/row-codec.js";

let storageDir: string;
beforeEach(() => void (storageDir = mkdtempSync(join(tmpdir(), "parquet-schema-"))));
afterEach(() => rmSync(storageDir, { recursive: true, force: true }));

const file = () => join(storageDir, "orders.parquet");

async function store(rows: readonly object[] | AsyncIterable<object>, schema?: RowSchema, compression: Compression = "snappy") {
  const metadata: Record<string, MetadataInput> = {};
  const context = outputContextFor("orders", {
    storageDir,
    ...(schema ? { schema } : {}),
    addOutputMetadata: (added) => void Object.assign(metadata, added),
  });
  const io = new FileParquetIOManager();
  io.compression = compression;
  await io.store(rows, context);
  await io.publish(context);
  return metadata;
}

async function load(given: Partial<InputContext> = {}): Promise<object[]> {
  const rows: object[] = [];
  const stream = (await new FileParquetIOManager().load(inputContextFor("orders", { storageDir, ...given }))) as RowStream;
  for await (const row of stream) rows.push(row);
  return rows;
}

async function query(sql: string): Promise<unknown[][]> {
  const database = await DuckDBInstance.create(":memory:");
  const connection = await database.connect();
  try {
    return (await connection.runAndReadAll(sql.replaceAll("FILE", `'${file()}'`))).getRowsJS();
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}

type AnyFilter = RowFilter<Record<string, FilterValue>>;

const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: Error) => error.message.replaceAll(storageDir, "<dir>"),
  );

const ALL = rowSchema({
  text: "string?",
  flag: "boolean?",
  small: "int32?",
  whole: "int64?",
  big: "bigint?",
  real: "float64?",
  cents: "decimal(5,2)?",
  price: "decimal(38,10)?",
  day: "date?",
  time: "time?",
  local: "timestamp?",
  at: "timestamptz?",
  raw: "bytes?",
  plain: "json?",
  tags: "list<string>?",
  nested: "list<struct<n: int64, parts: list<decimal(10,3)>>>?",
  at_of: 'struct<a: timestamptz, "b c": bytes, d: bigint>?',
});

const full = {
  text: "é 😀 longer than twelve bytes",
  flag: true,
  small: -(2 ** 31),
  whole: Number.MAX_SAFE_INTEGER,
  big: -(2n ** 63n),
  real: -0,
  cents: "-123.40",
  price: "1234567890123456789012345678.0123456789",
  day: "0001-01-01",
  time: "23:59:59.999999",
  local: new Date(-1),
  at: new Date(8.64e15),
  raw: new Uint8Array([0, 255, 128, ...new Array<number>(20).fill(7)]),
  plain: { a: [1, null, { b: "c" }] },
  tags: ["a", null, "longer than twelve bytes", ""],
  nested: [{ n: 1, parts: ["1.500", null] }, null, { n: null, parts: [] }],
  at_of: { a: new Date(0), "b c": new Uint8Array([1]), d: 2n ** 62n },
};
const zero = {
  text: "",
  flag: false,
  small: 0,
  whole: -1,
  big: 0n,
  real: Number.NaN,
  cents: "0.00",
  price: "-0.0000000001",
  day: "9999-12-31",
  time: "00:00:00",
  local: new Date(1_700_000_000_123),
  at: new Date(-8.64e15),
  raw: new Uint8Array(),
  plain: "text",
  tags: [],
  nested: [],
  at_of: { a: null, "b c": null, d: null },
};
const none = Object.fromEntries(ALL.columns.map(({ name }) => [name, null]));

describe("FileParquetIOManager with a declared schema", () => {
  it("gives every type back as it was, null, empty and extreme values included", async () => {
    await store([full, none, zero], ALL);
    expect(await load()).toEqual([full, none, zero]);
    expect(Object.is((await load({ columns: ["real"] })).map((row) => (row as { real: number }).real)[0], -0)).toBe(true);
  });

  it("stores types natively, for other readers of Parquet", async () => {
    await store([full], ALL);
    const described = await query("DESCRIBE SELECT * FROM FILE");
    expect(Object.fromEntries(described.map(([name, type]) => [name, type]))).toEqual({
      text: "VARCHAR",
      flag: "BOOLEAN",
      small: "INTEGER",
      whole: "BIGINT",
      big: "BIGINT",
      real: "DOUBLE",
      cents: "DECIMAL(5,2)",
      price: "DECIMAL(38,10)",
      day: "DATE",
      time: "TIME",
      local: "TIMESTAMP",
      at: "TIMESTAMP WITH TIME ZONE",
      raw: "BLOB",
      plain: "VARCHAR",
      tags: "VARCHAR[]",
      nested: "STRUCT(n BIGINT, parts DECIMAL(10,3)[])[]",
      at_of: 'STRUCT(a TIMESTAMP WITH TIME ZONE, "b c" BLOB, d BIGINT)',
    });
    expect(await query("SELECT price::VARCHAR, day::VARCHAR, time::VARCHAR, nested[1].parts[1]::VARCHAR FROM FILE")).toEqual([
      ["1234567890123456789012345678.0123456789", "0001-01-01", "23:59:59.999999", "1.500"],
    ]);
  });

  it.each([
    ["no row at all", []],
    ["only null", [none]],
    ["many rows of null", Array.from({ length: 5000 }, () => none)],
  ])("has the declared columns also with %s", async (_, rows) => {
    await store([full], ALL);
    const [before] = [await query("DESCRIBE SELECT * FROM FILE")];
    await store(rows, ALL);
    expect(await query("DESCRIBE SELECT * FROM FILE")).toEqual(before);
    expect(await load()).toEqual(rows);
  });

  it("tells the columns with description and tags", async () => {
    const schema = rowSchema({ id: { type: "int64", description: "Its number.", tags: { key: "yes" } }, note: "string?" });
    expect((await store([{ id: 1, note: null }], schema))["millrace/column_schema"]).toEqual({
      type: "table_schema",
      value: [
        { name: "id", type: "int64", constraints: { nullable: false }, description: "Its number.", tags: { key: "yes" } },
        { name: "note", type: "string", constraints: { nullable: true } },
      ],
    });
  });

  it.each<[object, string, string]>([
    [{ id: 1.5 }, "int64", 'Column "id" of asset "orders" is declared int64, but row 2100 has the number 1.5.'],
    [{ id: 2 ** 31 }, "int32", 'Column "id" of asset "orders" is declared int32, but row 2100 has the number 2147483648.'],
    [{ id: 2n ** 63n }, "bigint", 'Column "id" of asset "orders" is declared bigint, but row 2100 has the bigint 9223372036854775808n.'],
    [{ id: "1.234" }, "decimal(5,2)", 'Column "id" of asset "orders" is declared decimal(5,2), but row 2100 has the text "1.234".'],
    [{ id: "." }, "decimal(5,2)", 'Column "id" of asset "orders" is declared decimal(5,2), but row 2100 has the text ".".'],
    [{ id: "2025-02-30" }, "date", 'Column "id" of asset "orders" is declared date, but row 2100 has the text "2025-02-30".'],
    [{ id: [{ n: "x" }] }, "list<struct<n: int64>>", 'declared list<struct<n: int64>>, but row 2100 has the list [{"n":"x"}].'],
    [{}, "int64", 'Column "id" of asset "orders" may not be null, but row 2100 has undefined there.'],
    [{ id: 1, more: 2 }, "int64", 'Row 2100 of asset "orders" has the column "more", which its schema does not declare.'],
  ])("refuses %p as %s, naming column, row and value", async (bad, type, message) => {
    const good: Record<string, unknown> = {
      int64: 1,
      int32: 1,
      bigint: 1n,
      "decimal(5,2)": "1.00",
      date: "2025-01-01",
      "list<struct<n: int64>>": [],
    };
    const rows = [...Array.from({ length: 2100 }, () => ({ id: good[type] })), bad];
    expect(await messageOf(store(rows, rowSchema({ id: type })))).toContain(message);
    expect(readdirSync(storageDir)).toEqual([]);
  });

  it("refuses half a character, which a file would change", async () => {
    expect(await messageOf(store([{ text: "fine" }, { text: "a\ud83d" }]))).toBe(
      'Column "text" of asset "orders" holds text with half a character (a lone surrogate) in row 1.\n' +
        "  → Repair it with text.toWellFormed(), or keep it as bytes.",
    );
  });
});

describe("FileParquetIOManager", () => {
  it.each<[Compression, string]>([
    ["snappy", "SNAPPY"],
    ["zstd", "ZSTD"],
    ["gzip", "GZIP"],
    ["none", "UNCOMPRESSED"],
  ])("compresses with %s", async (compression, codec) => {
    const rows = Array.from({ length: 100 }, (_, id) => ({ id, text: "the same text in every row" }));
    await store(rows, undefined, compression);
    expect(await query("SELECT DISTINCT compression FROM parquet_metadata(FILE)")).toEqual([[codec]]);
    expect(await load()).toEqual(rows);
  });

  it("writes rows of many row groups in their order, whatever the batches and the width of the text", async () => {
    const text = (id: number) => (id % 3 === 0 ? null : `${"é".repeat(id % 5)}${"x".repeat(id % 40)}`);
    async function* rows() {
      for (let id = 0; id < 400_000; id++) yield { id, text: text(id), at: new Date(id), json: { id } };
    }
    await store(rows());
    expect(await query("SELECT count(DISTINCT row_group_id), max(row_group_num_rows) FROM parquet_metadata(FILE)")).toEqual([
      [10n, 40_960n],
    ]);
    let next = 0;
    for (const row of await load()) {
      if (JSON.stringify(row) !== JSON.stringify({ id: next, text: text(next), at: new Date(next), json: { id: next } })) break;
      next++;
    }
    expect(next).toBe(400_000);
    expect(await query("SELECT count(*), sum(id) FROM FILE WHERE id >= 200000")).toEqual([[200_000n, (200_000n * 599_999n) / 2n]]);
    expect(readdirSync(storageDir)).toEqual(["orders.parquet"]);
  });

  it("writes all rows again where a column comes late or widens, in their order", async () => {
    async function* rows() {
      for (let id = 0; id < 300_000; id++)
        yield id < 150_000 ? { id, n: 1, big: 1n } : id < 250_000 ? { id, n: 0.5, big: 2n, late: "x" } : { id, n: 1, big: 2n ** 70n };
    }
    await store(rows());
    const loaded = (await load()) as { id: number }[];
    expect(loaded.findIndex((row, index) => row.id !== index)).toBe(-1);
    expect([loaded[0], loaded[200_000], loaded[299_999]]).toEqual([
      { id: 0, n: 1, big: 1n, late: null },
      { id: 200_000, n: 0.5, big: 2n, late: "x" },
      { id: 299_999, n: 1, big: 2n ** 70n, late: null },
    ]);
    expect(readdirSync(storageDir)).toEqual(["orders.parquet"]);
  });

  it("reads only the columns that are wanted, in their order, also those that differ by case", async () => {
    await store([{ id: 1, Id: "a", ID: true, text: "x" }]);
    expect((await load({ columns: ["ID", "id"] })).map((row) => Object.entries(row))).toEqual([
      [
        ["ID", true],
        ["id", 1],
      ],
    ]);
    expect(await messageOf(load({ columns: ["iD", "id"] }))).toBe(
      'Asset "orders" has no column "iD"; it has "id", "Id", "ID", "text".\n  → Did you mean "id"?',
    );
    expect(await messageOf(load({ where: { amount: 1 } as AnyFilter }))).toContain('Asset "orders" has no column "amount"');
  });

  const filtered = [
    { n: 1, f: 0.5, big: 2n ** 60n, huge: 2n ** 70n, s: "a", b: true, at: new Date(5), day: "2025-01-31", json: { a: 1 } },
    { n: 2, f: Number.NaN, big: 2n ** 60n + 1n, huge: 1n, s: "b'\"--", b: false, at: new Date(6), day: "2025-02-01", json: [1] },
    { n: -3, f: -0, big: -1n, huge: -1n, s: "", b: null, at: null, day: null, json: null },
    { n: null, f: Infinity, big: null, huge: null, s: null, b: true, at: new Date(-1), day: "2024-12-31", json: {} },
  ];

  it.each<AnyFilter>([
    { n: 1 },
    { n: 1.5 },
    { n: { lt: 1.5 } },
    { n: { gt: 1.5 } },
    { n: { ne: 1.5 } },
    { n: { gte: -3, lt: 2n } },
    { n: null },
    { n: { isNull: false } },
    { n: [1, 2n, 7] },
    { n: [] },
    { f: { gt: 0 } },
    { f: { ne: 0.5 } },
    { f: 0 },
    { f: Number.NaN },
    { big: 2n ** 60n + 1n },
    { big: { gt: 2 ** 60 } },
    { huge: { gt: 1 } },
    { s: "b'\"--" },
    { s: { gte: "a", ne: "a" } },
    { s: "'; DROP TABLE x; --" },
    { s: "a\u0000" },
    { b: true },
    { b: { ne: true } },
    { at: new Date(6) },
    { at: { lte: new Date(5) } },
    { day: { gte: "2025-01-31" } },
    { day: { gte: "2025" } },
    { json: { isNull: true } },
    { json: "text" },
    { n: "1" },
    { n: { gte: 1 }, b: false, s: { isNull: false } },
  ])("takes the rows that the filter takes: %p", async (where) => {
    for (const schema of [
      undefined,
      rowSchema({ n: "int32?", f: "float64?", big: "bigint?", s: "string?", b: "boolean?", at: "timestamp?", day: "date?", json: "json?" }),
    ]) {
      const rows = schema ? filtered.map(({ huge: _, ...row }) => row) : filtered;
      if (schema && "huge" in where) continue;
      await store(rows, schema);
      expect(await load({ where })).toEqual(rows.filter(rowPredicate(where)));
      expect(await load({ where, columns: ["s"] })).toEqual(rows.filter(rowPredicate(where)).map(({ s }) => ({ s })));
    }
  });

  it("compares decimals as numbers", async () => {
    await store([{ a: "9.50" }, { a: "10.00" }], rowSchema({ a: "decimal(10,2)" }));
    expect(await load({ where: { a: { gt: "9.9" } } as AnyFilter })).toEqual([{ a: "10.00" }]);
    expect(await load({ where: { a: { lt: 10 } } as AnyFilter })).toEqual([{ a: "9.50" }]);
  });

  it("reads what others wrote: 64 bits as bigints, decimals, dates and times as text, nested values as plain data", async () => {
    await query(
      `COPY (SELECT 1::TINYINT a, 2::BIGINT b, 3.50::DECIMAL(9,2) c, DATE '2025-01-31' d, TIME '01:02:03' e, TIMESTAMP '2025-01-31 00:00:00' f,
        TIMESTAMP_NS '2025-01-31 00:00:00' g, 'x' h, 'ab'::BLOB i, [1, NULL]::INTEGER[] j, {k: 1::UBIGINT, l: NULL::VARCHAR} m, MAP {'a': 1::BIGINT} n,
        '00000000-0000-0000-0000-000000000001'::UUID o, NULL p, TRUE q, 0.5::FLOAT r) TO FILE (FORMAT parquet)`,
    );
    const midnight = new Date("2025-01-31T00:00:00Z");
    expect(await load()).toEqual([
      {
        ...{ a: 1, b: 2n, c: "3.50", d: "2025-01-31", e: "01:02:03", f: midnight, g: midnight, h: "x", i: new Uint8Array([97, 98]) },
        ...{ j: [1, null], m: { k: 1n, l: null }, n: [{ key: "a", value: 1n }], o: "00000000-0000-0000-0000-000000000001" },
        ...{ p: null, q: true, r: 0.5 },
      },
    ]);
    expect(await load({ schema: rowSchema({ b: "int64", c: "decimal(12,3)" }), columns: ["b", "c"] })).toEqual([{ b: 2, c: "3.500" }]);
    expect(await load({ where: { b: { gt: 1 }, g: midnight } as AnyFilter, columns: ["a"] })).toEqual([{ a: 1 }]);
  });
});
