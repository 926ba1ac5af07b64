import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describeIOManager, inputContextFor, outputContextFor } from "../../../../runtime/testing/io-manager-contract.js";
import type { IOManager } from "../../../../src/config/io-manager.js";
import { Relation } from "../../../../src/duckdb/relation.js";
import { FileCsvIOManager } from "../../../../src/io/text/csv-io-manager.js";
import { FileJsonLinesIOManager } from "../../../../src/io/text/json-lines-io-manager.js";
import { rowSchema } from "../../../../src/model/row-schema.js";

const schema = rowSchema({
  text: "string?",
  flag: "boolean?",
  small: "int32?",
  whole: "int64?",
  big: "bigint?",
  real: "float64?",
  price: "decimal(12,2)?",
  day: "date?",
  time: "time?",
  local: "timestamp?",
  at: "timestamptz?",
  bytes: "bytes?",
  json: "json?",
  list: "list<bigint>?",
  struct: "struct<a: date, b: list<bytes>>?",
});
const full = {
  text: 'a, "b"\r\n\\N é😀 ',
  flag: true,
  small: -(2 ** 31),
  whole: Number.MIN_SAFE_INTEGER,
  big: 2n ** 63n - 1n,
  real: 0.1 + 0.2,
  price: "-1234567890.50",
  day: "2024-02-29",
  time: "23:59:59.123456",
  local: new Date("2025-01-02T03:04:05.678Z"),
  at: new Date("1969-12-31T23:59:59.999Z"),
  bytes: new Uint8Array([0, 255, 10]),
  json: { when: new Date(0), list: [1n, null, "\u2028"] },
  list: [1n, null, -(2n ** 63n)],
  struct: { a: "2025-01-01", b: [new Uint8Array([1])] },
};
const nothing = Object.fromEntries(Object.keys(full).map((name) => [name, null]));
const tables = [
  [full, nothing, { ...nothing, text: "", real: Number.NaN }, { ...nothing, text: "null", real: -Infinity, list: [], json: [] }],
  [{ ...full, text: "\uFEFF" }],
  [],
];

describeIOManager("FileJsonLinesIOManager with a schema", () => new FileJsonLinesIOManager(), { rows: tables, schema });
describeIOManager("FileJsonLinesIOManager without one", () => new FileJsonLinesIOManager(), {
  rows: [
    [
      { a: 1n, b: new Map([[1, new Date(0)]]), c: "x" },
      { a: 2n, b: { $date: "mine" }, c: null },
    ],
    [{ c: "\u2028" }],
    [],
  ],
});
describeIOManager("FileJsonLinesIOManager with gzip", () => Object.assign(new FileJsonLinesIOManager(), { gzip: true }), {
  rows: tables,
  schema,
});
describeIOManager("FileCsvIOManager", () => new FileCsvIOManager(), { rows: tables, schema });
describeIOManager("FileCsvIOManager with gzip", () => Object.assign(new FileCsvIOManager(), { gzip: true }), { rows: tables, schema });
describeIOManager("FileCsvIOManager of one column", () => new FileCsvIOManager(), {
  rows: [[{ only: null }, { only: "" }, { only: "x" }, { only: null }], [{ only: "y" }]],
  schema: rowSchema({ only: "string?" }),
});

