import { AssetGraph } from "../../../src/graph/asset-graph.js";
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

function assets(selection: AssetSelection | string): readonly string[] {
  return (typeof selection === "string" ? AssetSelection.fromString(selection) : selection).resolve(graph).assets;
}

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
    [
      AssetSelection.refs(["x", "y"], (ref) => (ref === "x" ? ["orders", "daily"] : [])),
      'key:"orders" or key:"daily"',
      ["daily", "orders"],
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

  it("says of an attribute that it cannot answer for", () => {
    expect(() => assets("status:failed")).toThrow(
      new Error(
        "Nothing is known here of the attribute status: of assets.\n  → Select by key, tag, owner, group, kind, is, partitions or check.",
      ),
    );
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
