import { AssetGraph } from "../../../src/graph/asset-graph.js";
import type { AssetRef } from "../../../src/model/asset-ref.js";
import { SELECTION_ATTRIBUTES } from "../../../src/graph/selection-ast.js";
import { AssetSelection } from "../../../src/graph/asset-selection.js";

const graph = new AssetGraph({
  assets: [
    { key: "raw/orders", deps: [], group: "raw" },
    {
      key: "orders",
      unit: "u1",
      deps: [{ key: "raw/orders" }],
      group: "core",
      kinds: ["sql"],
      owners: ["ann@example.com"],
      tags: { env: "prod" },
    },
    { key: "daily", unit: "u2", deps: [{ key: "orders" }], group: "marts", tags: { pii: "" }, partitions: "time" },
    { key: "report", unit: "u3", deps: [{ key: "daily" }], group: "marts", kinds: ["python"] },
    { key: "feed", unit: "u4", deps: [], observable: true },
  ],
  checks: [
    { asset: "orders", name: "not_empty" },
    { asset: "report", name: "fresh" },
  ],
});

const KNOWN: readonly string[] = ["key", "tag", "owner", "group", "kind", "is", "partitions", "check"];

function assets(selection: AssetSelection | string): readonly string[] {
  return (typeof selection === "string" ? AssetSelection.fromString(selection) : selection).resolve(graph).assets;
}

// A class mounted twice stands behind x.
const x: AssetRef = { kind: "asset-ref", target: { key: "x" } };
const y: AssetRef = { kind: "asset-ref", target: { key: "y" } };
const bound = (selection: AssetSelection): AssetSelection => selection.bind((ref) => (ref === x ? ["orders", "daily"] : ["feed"]));

