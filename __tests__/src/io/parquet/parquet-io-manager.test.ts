import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describeIOManager, inputContextFor, outputContextFor } from "../../../../runtime/testing/io-manager-contract.js";
import type { InputContext } from "../../../../src/config/io-manager.js";
import { MetadataValue } from "../../../../src/model/metadata.js";
import type { RowStream } from "../../../../src/model/row-stream.js";
import { FileParquetIOManager } from "../../../../src/io/parquet/parquet-io-manager.js";

const wide = [
  {
    id: 1,
    amount: 1,
    big: 1n,
    huge: 1n,
    text: "é'\"",
    ok: true,
    at: new Date(1_700_000_000_123),
    none: null,
    json: { a: [1, 2n, new Date(3)] },
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

let storageDir: string;
beforeEach(() => void (storageDir = mkdtempSync(join(tmpdir(), "parquet [io]*-"))));
afterEach(() => rmSync(storageDir, { recursive: true, force: true }));

describeIOManager("FileParquetIOManager", () => new FileParquetIOManager(), {
  rows: [
    wide,
    [{ id: 1 }, { id: 2 }],
    [],
    [{}, {}],
    [{ Id: 1, id: "a", ID: true }],
    [{ only: null }],
    [{ n: -0 }, { n: Infinity }, { n: 2 ** 60 }],
    JSON.parse('[{"__proto__":1,"a\\"b":2}]') as object[],
  ],
});

async function materialize(rows: readonly object[] | AsyncIterable<object>): Promise<unknown> {
  let metadata: unknown;
  const context = outputContextFor("shop/orders", { storageDir, addOutputMetadata: (added) => void (metadata = added) });
  const io = new FileParquetIOManager();
  await io.store(rows, context);
  await io.publish(context);
  return metadata;
}
const load = (given: Partial<InputContext> = {}) =>
  new FileParquetIOManager().load(inputContextFor("shop/orders", { storageDir, ...given })) as Promise<RowStream>;
async function loadAll(): Promise<object[]> {
  const rows: object[] = [];
  for await (const row of await load()) rows.push(row);
  return rows;
}
const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: Error) => error.message.replaceAll(storageDir, "<dir>"),
  );

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const heapMb = () => {
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

describe("FileParquetIOManager", () => {
  it("tells rows, bytes, columns, the first rows and the path of what was written", async () => {
    const rows = [...wide.slice(0, 2), ...Array.from({ length: 10 }, (_, id) => ({ id, more: "late" }))];
    const { size } = await (async () => {
      await materialize(rows);
      return statSync(join(storageDir, "shop/orders.parquet"));
    })();
    const column = (name: string, type: string, nullable: boolean) => ({ name, type, constraints: { nullable } });
    const columns = [
      column("id", "int64", false),
      column("amount", "float64", true),
      column("big", "bigint", true),
      column("huge", "bigint", true),
      column("text", "string", true),
      column("ok", "boolean", true),
      column("at", "timestamptz", true),
      column("none", "string", true),
      column("json", "json", true),
      column("bytes", "bytes", true),
      column("constructor", "int64", true),
      column("more", "string", true),
    ];
    expect(await materialize(rows)).toEqual({
      "millrace/row_count": { type: "int", value: 12 },
      "millrace/bytes": { type: "int", value: size },
      "millrace/column_schema": { type: "table_schema", value: columns },
      "millrace/preview": MetadataValue.table(rows.slice(0, 5), columns),
      "millrace/path": { type: "path", value: join(storageDir, "shop/orders.parquet") },
    });
  });

  it("takes columns that come late, and gives missing fields back as null", async () => {
    const early = Array.from({ length: 3000 }, (_, id) => ({ id }));
    await materialize([...early, { late: 5n, id: undefined }, { late: 2n ** 70n }, { id: 0.5, more: { a: 1 } }]);
    const rows = await loadAll();
    expect(rows).toHaveLength(3003);
    expect(rows[2999]).toEqual({ id: 2999, late: null, more: null });
    expect(rows.slice(3000)).toEqual([
      { id: null, late: 5n, more: null },
      { id: null, late: 2n ** 70n, more: null },
      { id: 0.5, late: null, more: { a: 1 } },
    ]);
  });

  it.each([
    [
      [{ id: 1 }, { id: "2" }],
      'Column "id" of asset "shop/orders" holds numbers before, and text in row 1.\n  → Give "id" one type in every row; null is allowed.',
    ],
    [
      [{ id: () => 1 }],
      'Column "id" of asset "shop/orders" holds a function in row 0, which a table cannot keep.\n  → Give numbers, bigints, text, booleans, Dates, bytes or plain data.',
    ],
    [
      [{ at: new Date(Number.NaN) }],
      'Column "at" of asset "shop/orders" holds an invalid Date in row 0.\n  → Give null where no date is known.',
    ],
    [[{ id: 1 }, null as never], 'Asset "shop/orders" gave no object as row 1, but null.\n  → Return objects with one field per column.'],
  ])("refuses rows that would not come back: %#", async (rows, message) => {
    await materialize([{ old: 1 }]);
    expect(await messageOf(materialize(rows as object[]))).toBe(message);
    expect(await loadAll()).toEqual([{ old: 1 }]);
    expect(readdirSync(join(storageDir, "shop"))).toEqual(["orders.parquet"]);
  });

  it("lets the error of the rows' own source through", async () => {
    const own = new RangeError("the API is down");
    await expect(
      materialize(
        (async function* () {
          yield { id: 1 };
          throw own;
        })(),
      ),
    ).rejects.toBe(own);
  });

  it("tells what is missing or damaged, and where", async () => {
    expect(await messageOf(load())).toBe(
      'Asset "shop/orders" has no stored value: <dir>/shop/orders.parquet does not exist. It was never materialized, or its value was removed.\n' +
        '  → Materialize "shop/orders" first: millrace materialize "shop/orders"',
    );
    await materialize([{ id: 1 }]);
    writeFileSync(join(storageDir, "shop/orders.parquet"), "no parquet");
    const message = await messageOf(loadAll());
    expect(message).toMatch(/^The stored rows of asset "shop\/orders" cannot be read: <dir>\/shop\/orders\.parquet is damaged: /);
    expect(message).toMatch(/\n  → Materialize "shop\/orders" again, or restore the file\.$/);
  });

  it("streams 300,000 rows both ways in bounded memory, in their order", async () => {
    await materialize([{ warm: 1 }]);
    const before = heapMb();
    let peak = before;
    const watch = (id: number) => {
      if (id % 50_000 === 49_999) peak = Math.max(peak, heapMb());
    };
    await materialize(
      (async function* () {
        for (let id = 0; id < 300_000; id++) {
          watch(id);
          yield { id, text: `row ${id} ${"x".repeat(50)}`, at: new Date(id), nested: { id } };
        }
      })(),
    );
    let next = 0;
    for await (const row of await load()) {
      if ((row as { id: number }).id !== next) break;
      watch(next++);
    }
    expect(next).toBe(300_000);
    expect(peak - before).toBeLessThan(40); // the rows themselves take more than 100 MB
  });

  it("can be left in the middle and read again", async () => {
    await materialize(Array.from({ length: 10_000 }, (_, id) => ({ id })));
    const rows = await load();
    for await (const row of rows) if ((row as { id: number }).id === 5000) break;
    let count = 0;
    for await (const _ of rows) count++;
    expect(count).toBe(10_000);
  });
});