describe("a text file", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "text-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const orders = rowSchema({ id: "int64", note: "string?", price: "decimal(9,2)?" });
  async function store(io: IOManager, rows: unknown, given = {}): Promise<void> {
    const context = outputContextFor("orders", { storageDir: folder, schema: orders, ...given });
    await io.store(rows, context);
    await io.publish?.(context);
  }
  async function load(io: IOManager, given = {}): Promise<object[]> {
    const rows: object[] = [];
    const context = inputContextFor("orders", { storageDir: folder, schema: orders, ...given });
    for await (const row of (await io.load(context)) as AsyncIterable<object>) rows.push(row);
    return rows;
  }
  const refusal = (asking: Promise<unknown>): Promise<string> =>
    asking.then(
      () => "no error",
      (error: unknown) => (error as Error).message.replaceAll(folder, "DIR"),
    );

  it("tells no types that only a relation or a table of Arrow knew: the values come back as they are, or are refused", async () => {
    const relation = Relation.sql`SELECT 1 AS id, TIMESTAMP '2025-01-02 00:00:00' AS at, 1.50::DECIMAL(9,2) AS price`;
    for (const value of [relation, await relation.toArrow()]) {
      await store(new FileJsonLinesIOManager(), value, { schema: undefined });
      expect(await load(new FileJsonLinesIOManager(), { schema: undefined })).toEqual([
        { id: 1, at: new Date("2025-01-02"), price: "1.50" },
      ]);
      expect(await refusal(store(new FileCsvIOManager(), value, { schema: undefined }))).toContain("it declares no schema");
    }
  });

  it("is what other programs write and read: CSV by RFC 4180, JSON one row a line", async () => {
    const rows = [
      { id: 1, note: 'say "hi", then\nleave', price: "1.50" },
      { id: 2, note: "", price: null },
      { id: 3, note: null, price: "2" },
    ];
    await store(new FileCsvIOManager(), rows);
    await store(new FileJsonLinesIOManager(), rows);
    await store(Object.assign(new FileJsonLinesIOManager(), { gzip: true }), rows);
    expect(readdirSync(folder).sort()).toEqual(["orders.csv", "orders.jsonl", "orders.jsonl.gz"]);
    expect(readFileSync(join(folder, "orders.csv"), "utf8")).toBe('id,note,price\r\n1,"say ""hi"", then\nleave",1.50\r\n2,"",\r\n3,,2\r\n');
    const lines =
      '{"id":1,"note":"say \\"hi\\", then\\nleave","price":"1.50"}\n{"id":2,"note":"","price":null}\n{"id":3,"note":null,"price":"2"}\n';
    expect(readFileSync(join(folder, "orders.jsonl"), "utf8")).toBe(lines);
    expect(gunzipSync(readFileSync(join(folder, "orders.jsonl.gz"))).toString()).toBe(lines);
    writeFileSync(join(folder, "orders.csv"), '\uFEFFnote,extra,price,id\n"x",1,,007\n');
    expect(await load(new FileCsvIOManager())).toEqual([{ id: 7, note: "x", price: null }]);
    writeFileSync(join(folder, "orders.jsonl"), '{"note":"x","id":7,"extra":[]}');
    expect(await load(new FileJsonLinesIOManager())).toEqual([{ id: 7, note: "x", price: null }]);
  });

  it.each<[string, string, string]>([
    [
      "csv",
      "id,note,price\r\n1,x,2\r\none,x,2\r\n",
      'Column "id" of asset "orders" is declared int64, but DIR/orders.csv has "one" in line 3.\n  → Materialize "orders" again, or declare another type.',
    ],
    [
      "csv",
      "id,price\r\n1,2\r\n",
      'Asset "orders" has no column "note"; it has "id", "price".\n  → Name one of these in `columns` and `where`.',
    ],
    [
      "csv",
      "",
      'The stored rows of asset "orders" cannot be read: DIR/orders.csv is damaged: its first line, which names the columns, is missing.\n  → Materialize "orders" again, or restore the file.',
    ],
    [
      "csv",
      'id,note,price\r\n1,"x,2\r\n',
      'The stored rows of asset "orders" cannot be read: DIR/orders.csv is damaged: Quote Not Closed: the parsing is finished with an opening quote at line 3.\n  → Materialize "orders" again, or restore the file.',
    ],
    [
      "csv",
      "id,note,price\r\n1,x\r\n",
      'The stored rows of asset "orders" cannot be read: DIR/orders.csv is damaged: Invalid Record Length: expect 3, got 2 on line 2.\n  → Materialize "orders" again, or restore the file.',
    ],
    [
      "jsonl",
      '{"id":1}\n{"id":',
      'The stored rows of asset "orders" cannot be read: DIR/orders.jsonl is damaged: line 2: Unexpected end of JSON input.\n  → Materialize "orders" again, or restore the file.',
    ],
    [
      "jsonl",
      '{"id":"1"}\n',
      'Column "id" of asset "orders" is declared int64, but DIR/orders.jsonl has "1" in line 1.\n  → Materialize "orders" again, or declare another type.',
    ],
    [
      "jsonl",
      "[1]\n",
      'The stored rows of asset "orders" cannot be read: DIR/orders.jsonl is damaged: line 1: it is no object.\n  → Materialize "orders" again, or restore the file.',
    ],
  ])("that is damaged is refused with its place: %s %j", async (extension, text, message) => {
    writeFileSync(join(folder, `orders.${extension}`), text);
    expect(await refusal(load(extension === "csv" ? new FileCsvIOManager() : new FileJsonLinesIOManager()))).toBe(message);
  });

  it("that was cut off while compressed is refused", async () => {
    const whole = gzipSync(`${'{"id":1}\n'.repeat(10_000)}`);
    writeFileSync(join(folder, "orders.jsonl.gz"), whole.subarray(0, whole.length - 20));
    expect(await refusal(load(Object.assign(new FileJsonLinesIOManager(), { gzip: true })))).toMatch(
      /^The stored rows of asset "orders" cannot be read: DIR\/orders\.jsonl\.gz is damaged: line \d+: unexpected end of file\.\n {2}→ Materialize "orders" again, or restore the file\.$/,
    );
  });

  it("of CSV needs a schema, and leaves nothing behind where there is none", async () => {
    const asked = store(new FileCsvIOManager(), [{ id: 1 }], { schema: undefined });
    expect(await refusal(asked)).toBe(
      'Asset "orders" is kept as CSV, which has no types, but it declares no schema.\n  → Declare it: @Asset({ schema: rowSchema({ id: "int64", note: "string?" }) }), or keep it as Parquet or JSON lines.',
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it("stops writing at the signal, and leaves nothing behind", async () => {
    const stop = new AbortController();
    async function* endless(): AsyncGenerator<object> {
      for (let id = 0; ; id++) {
        if (id === 5000) stop.abort(new Error("canceled"));
        yield { id };
      }
    }
    const asked = store(new FileJsonLinesIOManager(), endless(), { signal: stop.signal });
    expect(await refusal(asked)).toMatch(/canceled|aborted/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is closed when its reader stops early", async () => {
    await store(
      new FileJsonLinesIOManager(),
      Array.from({ length: 50_000 }, (_, id) => ({ id })),
    );
    const before = readdirSync("/proc/self/fd").length;
    const rows = (await new FileJsonLinesIOManager().load(
      inputContextFor("orders", { storageDir: folder, schema: orders }),
    )) as AsyncIterable<object>;
    for await (const row of rows) {
      expect(row).toEqual({ id: 0, note: null, price: null });
      break;
    }
    for (let turn = 0; turn < 1000 && readdirSync("/proc/self/fd").length > before; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before);
  });
});
