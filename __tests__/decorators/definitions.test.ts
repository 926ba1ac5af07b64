import {
  Asset,
  ConfigurableResource,
  defineAssetJob,
  defineAssets,
  Definitions,
  externalAsset,
  FileIOManager,
  InMemoryIOManager,
  Pipeline,
} from "../../runtime/entries/index.js";

class Api extends ConfigurableResource {}
class Warehouse extends ConfigurableResource {}
@Pipeline()
class Sales {
  @Asset() orders(): void {}
}
@Pipeline()
class Quality {
  @Asset() report(): void {}
}

describe("Definitions.merge", () => {
  it("holds all that its parts hold, in their order", () => {
    const nightly = defineAssetJob({ name: "nightly", selection: "*" });
    const [file, made] = [externalAsset({ key: "file" }), defineAssets({ specs: [{ key: "made" }], run: () => undefined })];
    const io = FileIOManager.with({ folder: "values" });
    const merged = Definitions.merge(
      new Definitions({ pipelines: [Sales], assets: [file], resources: [Api], io }),
      new Definitions({ pipelines: [Quality], assets: [made], jobs: [nightly], resources: [Warehouse], io }),
      new Definitions(),
    );
    expect(merged.pipelines).toEqual([Sales, Quality]);
    expect(merged.assets).toEqual([file, made]);
    expect(merged.jobs).toEqual([nightly]);
    expect(merged.resources.map(({ token }) => token)).toEqual([Api, Warehouse]);
    expect(merged.io).toBe(io);
    expect("io" in Definitions.merge(new Definitions())).toBe(false);
  });

  it("takes one class for one default IO manager, however often it is named, and refuses two", () => {
    const parts = [new Definitions({ io: InMemoryIOManager }), new Definitions({ io: InMemoryIOManager })];
    expect(Definitions.merge(...parts).io?.token).toBe(InMemoryIOManager);
    expect(() => Definitions.merge(...parts, new Definitions({ io: FileIOManager }))).toThrow(
      new Error(
        "Two of the merged definitions set a default IO manager: InMemoryIOManager and FileIOManager.\n  → Set io in one of them, and name the other in @Pipeline({ io }) or @Asset({ io }).",
      ),
    );
  });
});
