import { AssetGraph, type GraphAsset } from "../../../src/graph/asset-graph.js";
import { AssetCycleError } from "../../../src/graph/asset-cycle-error.js";

function made(key: string, ...deps: string[]): GraphAsset {
  return { key, unit: key, deps: deps.map((upstream) => ({ key: upstream })) };
}

function graphOf(...assets: GraphAsset[]): AssetGraph {
  return new AssetGraph({
    assets,
    checks: [
      { asset: "b", name: "z" },
      { asset: "b", name: "a" },
      { asset: "gone", name: "x" },
    ],
  });
}

const diamond = graphOf(made("d", "b", "c", "b"), made("c", "a"), made("b", "a"), made("a", "unknown"));

describe("AssetGraph", () => {
  it("lists its keys in order, whatever the order of the definitions", () => {
    expect(diamond.keys()).toEqual(["a", "b", "c", "d"]);
    expect([diamond.size, diamond.has("a"), diamond.has("unknown"), diamond.spec("b").unit]).toEqual([4, true, false, "b"]);
  });

  it("tells parents and children once each, and leaves out dependencies that no asset is behind", () => {
    expect([diamond.parents("d"), diamond.parents("a"), diamond.children("a"), diamond.children("d")]).toEqual([
      ["b", "c"],
      [],
      ["b", "c"],
      [],
    ]);
  });

  it("makes external assets of unknown dependencies when asked to", () => {
    const graph = new AssetGraph({ assets: [made("a", "raw", "raw")], checks: [] }, { implicitExternals: true });
    expect([graph.keys(), graph.parents("a"), graph.spec("raw").unit, graph.spec("raw").group]).toEqual([
      ["a", "raw"],
      ["raw"],
      undefined,
      "default",
    ]);
  });

  it("tells the checks of an asset by name, and none of assets that it does not have", () => {
    expect(diamond.checksOf("b").map(({ name }) => name)).toEqual(["a", "z"]);
    expect([diamond.checksOf("a"), diamond.checkIds]).toEqual([[], ["b#a", "b#z"]]);
  });

  it("names the key that was nearly meant when there is no such asset", () => {
    const graph = graphOf(made("customers"));
    expect(() => graph.parents("customer")).toThrow(
      new Error('There is no asset "customer". Did you mean "customers"?\n  → Ask for a key that the definitions have.'),
    );
  });

  it("orders each asset after those that it needs, the same way every time", () => {
    expect(diamond.topologicalOrder()).toEqual(["a", "b", "c", "d"]);
    expect(graphOf(made("a", "z"), made("z"), made("m")).topologicalOrder()).toEqual(["m", "z", "a"]);
    expect(graphOf().topologicalOrder()).toEqual([]);
  });

  it("spells out a cycle from upstream to downstream, without what merely hangs on it", () => {
    const graph = graphOf(made("a", "c"), made("b", "a"), made("c", "b"), made("tail", "c"), made("head"), made("0", "tail"));
    expect(() => graph.topologicalOrder()).toThrow(AssetCycleError);
    expect(() => graph.topologicalOrder()).toThrow(
      new Error(
        "The assets need each other in a circle: a → b → c → a.\n  → Take one of these dependencies away, or read the earlier value by a partition mapping instead.",
      ),
    );
  });

  it("calls an asset that needs itself a cycle", () => {
    expect(() => graphOf(made("a", "a")).topologicalOrder()).toThrow(/a → a\./);
  });
});
