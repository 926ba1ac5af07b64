import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  AssetContext,
  ConfigurableResource,
  Input,
  Own,
  Pipeline,
  ref,
} from "../../../runtime/entries/index.js";
import { materialize, type TestRunResult } from "../../../runtime/entries/testing.js";

/** Every event in its order: type, step or asset, and what it says of the cause. */
const story = (result: TestRunResult): string[] =>
  result.events.map(({ type, stepKey, assetKey, payload = {} }) =>
    [type, stepKey ?? assetKey ?? payload.resource, payload.reason ?? payload.error?.message.split("\n")[0]].filter(Boolean).join(" | "),
  );

describe("the events of a run", () => {
  it("that is canceled tell the request, the end of what ran, and what was not begun", async () => {
    const canceler = new AbortController();
    @Pipeline()
    class Sales {
      @Asset() orders(context: AssetContext): Promise<number> {
        return new Promise((_, reject) => {
          context.signal.addEventListener("abort", () => reject(new Error("stopped")));
          setImmediate(() => canceler.abort());
        });
      }
      @Asset() totals(@Own("orders") orders: number): number {
        return orders;
      }
    }
    const result = await materialize([Sales], { signal: canceler.signal, raiseOnError: false });
    expect(story(result)).toEqual([
      "ASSET_MATERIALIZATION_PLANNED | orders",
      "ASSET_MATERIALIZATION_PLANNED | totals",
      "RUN_START",
      "STEP_START | orders",
      "RUN_CANCELING",
      "ASSET_FAILED_TO_MATERIALIZE | orders | RUN_TERMINATED",
      "STEP_CANCELED | orders",
      "STEP_CANCELED | totals",
      "ASSET_FAILED_TO_MATERIALIZE | totals | RUN_TERMINATED",
      "RUN_CANCELED",
    ]);
  });

  it("that a blocking check stops tell the check and who waits for it", async () => {
    @Pipeline()
    class Sales {
      @Asset() orders(): number {
        return 0;
      }
      @AssetCheck({ asset: ref(() => Sales, "orders"), blocking: true }) some(
        @Input(ref<number>("orders")) orders: number,
      ): AssetCheckResult {
        return new AssetCheckResult({ passed: orders > 0 });
      }
      @Asset() totals(@Own("orders") orders: number): number {
        return orders;
      }
      @Asset() report(@Own("totals") totals: number): number {
        return totals;
      }
    }
    expect(story(await materialize([Sales], { raiseOnError: false }))).toEqual([
      "ASSET_MATERIALIZATION_PLANNED | orders",
      "ASSET_CHECK_EVALUATION_PLANNED | orders#some",
      "ASSET_MATERIALIZATION_PLANNED | totals",
      "ASSET_MATERIALIZATION_PLANNED | report",
      "RUN_START",
      "STEP_START | orders",
      "PUBLISH | orders",
      "HANDLED_OUTPUT | orders",
      "ASSET_MATERIALIZATION | orders",
      "STEP_SUCCESS | orders",
      "STEP_START | orders#some",
      "LOADED_INPUT | orders#some",
      "ASSET_CHECK_EVALUATION | orders#some",
      'STEP_FAILURE | orders#some | Blocking check "orders#some" failed; downstream assets do not run.',
      "STEP_NOT_RUN | totals | orders#some",
      "ASSET_FAILED_TO_MATERIALIZE | totals | UPSTREAM_FAILED_TO_MATERIALIZE",
      "STEP_NOT_RUN | report | totals",
      "ASSET_FAILED_TO_MATERIALIZE | report | UPSTREAM_FAILED_TO_MATERIALIZE",
      "RUN_FAILURE",
    ]);
  });

  it("whose resource cannot be set up tell the resource, and start no step", async () => {
    class Network extends ConfigurableResource {
      protected override setup(): void {}
    }
    class Database extends ConfigurableResource {
      network!: Network;
      protected override setup(): void {
        throw new RangeError(`no route (${typeof this.network})`);
      }
    }
    @Pipeline()
    class Sales {
      @Asset() orders(_database: Database): number {
        return 1;
      }
      @Asset() totals(@Own("orders") orders: number): number {
        return orders;
      }
    }
    const network = Network.with({});
    const result = await materialize([Sales], { resources: [network, Database.with({ network })], raiseOnError: false });
    expect(story(result)).toEqual([
      "ASSET_MATERIALIZATION_PLANNED | orders",
      "ASSET_MATERIALIZATION_PLANNED | totals",
      "RUN_START",
      "RESOURCE_INIT_STARTED | Network",
      "RESOURCE_INIT_SUCCESS | Network",
      "RESOURCE_INIT_STARTED | Database",
      "RESOURCE_INIT_FAILURE | Database | no route (object)",
      "STEP_NOT_RUN | orders | resource Database",
      "ASSET_FAILED_TO_MATERIALIZE | orders | RESOURCE_FAILED",
      "STEP_NOT_RUN | totals | resource Database",
      "ASSET_FAILED_TO_MATERIALIZE | totals | RESOURCE_FAILED",
      "RUN_FAILURE | Resource Database could not be set up.",
    ]);
  });
});
