import { IsInt, IsString, Max } from "class-validator";
import {
  Asset,
  Config,
  ConfigurableResource,
  configFor,
  dailyPartitions,
  Definitions,
  PartitionedAssetContext,
  Pipeline,
  ref,
  Secret,
} from "../../../runtime/entries/index.js";
import { ProjectOnDisk } from "../execute/on-disk.js";

const days = dailyPartitions({ start: "2024-01-01", end: "2024-01-04" });

class FetchConfig extends Config {
  @IsInt() @Max(10) limit = 1;
  @IsString() @Secret() token = "none-at-all";
}
class Api extends ConfigurableResource {
  @IsString() host = "localhost";
}

const seen: string[] = [];
const failing = new Set<string>();

@Pipeline()
class Sales {
  @Asset({ partitions: days })
  orders({ partitionKey }: PartitionedAssetContext, config: FetchConfig, api: Api): void {
    seen.push(`${partitionKey} ${config.limit} ${config.token} ${api.host}`);
    if (failing.has(partitionKey)) throw new Error("no orders");
  }
}
const definitions = new Definitions({ pipelines: [Sales], resources: [Api] });
const orders = ref(Sales, "orders");

let project: ProjectOnDisk;
beforeEach(() => {
  seen.length = 0;
  failing.clear();
  project = new ProjectOnDisk();
});
afterEach(() => project.remove());

it("is told with every fault before the backfill is there", async () => {
  const millrace = await project.open(definitions);
  const config = { assets: { orders: { limit: 11, limt: 1 } }, resources: { Api: { host: 5 } } };
  await expect(millrace.backfill("orders", { config })).rejects.toMatchObject({
    code: "CONFIG.INVALID",
    message: expect.stringMatching(/assets\.orders\.limt[^]*assets\.orders\.limit[^]*resources\.Api\.host/) as string,
  });
  expect(await millrace.store.listBackfills({ limit: 10 })).toEqual([]);
});

it("is kept with the backfill and given to each of its runs, also after a retry in another process", async () => {
  failing.add("2024-01-02");
  const first = await project.open(definitions);
  const config = [configFor(orders, { limit: 5 }), configFor(Api, { host: "shop.test" })];
  const failed = await first.backfill("orders", { config, maxConcurrentRuns: 1 });
  const stored = { assets: { orders: { limit: 5 } }, resources: { Api: { host: "shop.test" } } };
  expect(failed).toMatchObject({ status: "FAILURE", options: { config: stored } });
  await project.close();
  failing.clear();
  const second = await project.open(definitions);
  await second.retryBackfill(failed.id);
  expect(seen).toEqual(["01", "02", "03", "02"].map((day) => `2024-01-${day} 5 none-at-all shop.test`));
  const runs = await second.store.listRuns({ backfillId: failed.id, limit: 10 });
  expect(runs.map((run) => run.config)).toEqual(runs.map(() => stored));
});

it("is masked where it holds secrets, and has to be given again, the same", async () => {
  failing.add("2024-01-02");
  const millrace = await project.open(definitions);
  const config = { assets: { orders: { limit: 5, token: "hunter2-hunter2" } } };
  const options = { config, partitions: "2024-01-02", reason: "hunter2-hunter2 is new", tags: { was: "hunter2-hunter2" } };
  const { id, ...failed } = await millrace.backfill("orders", options);
  expect(JSON.stringify(failed)).not.toContain("hunter2");
  expect(failed).toMatchObject({ options: { config: { assets: { orders: { limit: 5, token: "••••" } } } }, why: "•••• is new" });
  failing.clear();
  await expect(millrace.retryBackfill(id)).rejects.toThrow(
    `The configuration of backfill ${id} held secrets, which are not stored.\n  → Give it again: millrace backfill resume ${id} --config FILE (or retry).`,
  );
  const other = { assets: { orders: { limit: 6, token: "hunter2-hunter2" } } };
  await expect(millrace.retryBackfill(id, { config: other })).rejects.toThrow(
    `The configuration given is not that of backfill ${id}, which all of its runs have.\n  → Leave it out where it held no secrets, or ask for a new backfill with another one.`,
  );
  expect(await millrace.store.getBackfill(id)).toMatchObject({ status: "FAILURE" });
  expect(await millrace.retryBackfill(id, { config })).toMatchObject({ status: "SUCCESS" });
  expect(seen).toEqual(["2024-01-02 5 hunter2-hunter2 localhost", "2024-01-02 5 hunter2-hunter2 localhost"]);
});
