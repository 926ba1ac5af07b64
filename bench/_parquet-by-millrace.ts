import { rmSync } from "node:fs";
import { join } from "node:path";
import { FileParquetIOManager, type RowCodec } from "millrace";
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
