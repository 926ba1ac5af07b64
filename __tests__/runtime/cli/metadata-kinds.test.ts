import { CliProject } from "./cli-project";

const DEFINITIONS = `
import { Asset, Definitions, FileParquetIOManager, MaterializeResult, MetadataValue, Own, Pipeline } from "millrace";

const columns = [
  { name: "id", type: "BIGINT", description: "the shop's number", constraints: { nullable: false, unique: true, other: ["id > 0"] }, tags: { pii: "no" } },
  { name: "amount", type: "DOUBLE" },
];

@Pipeline()
class Kinds {
  @Asset()
  made(): MaterializeResult<number> {
    return new MaterializeResult({
      value: 1,
      metadata: {
        text: MetadataValue.text("first line\\nsecond line"),
        url: MetadataValue.url("https://shop.example/orders?day=1"),
        path: MetadataValue.path("/data/orders.csv"),
        notebook: MetadataValue.notebook("/notes/orders.ipynb"),
        md: MetadataValue.md("# Orders\\n\\n- one"),
        asset: MetadataValue.asset("raw/orders"),
        run: MetadataValue.run("0190a000-0000-7000-8000-000000000000"),
        job: MetadataValue.job("nightly"),
        int: MetadataValue.int(1234567),
        float: MetadataValue.float(0.5),
        bool: MetadataValue.bool(false),
        nothing: MetadataValue.null(),
        timestamp: MetadataValue.timestamp(new Date("2026-01-02T03:04:05.678Z")),
        json: MetadataValue.json({ list: [1, "two", null], at: new Date(0) }),
        table: MetadataValue.table([{ id: 1, amount: 2.5 }, { id: 2, amount: null }], columns),
        bare_table: MetadataValue.table([{ id: 1 }]),
        table_schema: MetadataValue.tableSchema(columns),
        column_lineage: MetadataValue.columnLineage({ amount: [{ asset: "raw/orders", column: "price" }, { asset: "rates", column: "rate" }] }),
        code_references: MetadataValue.codeReferences([{ file: "orders.ts", line: 3, url: "https://git.example/orders.ts#L3" }]),
      },
    });
  }
  @Asset()
  inferred(): MaterializeResult<number> {
    return new MaterializeResult({
      value: 1,
      metadata: { text: "t", int: 3, whole: 3n, float: 1.5, bool: true, nothing: null, at: new Date(1), list: [1, { a: 2 }], huge: 2n ** 70n, not: NaN },
    });
  }
}

@Pipeline({ io: FileParquetIOManager })
class Rows {
  @Asset()
  async *orders(): AsyncGenerator<{ id: number; at: Date; tags: string[] }> {
    for (let id = 1; id <= 5_000; id++) yield { id, at: new Date(id), tags: ["t" + id] };
  }
  @Asset({ io: undefined })
  async total(@Own("orders") orders: AsyncIterable<{ id: number; at: Date; tags: string[] }>): Promise<MaterializeResult<{ sum: number }[]>> {
    let sum = 0;
    let last: unknown;
    for await (const order of orders) { sum += order.id; last = order; }
    return new MaterializeResult({ value: [{ sum }], metadata: { sum, last: MetadataValue.json(last) } });
  }
}

export default new Definitions({ pipelines: [Kinds, Rows] });
`;

let project: CliProject;
beforeAll(async () => {
  project = new CliProject({ "definitions.ts": DEFINITIONS });
  expect(await project.run(["materialize"])).toMatchObject({ code: 0, stderr: "" });
});
afterAll(() => project.remove());

const columns = [
  {
    name: "id",
    type: "BIGINT",
    description: "the shop's number",
    constraints: { nullable: false, unique: true, other: ["id > 0"] },
    tags: { pii: "no" },
  },
  { name: "amount", type: "DOUBLE" },
];
const metadataOf = async (key: string): Promise<unknown> => {
  const { latest } = await project.json<{ latest: { materialization: { payload: { metadata: unknown } } } }>(["show", key]);
  return latest.materialization.payload.metadata;
};
const shown = async (key: string): Promise<string[]> => {
  const { stdout } = await project.run(["show", key]);
  return stdout.split("\n").filter((line) => line.startsWith("  "));
};

