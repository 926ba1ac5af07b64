import { RequestError } from "../../../../src/base/errors.js";
import { AssetCycleError } from "../../../../src/graph/asset-cycle-error.js";
import { StalenessIndex } from "../../../../src/planning/staleness/staleness-index.js";
import { asset, History } from "./history.js";

const diamond = (): History =>
  new History().define(
    asset("top", { codeVersion: "1" }),
    asset("left", { deps: ["top"], codeVersion: "1" }),
    asset("right", { deps: ["top"], codeVersion: "1" }),
    asset("bottom", { deps: ["left", "right"], codeVersion: "1" }),
  );
const madeDiamond = (): History => diamond().make("top left right bottom");

describe("what was never made", () => {
  it("is missing, and so is not stale", () => {
    expect(diamond().notFresh()).toEqual({ top: "missing", left: "missing", right: "missing", bottom: "missing" });
    expect(diamond().index().explain("bottom")).toEqual({ key: "bottom", status: "missing", chain: [] });
  });

  it("is fresh once all is made from the versions that are there", () => {
    expect(madeDiamond().notFresh()).toEqual({});
  });

  it("makes stale what is downstream when it was wiped", () => {
    const history = madeDiamond();
    history.records.delete("left");
    expect(history.notFresh()).toEqual({ left: "missing", bottom: "stale" });
    expect(history.index().causes("bottom")).toEqual([{ kind: "upstream-missing", key: "bottom", upstream: "left" }]);
  });
});

describe("a changed code version", () => {
  it("makes the asset stale and all that is downstream, each with the chain down to it", () => {
    const history = madeDiamond().define(asset("top", { codeVersion: "2" }));
    expect(history.notFresh()).toEqual({ top: "stale", left: "stale", right: "stale", bottom: "stale" });
    const root = { kind: "code-changed", key: "top", recorded: "1", current: "2" };
    expect(history.index().explain("top")).toEqual({ key: "top", status: "stale", chain: [root] });
    expect(history.index().explain("bottom")).toEqual({
      key: "bottom",
      status: "stale",
      chain: [{ kind: "upstream-stale", key: "bottom", upstream: "left" }, { kind: "upstream-stale", key: "left", upstream: "top" }, root],
    });
    expect(history.index().causes("bottom")).toEqual([
      { kind: "upstream-stale", key: "bottom", upstream: "left" },
      { kind: "upstream-stale", key: "bottom", upstream: "right" },
    ]);
  });

  it("counts when the asset had none, and not when it has none any more", () => {
    const history = new History()
      .define(asset("a"))
      .make("a")
      .define(asset("a", { codeVersion: "1" }));
    expect(history.index().explain("a").chain).toEqual([{ kind: "code-changed", key: "a", current: "1" }]);
    expect(
      new History()
        .define(asset("a", { codeVersion: "1" }))
        .make("a")
        .define(asset("a"))
        .notFresh(),
    ).toEqual({});
  });

  it("is not what another source version is: that some module changed makes nothing stale", () => {
    const history = new History().define(asset("a"), asset("b", { codeVersion: "1" })).make("a b");
    for (const key of ["a", "b"]) history.records.set(key, { ...history.records.get(key), sourceVersion: "another" });
    expect(history.notFresh()).toEqual({});
  });
});

describe("a new data version of an upstream", () => {
  it("makes stale what read the old one, and through it what is further down", () => {
    const history = madeDiamond().make("top", "top@2").make("left");
    expect(history.notFresh()).toEqual({ right: "stale", bottom: "stale" });
    expect(history.index().explain("bottom").chain).toEqual([
      { kind: "upstream-stale", key: "bottom", upstream: "right" },
      { kind: "data-changed", key: "right", upstream: "top", recorded: "top@1", current: "top@2" },
    ]);
  });

  it("is none when it was made again with the same one", () => {
    expect(madeDiamond().make("top").notFresh()).toEqual({});
  });

  it("comes from an observation too, of an external asset or an observed one", () => {
    const history = new History().define(asset("files", { external: true }), asset("table"), asset("sum", { deps: ["files", "table"] }));
    history.observe("files", "f1").observe("table", "t1").make("sum");
    expect(history.notFresh()).toEqual({});
    history.observe("files", "f2");
    expect(history.index().explain("sum").chain).toEqual([
      { kind: "data-changed", key: "sum", upstream: "files", recorded: "f1", current: "f2" },
    ]);
    history.observe("files", "f1").observe("table", "t2");
    expect(history.index().explain("sum").chain).toEqual([
      { kind: "data-changed", key: "sum", upstream: "table", recorded: "t1", current: "t2" },
    ]);
  });

  it("is not told by an observation without one, but by the first that has one", () => {
    const history = new History().define(asset("files", { external: true }), asset("sum", { deps: ["files"] })).make("sum");
    expect(history.observe("files", undefined).notFresh()).toEqual({});
    expect(history.observe("files", "f1").index().causes("sum")).toEqual([
      { kind: "data-changed", key: "sum", upstream: "files", current: "f1" },
    ]);
  });
});

