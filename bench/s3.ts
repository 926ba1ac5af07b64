import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { startFauxqs, type S3Server } from "../tools/servers/s3.js";
import { measureInChild } from "./_child.js";
import { median } from "./_median.js";

const PAIRS = Number(process.env.BENCH_PAIRS ?? 5);
const MEGABYTES = Number(process.env.BENCH_S3_MB ?? 1024);
const LOADED = `require("millrace/register"); const byHand = await require(${JSON.stringify(join(process.cwd(), "bench", "_s3-by-hand.ts"))})`;
/** On the disk on which projects lie; the system's folder for temporary files is memory on many machines. */
const FOLDERS = join(process.cwd(), "node_modules", ".cache", "millrace-bench");

export const GOALS = { up_ratio: "≤ 1.2", down_ratio: "≤ 1.2" };
export const PEERS = {};

type Way = "upWithManager" | "upWithSdk" | "downWithManager" | "downWithSdk";

interface Measured {
  readonly seconds: number;
  readonly rssMb: number;
}

/**
 * A Parquet file of 1 GB (`BENCH_S3_MB`) through `S3ParquetIOManager` to a local server and back to the disk, publication included, beside the
 * SDK alone (`Upload` of lib-storage, and GetObject into a file), in turns: medians of 5 pairs (`BENCH_PAIRS`), each in a process of its own,
 * whose greatest memory is told. The codec hands the file over as it is, so that only its way is measured.
 */
export async function run(): Promise<Record<string, number>> {
  mkdirSync(FOLDERS, { recursive: true });
  const folder = mkdtempSync(join(FOLDERS, "s3-"));
  const server = await startFauxqs();
  try {
    const bucket = await server.bucket();
    const file = join(folder, "rows.parquet");
    await measureInChild(`${LOADED}; await byHand.makeParquet(${JSON.stringify(file)}, ${MEGABYTES}); return 0;`);
    const measure = measureWith(server, { bucket, file, folder });
    const times: Record<Way, Measured[]> = { upWithManager: [], upWithSdk: [], downWithManager: [], downWithSdk: [] };
    for (let pair = 0; pair < PAIRS; pair++) {
      for (const way of Object.keys(times) as Way[]) {
        giveBackMemory(file, folder);
        times[way].push(await measure(way));
      }
    }
    const seconds = (way: Way): number => median(times[way].map((one) => one.seconds));
    const rss = (way: Way): number => median(times[way].map((one) => one.rssMb));
    return {
      up_s: seconds("upWithManager"),
      up_sdk_s: seconds("upWithSdk"),
      up_ratio: seconds("upWithManager") / seconds("upWithSdk"),
      up_rss_mb: rss("upWithManager"),
      up_sdk_rss_mb: rss("upWithSdk"),
      down_s: seconds("downWithManager"),
      down_sdk_s: seconds("downWithSdk"),
      down_ratio: seconds("downWithManager") / seconds("downWithSdk"),
      down_rss_mb: rss("downWithManager"),
      down_sdk_rss_mb: rss("downWithSdk"),
      file_mb: statSync(file).size / 1e6,
      pairs: PAIRS,
    };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A machine that is shared takes time to lend a system new memory: a file of 1 GB is written up to three times as fast where one was deleted just before.
 * So one is, before each turn.
 */
function giveBackMemory(file: string, folder: string): void {
  const copy = join(folder, "copy");
  copyFileSync(file, copy);
  rmSync(copy);
}

function measureWith(
  { endpoint, accessKeyId, secretAccessKey }: S3Server,
  at: { readonly bucket: string; readonly file: string; readonly folder: string },
): (way: Way) => Promise<Measured> {
  const given = JSON.stringify({ endpoint, accessKeyId, secretAccessKey, ...at });
  return (way) =>
    measureInChild<Measured>(`
      ${LOADED};
      const seconds = await byHand.${way}(${given});
      return { seconds, rssMb: process.resourceUsage().maxRSS / 1024 };`);
}
