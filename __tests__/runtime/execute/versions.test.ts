import { Asset, Input, MaterializeResult, Own, Pipeline, ref } from "../../../runtime/entries/index.js";
import { materialize, type TestRunResult } from "../../../runtime/entries/testing.js";

const up = { codeVersion: "1", dataVersion: undefined as string | undefined };

function pipeline(codeVersion: string | undefined): new () => object {
  @Pipeline()
  class Versions {
    @Asset({ codeVersion: up.codeVersion }) up(): MaterializeResult<number> {
      return new MaterializeResult({ value: 1, ...(up.dataVersion === undefined ? {} : { dataVersion: up.dataVersion }) });
    }
    @Asset(codeVersion === undefined ? {} : { codeVersion }) down(@Own("up") up: number): number {
      return up;
    }
  }
  return Versions;
}

async function versions(codeVersion: string | undefined): Promise<Record<string, string | undefined>> {
  const result = await materialize([pipeline(codeVersion)]);
  return Object.fromEntries(materializations(result).map((event) => [event.assetKey ?? "", event.payload?.dataVersion]));
}

function materializations(result: TestRunResult) {
  return result.events.filter((event) => event.type === "ASSET_MATERIALIZATION");
}

describe("a materialization", () => {
  beforeEach(() => Object.assign(up, { codeVersion: "1", dataVersion: undefined }));

  it("records the code's hash, the asset's code version, its data version, and what it read of each input", async () => {
    up.dataVersion = "given";
    const [first, second] = materializations(await materialize([pipeline("2")]));
    expect(first?.payload).toEqual({
      codeVersion: "1",
      sourceVersion: "test",
      dataVersion: "given",
      inputs: [],
      ioManager: "InMemoryIOManager",
    });
    expect(second?.payload).toEqual({
      codeVersion: "2",
      sourceVersion: "test",
      dataVersion: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      inputs: [{ key: "up", dataVersion: "given", eventId: first?.id }],
      ioManager: "InMemoryIOManager",
    });
  });

  it("derives its data version from its code version and its inputs' data versions, and from nothing else", async () => {
    const base = await versions("2");
    expect(await versions("2")).toEqual(base); // another run, the same version
    expect((await versions("3")).down).not.toBe(base.down);
    expect((await versions("3")).up).toBe(base.up);
    up.codeVersion = "1b";
    const changed = await versions("2");
    expect([changed.up === base.up, changed.down === base.down]).toEqual([false, false]);
    up.dataVersion = base.up;
    expect((await versions("2")).down).toBe(base.down);
  });

  it("gets a new data version with every run when its asset has no code version", async () => {
    expect((await versions(undefined)).down).not.toBe((await versions(undefined)).down);
  });

  it("is of no value when nothing is returned: nothing is stored, and order alone can hang on it", async () => {
    @Pipeline()
    class Sends {
      @Asset() sends(): void {}
      @Asset() returnsNothing(): MaterializeResult {
        return new MaterializeResult({ metadata: { sent: 3 } });
      }
      @Asset({ deps: ["sends"] }) after(@Input(ref<number>("returns_nothing"), { optional: true }) nothing: number | undefined): string {
        return String(nothing);
      }
    }
    const result = await materialize([Sends]);
    expect(result.value("after")).toBe("undefined");
    expect(Object.fromEntries(materializations(result).map((event) => [event.assetKey, event.payload?.ioManager]))).toEqual({
      sends: undefined,
      returns_nothing: undefined,
      after: "InMemoryIOManager",
    });
    expect(() => result.value("sends")).toThrow('The run stored no value of "sends".');
  });
});