describe("what an asset needs", () => {
  it("makes it stale when there is an upstream more", () => {
    const history = madeDiamond().define(asset("left", { codeVersion: "1", deps: ["top", "extra"] }), asset("extra", { external: true }));
    expect(history.index().explain("bottom").chain).toEqual([
      { kind: "upstream-stale", key: "bottom", upstream: "left" },
      { kind: "upstream-added", key: "left", upstream: "extra" },
    ]);
  });

  it("makes it stale when there is one less, also one that is gone altogether", () => {
    const history = madeDiamond().define(asset("bottom", { codeVersion: "1", deps: ["left"] }));
    history.assets.delete("right");
    expect(history.index().explain("bottom").chain).toEqual([{ kind: "upstream-removed", key: "bottom", upstream: "right" }]);
  });

  it("is not what it waits for `when` that fails", () => {
    const history = new History().define(asset("job", { codeVersion: "1" }), asset("alarm", { deps: [{ key: "job", when: "failure" }] }));
    history
      .make("job alarm")
      .make("job", "job@2")
      .define(asset("job", { codeVersion: "2" }));
    expect(history.notFresh()).toEqual({ job: "stale" });
  });

  it("makes it stale while it is missing, and is missing only where it is made here", () => {
    const history = new History().define(asset("made"), asset("given", { external: true }), asset("sum", { deps: ["made", "given"] }));
    history.make("sum");
    expect(history.index().causes("sum")).toEqual([{ kind: "upstream-missing", key: "sum", upstream: "made" }]);
    expect(history.notFresh()).toEqual({ made: "missing", sum: "stale" });
  });
});

describe("a change", () => {
  it("tells which states turned, and judges nothing beyond", () => {
    const history = madeDiamond();
    const index = history.index();
    expect(index.changeCode("left", "2")).toEqual(["left", "bottom"]);
    expect(index.record("left", { ...history.records.get("left"), codeVersion: "2", dataVersion: "left@2" })).toEqual(["left"]);
    expect(index.causes("bottom")).toEqual([
      { kind: "data-changed", key: "bottom", upstream: "left", recorded: "left@1", current: "left@2" },
    ]);
    expect(index.record("top", undefined)).toEqual(["top", "left", "right"]);
    expect([index.keysThatAre("fresh"), index.keysThatAre("stale"), index.keysThatAre("missing")]).toEqual([
      [],
      ["left", "right", "bottom"],
      ["top"],
    ]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("comes to the same as judging all again, on random graphs and changes (seed %i)", (seed) => {
    const random = below(seed);
    const history = new History();
    const keys = Array.from({ length: 40 }, (_, at) => `a${at}`);
    for (const [at, key] of keys.entries()) {
      const deps = Array.from({ length: Math.min(at, random(4)) }, () => `a${random(at)}`);
      history.define(asset(key, { deps, external: at < 8 && random(3) === 0, ...(random(3) > 0 ? { codeVersion: "1" } : {}) }));
      if (random(5) > 0) history.make(key);
    }
    const index = history.index();
    for (let change = 0; change < 80; change++) {
      const key = keys[random(keys.length)] as string;
      const before = history.index();
      const turned = changeOne(history, index, key, random);
      const after = history.index();
      expect(keys.map((each) => index.explain(each))).toEqual(keys.map((each) => after.explain(each)));
      expect([...turned].sort()).toEqual(keys.filter((each) => before.status(each) !== after.status(each)).sort());
    }
  });
});

it("refuses keys that it does not know, and assets that wait for each other", () => {
  expect(() => diamond().index().status("side")).toThrow(RequestError);
  expect(() => new StalenessIndex([asset("a", { deps: ["b"] }), asset("b", { deps: ["a"] })], () => undefined)).toThrow(AssetCycleError);
});

function changeOne(history: History, index: StalenessIndex, key: string, random: (below: number) => number): string[] {
  switch (random(4)) {
    case 0: {
      const { codeVersion: _, ...rest } = history.assets.get(key) ?? asset(key);
      const codeVersion = [undefined, "1", "2"][random(3)];
      history.define({ ...rest, ...(codeVersion === undefined ? {} : { codeVersion }) });
      return index.changeCode(key, codeVersion);
    }
    case 1:
      history.records.delete(key);
      return index.record(key, undefined);
    default:
      history.make(key, `${key}@${random(2)}`);
      return index.record(key, history.records.get(key));
  }
}

/** A whole number below `limit`, the same for the same seed. */
function below(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
