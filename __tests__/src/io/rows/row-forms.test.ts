import {
  Binary,
  Bool,
  DateDay,
  Decimal,
  Dictionary,
  DurationSecond,
  Field,
  Float32,
  Float64,
  Int32,
  Int64,
  List,
  Null,
  Struct,
  Table,
  TimestampMillisecond,
  Uint32,
  Uint8,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { ColumnBatch } from "../../../../src/model/column-batch.js";
import type { Relation } from "../../../../src/duckdb/relation.js";
import { handedForm, isRows, rowsOf, schemaOf, toForm } from "../../../../src/io/rows/row-forms.js";
import { inBatches } from "../../../../src/io/rows/row-codec.js";
import { rowSchema } from "../../../../src/model/row-schema.js";
import { RowStream } from "../../../../src/model/row-stream.js";

const ROWS = [
  {
    id: 1,
    big: 2n ** 53n + 1n,
    at: new Date("2025-01-01T12:34:56.789Z"),
    name: "Zoë",
    price: 1.5,
    ok: true,
    tags: { a: [1] },
    raw: new Uint8Array([1, 2]),
  },
  { id: 2, big: -1n, at: null, name: null, price: null, ok: false, tags: null, raw: null },
];
const of = { assetKey: "orders" };

async function all(value: unknown): Promise<object[]> {
  const rows: object[] = [];
  for await (const batch of rowsOf(value)?.() ?? []) rows.push(...batch);
  return rows;
}

async function* streamOf(...items: readonly object[]) {
  for (const item of items) yield await Promise.resolve(item);
}

describe("the forms of rows", () => {
  it.each(["rows", "stream", "batches", "relation"] as const)(
    "gives back as %s what it was given, as often as it is asked",
    async (form) => {
      const given = await toForm(streamOf(...ROWS), "rows", of);
      const formed = await toForm(given, form, of);
      expect(await all(formed)).toEqual(ROWS);
      expect(await all(formed)).toEqual(ROWS);
    },
  );

  it("gives a table of Arrow with exact whole numbers", async () => {
    const table = (await toForm(ROWS, "arrowTable", of)) as { getChild(name: string): { toArray(): unknown } };
    expect(handedForm(table)).toBe("arrowTable");
    expect(table.getChild("big").toArray()).toEqual(new BigInt64Array([2n ** 53n + 1n, -1n]));
    expect(
      await all(
        await toForm(
          ROWS.map(({ tags: _, ...row }) => row),
          "arrowTable",
          of,
        ),
      ),
    ).toEqual(ROWS.map(({ tags: _, ...row }) => row));
  });

  it("takes the types of a table of Arrow, unless others are declared or it has one that cannot be", async () => {
    const table = new Table({
      u8: vectorFromArray([1, null], new Uint8()),
      u32: vectorFromArray([1, 2], new Uint32()),
      small: vectorFromArray([1n, 2n], new Int64()),
      wide: vectorFromArray([2n ** 60n, 2n], new Int64()),
      single: vectorFromArray([0.5, 1], new Float32()),
      city: vectorFromArray(["Rome", "Rome"], new Dictionary(new Utf8(), new Int32())),
      day: vectorFromArray([new Date(0), null], new DateDay()),
      price: vectorFromArray([], new Decimal(2, 10)),
      at: vectorFromArray([new Date(0)], new TimestampMillisecond("UTC")),
      ok: vectorFromArray([true], new Bool()),
      raw: vectorFromArray([new Uint8Array([1])], new Binary()),
      tags: vectorFromArray([[1n]], new List(new Field("item", new Int64()))),
      place: vectorFromArray([{ lat: 1 }], new Struct([new Field("lat", new Float64())])),
      none: vectorFromArray([null], new Null()),
    });
    const types = { u8: "int32", u32: "int64", small: "int64", wide: "bigint", single: "float64", city: "string", day: "date", price: "decimal(10,2)", at: "timestamptz", ok: "boolean", raw: "bytes", tags: "list<bigint>", place: "struct<lat: float64>", none: "string" }; // prettier-ignore
    expect(await schemaOf(table, undefined)).toEqual(
      rowSchema(Object.fromEntries(Object.entries(types).map(([name, type]) => [name, `${type}?`]))),
    );
    const declared = rowSchema({ u8: "int64" });
    expect(await schemaOf(table, declared)).toBe(declared);
    expect(await schemaOf(ROWS, undefined)).toBeUndefined();
    const duration = new Table({ u8: vectorFromArray([1], new Uint8()), took: vectorFromArray([1n], new DurationSecond()) });
    expect(await schemaOf(duration, undefined)).toBeUndefined();
  });

  it("keeps the types of a table of Arrow in a relation", async () => {
    const table = new Table({ id: vectorFromArray([1, 2], new Int32()), day: vectorFromArray([new Date(0), new Date(0)], new DateDay()) });
    const asked = (await toForm(table, "relation", of)) as Relation;
    expect((await asked.columns()).map(({ type }) => type)).toEqual(["INTEGER", "DATE"]);
  });

  it("takes batches of columns out of a stream", async () => {
    const batches = streamOf(ColumnBatch.fromRows(ROWS), new ColumnBatch({ id: new Float64Array([3, 4]) }));
    expect(await all(batches)).toEqual([...ROWS, { id: 3 }, { id: 4 }]);
  });

  it("knows rows from what is none", async () => {
    const relation = (await toForm(ROWS, "relation", of)) as Relation;
    const table = await relation.toArrow();
    const rows = [ROWS, [], new RowStream(() => inBatches(ROWS)), streamOf(), relation, table];
    expect(rows.map(isRows)).toEqual(rows.map(() => true));
    expect(["text", null, { a: 1 }, 1, new Map()].map(isRows)).toEqual([false, false, false, false, false]);
    expect(rows.map(handedForm)).toEqual([undefined, undefined, undefined, undefined, "relation", "arrowTable"]);
    expect(rowsOf({ a: 1 })).toBeUndefined();
  });
});

describe("a batch of columns", () => {
  it("has a column for every field, with null where a row lacks it", () => {
    const batch = ColumnBatch.fromRows<Record<string, unknown>>([{ a: 1 }, { b: "x", constructor: 2 }]);
    expect(batch.columns).toEqual({ a: [1, null], b: [null, "x"], constructor: [null, 2] });
    expect(batch.toRows()).toEqual([
      { a: 1, b: null, constructor: null },
      { a: null, b: "x", constructor: 2 },
    ]);
  });

  it("refuses columns of different lengths", () => {
    expect(() => new ColumnBatch({ a: [1], b: [1, 2] })).toThrow('Column "b" has 2 values, where its batch has 1 rows.');
  });
});
