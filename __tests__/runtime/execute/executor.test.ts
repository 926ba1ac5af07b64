import { Asset, AssetContext, Pipeline, edge } from "../../../runtime/entries/index.js";
import { materialize, type TestRunResult } from "../../../runtime/entries/testing.js";
import { statuses, told } from "./outcome";

/** Lines of output and log lines by the step that they belong to. */
function lines(result: TestRunResult): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { type, stepKey = "", payload } of result.events)
    if (type === "OUTPUT" || type === "LOG") (found[stepKey] ??= []).push(`${payload?.stream ?? payload?.level} ${payload?.message}`);
  return found;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the executor", () => {
  it.each([1, 2, 3])("runs no more than %i steps at once, and as many", async (concurrency) => {
    let now = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++now);
      for (let at = 0; at < 20; at++) await turn();
      now--;
    };
    @Pipeline()
    class Six {
      @Asset() a(): Promise<void> {
        return work();
      }
      @Asset() b(): Promise<void> {
        return work();
      }
      @Asset() c(): Promise<void> {
        return work();
      }
      @Asset() d(): Promise<void> {
        return work();
      }
    }
    await materialize([Six], { concurrency });
    expect(most).toBe(concurrency);
  });

  it("starts an asset the moment its last input is stored, whatever else still runs", async () => {
    let release: () => void = () => undefined;
    const blocked = new Promise<void>((resolve) => (release = resolve));
    @Pipeline()
    class Moment {
      @Asset() slow(): Promise<void> {
        return blocked;
      }
      @Asset() first(): void {}
      @Asset({ deps: ["first"] }) second(): void {}
      @Asset({ deps: ["second"] }) third(): void {
        release(); // the slow one still ran
      }
    }
    const result = await materialize([Moment]);
    expect(result.materialized).toEqual(["first", "second", "third", "slow"]);
    const seq = (type: string, key: string): number => result.events.find((e) => e.type === type && e.stepKey === key)?.seq ?? 0;
    expect(seq("STEP_START", "second")).toBeGreaterThan(seq("ASSET_MATERIALIZATION", "first"));
  });

  it("passes over what is below a failure, tells the cause, and obeys when", async () => {
    @Pipeline()
    class Edges {
      @Asset() bad(): void {
        throw new Error("no");
      }
      @Asset({ deps: ["bad"] }) child(): void {}
      @Asset({ deps: ["child"] }) grandchild(): void {}
      @Asset({ deps: [edge("child", { when: "failure" })] }) rescue(): void {}
      @Asset({ deps: [edge("grandchild", { when: "always" })] }) report(): void {}
      @Asset() good(): void {}
      @Asset({ deps: [edge("good", { when: "failure" })] }) unneeded(): void {}
      @Asset({ deps: ["unneeded"] }) below(): void {}
    }
    const result = await materialize([Edges], { raiseOnError: false });
    expect(statuses(result)).toEqual({
      bad: "FAILURE 1",
      child: "NOT_RUN 0",
      grandchild: "NOT_RUN 0",
      rescue: "SUCCESS 1",
      report: "SUCCESS 1",
      good: "SUCCESS 1",
      unneeded: "SKIPPED 0",
      below: "SKIPPED 0",
    });
    const causes = result.events.filter((event) => event.type === "STEP_NOT_RUN" || event.type === "STEP_SKIPPED");
    expect(Object.fromEntries(causes.map((event) => [event.stepKey, event.payload?.reason]))).toEqual({
      child: "bad",
      grandchild: "child",
      unneeded: "good",
      below: "unneeded",
    });
    const failed = result.events.filter((event) => event.type === "ASSET_FAILED_TO_MATERIALIZE");
    expect(Object.fromEntries(failed.map((event) => [event.assetKey, event.payload?.reason]))).toEqual({
      bad: "FAILED_TO_MATERIALIZE",
      child: "UPSTREAM_FAILED_TO_MATERIALIZE",
      grandchild: "UPSTREAM_FAILED_TO_MATERIALIZE",
    });
  });

  it("tells the output and the log lines of concurrent steps apart, half lines too, in the order of each", async () => {
    const talk = async (name: string, context: AssetContext): Promise<void> => {
      for (const part of ["one ", "two\n", "three"]) {
        process.stdout.write(`${name} ${part}`);
        await turn();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      context.log.warn(`${name} done`, { self: undefined });
    };
    @Pipeline()
    class Talkers {
      @Asset() ann(context: AssetContext): Promise<void> {
        return talk("ann", context);
      }
      @Asset() bob(context: AssetContext): Promise<void> {
        return talk("bob", context);
      }
    }
    const result = await materialize([Talkers]);
    const of = (name: string): string[] => [`stdout ${name} one ${name} two`, `warn ${name} done`, `stdout ${name} three`];
    expect(lines(result)).toEqual({ ann: of("ann"), bob: of("bob") });
  });

  it("logs fields of any kind, also those that refer to themselves", async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    @Pipeline()
    class Logs {
      @Asset() logs(context: AssetContext): void {
        context.log.debug("plain", { at: new Date(0), big: 1n, map: new Map([["a", 1]]) });
        context.log.error("cyclic", cyclic);
      }
    }
    const result = await materialize([Logs]);
    expect(result.events.filter((event) => event.type === "LOG").map((event) => event.payload)).toEqual([
      { level: "debug", message: "plain", fields: { at: "1970-01-01T00:00:00.000Z", big: 1, map: { a: 1 } } },
      { level: "error", message: "cyclic", fields: { "left out": "the fields refer to themselves" } },
    ]);
  });
});

