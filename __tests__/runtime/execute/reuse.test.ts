import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  Definitions,
  MaterializeResult,
  type Millrace,
  MultiAsset,
  Own,
  Pipeline,
  ref,
} from "../../../runtime/entries/index.js";
import { ProjectOnDisk } from "./on-disk";

interface World {
  rawCode: string;
  cleanCode: string | undefined;
  raw: string;
  reuse: boolean;
  reportCode: string;
  broken: boolean;
}
const world: World = { rawCode: "1", cleanCode: "1", raw: "r1", reuse: true, reportCode: "1", broken: false };
let calls: string[] = [];

/** raw → clean → report; side beside them. Raw's data version is given: only another one is a change for what reads it. */
function definitions(): Definitions {
  @Pipeline()
  class Shop {
    @Asset({ codeVersion: world.rawCode }) raw(): MaterializeResult<string> {
      calls.push("raw");
      return new MaterializeResult({ value: world.raw, dataVersion: world.raw });
    }
    @Asset({ ...(world.cleanCode === undefined ? {} : { codeVersion: world.cleanCode }), reuse: world.reuse }) clean(
      @Own("raw") raw: string,
    ): string {
      calls.push("clean");
      return raw.trim();
    }
    @Asset({ codeVersion: world.reportCode }) report(@Own("clean") clean: string): string {
      calls.push("report");
      if (world.broken) throw new Error("no paper");
      return `${clean}!`;
    }
    @Asset({ codeVersion: "1" }) side(): number {
      calls.push("side");
      return 1;
    }
    @AssetCheck({ asset: ref(Shop, "raw"), blocking: true }) fine(): AssetCheckResult {
      return new AssetCheckResult({ passed: true });
    }
  }
  return new Definitions({ pipelines: [Shop] });
}

const project = new ProjectOnDisk();
let millrace: Millrace;

/** Starts again with the world as it is now, and runs what is stale: what was called, and how each step ended. */
async function again(options: { force?: boolean; selection?: string } = {}): Promise<{ calls: string[]; steps: Record<string, string> }> {
  await project.close();
  millrace = await project.open(definitions());
  calls = [];
  const report = await millrace.materializeStale(options.selection, { force: options.force ?? false });
  const steps = report ? await millrace.store.steps(report.runId) : [];
  return { calls, steps: Object.fromEntries(steps.filter(({ key }) => !key.includes("#")).map((step) => [step.key, step.status])) };
}

beforeEach(async () => {
  Object.assign(world, { rawCode: "1", cleanCode: "1", raw: "r1", reuse: true, reportCode: "1", broken: false });
  millrace = await project.open(definitions());
  await millrace.materialize();
  calls = [];
});
afterEach(() => project.close());
afterAll(() => project.remove());

describe("running what is stale", () => {
  it("is no run at all when all is fresh", async () => {
    expect(await millrace.materializeStale()).toBeUndefined();
    expect(await millrace.store.countRuns()).toEqual({ SUCCESS: expect.any(Number) as number });
    expect(calls).toEqual([]);
  });

  it("runs what is stale and what is made from it, and nothing beside", async () => {
    Object.assign(world, { rawCode: "2", raw: "r2" });
    expect(await again()).toEqual({
      calls: ["raw", "clean", "report"],
      steps: { raw: "SUCCESS", clean: "SUCCESS", report: "SUCCESS" },
    });
    expect(await again()).toEqual({ calls: [], steps: {} });
  });

  it("runs what is missing", async () => {
    await project.remove();
    expect((await again({ selection: "side" })).calls).toEqual(["side"]);
    expect((await again()).calls).toEqual(["raw", "clean", "report"]);
  });

  it("keeps to the selection: what is stale because of something outside it is reused, and stays stale", async () => {
    world.rawCode = "2";
    expect(await again({ selection: "clean" })).toEqual({ calls: [], steps: { clean: "REUSED" } });
    expect((await millrace.staleness()).keysThatAre("stale")).toEqual(["raw", "clean", "report"]);
  });

  it("refuses a selection that could not run, also when all of it is fresh", async () => {
    await expect(millrace.materializeStale("key:nothing*")).rejects.toMatchObject({ code: "PLAN.NOTHING_SELECTED" });
  });
});

