import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Table } from "apache-arrow";
import { inputContextFor, outputContextFor } from "../../../../runtime/testing/io-manager-contract.js";
import type { InputContext } from "../../../../src/config/io-manager.js";
import { Relation } from "../../../../src/duckdb/relation.js";
import { FileParquetIOManager } from "../../../../src/io/parquet/parquet-io-manager.js";
import type { ColumnBatch } from "../../../../src/model/column-batch.js";

let storageDir: string;
beforeEach(async () => {
  storageDir = await mkdtemp(join(tmpdir(), "parquet-columns-"));
});
afterEach(() => rm(storageDir, { recursive: true, force: true }));

const io = new FileParquetIOManager();
async function materialize(value: unknown): Promise<Record<string, unknown>> {
  const told: Record<string, unknown> = {};
  const context = outputContextFor("orders", { storageDir, addOutputMetadata: (added) => void Object.assign(told, added) });
  await io.store(value as Relation<object>, context);
  await io.publish(context);
  return told;
}
const load = (given: Partial<InputContext> = {}) => io.load(inputContextFor("orders", { storageDir, ...given }));
async function rows(): Promise<object[]> {
  const all: object[] = [];
  for await (const row of (await load()) as AsyncIterable<object>) all.push(row);
  return all;
}

const EVERY_TYPE = Relation.sql`
  SELECT true AS ok, 1::TINYINT AS tiny, 2::USMALLINT AS small, 3 AS whole, 4::BIGINT AS long, 5::HUGEINT AS sum, 1.5::FLOAT AS single, 2.5::DOUBLE AS double,
    '12.30'::DECIMAL(10, 2) AS price, 'Zoë' AS text, 'a longer text than twelve bytes' AS more, '\\x00\\xFF'::BLOB AS raw, DATE '2025-01-31' AS day, TIME '12:34:56.123456' AS clock,
    TIMESTAMP '2025-01-31 12:00:00.123' AS local, TIMESTAMPTZ '2025-01-31 12:00:00.123Z' AS moment, [1, NULL, 3] AS list, {'a': 1, 'b': 'x'} AS struct, '{"k":[1]}'::JSON AS json
  UNION ALL BY NAME SELECT false AS ok`;
const FIRST = {
  ok: true,
  tiny: 1,
  small: 2,
  whole: 3,
  long: 4,
  sum: 5,
  single: 1.5,
  double: 2.5,
  price: "12.30",
  text: "Zoë",
  more: "a longer text than twelve bytes",
  raw: new Uint8Array([0, 255]),
  day: "2025-01-31",
  clock: "12:34:56.123456",
  local: new Date("2025-01-31T12:00:00.123Z"),
  moment: new Date("2025-01-31T12:00:00.123Z"),
  list: [1, null, 3],
  struct: { a: 1, b: "x" },
  json: { k: [1] },
};
const SECOND = Object.fromEntries(Object.keys(FIRST).map((name) => [name, name === "ok" ? false : null]));

