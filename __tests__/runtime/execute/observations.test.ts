import {
  Asset,
  AssetContext,
  Input,
  ObservableAsset,
  ObserveResult,
  Pipeline,
  externalAsset,
  ref,
} from "../../../runtime/entries/index.js";
import { materialize } from "../../../runtime/entries/testing.js";
import { failures, statuses, told } from "./outcome";

describe("an observable asset", () => {
  it("reports a data version or metadata, and materializes and stores nothing", async () => {
    @Pipeline()
    class Feeds {
      @ObservableAsset() files(): string {
        return "etag-1";
      }
      @ObservableAsset({ codeVersion: "7" }) async rows(context: AssetContext): Promise<ObserveResult> {
        context.addOutputMetadata({ seen: true });
        return new ObserveResult({ dataVersion: "42", metadata: { rows: 42 } });
      }
      @ObservableAsset() size(): ObserveResult {
        return new ObserveResult({ metadata: { bytes: 3 } });
      }
    }
    const result = await materialize([Feeds]);
    expect(result.materialized).toEqual([]);
    expect(told(result, "files").slice(1)).toEqual(["STEP_START", "ASSET_OBSERVATION files", "STEP_SUCCESS"]);
    const observations = result.events.filter((event) => event.type === "ASSET_OBSERVATION");
    expect(Object.fromEntries(observations.map((event) => [event.assetKey, event.payload]))).toEqual({
      files: { dataVersion: "etag-1", sourceVersion: "test" },
      rows: {
        dataVersion: "42",
        codeVersion: "7",
        sourceVersion: "test",
        metadata: { seen: { type: "bool", value: true }, rows: { type: "int", value: 42 } },
      },
      size: { metadata: { bytes: { type: "int", value: 3 } }, sourceVersion: "test" },
    });
  });

  it("comes before what depends on it, which records the version that was observed", async () => {
    @Pipeline()
    class Feeds {
      @ObservableAsset() files(): string {
        return "etag-1";
      }
      @Asset({ deps: [ref(() => Feeds, "files"), "elsewhere"] }) loaded(_context: AssetContext): number {
        return 1;
      }
    }
    const result = await materialize([Feeds], { assets: [externalAsset({ key: "elsewhere" })] });
    const observed = result.events.find((event) => event.type === "ASSET_OBSERVATION");
    expect(result.events.find((event) => event.type === "ASSET_MATERIALIZATION")?.payload?.inputs).toEqual([
      { key: "elsewhere" },
      { key: "files", dataVersion: "etag-1", eventId: observed?.id },
    ]);
  });

  it("fails when it observes nothing, and its value cannot be taken", async () => {
    @Pipeline()
    class Feeds {
      @ObservableAsset() nothing(): string {
        return undefined as never;
      }
      @ObservableAsset() files(): string {
        return "etag-1";
      }
      @Asset() reads(@Input(ref<string>("files")) files: string): string {
        return files;
      }
      @Asset() observes(): string {
        return new ObserveResult({ dataVersion: "1" }) as never;
      }
    }
    const result = await materialize([Feeds], { raiseOnError: false });
    expect(statuses(result)).toEqual({ nothing: "FAILURE 1", files: "SUCCESS 1", reads: "FAILURE 1", observes: "FAILURE 1" });
    expect(failures(result)).toEqual({
      nothing:
        "Feeds.nothing (FILE) returned nothing, which is no observation.\n  → Return the data version as text, or new ObserveResult({ dataVersion, metadata }).",
      reads:
        'Step "reads" needs the value of "files", whose last materialization stored none.\n  → Let "files" return its value, or order after it only: `deps: ["files"]`.',
      observes:
        "Feeds.observes (FILE) gave an ObserveResult, but it is declared to materialize.\n  → Declare it with @ObservableAsset(), or return new MaterializeResult({ ... }).",
    });
    expect(told(result, "nothing").slice(-1)).toEqual(["STEP_FAILURE"]);
  });
});

describe("an external asset", () => {
  it("is known to the graph, makes no step, and cannot be loaded before something is known of it", async () => {
    @Pipeline()
    class Reads {
      @Asset() reads(@Input(ref<string>("outside")) outside: string): string {
        return outside;
      }
      @Asset() mayRead(@Input(ref<string>("outside"), { optional: true }) outside: string | undefined): string {
        return outside ?? "nothing there";
      }
    }
    const result = await materialize([Reads], { assets: [externalAsset({ key: "outside", group: "theirs" })], raiseOnError: false });
    expect(statuses(result)).toEqual({ may_read: "SUCCESS 1", reads: "FAILURE 1" });
    expect(result.value("may_read")).toBe("nothing there");
    expect(failures(result)).toEqual({
      reads:
        'Step "reads" needs the value of "outside", which was never materialized.\n  → Run `millrace materialize outside` first, or select it too: `millrace materialize "+reads"`.',
    });
  });
});
