import { Asset, AssetCheck, MultiAsset, OptionError, Pipeline, dailyPartitions } from "../../runtime/entries/index.js";
import type { AssetOptions } from "../../runtime/entries/index.js";

const daily = dailyPartitions({ start: "2025-01-01" });

function refusal(declare: () => unknown): string {
  try {
    declare();
  } catch (error) {
    if (error instanceof OptionError) return error.message.replace(/ \([^()]*?:\d+\)/g, " (FILE)");
    throw error;
  }
  return "accepted";
}
const asset = (options: AssetOptions): string =>
  refusal(() => {
    class Sales {
      @Asset(options) orders(): void {}
    }
    return Sales;
  });

describe("a decorator", () => {
  it.each<[AssetOptions, string]>([
    [{ group: "a-b" }, 'Sales.orders (FILE): group "a-b" is no group name.\n  → Use letters, digits and _ only.'],
    [
      { key: "a//b" },
      'Sales.orders (FILE): key "a//b" is no asset key.\n  → Use segments of letters, digits, _, . and -, joined by /, e.g. "sales/daily_orders".',
    ],
    [
      { owners: ["ada"] },
      'Sales.orders (FILE): owner "ada" is neither an e-mail address nor a team.\n  → Write "ada@example.com" or "team:data-eng".',
    ],
    [{ retry: { maxRetries: -1 } }, "Sales.orders (FILE): retry.maxRetries is -1.\n  → Give a whole number of at least 0."],
    [
      { retry: { maxRetries: 2, jitter: "full" } },
      'Sales.orders (FILE): retry.jitter is given without retry.delay, so that there is no wait for it to change.\n  → Add a delay, e.g. retry: { maxRetries: 2, delay: "2s", jitter: "full" }.',
    ],
    [
      { timeout: "soon" },
      'Sales.orders (FILE): timeout is "soon", which is no duration.\n  → Write milliseconds as a number, or a number with ms, s, m, h or d, e.g. "15m".',
    ],
    [
      { kinds: "abcdefghijk".split("") },
      "Sales.orders (FILE): 11 kinds are given; an asset has at most 10.\n  → Keep those that tell the storage and the tool, and make tags of the others.",
    ],
    [
      { tags: { "a b": "x" } },
      'Sales.orders (FILE): tag key "a b" is not allowed.\n  → Use at most 63 letters, digits, _, . and -, with an optional prefix of the same before one /.',
    ],
    [
      { schema: class Empty {} },
      "Sales.orders (FILE): schema: Class Empty describes no rows: none of its fields has @Column or a validation rule.\n  → Put @Column() before each field that is a column.",
    ],
    [{ owners: ["ada@example.com", "team:data"], tags: { "dagster/kind": "" }, group: "a_1" }, "accepted"],
  ])("judges its own options where it stands: %j", (options, message) => {
    expect(asset(options)).toBe(message);
  });

  it.each<[object, string]>([
    [
      { partitions: "daily" },
      'Sales.orders (FILE): partitions is "daily", which is no definition of partitions.\n  → Make it by dailyPartitions({ start: "2025-01-01" }), staticPartitions(["a", "b"]), dynamicPartitions("name") or one of their like.',
    ],
    [
      { partitions: dailyPartitions },
      'Sales.orders (FILE): partitions is the function dailyPartitions, which is no definition of partitions.\n  → Make it by dailyPartitions({ start: "2025-01-01" }), staticPartitions(["a", "b"]), dynamicPartitions("name") or one of their like.',
    ],
    [
      { partitions: daily, backfill: { maxPartitionsPerRun: 0 } },
      'Sales.orders (FILE): backfill.maxPartitionsPerRun is 0.\n  → Give a whole number of at least 1, or "all": backfill: { maxPartitionsPerRun: 10 }.',
    ],
    [
      { partitions: daily, backfill: "all" },
      'Sales.orders (FILE): backfill.maxPartitionsPerRun is undefined.\n  → Give a whole number of at least 1, or "all": backfill: { maxPartitionsPerRun: 10 }.',
    ],
    [
      { backfill: { maxPartitionsPerRun: "all" } },
      "Sales.orders (FILE): backfill is given without partitions, so that there is nothing to put into runs.\n  → Give partitions too, or take backfill out.",
    ],
    [{ reuse: "no" }, 'Sales.orders (FILE): reuse is "no".\n  → Write reuse: false to make the asset each time, or leave the option out.'],
    [{ partitions: daily, backfill: { maxPartitionsPerRun: 7 }, reuse: false }, "accepted"],
  ])("judges how an asset is divided and made anew: %j", (options, message) => {
    expect(asset(options)).toBe(message);
  });

  it("leaves the method as it was", () => {
    const plain = function orders(): number {
      return 7;
    };
    const prototype = { orders: plain };
    (Asset() as MethodDecorator)(prototype, "orders", {});
    expect(prototype.orders).toBe(plain);
  });

  it("refuses a static method, empty outs and checks beside a name", () => {
    expect(
      refusal(() => {
        class Sales {
          @Asset() static orders(): void {}
        }
        return Sales;
      }),
    ).toBe(
      "Sales.orders (FILE): @Asset stands on a static method.\n  → Make it a method of the instance: resources reach it through the constructor.",
    );
    expect(
      refusal(() => {
        class Sales {
          @MultiAsset({ outs: {} }) orders() {
            return {};
          }
        }
        return Sales;
      }),
    ).toBe("Sales.orders (FILE): outs is empty.\n  → Name at least one out, e.g. outs: { orders: {} }.");
    expect(
      refusal(() => {
        class Sales {
          @AssetCheck({ asset: "a", name: "x", checks: [{ name: "y" }] }) orders(): void {}
        }
        return Sales;
      }),
    ).toBe(
      "Sales.orders (FILE): checks stands beside name, blocking, description or metadata.\n  → Move these into the entries of checks.",
    );
    expect(refusal(() => Pipeline({ group: "no way" })(class Sales {}))).toBe(
      'Sales (FILE): group "no way" is no group name.\n  → Use letters, digits and _ only.',
    );
  });
});
