import { IsString } from "class-validator";
import { Asset, Config, ConfigurableResource, Definitions, Own, Pipeline, Secret, env } from "../../../runtime/entries/index.js";
import { ManualClock, materialize, type TestRunResult } from "../../../runtime/entries/testing.js";
import { prepareRun } from "../../../runtime/execute/prepare-run.js";
import { resolveDefinitions } from "../../../runtime/scan/resolve-definitions.js";
import { SecretMasker } from "../../../src/config/secret-masker.js";
import { planRun } from "../../../src/planning/plan-run.js";

let calls: string[] = [];
let faults: string[] = [];
beforeEach(() => {
  calls = [];
  faults = [];
});

abstract class Told extends ConfigurableResource {
  protected override setup(): void {
    this.#call("setup");
  }
  protected override teardown(): void {
    this.#call("teardown");
  }
  #call(phase: string): void {
    const call = `${phase} ${this.constructor.name}`;
    calls.push(call);
    if (faults.includes(call)) throw new RangeError(`${call} went wrong`);
  }
}
class Network extends Told {}
class Database extends Told {
  network!: Network;
}
class Warehouse extends Told {
  database!: Database;
  network!: Network;
}
class Unneeded extends Told {}

const network = Network.with({});
const database = Database.with({ network });
const resources = [Warehouse.with({ database, network }), Unneeded.with({}), database, network];

@Pipeline()
class Sales {
  constructor(readonly database: Database) {}
  @Asset() orders(): number {
    calls.push("orders");
    if (faults.includes("orders")) throw new Error("no orders");
    return 1;
  }
  @Asset() totals(@Own("orders") orders: number, _warehouse: Warehouse): number {
    calls.push("totals");
    return orders;
  }
}
@Pipeline()
class Other {
  constructor(readonly unneeded: Unneeded) {}
  @Asset() other(): number {
    return 1;
  }
}

const run = (selection: string): Promise<TestRunResult> =>
  materialize([Sales, Other], { resources, selection, raiseOnError: false, concurrency: 1 });

/** What the log tells of the resources. */
const told = ({ events }: TestRunResult): unknown[] =>
  events.flatMap(({ type, payload = {} }) =>
    type.startsWith("RESOURCE_")
      ? [[type, payload.resource, payload.message, payload.error && `${payload.error.name}: ${payload.error.message}`]]
      : [],
  );
const statuses = ({ steps }: TestRunResult): unknown => Object.fromEntries(steps.map(({ key, status }) => [key, status]));