describe("AssetSelection", () => {
  it.each([
    [AssetSelection.all(), "*", ["daily", "feed", "orders", "report"]],
    [AssetSelection.assets("orders", "report"), 'key:"orders" or key:"report"', ["orders", "report"]],
    [AssetSelection.assets(), "not *", []],
    [AssetSelection.groups("core", "ma*"), 'group:"core" or group:"ma*"', ["daily", "orders", "report"]],
    [AssetSelection.tag("env", "prod").or(AssetSelection.tag("pii")), 'tag:"env"="prod" or tag:"pii"', ["daily", "orders"]],
    [AssetSelection.owner("ann@example.com"), 'owner:"ann@example.com"', ["orders"]],
    [AssetSelection.kind("sql").downstream(1), 'kind:"sql"+1', ["daily", "orders"]],
    [AssetSelection.key("*/orders").downstream(), 'key:"*/orders"+', ["daily", "orders", "raw/orders", "report"]],
    [AssetSelection.assets("report").upstream(), '+key:"report"', ["daily", "orders", "report"]],
    [AssetSelection.all().minus(AssetSelection.groups("marts")), '* and not group:"marts"', ["feed", "orders"]],
    [AssetSelection.groups("marts").roots(), 'roots(group:"marts")', ["daily"]],
    [AssetSelection.assets("orders", "report").sinks(), 'sinks(key:"orders" or key:"report")', ["report"]],
    [AssetSelection.where("partitions", "time"), 'partitions:"time"', ["daily"]],
    [
      AssetSelection.where("kind", null).and(AssetSelection.where("is", "materializable")),
      'kind:<null> and is:"materializable"',
      ["daily"],
    ],
    [AssetSelection.where("tag", "env", "prod"), 'tag:"env"="prod"', ["orders"]],
    [bound(AssetSelection.assets(x)), 'key:"orders" or key:"daily"', ["daily", "orders"]],
    [
      bound(AssetSelection.assets("report", y, x)),
      'key:"report" or key:"feed" or key:"orders" or key:"daily"',
      ["daily", "feed", "orders", "report"],
    ],
    [
      bound(AssetSelection.assets(y).or(AssetSelection.assets(x).upstream(1)).roots()),
      'roots(key:"feed" or 1+(key:"orders" or key:"daily"))',
      ["feed", "orders"],
    ],
  ])("prints and reads back selection %#, and chooses the same", (selection, text, keys) => {
    expect([String(selection), assets(selection), assets(text)]).toEqual([text, keys, keys]);
  });

  it("takes the checks of the chosen assets with them unless told otherwise", () => {
    const orders = AssetSelection.assets("orders");
    expect(orders.resolve(graph)).toEqual({ assets: ["orders"], checks: ["orders#not_empty"] });
    expect(orders.withoutChecks().resolve(graph)).toEqual({ assets: ["orders"], checks: [] });
    expect(orders.checksOnly().resolve(graph)).toEqual({ assets: [], checks: ["orders#not_empty"] });
    expect(AssetSelection.checks("*#fresh").resolve(graph)).toEqual({ assets: [], checks: ["report#fresh"] });
  });

  it("chooses among external assets only when asked to, but finds them by key", () => {
    expect([assets("group:raw"), assets("key:raw/orders"), assets("is:external")]).toEqual([[], ["raw/orders"], ["raw/orders"]]);
    expect(AssetSelection.fromString("group:raw").resolve(graph, { includeExternal: true }).assets).toEqual(["raw/orders"]);
  });

  it("tells materializable, observable and partitioned assets apart", () => {
    expect([assets("is:materializable"), assets("is:observable"), assets("partitions:time")]).toEqual([
      ["daily", "orders", "report"],
      ["feed"],
      ["daily"],
    ]);
  });

  it("lets a key without `key:` match something or be an error", () => {
    expect([assets("order* or daily"), assets("key:nothing")]).toEqual([["daily", "orders"], []]);
    expect(() => assets("+ordrs")).toThrow(
      new Error(
        'There is no asset "ordrs". Did you mean "orders"?\n  → Correct it, or write key:"ordrs" for a selection that may be empty.',
      ),
    );
    expect(() => assets("zz*")).toThrow(
      new Error('No asset\'s key fits "zz*".\n  → Correct it, or write key:"zz*" for a selection that may be empty.'),
    );
  });

  it("takes the assets of a job by its name, where jobs are known", () => {
    const source = { assets: graph.keys().map((key) => graph.spec(key)), checks: [] };
    const known = new AssetGraph({
      ...source,
      jobs: [
        { name: "nightly", assets: ["orders", "daily"] },
        { name: "weekly", assets: ["daily", "report"] },
      ],
    });
    const chosen = (text: string): readonly string[] => AssetSelection.fromString(text).resolve(known).assets;
    expect([chosen("job:nightly"), chosen("job:weekly and not job:nightly"), chosen("job:<null>"), chosen("job:none")]).toEqual([
      ["daily", "orders"],
      ["report"],
      ["feed"],
      [],
    ]);
  });

  it("says of an attribute that it cannot answer for", () => {
    expect(() => assets("status:failed")).toThrow(
      new Error(
        "Nothing is known here of the attribute status: of assets.\n  → Select by key, tag, owner, group, kind, is, partitions or check.",
      ),
    );
  });

  it.each(SELECTION_ATTRIBUTES.filter((name) => !KNOWN.includes(name)))("refuses %s: only when it is resolved", (name) => {
    const selection = AssetSelection.fromString(`${name}:x${name === "column_tag" ? "=y" : ""} or key:orders`);
    expect(AssetSelection.fromString(String(selection)).node).toEqual(selection.node);
    expect(() => assets(selection)).toThrow(
      new Error(
        `Nothing is known here of the attribute ${name}: of assets.\n  → Select by key, tag, owner, group, kind, is, partitions or check.`,
      ),
    );
  });

  it("knows no key of a ref before it is bound", () => {
    const message =
      'The selection holds the ref of "y", whose key is not known yet.\n  → Materialize it, or bind it to the definitions first: selection.bind(keysOf).';
    expect(() => String(AssetSelection.assets(y))).toThrow(new Error(message));
    expect(() => assets(AssetSelection.assets(y))).toThrow(new Error(message));
  });

  it("refuses what the language cannot say", () => {
    expect(() => AssetSelection.where("is", "source")).toThrow(/The selection has is:source, which is nothing an asset can be/);
    expect(() => AssetSelection.where("key", 'a"b')).toThrow(/cannot be written in a selection/);
  });

  it("refuses a depth that is no count of levels", () => {
    expect(() => AssetSelection.all().upstream(-1)).toThrow(
      new Error("The depth of a traversal is -1.\n  → Give a whole number from 0 to 1000000000, or none for all levels."),
    );
  });

  it("is its text in JSON", () => {
    expect(JSON.stringify({ selection: AssetSelection.all() })).toBe('{"selection":"*"}');
  });
});
