import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  AssetContext,
  AssetSelection,
  Definitions,
  Input,
  MaterializeResult,
  type Millrace,
  MultiAsset,
  type Output,
  Own,
  Pipeline,
  output,
  ref,
} from "../../../runtime/entries/index.js";
import { ProjectOnDisk } from "./on-disk";

const calls: string[] = [];
let broken = true;

@Pipeline()
class Shop {
  @Asset() raw(): Map<string, Date> {
    calls.push("raw");
    return new Map([["day", new Date(86_400_000)]]);
  }
  @MultiAsset({ outs: { users: {}, orders: {} }, canSubset: true })
  async *split(@Own("raw") raw: Map<string, Date>, context: AssetContext): AsyncGenerator<Output<"users" | "orders", number>> {
    calls.push(`split ${[...context.selectedOuts].join()}`);
    if (context.selectedOuts.has("users")) yield output("users", raw.size);
    if (broken) throw new Error("no orders today");
    yield output("orders", raw.get("day")?.getTime() ?? 0);
  }
  @Asset() report(@Input(ref<number>("users")) users: number, @Input(ref<number>("orders")) orders: number): string {
    calls.push("report");
    return `${users} ${orders}`;
  }
  @Asset() beside(): number {
    calls.push("beside");
    return 1;
  }
  @AssetCheck({ asset: "beside", blocking: true }) fine(@Own("beside") beside: number): AssetCheckResult {
    calls.push(`check of ${beside}`);
    return new AssetCheckResult({ passed: !broken });
  }
  @Asset({ deps: ["beside"] }) after(): void {
    calls.push("after");
  }
}

const definitions = new Definitions({ pipelines: [Shop] });
const project = new ProjectOnDisk();

async function statusesOf(millrace: Millrace, runId: string): Promise<Record<string, string>> {
  return Object.fromEntries((await millrace.store.steps(runId)).map((step) => [step.key, step.status]));
}

describe("running again what failed", () => {
  let failedRun = "";
  beforeAll(async () => {
    const millrace = await project.open(definitions);
    const report = await millrace.materialize("*", { tags: { team: "data" } });
    failedRun = report.runId;
    expect(await statusesOf(millrace, failedRun)).toEqual({
      raw: "SUCCESS",
      "orders+users": "FAILURE",
      report: "NOT_RUN",
      beside: "SUCCESS",
      "beside#fine": "FAILURE",
      after: "NOT_RUN",
    });
    await project.close();
    calls.length = 0;
    broken = false;
  });
  afterAll(() => project.remove());

  it("runs only what is left, with inputs from the IO manager, also when the store is opened anew", async () => {
    const millrace = await project.open(definitions);
    const { runId, status } = await millrace.retry(failedRun);
    expect(status).toBe("SUCCESS");
    expect([...calls].sort()).toEqual(["after", "check of 1", "report", "split orders"]);
    expect(await statusesOf(millrace, runId)).toEqual({
      orders: "SUCCESS",
      report: "SUCCESS",
      "beside#fine": "SUCCESS",
      after: "SUCCESS",
    });
    const run = await millrace.store.getRun(runId);
    expect(run).toMatchObject({ parentRunId: failedRun, rootRunId: failedRun, tags: { team: "data" }, selection: "*" });
    const [orders] = await millrace.store.latestMaterializations(["orders"]);
    const [raw] = await millrace.store.latestMaterializations(["raw"]);
    expect(orders?.materialization?.payload?.inputs).toEqual([
      { key: "raw", dataVersion: raw?.materialization?.payload?.dataVersion, eventId: raw?.materialization?.id },
    ]);
  });

  it("holds back again what a blocking check held back, when it fails again", async () => {
    const millrace = await project.open(definitions);
    broken = true;
    const first = await millrace.materialize("beside+");
    const again = await millrace.retry(first.runId);
    expect(await statusesOf(millrace, again.runId)).toEqual({ "beside#fine": "FAILURE", after: "NOT_RUN" });
    broken = false;
  });

  it("makes anew what its own method's blocking check held back, before what is made from it", async () => {
    let orders = 0;
    @Pipeline()
    class Checked {
      @MultiAsset({ outs: { users: {}, orders: { checks: [{ name: "some", blocking: true }] } }, canSubset: true })
      async *split(context: AssetContext): AsyncGenerator<Output<"users" | "orders", number | MaterializeResult<number>>> {
        if (context.selectedOuts.has("users")) yield output("users", 1);
        const checks = [new AssetCheckResult({ check: "some", passed: orders > 0 })];
        if (context.selectedOuts.has("orders")) yield output("orders", new MaterializeResult({ value: orders, checks }));
      }
      @Asset() report(@Input(ref<number>("orders")) count: number): number {
        return count;
      }
    }
    const millrace = await project.open(new Definitions({ pipelines: [Checked] }));
    const first = await millrace.materialize("*");
    const again = await millrace.retry(first.runId);
    expect(await statusesOf(millrace, again.runId)).toEqual({ orders: "FAILURE", report: "NOT_RUN" });
    orders = 7;
    const last = await millrace.retry(again.runId);
    expect(await statusesOf(millrace, last.runId)).toEqual({ orders: "SUCCESS", report: "SUCCESS" });
  });

  it("refuses to run again what succeeded, what is not there", async () => {
    const millrace = await project.open(definitions);
    const { runId } = await millrace.materialize("raw");
    await expect(millrace.retry(runId)).rejects.toThrow(
      new Error(`Every step of run ${runId} succeeded.\n  → Materialize what you want again.`),
    );
    await expect(millrace.retry("nobody")).rejects.toThrow(new Error("There is no run nobody.\n  → Look for it with `millrace runs`."));
  });

  it("takes a ref as a selection, and keeps the selection's text with the run", async () => {
    const millrace = await project.open(definitions);
    const { runId } = await millrace.materialize(
      AssetSelection.assets(ref(Shop, "split", "orders"))
        .downstream(1)
        .withoutChecks(),
    );
    expect((await millrace.store.getRun(runId))?.selection).toBe('without_checks(key:"orders"+1)');
    expect(Object.keys(await statusesOf(millrace, runId))).toEqual(["orders", "report"]);
    await expect(millrace.materialize(AssetSelection.assets(ref(Shop, "split" as "raw")))).rejects.toThrow(
      new Error('Shop.split is taken without an out, but it makes several assets.\n  → Name one of its outs: "users", "orders".'),
    );
  });

  it("evaluates a check alone, of an asset that is not in the run", async () => {
    const millrace = await project.open(definitions);
    calls.length = 0;
    const { runId } = await millrace.materialize('check:"beside#fine"');
    expect(calls).toEqual(["check of 1"]);
    expect(await statusesOf(millrace, runId)).toEqual({ "beside#fine": "SUCCESS" });
    const [beside] = await millrace.store.latestMaterializations(["beside"]);
    expect(beside?.checks.fine).toMatchObject({ runId, assetKey: "beside", payload: { check: { name: "fine", passed: true } } });
  });
});
