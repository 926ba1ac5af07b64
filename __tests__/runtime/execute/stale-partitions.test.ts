import { Asset, Definitions, Input, type Millrace, Own, PartitionedAssetContext, Pipeline, ref } from "../../../runtime/entries/index.js";
import { staticPartitions } from "../../../runtime/entries/model.js";
import { ProjectOnDisk } from "./on-disk";

const SHOPS = staticPartitions(["north", "south"]);
let calls: string[] = [];

function definitions(code: string): Definitions {
  @Pipeline()
  class Sales {
    @Asset({ codeVersion: "1" }) rates(): number {
      calls.push("rates");
      return 2;
    }
    @Asset({ codeVersion: code, partitions: SHOPS }) orders(context: PartitionedAssetContext): string {
      calls.push(`orders ${context.partitionKey}`);
      return context.partitionKey;
    }
    @Asset({ codeVersion: "1", partitions: SHOPS }) sums(
      @Own("orders") orders: string,
      @Input(ref<number>("rates")) rates: number,
      context: PartitionedAssetContext,
    ): string {
      calls.push(`sums ${context.partitionKey}`);
      return `${orders} ${rates}`;
    }
  }
  return new Definitions({ pipelines: [Sales] });
}

const project = new ProjectOnDisk();
let millrace: Millrace;
afterAll(() => project.remove());

/** `key: [stale, missing]` in keys of partitions. */
async function notFresh(): Promise<Record<string, [string[], string[]]>> {
  const index = await millrace.staleness(["orders", "sums"]);
  const named = (key: string, status: "stale" | "missing"): string[] =>
    [...index.partitionsThatAre(status, key)].map((at) => index.spaceOf(key)?.keyAt(at) ?? "");
  return Object.fromEntries(["orders", "sums"].map((key) => [key, [named(key, "stale"), named(key, "missing")]]));
}

it("tells partitions that are stale or missing from a real store, and runs just those of what is asked for", async () => {
  millrace = await project.open(definitions("1"));
  await millrace.materialize("*", { partitionKey: "north" });
  expect(await notFresh()).toEqual({ orders: [[], ["south"]], sums: [[], ["south"]] });
  expect(await millrace.materializeStale("*", { partitionKey: "north" })).toBeUndefined();
  calls = [];
  await millrace.materializeStale("*", { partitionKey: "south" });
  expect(calls).toEqual(["orders south", "sums south"]);
  expect(await notFresh()).toEqual({ orders: [[], []], sums: [[], []] });

  await project.close();
  millrace = await project.open(definitions("2"));
  calls = [];
  await millrace.materializeStale("*", { partitionKey: "south" });
  expect(calls).toEqual(["orders south", "sums south"]);
  expect(await notFresh()).toEqual({ orders: [["north"], []], sums: [["north"], []] });
  await expect(millrace.materializeStale("*")).rejects.toMatchObject({ code: "PLAN.NO_PARTITION" });
});
