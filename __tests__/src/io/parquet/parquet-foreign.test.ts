import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inputContextFor } from "../../../../runtime/testing/io-manager-contract.js";
import type { RowStream } from "../../../../src/model/row-stream.js";
import { HyparquetCodec } from "../../../../src/io/parquet/hyparquet-codec.js";
import { FileParquetIOManager } from "../../../../src/io/parquet/parquet-io-manager.js";

type Row = Record<string, unknown>;

/** Rows that are compared of each file; some have a hundred thousand. */
const COMPARED = 5_000;
let files: string;
let storageDir: string;

beforeAll(() => {
  files = execFileSync(process.execPath, [join(__dirname, "../../../../tools/foreign-parquet.mjs")], { encoding: "utf8" }).trim();
  storageDir = mkdtempSync(join(tmpdir(), "parquet-foreign-"));
}, 300_000);
afterAll(() => rmSync(storageDir, { recursive: true, force: true }));

async function read(file: string, io = new FileParquetIOManager()): Promise<Row[]> {
  copyFileSync(join(files, file), join(storageDir, "foreign.parquet"));
  const rows: Row[] = [];
  for await (const row of (await io.load(inputContextFor("foreign", { storageDir }))) as RowStream) {
    rows.push(row as Row);
    if (rows.length === COMPARED) break;
  }
  return rows;
}
const byHyparquet = (): FileParquetIOManager => Object.assign(new FileParquetIOManager(), { codec: new HyparquetCodec() });

/** Hyparquet gives maps as objects and decimals as numbers, where ours keeps the order of the one and the digits of the other. */
function asHyparquet(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): unknown {
  if (typeof value === "string" && /^-?\d+\.\d+$/.test(value)) return Number(Number(value).toPrecision(12));
  if (typeof value === "number") return Number(value.toPrecision(12));
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  const isMap =
    Array.isArray(value) && value.every((item) => typeof item === "object" && item !== null && "key" in item && "value" in item);
  const pairs = isMap ? (value as { key: string; value: unknown }[]).map((pair) => [pair.key, pair.value] as const) : Object.entries(value);
  return Array.isArray(value) && !isMap ? value.map(plain) : pairs.map(([key, item]) => [key, plain(item)]);
}

describe("a Parquet file that somebody else wrote", () => {
  it.each([
    ["parquet-testing/alltypes_dictionary.parquet", 2],
    ["parquet-testing/alltypes_plain.parquet", 8],
    ["parquet-testing/alltypes_plain.snappy.parquet", 2],
    ["parquet-testing/fixed_length_decimal.parquet", 24],
    ["parquet-testing/fixed_length_decimal_legacy.parquet", 24],
    ["parquet-testing/int32_decimal.parquet", 24],
    ["parquet-testing/int64_decimal.parquet", 24],
    ["fastparquet/decimals.parquet", 10],
    ["fastparquet/empty.parquet", 0],
    ["fastparquet/map_array.parq", 125],
    ["fastparquet/map-test.snappy.parquet", 3551],
    ["fastparquet/metas.parq", 2],
    ["fastparquet/mr_times.parq", 10],
    ["fastparquet/nation.plain.parquet", 25],
    ["fastparquet/nested.parq", 10],
    ["fastparquet/nested1.parquet", 100],
    ["fastparquet/test-converted-type-null.parquet", 2],
    ["fastparquet/test-map-last-row-split.parquet", 2428],
    ["fastparquet/test-null-dictionary.parquet", 7],
    ["fastparquet/test-null.parquet", 2],
    ["fastparquet/test.parquet", 1000],
  ])("is read as an independent reader reads it: %s", async (file, rowCount) => {
    const rows = await read(file);
    expect(rows).toHaveLength(rowCount);
    expect(rows.map(asHyparquet)).toEqual((await read(file, byHyparquet())).map(asHyparquet));
  });

  it.each([
    "parquet-testing/nation.dict-malformed.parquet",
    "fastparquet/nation.dict.parquet",
    "fastparquet/nation.impala.parquet",
    "fastparquet/gzip-nation.impala.parquet",
    "fastparquet/snappy-nation.impala.parquet",
    "fastparquet/nation.plain.parquet",
  ])("is read as the text of the same table says: %s", async (file) => {
    const lines = readFileSync(join(files, "fastparquet/nation.csv"), "utf8").trim().split("\n");
    const texts = (await read(file)).map((row) =>
      Object.values(row)
        .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString() : String(value)))
        .join("|"),
    );
    expect(texts).toEqual(lines);
  });

  it.each(["fastparquet/nation.impala.parquet", "fastparquet/no_columns.parquet"])(
    "that a codec cannot read ends with one clear error, in the run's process: %s",
    async (file) => {
      const asked = read(file, file.includes("no_columns") ? undefined : byHyparquet());
      await expect(asked).rejects.toMatchObject({ code: "IO.CORRUPT" });
      await expect(asked).rejects.toThrow(/^The stored rows of asset "foreign" cannot be read: .*foreign\.parquet is damaged: .*\n {2}→ /);
    },
  );

  it("of many rows is read to its end", async () => {
    copyFileSync(join(files, "fastparquet/customer.impala.parquet"), join(storageDir, "foreign.parquet"));
    let rowCount = 0;
    for await (const row of (await new FileParquetIOManager().load(inputContextFor("foreign", { storageDir }))) as RowStream) {
      if (rowCount === 0) expect(Object.keys(row as object)).toHaveLength(8);
      rowCount++;
    }
    expect(rowCount).toBe(150_000);
    expect(existsSync(join(storageDir, "foreign.parquet"))).toBe(true);
  });
});
