import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Asset, bootstrap, dailyPartitions, Definitions, PartitionedAssetContext, Pipeline } from "millrace";

let release: () => void = () => undefined;
let released = Promise.resolve();
const home = process.argv[2] ?? "";

@Pipeline()
class Days {
  /** Waits until the parent has heard from both. */
  @Asset({ partitions: dailyPartitions({ start: "2024-01-01", end: "2024-01-03" }) })
  async orders({ partitionKey, runTags }: PartitionedAssetContext): Promise<void> {
    await released;
    appendFileSync(join(home, "made"), `${runTags["millrace/backfill"] ?? ""} ${partitionKey}\n`);
  }
}

/** One of several processes that want the same backfills: `resume ID` makes it try, `release` lets what it makes end. */
async function main(): Promise<void> {
  const millrace = await bootstrap(new Definitions({ pipelines: [Days] }), { cwd: home });
  const say = (text: string): void => void process.stdout.write(`${JSON.stringify(text)}\n`);
  say(String(process.pid));
  for await (const line of createInterface({ input: process.stdin })) {
    const [verb, id = ""] = line.split(" ");
    if (verb === "release") release();
    if (verb !== "resume") continue;
    released = new Promise((done) => (release = done));
    millrace.resumeBackfill(id).then(
      ({ status }) => say(status),
      (error: unknown) => say((error as Error).message),
    );
  }
  await millrace.close();
}

void main();
