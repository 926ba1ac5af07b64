import { rmSync } from "node:fs";
import { join } from "node:path";
import { DuckDBResource, FileParquetIOManager, type Relation, type RowCodec } from "millrace";
import { inputContextFor, outputContextFor } from "millrace/testing";
import { mixedRow } from "./_parquet-rows.js";

declare const gc: () => void;

/** Seconds of one turn. */
export interface RowSeconds {
  readonly rowsWriteS: number;
  readonly rowsReadS: number;
}

/** Stores and loads an array of rows, through the IO manager and as the executor does. */
export async function rowSeconds(count: number, folder: string, codec?: RowCodec): Promise<RowSeconds> {
  await storeAndLoad(made(5_000), folder, codec); // what is loaded at first use is not measured
  return storeAndLoad(made(count), folder, codec);
}

/** Seconds of a data frame. */
export interface ColumnSeconds {
  readonly columnsWriteS: number;
  readonly columnsReadS: number;
  readonly arrowReadS: number;
}

/** The columns of `mixedRow`, made by DuckDB. */
const FRAME = `SELECT 9007199254740993 + i AS id, (i % 1000)::INTEGER AS count, i * 0.37::DOUBLE AS amount,
  CASE WHEN i % 4 = 0 THEN NULL ELSE i % 50 END AS discount, 'customer ' || i AS name,
  CASE WHEN i % 3 = 0 THEN NULL ELSE 'note number ' || (i % 977) || ' of the day' END AS note,
  ['Berlin', 'Paris', 'Madrid', 'Rome', 'Vienna'][i % 5 + 1] AS city, make_timestamp(1735689600000000 + i * 977000) AS moment,
  i % 3 = 0 AS ok, '{"a": ' || i || ', "b": [1, 2, 3], "c": {"d": "x"}}' AS payload`;

/** Stores a relation that is in memory, and loads it into memory again, as a relation and as a table of Arrow. */
export async function columnSeconds(count: number, folder: string): Promise<ColumnSeconds> {
  await storeAndLoadFrame(5_000, folder);
  return storeAndLoadFrame(count, folder);
}

async function storeAndLoadFrame(count: number, folder: string): Promise<ColumnSeconds> {
  const frame = await new DuckDBResource().relation(`${FRAME} FROM range(${count}) t(i)`).bigints("id").inMemory();
  const io = managerIn(folder);
  const context = outputContextFor("frame", { storageDir: folder, outlivesPowerCut: false });
  const columnsWriteS = await secondsOf(async () => {
    await io.store(frame, context);
    await io.publish(context);
  });
  const input = (form: "relation" | "arrowTable") => inputContextFor("frame", { storageDir: folder, form });
  const columnsReadS = await secondsOf(async () => ((await io.load(input("relation"))) as Relation).inMemory());
  const arrowReadS = await secondsOf(() => io.load(input("arrowTable")));
  return { columnsWriteS, columnsReadS, arrowReadS };
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  gc();
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1000;
}

/** Most memory that a stream of rows takes both ways, above what the process had before, in MB. */
export async function streamRssMb(count: number, folder: string): Promise<number> {
  gc();
  const idleBytes = process.memoryUsage.rss();
  const io = managerIn(folder);
  const context = outputContextFor("stream", { storageDir: folder });
  await io.store(streamed(count), context);
  await io.publish(context);
  let loaded = 0;
  const rows = (await io.load(inputContextFor("stream", { storageDir: folder }))) as AsyncIterable<object>;
  for await (const _ of rows) loaded++;
  if (loaded !== count) throw new Error(`${loaded} rows came back.`);
  return process.resourceUsage().maxRSS / 1024 - idleBytes / 2 ** 20;
}

async function storeAndLoad(rows: object[], folder: string, codec: RowCodec | undefined): Promise<RowSeconds> {
  const io = managerIn(folder, codec);
  const context = outputContextFor("rows", { storageDir: folder, outlivesPowerCut: false });
  gc();
  const storeMs = performance.now();
  await io.store(rows, context);
  await io.publish(context);
  const rowsWriteS = (performance.now() - storeMs) / 1000;
  gc();
  const loadMs = performance.now();
  const stream = (await io.load(inputContextFor("rows", { storageDir: folder }))) as { batches(): AsyncIterable<object[]> };
  const loaded: object[] = [];
  for await (const batch of stream.batches()) for (const row of batch) loaded.push(row);
  const rowsReadS = (performance.now() - loadMs) / 1000;
  if (loaded.length !== rows.length) throw new Error(`${loaded.length} rows came back.`);
  rmSync(join(folder, "rows.parquet"), { force: true });
  return { rowsWriteS, rowsReadS };
}

function managerIn(folder: string, codec?: RowCodec): FileParquetIOManager {
  return Object.assign(new FileParquetIOManager(), { folder, ...(codec ? { codec } : {}) });
}

function made(count: number): object[] {
  return Array.from({ length: count }, (_, index) => mixedRow(index));
}

async function* streamed(count: number): AsyncGenerator<object> {
  for (let index = 0; index < count; index++) yield mixedRow(index);
}
