import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { measureInChild } from "./_child.js";
import { median } from "./_median.js";
import type { ColumnSeconds, RowSeconds } from "./_parquet-by-millrace.js";

const PAIRS = Number(process.env.BENCH_PAIRS ?? 5);
const ROWS = Number(process.env.BENCH_ROWS ?? 1_000_000);
const CODEC_ROWS = ROWS / 10;
const CODECS = { duckdb: "DuckDBParquetCodec", hyparquet: "HyparquetCodec", parquetjs: "ParquetjsCodec" };
const STREAM_ROWS = ROWS * 10;
const OURS = join(process.cwd(), "bench", "_parquet-by-millrace.ts");
const PEER = join(process.cwd(), "bench", "_parquet-peer.py");

export const GOALS = {
  rows_write_ratio: "≤ 0.6",
  rows_read_ratio: "≤ 0.6",
  columns_write_ratio: "≤ 1.5",
  columns_read_ratio: "≤ 1.5",
  stream_rss_mb: "≤ 300",
};
export const PEERS = {};

interface PeerSeconds extends RowSeconds {
  readonly columnsWriteS: number;
  readonly columnsReadS: number;
}

/**
 * Seconds that 1,000,000 rows (`BENCH_ROWS`) of 10 mixed columns take through `FileParquetIOManager`, from and to an array of objects, snappy, beside
 * pyarrow from and to dicts, each in a process of its own and in turns: medians of 5 pairs (`BENCH_PAIRS`). A tenth of the rows by each codec.
 * A data frame, which is a relation in DuckDB's memory, to a file and back into memory beside pandas; `arrow_read_s`: back as a table of Arrow.
 * `stream_rss_mb`: most memory that ten times as many rows take as a stream both ways, above the process before.
 */
export async function run(): Promise<Record<string, number>> {
  const python = execFileSync(process.execPath, ["tools/python.mjs", "parquet"], { encoding: "utf8" }).trim();
  const pairs: { ours: RowSeconds; frame: ColumnSeconds; peer: PeerSeconds }[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    pairs.push({
      ours: await inFolder((folder) => ours(ROWS, folder)),
      frame: await inFolder((folder) => inProcess<ColumnSeconds>(`columnSeconds(${ROWS}, ${JSON.stringify(folder)})`)),
      peer: await inFolder((folder) => peer(python, folder)),
    });
  }
  const middle = (of: (pair: (typeof pairs)[number]) => number) => median(pairs.map(of));
  return {
    rows_write_s: middle(({ ours }) => ours.rowsWriteS),
    rows_read_s: middle(({ ours }) => ours.rowsReadS),
    pyarrow_write_s: middle(({ peer }) => peer.rowsWriteS),
    pyarrow_read_s: middle(({ peer }) => peer.rowsReadS),
    rows_write_ratio: middle(({ ours, peer }) => ours.rowsWriteS / peer.rowsWriteS),
    rows_read_ratio: middle(({ ours, peer }) => ours.rowsReadS / peer.rowsReadS),
    ...(await byCodec()),
    columns_write_s: middle(({ frame }) => frame.columnsWriteS),
    columns_read_s: middle(({ frame }) => frame.columnsReadS),
    arrow_read_s: middle(({ frame }) => frame.arrowReadS),
    pandas_write_s: middle(({ peer }) => peer.columnsWriteS),
    pandas_read_s: middle(({ peer }) => peer.columnsReadS),
    columns_write_ratio: middle(({ frame, peer }) => frame.columnsWriteS / peer.columnsWriteS),
    columns_read_ratio: middle(({ frame, peer }) => frame.columnsReadS / peer.columnsReadS),
    stream_rss_mb: await inFolder((folder) => inProcess<number>(`streamRssMb(${STREAM_ROWS}, ${JSON.stringify(folder)})`)),
    pairs: PAIRS,
  };
}

async function byCodec(): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const [name, codec] of Object.entries(CODECS)) {
    const { rowsWriteS, rowsReadS } = await inFolder((folder) => ours(CODEC_ROWS, folder, `new (require("millrace").${codec})()`));
    figures[`${name}_write_s`] = rowsWriteS;
    figures[`${name}_read_s`] = rowsReadS;
  }
  return figures;
}

function ours(count: number, folder: string, codec = "undefined"): Promise<RowSeconds> {
  return inProcess(`rowSeconds(${count}, ${JSON.stringify(folder)}, ${codec})`);
}

function inProcess<T>(call: string): Promise<T> {
  return measureInChild<T>(`require("millrace/register"); return await require(${JSON.stringify(OURS)}).${call};`);
}

async function peer(python: string, folder: string): Promise<PeerSeconds> {
  const { stdout } = await promisify(execFile)(python, [PEER, String(ROWS), join(folder, "peer.parquet")]);
  return JSON.parse(stdout) as PeerSeconds;
}

async function inFolder<T>(measure: (folder: string) => Promise<T>): Promise<T> {
  const cache = join(process.cwd(), "node_modules", ".cache", "millrace-bench");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "parquet-"));
  try {
    return await measure(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