describe("resources", () => {
  it("are set up in the order in which they hold each other, and torn down in the reverse", async () => {
    const result = await run("orders or totals");
    expect(calls).toEqual([
      ...["setup Network", "setup Database", "setup Warehouse", "orders", "totals"],
      ...["teardown Warehouse", "teardown Database", "teardown Network"],
    ]);
    expect(told(result)).toEqual(
      ["Network", "Database", "Warehouse"].flatMap((name) => [
        ["RESOURCE_INIT_STARTED", name, undefined, undefined],
        ["RESOURCE_INIT_SUCCESS", name, undefined, undefined],
      ]),
    );
  });

  it("are set up only when a selected step needs them, itself or by what it takes", async () => {
    await run("orders");
    expect(calls).toEqual(["setup Network", "setup Database", "orders", "teardown Database", "teardown Network"]);
  });

  it("are torn down after a step's failure", async () => {
    faults = ["orders"];
    const result = await run("orders");
    expect(result.status).toBe("FAILURE");
    expect(calls).toEqual(["setup Network", "setup Database", "orders", "teardown Database", "teardown Network"]);
  });

  it("that fail to be set up keep every step from running, are told with those steps, and leave nothing set up", async () => {
    faults = ["setup Database"];
    const result = await run("orders or totals");
    expect(calls).toEqual(["setup Network", "setup Database", "teardown Network"]);
    expect(told(result).slice(2)).toEqual([
      ["RESOURCE_INIT_STARTED", "Database", undefined, undefined],
      [
        "RESOURCE_INIT_FAILURE",
        "Database",
        'Resource Database could not be set up; steps "orders", "totals" need it.',
        "RangeError: setup Database went wrong",
      ],
    ]);
    expect(result.status).toBe("FAILURE");
    expect(statuses(result)).toEqual({ orders: "NOT_RUN", totals: "NOT_RUN" });
    expect(result.events.find(({ type }) => type === "RUN_FAILURE")?.payload).toEqual({ reason: "Resource Database could not be set up." });
  });

  it("name the one step that needed them", async () => {
    faults = ["setup Unneeded"];
    expect(told(await run("other")).at(-1)).toEqual([
      "RESOURCE_INIT_FAILURE",
      "Unneeded",
      'Resource Unneeded could not be set up; step "other" needs it.',
      "RangeError: setup Unneeded went wrong",
    ]);
  });

  it("that fail to be torn down keep no other from it, all are told, and the run ends as its steps did", async () => {
    faults = ["teardown Database", "teardown Warehouse"];
    const result = await run("orders or totals");
    expect(calls.slice(-3)).toEqual(["teardown Warehouse", "teardown Database", "teardown Network"]);
    expect(told(result).slice(-2)).toEqual([
      ["RESOURCE_TEARDOWN_FAILURE", "Warehouse", "Resource Warehouse could not be torn down.", "RangeError: teardown Warehouse went wrong"],
      ["RESOURCE_TEARDOWN_FAILURE", "Database", "Resource Database could not be torn down.", "RangeError: teardown Database went wrong"],
    ]);
    expect(result.status).toBe("SUCCESS");
  });

  it("tell how long they took", async () => {
    const clock = new ManualClock(0);
    class Slow extends ConfigurableResource {
      protected override setup(): void {
        clock.advance(1_500);
        if (faults.includes("slow")) throw new Error("too slow");
      }
      protected override teardown(): void {
        clock.advance(250);
        throw new Error("never mind");
      }
    }
    @Pipeline()
    class Takes {
      constructor(readonly slow: Slow) {}
      @Asset() takes(): number {
        return 1;
      }
    }
    const durations = async (): Promise<unknown> => {
      const { events } = await materialize([Takes], { resources: [Slow.with({})], clock, raiseOnError: false });
      return events.flatMap(({ type, payload }) => (payload?.resource === undefined ? [] : [[type, payload.durationMs]]));
    };
    expect(await durations()).toEqual([
      ["RESOURCE_INIT_STARTED", undefined],
      ["RESOURCE_INIT_SUCCESS", 1_500],
      ["RESOURCE_TEARDOWN_FAILURE", 250],
    ]);
    faults = ["slow"];
    expect(await durations()).toEqual([
      ["RESOURCE_INIT_STARTED", undefined],
      ["RESOURCE_INIT_FAILURE", 1_500],
    ]);
  });

  it("that call process.exit fail like others", async () => {
    class Rude extends ConfigurableResource {
      protected override setup(): void {
        process.exit(3);
      }
    }
    @Pipeline()
    class Takes {
      constructor(readonly rude: Rude) {}
      @Asset() takes(): number {
        return 1;
      }
    }
    const result = await materialize([Takes], { resources: [Rude.with({})], raiseOnError: false });
    expect(result.events.find(({ type }) => type === "RESOURCE_INIT_FAILURE")?.payload?.error?.message).toBe(
      "The setup of resource Rude called process.exit(3).\n  → Throw an error to fail, or return to end.",
    );
  });
});

describe("secrets that are too short to be masked wherever they stand", () => {
  class Door extends ConfigurableResource {
    @IsString() @Secret() pin = "";
  }
  class Spare extends ConfigurableResource {
    @IsString() @Secret() pin = "";
  }
  class Entry extends Config {
    @IsString() @Secret() code = "";
    @IsString() name = "";
  }
  @Pipeline()
  class Doors {
    constructor(readonly door: Door) {}
    @Asset() open(_entry: Entry): number {
      return 1;
    }
    @Asset() shut(_entry: Entry, _spare: Spare): number {
      return 1;
    }
  }

  it("are warned about, by their place", async () => {
    const result = await materialize([Doors], {
      resources: [Door.with({ pin: env("PIN") }), Spare.with({})],
      env: { PIN: "1234" },
      selection: "open",
    });
    expect(result.events.flatMap(({ type, payload }) => (type === "ENGINE_EVENT" ? [payload] : []))).toEqual([
      { level: "warn", message: "The secret resources.Door.pin has 4 characters; secrets shorter than 6 are not masked." },
    ]);
  });

  it("are masked in stored run configuration by their fields, of what no step needs too", () => {
    const resolved = resolveDefinitions(new Definitions({ pipelines: [Doors], resources: [Door, Spare] }));
    const config = {
      assets: { open: { code: "1234", name: "front" }, shut: { code: "5678", name: "back" } },
      resources: { Door: { pin: "42" }, Spare: { pin: "0000" } },
    };
    const { stored } = prepareRun(resolved, planRun(resolved.catalog, { assets: ["open"], checks: [] }), config, {
      environment: {},
      masker: new SecretMasker(),
    });
    expect(stored).toEqual({
      assets: { open: { code: "••••", name: "front" }, shut: { code: "••••", name: "back" } },
      resources: { Door: { pin: "••••" }, Spare: { pin: "••••" } },
    });
  });
});
