import { CliProject } from "./cli-project";

const DAYS = `
import { Asset, Definitions, PartitionedAssetContext, Pipeline, staticPartitions } from "millrace";
let begun = 0;
let bothRun: () => void = () => undefined;
const together = new Promise<void>((resolve) => (bothRun = resolve));
@Pipeline()
class Days {
  @Asset({ partitions: staticPartitions(["stray", "tidy"]) })
  async day(context: PartitionedAssetContext): Promise<void> {
    if (++begun === 2) bothRun();
    await together;
    if (context.partitionKey === "stray") setTimeout(() => { throw new Error("left behind"); }, 1);
    await new Promise((resolve) => setTimeout(resolve, 200)); // the other run is still under way when it throws
  }
}
export default new Definitions({ pipelines: [Days] });
`;

test("what a step leaves behind and throws is told in the log of its own run, by the step's name, and in no other", async () => {
  const project = new CliProject({ "definitions.ts": DAYS });
  try {
    expect((await project.run(["backfill", "day", "--max-concurrent", "2"])).code).toBe(0);
    const runs = await project.json<{ id: string; tags: Record<string, string> }[]>(["runs"]);
    const told: Record<string, string[]> = {};
    for (const { id, tags } of runs) {
      const { stdout } = await project.run(["logs", id, "--json"]);
      const events = stdout.trim().split("\n").map((line) => JSON.parse(line) as { payload?: { error?: { message: string } } }); // prettier-ignore
      told[tags["millrace/partition"] ?? ""] = events.flatMap(({ payload }) => payload?.error?.message.split("\n")[0] ?? []);
    }
    expect(told).toEqual({ stray: ['User code threw outside its step, started by "day": left behind'], tidy: [] });
  } finally {
    project.remove();
  }
});
