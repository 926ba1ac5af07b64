import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  CheckContext,
  Input,
  MaterializeResult,
  Own,
  Pipeline,
  ref,
} from "../../../runtime/entries/index.js";
import { materialize, type TestRunResult } from "../../../runtime/entries/testing.js";
import { failures, statuses } from "./outcome";

function evaluations(result: TestRunResult): unknown[] {
  return result.events.flatMap((event) =>
    event.type === "ASSET_CHECK_EVALUATION" ? [{ asset: event.assetKey, ...event.payload?.check, metadata: event.payload?.metadata }] : [],
  );
}

describe("an asset check", () => {
  it("is one of several of one method, each with its own name, metadata and severity", async () => {
    @Pipeline()
    class Quality {
      @Asset() orders(): number[] {
        return [1, -2];
      }
      @AssetCheck({ asset: ref(() => Quality, "orders"), checks: [{ name: "positive" }, { name: "some", blocking: true }] })
      all(@Own("orders") orders: number[], context: CheckContext): AssetCheckResult[] {
        expect([context.assetKey, [...context.selectedChecks]]).toEqual(["orders", ["positive", "some"]]);
        return [
          new AssetCheckResult({ check: "some", passed: orders.length > 0, description: "not empty" }),
          new AssetCheckResult({ check: "positive", passed: false, severity: "WARN", metadata: { wrong: 1 } }),
        ];
      }
    }
    const result = await materialize([Quality]);
    expect(result.status).toBe("SUCCESS"); // a failed check is no failed run
    expect(evaluations(result)).toEqual([
      { asset: "orders", name: "some", passed: true, severity: "ERROR", blocking: true, description: "not empty", metadata: undefined },
      {
        asset: "orders",
        name: "positive",
        passed: false,
        severity: "WARN",
        blocking: false,
        metadata: { wrong: { type: "int", value: 1 } },
      },
    ]);
  });

  it("does not hold the downstream back when it does not block, also when it fails with ERROR", async () => {
    @Pipeline()
    class Quality {
      @Asset() orders(): number {
        return 0;
      }
      @Asset() report(@Own("orders") orders: number): number {
        return orders;
      }
      @AssetCheck({ asset: "orders" }) positive(@Own("orders") orders: number): AssetCheckResult {
        return new AssetCheckResult({ passed: orders > 0 });
      }
    }
    const result = await materialize([Quality]);
    expect([result.status, statuses(result)]).toEqual([
      "SUCCESS",
      { orders: "SUCCESS 1", "orders#positive": "SUCCESS 1", report: "SUCCESS 1" },
    ]);
  });

  it("holds the downstream back until it has passed when it blocks, wherever it is declared", async () => {
    const order: string[] = [];
    @Pipeline()
    class Quality {
      @Asset() orders(): number {
        return 1;
      }
      @Asset() report(@Own("orders") orders: number): number {
        order.push("report");
        return orders;
      }
    }
    @Pipeline()
    class Elsewhere {
      @AssetCheck({ asset: ref(Quality, "orders"), blocking: true })
      async slow(@Input(Quality, "orders") orders: number): Promise<AssetCheckResult> {
        await new Promise((resolve) => setTimeout(resolve, 30));
        order.push("checked");
        return new AssetCheckResult({ passed: orders > 0 });
      }
    }
    await materialize([Quality, Elsewhere]);
    expect(order).toEqual(["checked", "report"]);
  });

  it("keeps the downstream from running when it blocks and fails within the asset's own method, and still keeps the asset", async () => {
    @Pipeline()
    class Quality {
      @Asset({ checks: [{ name: "positive", blocking: true }] }) orders(): MaterializeResult<number> {
        return new MaterializeResult({ value: 0, checks: [new AssetCheckResult({ passed: false, description: "none" })] });
      }
      @Asset() report(@Own("orders") orders: number): number {
        return orders;
      }
      @Asset({ deps: ["report"] }) mail(): void {}
    }
    const result = await materialize([Quality], { raiseOnError: false });
    expect(statuses(result)).toEqual({ orders: "FAILURE 1", report: "NOT_RUN 0", mail: "NOT_RUN 0" });
    expect(result.value("orders")).toBe(0);
    expect(failures(result)).toEqual({ orders: 'Blocking check "orders#positive" failed; downstream assets do not run.' });
    expect(result.events.filter((event) => event.type === "STEP_NOT_RUN").map((event) => [event.stepKey, event.payload?.reason])).toEqual([
      ["report", "orders"],
      ["mail", "report"],
    ]);
  });

  it("says why it fails when its method gives no result, a foreign one, or too few", async () => {
    @Pipeline()
    class Quality {
      @Asset() a(): number {
        return 1;
      }
      @AssetCheck({ asset: "a" }) nothing(): AssetCheckResult {
        return undefined as never;
      }
      @AssetCheck({ asset: "a" }) bool(): AssetCheckResult {
        return true as never;
      }
      @AssetCheck({ asset: "a" }) foreign(): AssetCheckResult {
        return new AssetCheckResult({ check: "other", passed: true });
      }
      @AssetCheck({ asset: "a", checks: [{ name: "x" }, { name: "y" }] }) few(): AssetCheckResult[] {
        return [new AssetCheckResult({ check: "x", passed: true })];
      }
    }
    const result = await materialize([Quality], { raiseOnError: false });
    expect(failures(result)).toEqual({
      "a#nothing":
        "Quality.nothing (FILE) returned nothing, not a check result.\n  → Return new AssetCheckResult({ passed: ... }), or an array of them, one for each check.",
      "a#bool": "Quality.bool (FILE) returned true, not a check result.\n  → Return new AssetCheckResult({ passed: true }).",
      "a#foreign":
        'Quality.foreign (FILE) gave a check result "other"; its checks are a#foreign.\n  → Name the check: new AssetCheckResult({ check: "name", ... }), and declare it.',
      "a#x+a#y": 'Quality.few (FILE) ended without a result of "a#y".\n  → Return a check result for each declared check.',
    });
  });

  it("is not run when its asset failed, and waits for the other assets that it needs", async () => {
    @Pipeline()
    class Quality {
      @Asset() bad(): number {
        throw new Error("no");
      }
      @Asset() good(): number {
        return 1;
      }
      @AssetCheck({ asset: "bad" }) onBad(): AssetCheckResult {
        return new AssetCheckResult({ passed: true });
      }
      @AssetCheck({ asset: "good", deps: ["bad"] }) onGood(): AssetCheckResult {
        return new AssetCheckResult({ passed: true });
      }
    }
    const result = await materialize([Quality], { raiseOnError: false });
    expect(statuses(result)).toEqual({ bad: "FAILURE 1", good: "SUCCESS 1", "bad#on_bad": "NOT_RUN 0", "good#on_good": "NOT_RUN 0" });
    expect(evaluations(result)).toEqual([]);
  });
});