describe("the event log of a run", () => {
  it("tells all that happened in its order, with run, step, attempt and milliseconds", async () => {
    let tries = 0;
    @Pipeline()
    class Story {
      @Asset({ retry: { maxRetries: 1 } }) orders(context: AssetContext): number {
        context.log.info("reads");
        if (++tries === 1) throw new RangeError("once", { cause: new TypeError("socket", { cause: "closed" }) });
        return 3;
      }
    }
    const startedMs = Date.now();
    const result = await materialize([Story]);
    expect(told(result)).toEqual([
      "ASSET_MATERIALIZATION_PLANNED orders",
      "RUN_START",
      "STEP_START",
      "LOG",
      "STEP_UP_FOR_RETRY",
      "STEP_RESTARTED",
      "STEP_START",
      "LOG",
      "PUBLISH orders",
      "HANDLED_OUTPUT orders",
      "ASSET_MATERIALIZATION orders",
      "STEP_SUCCESS",
      "RUN_SUCCESS",
    ]);
    expect(result.events.map((event) => event.seq)).toEqual(result.events.map((_, index) => index + 1));
    expect(new Set(result.events.map((event) => event.runId)).size).toBe(1);
    expect(result.events.every((event) => Number.isInteger(event.atMs) && event.atMs >= startedMs)).toBe(true);
    expect(
      result.events.filter((event) => event.type.startsWith("STEP_")).map((event) => [event.type, event.stepKey, event.attempt]),
    ).toEqual([
      ["STEP_START", "orders", 1],
      ["STEP_UP_FOR_RETRY", "orders", 1],
      ["STEP_RESTARTED", "orders", 2],
      ["STEP_START", "orders", 2],
      ["STEP_SUCCESS", "orders", 2],
    ]);
    const error = result.events.find((event) => event.type === "STEP_UP_FOR_RETRY")?.payload?.error;
    expect(error).toMatchObject({
      name: "RangeError",
      message: "once",
      cause: { name: "TypeError", message: "socket", cause: { name: "NonError", message: '"closed" was thrown, which is no Error' } },
    });
    const frames = error?.stack?.split("\n") ?? [];
    expect(frames[0]).toMatch(/at Story\.orders .*executor\.test\.ts:\d+:\d+/);
    expect(frames.some((frame) => frame.includes("/runtime/execute/") && !frame.includes("__tests__"))).toBe(false);
  });
});
