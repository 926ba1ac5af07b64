import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  AssetContext,
  CheckContext,
  MetadataValue,
  MultiAsset,
  Output,
  Pipeline,
  output,
  ref,
} from "../../../runtime/entries/index.js";
import { testCheckContext, testContext } from "../../../runtime/entries/testing.js";

@Pipeline()
class Sales {
  constructor(readonly rate: number) {}
  @Asset() orders(context: AssetContext): number[] {
    context.log.info("reads", { page: context.retryNumber, of: context.runTags.of });
    context.addOutputMetadata({ rows: 2, at: MetadataValue.url("https://shop.example") });
    return [20 * this.rate, context.signal.aborted ? 0 : 1];
  }
  @MultiAsset({ outs: { east: {}, west: {} }, canSubset: true }) async *split(
    context: AssetContext,
  ): AsyncGenerator<Output<"east" | "west", number>> {
    if (context.selectedOuts.has("east")) yield output("east", await Promise.resolve(1));
    if (context.selectedOuts.has("west")) yield output("west", 2);
    context.addOutputMetadata({ shops: 3 }, "west");
  }
  @AssetCheck({ asset: ref(() => Sales, "orders") }) hasOrders(context: CheckContext): AssetCheckResult {
    return new AssetCheckResult({ passed: context.assetKey === "orders", description: [...context.selectedChecks].join() });
  }
}

describe("a direct call of a pipeline's method", () => {
  it("is that of a plain method: nothing is wrapped, resources are the constructor's arguments", () => {
    expect(new Sales(2).orders(testContext())).toEqual([40, 1]);
  });

  it("tells the test what was logged and which metadata was added", () => {
    const context = testContext({ retryNumber: 3, runTags: { of: "test" }, signal: AbortSignal.abort() });
    expect(new Sales(1).orders(context)).toEqual([20, 0]);
    expect(context.logged).toEqual([{ level: "info", message: "reads", fields: { page: 3, of: "test" } }]);
    expect(context.outputMetadata()).toEqual({ rows: { type: "int", value: 2 }, at: { type: "url", value: "https://shop.example" } });
  });

  it("selects the outs and the checks that the test names, and keeps each out's metadata apart", async () => {
    const context = testContext({ outs: ["west"] });
    const given: unknown[] = [];
    for await (const one of new Sales(1).split(context)) given.push(one);
    expect(given).toEqual([output("west", 2)]);
    expect([context.outputMetadata("west"), context.outputMetadata("east")]).toEqual([{ shops: { type: "int", value: 3 } }, {}]);
    const result = new Sales(1).hasOrders(testCheckContext({ assetKey: "orders", checks: ["has_orders"] }));
    expect(result).toEqual(new AssetCheckResult({ passed: true, description: "has_orders" }));
  });

  it("has an attempt and a run of its own each time", () => {
    const [one, two] = [testContext(), testContext()];
    expect(new Set([one.runId, two.runId, one.attemptId, two.attemptId]).size).toBe(4);
  });
});