test("every kind of metadata comes back from the disk as it was given", async () => {
  expect(await metadataOf("made")).toEqual({
    text: { type: "text", value: "first line\nsecond line" },
    url: { type: "url", value: "https://shop.example/orders?day=1" },
    path: { type: "path", value: "/data/orders.csv" },
    notebook: { type: "notebook", value: "/notes/orders.ipynb" },
    md: { type: "md", value: "# Orders\n\n- one" },
    asset: { type: "asset", value: "raw/orders" },
    run: { type: "run", value: "0190a000-0000-7000-8000-000000000000" },
    job: { type: "job", value: "nightly" },
    int: { type: "int", value: 1234567 },
    float: { type: "float", value: 0.5 },
    bool: { type: "bool", value: false },
    nothing: { type: "null", value: null },
    timestamp: { type: "timestamp", value: Date.parse("2026-01-02T03:04:05.678Z") },
    json: { type: "json", value: { list: [1, "two", null], at: "1970-01-01T00:00:00.000Z" } },
    table: {
      type: "table",
      value: {
        records: [
          { id: 1, amount: 2.5 },
          { id: 2, amount: null },
        ],
        schema: columns,
      },
    },
    bare_table: { type: "table", value: { records: [{ id: 1 }] } },
    table_schema: { type: "table_schema", value: columns },
    column_lineage: {
      type: "column_lineage",
      value: {
        amount: [
          { asset: "raw/orders", column: "price" },
          { asset: "rates", column: "rate" },
        ],
      },
    },
    code_references: { type: "code_references", value: [{ file: "orders.ts", line: 3, url: "https://git.example/orders.ts#L3" }] },
  });
});

test("plain values get their kind", async () => {
  expect(await metadataOf("inferred")).toEqual({
    text: { type: "text", value: "t" },
    int: { type: "int", value: 3 },
    whole: { type: "int", value: 3 },
    float: { type: "float", value: 1.5 },
    bool: { type: "bool", value: true },
    nothing: { type: "null", value: null },
    at: { type: "timestamp", value: 1 },
    list: { type: "json", value: [1, { a: 2 }] },
    huge: { type: "text", value: String(2n ** 70n) },
    not: { type: "text", value: "NaN" },
  });
});

test("show tells each kind on a line", async () => {
  expect(await shown("made")).toEqual([
    "  text: first line",
    "  url: https://shop.example/orders?day=1",
    "  path: /data/orders.csv",
    "  notebook: /notes/orders.ipynb",
    "  md: # Orders",
    "  asset: raw/orders",
    "  run: 0190a000-0000-7000-8000-000000000000",
    "  job: nightly",
    "  int: 1,234,567",
    "  float: 0.5",
    "  bool: false",
    "  nothing: null",
    "  timestamp: 2026-01-02 03:04:05",
    '  json: {"list":[1,"two",null],"at":"1970-01-01T00:00:00.000Z"}',
    "  table: 2 rows",
    "  bare_table: 1 row",
    "  table_schema: id BIGINT, amount DOUBLE",
    "  column_lineage: amount ← raw/orders.price, rates.rate",
    "  code_references: https://git.example/orders.ts#L3",
  ]);
});

test("rows stream through Parquet within a run, and their number and columns are told", async () => {
  expect(await metadataOf("total")).toEqual({
    sum: { type: "int", value: (5_000 * 5_001) / 2 },
    last: { type: "json", value: { id: 5_000, at: "1970-01-01T00:00:05.000Z", tags: ["t5000"] } },
    "millrace/row_count": { type: "int", value: 1 },
    "millrace/bytes": { type: "int", value: expect.any(Number) },
    "millrace/column_schema": { type: "table_schema", value: [{ name: "sum", type: "int64", constraints: { nullable: false } }] },
    "millrace/preview": { type: "table", value: expect.objectContaining({ records: [{ sum: (5_000 * 5_001) / 2 }] }) },
    "millrace/path": { type: "path", value: expect.stringMatching(/storage\/total\.parquet$/) },
  });
  expect(await shown("orders")).toEqual([
    "  millrace/row_count: 5,000",
    expect.stringMatching(/^ {2}millrace\/bytes: [\d,]+$/),
    "  millrace/column_schema: id int64, at timestamptz, tags json",
    "  millrace/preview: 5 rows",
    expect.stringMatching(/^ {2}millrace\/path: .*storage\/orders\.parquet$/),
  ]);
});