describe("a relation in a Parquet file", () => {
  it("gives its rows as rows that were stored have them, of every type, and tells of them", async () => {
    const told = await materialize(EVERY_TYPE);
    expect(await rows()).toEqual([FIRST, SECOND]);
    expect(await EVERY_TYPE.rows()).toEqual([FIRST, SECOND]);
    expect(told).toMatchObject({
      "millrace/row_count": { value: 2 },
      "millrace/column_schema": {
        value: [
          { name: "ok", type: "boolean" },
          { name: "tiny", type: "int32" },
          { name: "small", type: "int32" },
          { name: "whole", type: "int32" },
          { name: "long", type: "int64" },
          { name: "sum", type: "int64" },
          { name: "single", type: "float64" },
          { name: "double", type: "float64" },
          { name: "price", type: "decimal(10,2)" },
          { name: "text", type: "string" },
          { name: "more", type: "string" },
          { name: "raw", type: "bytes" },
          { name: "day", type: "date" },
          { name: "clock", type: "time" },
          { name: "local", type: "timestamp" },
          { name: "moment", type: "timestamptz" },
          { name: "list", type: "list<int32>" },
          { name: "struct", type: "struct<a: int32, b: string>" },
          { name: "json", type: "json" },
        ],
      },
    });
  });

  it("keeps what was bigint and JSON in the rows that it reads", async () => {
    const given = [{ id: 2n ** 53n + 1n, json: { at: new Date(5), $set: 1n } }];
    await materialize(given);
    await materialize(Relation.sql`SELECT * FROM ${(await load({ form: "relation" })) as Relation}`); // reads the file that it replaces
    expect(await rows()).toEqual(given);
  });

  it("refuses a type that rows cannot have, and a number that 64 bits do not keep", async () => {
    const stored = (sql: Relation) => materialize(sql).catch((error: unknown) => error);
    expect(await stored(Relation.sql`SELECT MAP {'a': 1} AS m`)).toMatchObject({
      code: "RELATION.TYPE",
      fix: "Cast it in the SQL, e.g. to JSON: to_json(m) AS m.",
    });
    expect(await stored(Relation.sql`SELECT 170141183460469231731687303715884105727 AS n`)).toMatchObject({ code: "RELATION.FAILED" });
  });

  it("is read once into memory, and stays when the file is replaced", async () => {
    await materialize([{ id: 1n }, { id: 2n }]);
    const frame = await ((await load({ form: "relation" })) as Relation).inMemory();
    await materialize([]);
    expect(await frame.rows()).toEqual([{ id: 1n }, { id: 2n }]);
    expect(await Relation.sql`SELECT count(*) AS n FROM ${frame}`.rows()).toEqual([{ n: 2 }]);
  });
});

describe("the columns of a Parquet file", () => {
  it("are loaded as a table of Arrow of every type, cut to what is wanted", async () => {
    await materialize(EVERY_TYPE);
    const table = (await load({ form: "arrowTable" })) as Table;
    expect(String(table.schema)).toBe(
      "Schema<{ 0: ok: Bool, 1: tiny: Int32, 2: small: Int32, 3: whole: Int32, 4: long: Int64, 5: sum: Int64, 6: single: Float64, 7: double: Float64, " +
        "8: price: Decimal[10e+2], 9: text: Utf8, 10: more: Utf8, 11: raw: Binary, 12: day: Date32<DAY>, 13: clock: Time64<MICROSECOND>, " +
        "14: local: Timestamp<MICROSECOND>, 15: moment: Timestamp<MICROSECOND, UTC>, 16: list: List<Int32>, 17: struct: Struct<{a:Int32, b:Utf8}>, 18: json: Utf8 }>",
    );
    const { json: _, ...plain } = FIRST;
    const given = table.select(Object.keys(plain));
    await materialize(given);
    expect(String(((await load({ form: "arrowTable" })) as Table).schema)).toBe(String(given.schema));
    expect(await rows()).toEqual([plain, expect.objectContaining({ ok: false, price: null, list: null }) as unknown]);
    const cut = (await load({ form: "arrowTable", columns: ["text"], where: { ok: true } })) as Table;
    expect(JSON.stringify(cut.toArray())).toBe('[{"text":"Zoë"}]');
  });

  it("keep texts of every length and nulls through Arrow, over many chunks", async () => {
    const texts = Relation.sql`SELECT i, CASE WHEN i % 7 = 0 THEN NULL ELSE repeat('é', (i % 40)::INTEGER) END AS t FROM range(10000) r(i)`;
    await materialize(texts);
    const table = (await load({ form: "arrowTable" })) as Table<{ t: never }>;
    expect([...(table.getChild("t") ?? [])]).toEqual(Array.from({ length: 10_000 }, (_, i) => (i % 7 === 0 ? null : "é".repeat(i % 40))));
  });

  it("come as batches that may be left early", async () => {
    await materialize(Relation.sql`SELECT i FROM range(10000) r(i)`);
    const batches = (await load({ form: "batches", where: { i: { gte: 9_000 } } })) as AsyncIterable<ColumnBatch<{ i: number }>>;
    let first: number | undefined;
    for await (const { columns } of batches) {
      first = columns.i[0];
      break;
    }
    let count = 0;
    for await (const { length } of batches) count += length;
    expect([first, count]).toEqual([9_000, 1_000]);
  });
});
