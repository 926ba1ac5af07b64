import { type Import, importsOf, parse, show, sourcesIn, valueCycles } from "./imports";
import { FENCES, isIn, RANKS, roomOf } from "./rooms";

const files = sourcesIn("src", "decorators", "runtime");
const imports = files.flatMap(importsOf);
const internal = imports.filter(({ external }) => !external);
const external = imports.filter((one) => one.external);

/** What `text`, were it the file at `path`, would import: the bad example that each rule must refuse. */
const example = (path: string, text: string): Import[] => importsOf(parse(path, text));
const at = (path: string, to: string, kind: Import["kind"] = "value"): Import => ({ from: path, to, kind, external: false, line: 1 });

const outOfStorey = (all: readonly Import[]): string[] =>
  all.filter(({ from, to }) => isIn(from, "src") && (isIn(to, "decorators") || isIn(to, "runtime"))).map(show);

const decoratorsInRuntime = (all: readonly Import[]): string[] =>
  all
    .filter(({ from }) => isIn(from, "runtime") && !isIn(from, "runtime/entries"))
    .filter(({ to }) => isIn(to, "decorators") && !isIn(to, "decorators/declarations"))
    .map(show);

const serverMeetsDaemon = (all: readonly Import[]): string[] =>
  all
    .filter(
      ({ from, to }) =>
        (isIn(from, "runtime/server") && isIn(to, "runtime/daemon")) || (isIn(from, "runtime/daemon") && isIn(to, "runtime/server")),
    )
    .map(show);

const upTheRanks = (all: readonly Import[]): string[] =>
  all
    .filter(({ from, to }) => {
      const [own, other] = [roomOf(from), roomOf(to)];
      return own !== undefined && other !== undefined && own !== other && (RANKS[other] ?? 0) >= (RANKS[own] ?? 0);
    })
    .map((one) => `${show(one)} (rank ${RANKS[roomOf(one.from) ?? ""]} → ${RANKS[roomOf(one.to) ?? ""]})`);

const BUILT_IN = /^node:/;
const overTheFence = (all: readonly Import[]): string[] =>
  all
    .filter(({ to }) => !BUILT_IN.test(to) || to in FENCES)
    .filter(({ from, to }) => !(FENCES[to] ?? []).some((place) => isIn(from, place)))
    .map((one) => `${show(one)}, which belongs to ${FENCES[one.to]?.join(", ") ?? "no room yet: name it in rooms.ts"}`);

it("has files and imports to check in each storey", () => {
  const counts = ["src", "decorators", "runtime"].map((storey) => files.filter(({ path }) => isIn(path, storey)).length);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  expect(files.length).toBeGreaterThan(10);
  expect(internal.length).toBeGreaterThan(files.length / 4);
  expect(external.length).toBeGreaterThan(0);
});

it("resolves every relative import to a file", () => {
  expect(internal.filter(({ to }) => to.startsWith("unresolved:")).map(show)).toEqual([]);
  expect(example("src/base/a.ts", 'import "./nowhere.js";')[0]?.to).toBe("unresolved:./nowhere.js");
});

it("gives every file a room", () => {
  expect(files.map(({ path }) => path).filter((path) => roomOf(path) === undefined)).toEqual([]);
  expect(roomOf("src/helpers/a.ts")).toBeUndefined();
  expect(roomOf("src/storage/sql/a.ts")).toBe("src/storage/sql");
});

it("keeps src free of decorators and of the runtime", () => {
  expect(outOfStorey([at("src/model/run.ts", "decorators/asset.ts"), at("src/model/run.ts", "runtime/cli/main.ts", "type")])).toHaveLength(
    2,
  );
  expect(outOfStorey(internal)).toEqual([]);
});

it("lets the runtime read declarations only, except for its entries", () => {
  const bad = at("runtime/scan/a.ts", "decorators/asset.ts");
  const good = [at("runtime/scan/a.ts", "decorators/declarations/a.ts"), at("runtime/entries/index.ts", "decorators/asset.ts")];
  expect(decoratorsInRuntime([bad, ...good])).toEqual([show(bad)]);
  expect(decoratorsInRuntime(internal)).toEqual([]);
});

it("keeps server and daemon from knowing each other", () => {
  expect(
    serverMeetsDaemon([at("runtime/server/a.ts", "runtime/daemon/b.ts"), at("runtime/daemon/b.ts", "runtime/server/a.ts")]),
  ).toHaveLength(2);
  expect(serverMeetsDaemon(internal)).toEqual([]);
});

it("imports from the own room or from a lower rank", () => {
  expect(upTheRanks([at("src/base/a.ts", "src/model/b.ts", "type"), at("src/graph/a.ts", "src/io/b.ts")])).toHaveLength(2);
  expect(upTheRanks([at("src/model/b.ts", "src/base/a.ts"), at("src/model/partitions/a.ts", "src/model/b.ts")])).toEqual([]);
  expect(upTheRanks(internal)).toEqual([]);
});

it("has no cycle of value imports", () => {
  expect(valueCycles([at("a.ts", "b.ts"), at("b.ts", "c.ts"), at("c.ts", "a.ts")])).toEqual(["a.ts → b.ts → c.ts → a.ts"]);
  expect(valueCycles([at("a.ts", "b.ts"), at("b.ts", "a.ts", "type"), at("b.ts", "a.ts", "lazy")])).toEqual([]);
  expect(valueCycles(internal)).toEqual([]);
});

it("imports each package in its own room only", () => {
  expect(
    overTheFence(example("runtime/scan/a.ts", 'import commander from "commander"; import "left-pad"; import { join } from "node:path";')),
  ).toEqual([
    "runtime/scan/a.ts:1 imports commander, which belongs to runtime/cli",
    "runtime/scan/a.ts:1 imports left-pad, which belongs to no room yet: name it in rooms.ts",
  ]);
  expect(overTheFence(external)).toEqual([]);
});

it("tells type imports, value imports and lazy imports apart", () => {
  const text = `
    import type { A } from "./clock.js"; import { type B } from "./clock.js"; import { type C, d } from "./clock.js";
    import "./clock.js"; export type { E } from "./clock.js"; export * from "./clock.js";
    const f = () => import("./clock.js"); let g: import("./clock.js").Clock;`;
  const found = example("src/base/a.ts", text);
  expect(found.map(({ kind }) => kind)).toEqual(["type", "type", "value", "value", "type", "value", "lazy", "type"]);
  expect(new Set(found.map(({ to }) => to))).toEqual(new Set(["src/base/clock.ts"]));
});
