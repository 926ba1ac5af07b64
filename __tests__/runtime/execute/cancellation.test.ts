import { Asset, AssetContext, MultiAsset, type Output, Own, Pipeline, output } from "../../../runtime/entries/index.js";
import { ManualClock, materialize, type TestRunOptions, type TestRunResult } from "../../../runtime/entries/testing.js";
import { failures, statuses, told } from "./outcome";

/** Runs with a clock that jumps to the next sleeper whenever nothing else is left to do. */
async function withClock(pipeline: new () => object, options: TestRunOptions, clock: ManualClock): Promise<TestRunResult> {
  let over = false;
  const run = materialize([pipeline], { ...options, clock, raiseOnError: false }).finally(() => (over = true));
  while (!over) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (clock.nextWakeMs !== undefined) clock.advance(clock.nextWakeMs);
  }
  return run;
}

const never = new Promise<number>(() => undefined);

describe("cancellation", () => {
  it("lets running steps tidy up within the grace period, and starts no other", async () => {
    const canceler = new AbortController();
    const order: string[] = [];
    @Pipeline()
    class Long {
      @Asset() async heeds(context: AssetContext): Promise<number> {
        setImmediate(() => canceler.abort());
        await new Promise<void>((resolve) => context.signal.addEventListener("abort", () => resolve()));
        await new Promise((resolve) => setTimeout(resolve, 30)); // closes what it opened
        order.push("tidied up");
        return 1;
      }
      @Asset() after(@Own("heeds") heeds: number): number {
        order.push("started");
        return heeds;
      }
    }
    const result = await materialize([Long], { signal: canceler.signal });
    expect(order).toEqual(["tidied up"]);
    expect(result.status).toBe("CANCELED");
    expect(result.materialized).toEqual([]);
    expect(statuses(result)).toEqual({ heeds: "CANCELED 1", after: "CANCELED 0" });
    expect(told(result).slice(-6)).toEqual([
      "RUN_CANCELING",
      "STEP_CANCELED",
      "ASSET_FAILED_TO_MATERIALIZE after",
      "ASSET_FAILED_TO_MATERIALIZE heeds",
      "STEP_CANCELED",
      "RUN_CANCELED",
    ]);
    expect(result.events.find((event) => event.type === "ASSET_FAILED_TO_MATERIALIZE")?.payload).toEqual({ reason: "RUN_TERMINATED" });
  });

  it("abandons a step that ignores its abort past the grace period; its late end changes nothing", async () => {
    const canceler = new AbortController();
    const clock = new ManualClock(1_000);
    let finish: (value: number) => void = () => undefined;
    @Pipeline()
    class Deaf {
      @MultiAsset({ outs: { first: {}, second: {} } })
      async *deaf(): AsyncGenerator<Output<"first" | "second", number>> {
        yield output("first", 1);
        setImmediate(() => canceler.abort());
        yield output("second", await new Promise<number>((resolve) => (finish = resolve)));
      }
    }
    const result = await withClock(Deaf, { signal: canceler.signal, cancelGraceMs: 5_000 }, clock);
    finish(2);
    expect(result.status).toBe("CANCELED");
    expect(result.materialized).toEqual(["first"]);
    const abandoned = result.events.find((event) => event.type === "ATTEMPT_ABANDONED");
    expect([abandoned?.atMs, abandoned?.payload]).toEqual([6_000, { reason: "It ignored its abort for 5000 ms." }]);
    expect(statuses(result)).toEqual({ "first+second": "CANCELED 1" });
  });

  it("cancels a run that waits for a retry at once", async () => {
    const canceler = new AbortController();
    @Pipeline()
    class Waiting {
      @Asset({ retry: { maxRetries: 1, delay: "1h" } }) flaky(): number {
        setTimeout(() => canceler.abort(), 20);
        throw new Error("not yet");
      }
    }
    const result = await materialize([Waiting], { signal: canceler.signal, raiseOnError: false });
    expect([result.status, statuses(result)]).toEqual(["CANCELED", { flaky: "CANCELED 1" }]);
  });

  it("starts nothing when it was asked for before the run began", async () => {
    let calls = 0;
    @Pipeline()
    class Never {
      @Asset() one(): number {
        return ++calls;
      }
    }
    const result = await materialize([Never], { signal: AbortSignal.abort() });
    expect([result.status, calls, statuses(result)]).toEqual(["CANCELED", 0, { one: "CANCELED 0" }]);
  });
});

describe("a step's time limit", () => {
  it("aborts the signal when the attempt's time is up, over all that the attempt does, and fails it by its own error", async () => {
    const clock = new ManualClock(0);
    const reasons: unknown[] = [];
    @Pipeline()
    class Slow {
      @MultiAsset({ outs: { one: {}, two: {}, three: {} } })
      async *unlimited(): AsyncGenerator<Output<"one" | "two" | "three", number>> {
        for (const out of ["one", "two", "three"] as const) yield output(out, await after(clock, 600));
      }
      @MultiAsset({ outs: { four: {}, five: {}, six: {} }, timeout: "1s" })
      async *limited(context: AssetContext): AsyncGenerator<Output<"four" | "five" | "six", number>> {
        context.signal.addEventListener("abort", () => reasons.push((context.signal.reason as Error).name));
        for (const out of ["four", "five", "six"] as const) yield output(out, await after(clock, 600));
      }
    }
    const result = await withClock(Slow, {}, clock);
    expect(reasons).toEqual(["StepTimeoutError"]);
    expect(statuses(result)).toEqual({ "one+three+two": "SUCCESS 1", "five+four+six": "FAILURE 1" });
    expect(failures(result)).toEqual({
      "five+four+six":
        'Step "five+four+six" did not end within 1000 ms.\n  → Make it faster, let it heed `context.signal`, or give it a longer `timeout`.',
    });
    expect(result.materialized.filter((key) => ["four", "five", "six"].includes(key))).toEqual(["four"]);
  });

  it("retries a step that ended after its limit, and never one that it had to leave behind", async () => {
    const clock = new ManualClock(0);
    const calls = { heeds: 0, deaf: 0 };
    @Pipeline()
    class Slow {
      @Asset({ timeout: "1s", retry: { maxRetries: 1 } }) heeds(context: AssetContext): Promise<number> {
        if (++calls.heeds === 2) return Promise.resolve(1);
        return new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(new Error("stopped"))));
      }
      @Asset({ timeout: "1s", retry: { maxRetries: 1 } }) deaf(): Promise<number> {
        calls.deaf++;
        return never;
      }
    }
    const result = await withClock(Slow, { cancelGraceMs: 500 }, clock);
    expect(calls).toEqual({ heeds: 2, deaf: 1 });
    expect(statuses(result)).toEqual({ deaf: "FAILURE 1", heeds: "SUCCESS 2" });
    expect(told(result, "deaf").slice(-3)).toEqual(["ATTEMPT_ABANDONED", "ASSET_FAILED_TO_MATERIALIZE deaf", "STEP_FAILURE"]);
  });
});

function after(clock: ManualClock, ms: number): Promise<number> {
  return clock.sleep(ms).then(() => 1);
}