describe("a result", () => {
  it("is reused when what was run again came out with the same data version, and so on downstream", async () => {
    world.rawCode = "2";
    const before = await millrace.store.latestMaterializations(["clean", "report"]);
    expect(await again()).toEqual({ calls: ["raw"], steps: { raw: "SUCCESS", clean: "REUSED", report: "REUSED" } });
    expect((await millrace.store.latestMaterializations(["clean", "report"])).map((each) => each.materialization)).toEqual(
      before.map((each) => each.materialization),
    );
    expect((await millrace.staleness()).keysThatAre("stale")).toEqual([]);
  });

  it("is told as reused, with its data version and the event that made it", async () => {
    world.rawCode = "2";
    const [clean] = await millrace.store.latestMaterializations(["clean"]);
    await again();
    const [run] = await millrace.store.listRuns({ limit: 1 });
    const events = await millrace.store.events({ runId: run?.id ?? "", afterSeq: 0, limit: 1_000 });
    expect(events.filter((event) => event.type === "STEP_REUSED" && event.stepKey === "clean")).toEqual([
      {
        id: expect.any(Number) as number,
        seq: expect.any(Number) as number,
        atMs: expect.any(Number) as number,
        runId: run?.id,
        type: "STEP_REUSED",
        stepKey: "clean",
        payload: {
          reused: [{ key: "clean", dataVersion: clean?.materialization?.payload?.dataVersion, eventId: clean?.materialization?.id }],
        },
      },
    ]);
    expect(run?.stepCounts).toEqual({ REUSED: 2, SUCCESS: 2 });
  });

  it("is read by what runs downstream of it", async () => {
    Object.assign(world, { rawCode: "2", cleanCode: undefined });
    await again();
    const [clean] = await millrace.store.latestMaterializations(["clean"]);
    await project.close();
    millrace = await project.open(definitions());
    await millrace.materialize("report");
    const [report] = await millrace.store.latestMaterializations(["report"]);
    expect(report?.materialization?.payload?.inputs).toEqual([
      { key: "clean", dataVersion: clean?.materialization?.payload?.dataVersion, eventId: clean?.materialization?.id },
    ]);
  });

  it("is not reused with `force`", async () => {
    world.rawCode = "2";
    expect((await again({ force: true })).calls).toEqual(["raw", "clean", "report"]);
  });

  it("is not reused of an asset with `reuse: false`; what it gives is the same again, so the next one is", async () => {
    Object.assign(world, { rawCode: "2", reuse: false });
    expect(await again()).toEqual({ calls: ["raw", "clean"], steps: { raw: "SUCCESS", clean: "SUCCESS", report: "REUSED" } });
  });

  it("is not reused when the asset's own code version changed, though its inputs did not", async () => {
    world.cleanCode = "2";
    expect(await again()).toEqual({ calls: ["clean", "report"], steps: { clean: "SUCCESS", report: "SUCCESS" } });
  });

  it("is never reused by a plain run", async () => {
    await millrace.materialize();
    expect(calls.sort()).toEqual(["clean", "raw", "report", "side"]);
  });

  it("is not run by a retry of the run that reused it", async () => {
    Object.assign(world, { rawCode: "2", reportCode: "2", broken: true });
    expect((await again()).steps).toEqual({ raw: "SUCCESS", clean: "REUSED", report: "FAILURE" });
    Object.assign(world, { broken: false });
    calls = [];
    const [run] = await millrace.store.listRuns({ limit: 1 });
    expect((await millrace.retry(run?.id ?? "")).status).toBe("SUCCESS");
    expect(calls).toEqual(["report"]);
  });
});

describe("a computation of several assets", () => {
  const several = { left: "1" };
  function split(): Definitions {
    @Pipeline()
    class Split {
      @MultiAsset({ outs: { left: { codeVersion: several.left }, right: { codeVersion: "1" } } })
      halves(): { left: number; right: number } {
        calls.push("halves");
        return { left: 1, right: 2 };
      }
      @Asset({ codeVersion: "1" }) ofRight(@Own("halves", "right") right: number): number {
        calls.push("of_right");
        return right;
      }
    }
    return new Definitions({ pipelines: [Split] });
  }

  it("runs as a whole when one of its outs is stale; what hangs on the others is looked at again", async () => {
    const shop = new ProjectOnDisk();
    try {
      await (await shop.open(split())).materialize();
      await shop.close();
      several.left = "2";
      calls = [];
      const opened = await shop.open(split());
      const report = await opened.materializeStale();
      const steps = await opened.store.steps(report?.runId ?? "");
      expect([calls, Object.fromEntries(steps.map((step) => [step.key, step.status]))]).toEqual([
        ["halves"],
        { "left+right": "SUCCESS", of_right: "REUSED" },
      ]);
    } finally {
      await shop.remove();
    }
  });
});
