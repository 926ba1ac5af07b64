import { Asset, Failure, IOError, Pipeline, type RetryOptions, RetryRequested } from "../../../runtime/entries/index.js";
import { ManualClock, materialize, type TestRunOptions, type TestRunResult } from "../../../runtime/entries/testing.js";
import { statuses } from "./outcome";

async function run(pipeline: new () => object, options: TestRunOptions = {}): Promise<TestRunResult> {
  const clock = new ManualClock(0);
  let over = false;
  const result = materialize([pipeline], { ...options, clock, raiseOnError: false }).finally(() => (over = true));
  while (!over) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (clock.nextWakeMs !== undefined) clock.advance(clock.nextWakeMs);
  }
  return result;
}

/** The waits that were told, and those that the clock saw between an attempt's failure and the next start. */
function waits(result: TestRunResult): { told: unknown[]; seen: number[] } {
  const failed = result.events.filter((event) => event.type === "STEP_UP_FOR_RETRY");
  const started = result.events.filter((event) => event.type === "STEP_START").slice(1);
  return {
    told: failed.map((event) => event.payload?.waitMs),
    seen: started.map((event, index) => event.atMs - (failed[index]?.atMs ?? 0)),
  };
}

describe("a retry policy", () => {
  it.each<[string, RetryOptions, number, number[]]>([
    ["no delay", { maxRetries: 2 }, 0, [0, 0]],
    ["a constant delay", { maxRetries: 3, delay: "1s" }, 0, [1_000, 1_000, 1_000]],
    ["linear back-off", { maxRetries: 3, delay: "1s", backoff: "linear" }, 0, [1_000, 2_000, 3_000]],
    ["exponential back-off", { maxRetries: 4, delay: "1s", backoff: "exponential" }, 0, [1_000, 3_000, 7_000, 15_000]],
    ["full jitter, least", { maxRetries: 3, delay: "1s", backoff: "exponential", jitter: "full" }, 0, [0, 0, 0]],
    ["full jitter, half", { maxRetries: 3, delay: "1s", backoff: "exponential", jitter: "full" }, 0.5, [500, 1_500, 3_500]],
    ["plus-minus jitter, least", { maxRetries: 3, delay: "1s", backoff: "exponential", jitter: "plus-minus" }, 0, [0, 2_000, 6_000]],
    ["plus-minus jitter, half", { maxRetries: 3, delay: "1s", backoff: "linear", jitter: "plus-minus" }, 0.5, [1_000, 2_000, 3_000]],
    ["plus-minus jitter, three quarters", { maxRetries: 2, delay: "2s", jitter: "plus-minus" }, 0.75, [3_000, 3_000]],
  ])("waits by its arithmetic: %s", async (_name, retry, random, expected) => {
    @Pipeline()
    class Failing {
      @Asset({ retry }) failing(): number {
        throw new Error("again");
      }
    }
    const result = await run(Failing, { random: () => random });
    expect(waits(result)).toEqual({ told: expected, seen: expected });
    expect(statuses(result)).toEqual({ failing: `FAILURE ${expected.length + 1}` });
  });

  it("retries once when it says no more", async () => {
    @Pipeline()
    class Failing {
      @Asset({ retry: {} }) failing(): number {
        throw new Error("again");
      }
    }
    expect(statuses(await run(Failing))).toEqual({ failing: "FAILURE 2" });
  });

  it("gives way to RetryRequested, with its own number of retries and its own wait", async () => {
    let calls = 0;
    @Pipeline()
    class Asking {
      @Asset({ retry: { maxRetries: 9, delay: "1h" } }) asks(): number {
        calls++;
        throw new RetryRequested({ maxRetries: 2, waitMs: 250, cause: new Error("busy") });
      }
    }
    const result = await run(Asking);
    expect(calls).toBe(3);
    expect(waits(result)).toEqual({ told: [250, 250], seen: [250, 250] });
    expect(result.events.find((event) => event.type === "STEP_FAILURE")?.payload?.error).toMatchObject({
      name: "RetryRequested",
      message: "The step asks to be tried again.",
      cause: { name: "Error", message: "busy" },
    });
  });

  it("gives way to a Failure that does not allow retries, and counts one that does", async () => {
    @Pipeline()
    class Failing {
      @Asset({ retry: { maxRetries: 5 } }) final(): number {
        throw new Failure("never again", { allowRetries: false, metadata: { rows: 0 } });
      }
      @Asset({ retry: { maxRetries: 2 } }) plain(): number {
        throw new Failure("maybe later");
      }
    }
    const result = await run(Failing);
    expect(statuses(result)).toEqual({ final: "FAILURE 1", plain: "FAILURE 3" });
    expect(result.events.find((event) => event.type === "STEP_FAILURE" && event.stepKey === "final")?.payload?.metadata).toEqual({
      rows: { type: "int", value: 0 },
    });
  });

  it("gives way to an error of Millrace's own that no retry can mend, and counts one that may pass", async () => {
    @Pipeline()
    class Failing {
      @Asset({ retry: { maxRetries: 5 } }) refused(): number {
        throw new IOError("TEST.REFUSED", "Wrong credentials.", { allowRetries: false });
      }
      @Asset({ retry: { maxRetries: 2 } }) down(): number {
        throw new IOError("TEST.DOWN", "The server is down.");
      }
    }
    expect(statuses(await run(Failing))).toEqual({ refused: "FAILURE 1", down: "FAILURE 3" });
  });

  it("keeps a Failure whose metadata cannot be stored, and a thrown object that cannot be looked at", async () => {
    @Pipeline()
    class Hostile {
      @Asset() badMetadata(): number {
        throw new Failure("the reason", { metadata: { f: (() => 1) as never } });
      }
      @Asset() badError(): number {
        throw Object.defineProperty(new Error("x"), "message", {
          get: () => {
            throw new Error("not even this");
          },
        });
      }
    }
    const result = await run(Hostile);
    const failed = Object.fromEntries(result.events.filter((e) => e.type === "STEP_FAILURE").map((e) => [e.stepKey, e.payload]));
    expect(failed.bad_metadata).toMatchObject({
      error: { name: "Failure", message: "the reason" },
      metadata: { "metadata of the failure": { type: "text", value: expect.stringContaining('Metadata "f" is a function') as string } },
    });
    expect(failed.bad_error).toEqual({ error: { name: "NonError", message: "something was thrown that fails when it is looked at" } });
  });

  it("is not asked about process.exit", async () => {
    @Pipeline()
    class Exits {
      @Asset({ retry: { maxRetries: 3 } }) exits(): number {
        try {
          process.exit(3);
        } catch {
          return 1; // the step has failed all the same
        }
      }
    }
    expect(statuses(await run(Exits))).toEqual({ exits: "FAILURE 1" });
  });
});
