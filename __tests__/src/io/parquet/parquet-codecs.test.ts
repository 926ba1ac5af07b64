import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rowSchema, type RowSchema } from "../../../../src/model/row-schema.js";
import { DuckDBParquetCodec } from "../../../../src/io/parquet/duckdb-parquet-codec.js";
import { HyparquetCodec } from "../../../../src/io/parquet/hyparquet-codec.js";
import { ParquetjsCodec } from "../../../../src/io/parquet/parquetjs-codec.js";
import type { Compression, RowCodec } from "../../../../src/io/rows/row-codec.js";

const CODECS: readonly (readonly [string, RowCodec])[] = [
  ["DuckDB", new DuckDBParquetCodec()],
  ["hyparquet", new HyparquetCodec()],
  ["parquetjs", new ParquetjsCodec()],
];
const PAIRS = CODECS.flatMap(([writer, from]) => CODECS.map(([reader, to]) => [writer, reader, from, to] as const));

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "parquet-codecs-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const path = () => join(folder, "rows.parquet");

async function write(codec: RowCodec, rows: readonly object[], given: { schema?: RowSchema; compression?: Compression } = {}) {
  const batches = Array.from({ length: Math.ceil(rows.length / 700) }, (_, index) => rows.slice(index * 700, (index + 1) * 700));
  return codec.write(batches, path(), { assetKey: "orders", ...given });
}

async function read(codec: RowCodec, given: object = {}): Promise<object[]> {
  const rows: object[] = [];
  for await (const batch of codec.read(path(), { assetKey: "orders", ...given })) rows.push(...batch);
  return rows;
}

const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: Error) => error.message.replaceAll(folder, "<dir>"),
  );

const row = (id: number) => ({
  id,
  big: 2n ** 53n + BigInt(id),
  huge: id % 2 === 0 ? 2n ** 70n : -1n,
  real: id / 7,
  text: id % 3 === 0 ? null : `é 😀 row ${id}`,
  flag: id % 5 === 0 ? null : id % 2 === 0,
  at: new Date(1_700_000_000_000 - id * 1e9),
  json: { id, list: [1, null, "x"] },
  bytes: new Uint8Array([id % 256, 0, 255]),
  none: null,
});
const found = Array.from({ length: 3000 }, (_, id) => row(id));

const SCHEMA = rowSchema({
  small: "int32?",
  whole: "int64",
  day: "date?",
  local: "timestamp?",
  at: "timestamptz?",
  flag: "boolean",
  text: "string?",
});
const declared = Array.from({ length: 2500 }, (_, id) => ({
  small: id % 4 === 0 ? null : -id,
  whole: Number.MAX_SAFE_INTEGER - id,
  day: id % 7 === 0 ? null : new Date(id * 86_400_000).toISOString().slice(0, 10),
  local: new Date(id),
  at: new Date(-id),
  flag: id % 2 === 0,
  text: id % 2 === 0 ? "" : null,
}));

describe.each(PAIRS)("what the codec of %s writes and that of %s reads", (_writer, _reader, from, to) => {
  it("are the same rows, found or declared, with the same columns told", async () => {
    const told = await write(from, found);
    expect(told).toEqual(await write(to, found));
    await write(from, found);
    expect(await read(to)).toEqual(found);
    await write(from, declared, { schema: SCHEMA });
    expect(await read(to)).toEqual(declared);
  });

  it.each<Compression>(["gzip", "none"])("are the same rows with compression %s", async (compression) => {
    await write(from, found.slice(0, 50), { compression });
    expect(await read(to)).toEqual(found.slice(0, 50));
  });

  it("are the same texts, short or long, new or come again, ASCII or not", async () => {
    const texts = ["", "a", "a\0", "a long ", "é", "😀", "twelve bytes", "thirteen byte", "ｆｏｕｒ", "ｆｉｖｅ!"];
    const rows = Array.from({ length: 9_000 }, (_, id) => ({ few: texts[id % 7], many: `${texts[(id * 7) % 10]}${id % 3_000}` }));
    await write(from, rows);
    expect(await read(to)).toEqual(rows);
  });

  it("are the same when there are no rows, or none with a value", async () => {
    await write(from, [], { schema: SCHEMA });
    expect(await read(to)).toEqual([]);
    await write(from, []);
    expect(await read(to)).toEqual([]);
    await write(from, [{ a: null }, {}]);
    expect(await read(to)).toEqual([{ a: null }, { a: null }]);
  });

  it("are the columns and the rows that are asked for", async () => {
    await write(from, found);
    const taken = found.filter(({ id }) => id >= 2990).map(({ id, text }) => ({ text, id }));
    expect(await read(to, { columns: ["text", "id"], where: { id: { gte: 2990 } } })).toEqual(taken);
    expect(await messageOf(read(to, { columns: ["idd"] }))).toContain('Asset "orders" has no column "idd"');
  });
});

describe.each(CODECS.slice(1))("the codec of %s", (_, codec) => {
  it("refuses what it would not keep exactly", async () => {
    const refused = `Column "a" of asset "orders" is a decimal, which ${codec.constructor.name} does not keep exactly.\n  → Use DuckDBParquetCodec, which is the default.`;
    const schema = rowSchema({ a: "decimal(10,2)" });
    expect(await messageOf(write(codec, [{ a: "1.00" }], { schema }))).toBe(refused);
    await write(new DuckDBParquetCodec(), [{ a: "1.00" }], { schema });
    expect(await messageOf(read(codec))).toBe(refused);
    expect(await messageOf(write(codec, [{ a: 1 }], { compression: "zstd" }))).toContain(
      `${codec.constructor.name} does not compress with zstd.`,
    );
  });
});
