import {
  Asset,
  AssetCheckResult,
  AssetContext,
  Input,
  MaterializeResult,
  MultiAsset,
  type Output,
  Own,
  Pipeline,
  ref,
} from "../../../runtime/entries/index.js";
import { output } from "../../../runtime/entries/index.js";
import { materialize } from "../../../runtime/entries/testing.js";
import { failures, statuses, told } from "./outcome";

describe("a multi-asset", () => {
  it("gives the selected outs only, and is told which when it can be subset", async () => {
    const asked: string[][] = [];
    @Pipeline()
    class Split {
      @MultiAsset({ outs: { users: {}, orders: {}, sums: {} }, canSubset: true })
      split(context: AssetContext): { users?: number; orders?: number; sums?: number } {
        asked.push([...context.selectedOuts]);
        return { users: 1, orders: 2, sums: 3 }; // gives more than asked for
      }
    }
    const result = await materialize([Split], { selection: "orders or users" });
    expect(asked).toEqual([["users", "orders"]]);
    expect(result.materialized).toEqual(["users", "orders"]);
    expect(() => result.value("sums")).toThrow('The run stored no value of "sums".\n  → It materialized users, orders.');
  });

  it("cannot be run in part when it cannot be subset", async () => {
    @Pipeline()
    class Whole {
      @MultiAsset({ outs: { users: { checks: [{ name: "some" }] }, orders: {} } })
      split(): { users: number; orders: number } {
        return { users: 1, orders: 2 };
      }
    }
    await expect(materialize([Whole], { selection: "orders" })).rejects.toThrow(
      new Error(
        '"split" gives users, orders, users#some together; the selection leaves out users, users#some.\n  → Select users, users#some too, or give "split" `canSubset: true`.',
      ),
    );
  });

  it("gives each out its own deps, siblings too, group, key, checks and description", async () => {
    @Pipeline({ keyPrefix: "shop", group: "all" })
    class Outs {
      @Asset() raw(): number {
        return 1;
      }
      @MultiAsset({
        outs: {
          cleanUsers: { deps: [ref(() => Outs, "raw")], group: "people", description: "Once each" },
          cleanOrders: { key: "orders", deps: ["cleanUsers"], checks: [{ name: "positive" }] },
        },
      })
      clean(): { cleanUsers: number; cleanOrders: MaterializeResult<number> } {
        return { cleanUsers: 1, cleanOrders: new MaterializeResult({ value: 2, checks: [new AssetCheckResult({ passed: true })] }) };
      }
    }
    const result = await materialize([Outs]);
    expect(result.plan.steps).toEqual([
      { key: "shop/raw", unit: "shop/raw", assets: ["shop/raw"], checks: [], after: [] },
      {
        key: "shop/clean_users+shop/orders",
        unit: "shop/clean",
        assets: ["shop/clean_users", "shop/orders"],
        checks: ["shop/orders#positive"],
        after: [{ step: "shop/raw", asset: "shop/raw", when: "success" }],
      },
    ]);
    expect(result.checks).toEqual({ "shop/orders#positive": true });
    expect(result.value(ref(Outs, "clean", "cleanOrders"))).toBe(2);
    const [users, orders] = ["shop/clean_users", "shop/orders"].map(
      (key) => result.events.find((event) => event.type === "ASSET_MATERIALIZATION" && event.assetKey === key)?.payload,
    );
    expect(users?.inputs?.map((input) => input.key)).toEqual(["shop/raw"]);
    expect(orders?.inputs).toEqual([{ key: "shop/clean_users", dataVersion: users?.dataVersion }]);
  });

  it("is split where another computation stands between its outs", async () => {
    const calls: string[] = [];
    @Pipeline()
    class Sandwich {
      @MultiAsset({ outs: { bottom: {}, top: { deps: ["middle"] } }, canSubset: true })
      bread(context: AssetContext): { bottom?: number; top?: number } {
        calls.push([...context.selectedOuts].join());
        return context.selectedOuts.has("bottom") ? { bottom: 1 } : { top: 3 };
      }
      @Asset() middle(@Input(ref<number>("bottom")) bottom: number): number {
        calls.push(`middle of ${bottom}`);
        return 2;
      }
    }
    const result = await materialize([Sandwich]);
    expect(calls).toEqual(["bottom", "middle of 1", "top"]);
    expect(statuses(result)).toEqual({ bottom: "SUCCESS 1", middle: "SUCCESS 1", top: "SUCCESS 1" });
  });

  it("is refused where another computation stands between its outs and it cannot be split", async () => {
    @Pipeline()
    class Sandwich {
      @MultiAsset({ outs: { bottom: {}, top: { deps: ["middle"] } } })
      bread(): { bottom: number; top: number } {
        return { bottom: 1, top: 3 };
      }
      @Asset() middle(@Input(ref<number>("bottom")) _bottom: number): number {
        return 2;
      }
    }
    const error = await materialize([Sandwich]).catch((thrown: Error) => thrown);
    expect((error as Error).message.replace(/ \([^()]*?:\d+\)/g, " (FILE)")).toBe(
      [
        "The definitions have 1 problem:\n",
        "  1. A computation of several assets waits for what is made from one of them: bread (bottom, top) → middle → bread (bottom, top).",
        "     at Sandwich.bread (FILE)",
        '     → Give "bread" `canSubset: true` so that it can be split, or make what waits by a method of its own.',
      ].join("\n"),
    );
  });

  it("fails when an out is missing, undeclared or given twice, and keeps what it gave before", async () => {
    @Pipeline()
    class Faulty {
      @MultiAsset({ outs: { a1: {}, a2: {} } })
      missing(): { a1: number; a2: number } {
        return { a1: 1 } as never;
      }
      @MultiAsset({ outs: { b1: {} } })
      undeclared(): { b1: number } {
        return { b1: 1, b2: 2 } as never;
      }
      @MultiAsset({ outs: { c1: {} } })
      async *twice(): AsyncGenerator<Output<"c1", number>> {
        yield output("c1", 1);
        yield output("c1", 2);
      }
      @MultiAsset({ outs: { d1: {} } })
      list(): { d1: number } {
        return [1] as never;
      }
      @MultiAsset({ outs: { e1: {} } })
      async *bare(): AsyncGenerator<Output<"e1", number>> {
        yield 7 as never;
      }
      @MultiAsset({ outs: { f1: {} } })
      inTurn(): { f1: number } {
        return one() as never;
      }
      @Asset() rows(): number[] {
        return one() as never;
      }
    }
    function* one(): Generator<number> {
      yield 1;
    }
    const result = await materialize([Faulty], { raiseOnError: false });
    expect(failures(result)).toEqual({
      "a1+a2": 'Faulty.missing (FILE) ended without giving "a2".\n  → Give it, or mark the out `skippable: true`.',
      b1: 'Faulty.undeclared (FILE) gave "b2", which is none of its outs: b1.\n  → Declare "b2" in `outs`, or do not give it.',
      c1: '"c1" was given twice in one attempt.\n  → Give each out once.',
      d1: "Faulty.list (FILE) returned an array, not an object of its outs.\n  → Return an object with a field for each out, e.g. { orders: [...], users: [...] }.",
      e1: 'Faulty.bare (FILE) yielded 7 that is no out.\n  → Yield `new Output("name", value)` for each out.',
      f1: "Faulty.inTurn (FILE) is a generator that is not async.\n  → Write `async *` before its name.",
      rows: "Faulty.rows (FILE) is a generator that is not async.\n  → Write `async *` before its name.",
    });
    expect([...result.materialized].sort()).toEqual(["a1", "b1", "c1"]);
  });

  it("stores the outs that a generator gave before it failed in the transaction that ends the attempt, and closes the generator", async () => {
    let closed = false;
    @Pipeline()
    class Halves {
      @MultiAsset({ outs: { first: {}, second: {}, third: {} } })
      async *all(): AsyncGenerator<Output<"first" | "second" | "third", unknown>> {
        try {
          yield output("first", 1);
          yield output("second", () => 1); // in memory anything can be kept, but not twice
          yield output("second", 2);
        } finally {
          closed = true;
        }
      }
      @Asset() below(@Input(ref<number>("first")) first: number): number {
        return first;
      }
    }
    const result = await materialize([Halves], { raiseOnError: false });
    expect(closed).toBe(true);
    expect(told(result, "first+second+third")).toEqual([
      "ASSET_MATERIALIZATION_PLANNED first",
      "ASSET_MATERIALIZATION_PLANNED second",
      "ASSET_MATERIALIZATION_PLANNED third",
      "STEP_START",
      "PUBLISH first",
      "PUBLISH second",
      "HANDLED_OUTPUT first",
      "ASSET_MATERIALIZATION first",
      "HANDLED_OUTPUT second",
      "ASSET_MATERIALIZATION second",
      "ASSET_FAILED_TO_MATERIALIZE third",
      "STEP_FAILURE",
    ]);
    expect(statuses(result)).toEqual({ "first+second+third": "FAILURE 1", below: "NOT_RUN 0" });
  });

  it("is asked again for what it has not given yet when it can be subset, and for all of it when it cannot", async () => {
    const asked: Record<string, string[]> = { part: [], whole: [] };
    const failOnce = (which: string, context: AssetContext): void => {
      asked[which]?.push([...context.selectedOuts].join());
      if (asked[which]?.length === 1) throw new Error("in the middle");
    };
    @Pipeline()
    class Flaky {
      @MultiAsset({ outs: { p1: {}, p2: {} }, canSubset: true, retry: { maxRetries: 1 } })
      async *part(context: AssetContext): AsyncGenerator<Output<"p1" | "p2", number>> {
        if (context.selectedOuts.has("p1")) yield output("p1", 1);
        failOnce("part", context);
        yield output("p2", 2);
      }
      @MultiAsset({ outs: { w1: {}, w2: {} }, retry: { maxRetries: 1 } })
      async *whole(context: AssetContext): AsyncGenerator<Output<"w1" | "w2", number>> {
        yield output("w1", 1);
        failOnce("whole", context);
        yield output("w2", 2);
      }
    }
    const result = await materialize([Flaky]);
    expect(asked).toEqual({ part: ["p1,p2", "p2"], whole: ["w1,w2", "w1,w2"] });
    expect(statuses(result)).toEqual({ "p1+p2": "SUCCESS 2", "w1+w2": "SUCCESS 2" });
    expect(result.materialized.filter((key) => key.startsWith("p"))).toEqual(["p1", "p2"]);
    expect(result.materialized.filter((key) => key.startsWith("w"))).toEqual(["w1", "w1", "w2"]);
  });

  it("skips the checks and the downstream of a skippable out that is not given", async () => {
    @Pipeline()
    class Maybe {
      @MultiAsset({ outs: { given: {}, left: { skippable: true, checks: [{ name: "any", blocking: true }] } } })
      some(): { given: number; left?: number } {
        return { given: 1 };
      }
      @Asset() below(@Input(ref<number>("left")) left: number): number {
        return left;
      }
      @Asset() further(@Own("below") below: number): number {
        return below;
      }
      @Asset() other(@Input(ref<number>("given")) given: number): number {
        return given;
      }
    }
    const result = await materialize([Maybe]);
    expect(result.status).toBe("SUCCESS");
    expect(statuses(result)).toEqual({ "given+left": "SUCCESS 1", below: "SKIPPED 0", further: "SKIPPED 0", other: "SUCCESS 1" });
    expect(result.events.filter((event) => event.type === "STEP_SKIPPED").map((event) => [event.stepKey, event.payload?.reason])).toEqual([
      ["below", "given+left"],
      ["further", "below"],
    ]);
  });
});
