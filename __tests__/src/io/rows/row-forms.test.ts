import { ColumnBatch } from "../../../../src/model/column-batch.js";
import type { Relation } from "../../../../src/duckdb/relation.js";
import { handedForm, isRows, rowsOf, toForm } from "../../../../src/io/rows/row-forms.js";
import { inBatches } from "../../../../src/io/rows/row-codec.js";
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
