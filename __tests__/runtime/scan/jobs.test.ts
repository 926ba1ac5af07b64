import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  AssetSelection,
  type AssetJob,
  Definitions,
  MultiAsset,
  Own,
  Pipeline,
  dailyPartitions,
  defineAssetJob,
  externalAsset,
  OptionError,
  ref,
  weeklyPartitions,
} from "../../../runtime/entries/index.js";
import { resolveDefinitions } from "../../../runtime/scan/resolve-definitions.js";
import { ScanError } from "../../../runtime/scan/scan-error.js";

const daily = dailyPartitions({ start: "2025-01-01" });
const weekly = weeklyPartitions({ start: "2025-01-01" });

@Pipeline({ group: "sales" })
class Sales {
  @Asset({ partitions: daily, backfill: { maxPartitionsPerRun: 10 } }) orders(): number[] {
    return [];
  }
  @Asset({ partitions: dailyPartitions({ start: "2025-01-01" }), backfill: { maxPartitionsPerRun: "all" } }) totals(
    @Own("orders") _orders: number[],
  ): number {
    return 0;
  }
  @Asset({ partitions: weekly, deps: [ref(() => Sales, "orders")] }) week(): number {
    return 0;
  }
  @Asset() rates(): number {
    return 1;
  }
  @MultiAsset({ outs: { a: {}, b: {} } }) both(): { a: number; b: number } {
    return { a: 1, b: 2 };
  }
  @AssetCheck({ asset: ref(() => Sales, "rates") }) positive(): AssetCheckResult {
    return new AssetCheckResult({ passed: true });
  }
}

class Other {
  rows(): number {
    return 1;
  }
}

const definitionsWith = (...jobs: AssetJob[]) =>
  resolveDefinitions(new Definitions({ pipelines: [Sales], assets: [externalAsset({ key: "outside" })], jobs }));

function problemsOf(...jobs: AssetJob[]): string {
  try {
    definitionsWith(...jobs);
    return "no problem";
  } catch (error) {
    if (!(error instanceof ScanError)) throw error;
    return error.problems
      .map(({ code, message, site, fix }) => `${code}: ${message}${site === undefined ? "" : `\n  at ${site}`}\n  → ${fix}`)
      .join("\n")
      .replace(/ \([^()]*?:\d+\)/g, " (FILE)");
  }
}

it("tells in the catalog what each job runs, by its name, and how its assets are divided", () => {
  const config = { assets: { rates: { limit: 1 } } };
  const { catalog, bindings } = definitionsWith(
    defineAssetJob({ name: "nightly", selection: "orders or totals or rates", tags: { team: "data" }, partitions: daily, config }),
    defineAssetJob({ name: "hourly", selection: AssetSelection.assets(ref(Sales, "rates")), description: "The rates of exchange." }),
  );
  const site = expect.stringMatching(/^defineAssetJob "\w+" \(/) as string;
  expect(JSON.parse(JSON.stringify(catalog.jobs))).toEqual(catalog.jobs);
  expect(catalog.jobs).toEqual([
    {
      name: "hourly",
      description: "The rates of exchange.",
      selection: 'key:"rates"',
      assets: ["rates"],
      checks: ["rates#positive"],
      partitions: null,
      tags: {},
      site,
    },
    {
      name: "nightly",
      selection: "orders or totals or rates",
      assets: ["orders", "rates", "totals"],
      checks: ["rates#positive"],
      partitions: daily,
      backfillPolicy: { maxPartitionsPerRun: 10 },
      tags: { team: "data" },
      site,
    },
  ]);
  expect([...bindings.jobConfigs]).toEqual([["nightly", config]]);
});

describe("the scan refuses a job", () => {
  it.each<[string, AssetJob[], string]>([
    [
      "of assets that are divided differently",
      [defineAssetJob({ name: "mixed", selection: "orders or week" })],
      `DEFINITION.JOB_PARTITIONS: Job "mixed" selects assets whose partitions differ: "orders" and "week".
  at defineAssetJob "mixed" (FILE)
  → Give them the same partitions, or make two jobs.`,
    ],
    [
      "that names other partitions than its assets have",
      [defineAssetJob({ name: "weekly", selection: "orders", partitions: weekly })],
      `DEFINITION.JOB_PARTITIONS: Job "weekly" names other partitions than its asset "orders" has.
  at defineAssetJob "weekly" (FILE)
  → Take \`partitions\` out of the job: it has those of its assets.`,
    ],
    [
      "of what nothing here makes",
      [defineAssetJob({ name: "far", selection: "outside or rates" })],
      `DEFINITION.JOB_SELECTION: Job "far" selects "outside", which nothing here materializes.
  at defineAssetJob "far" (FILE)
  → Take external assets out of its selection, e.g. with \`and is:materializable\`.`,
    ],
    [
      "of a part of what is made together",
      [defineAssetJob({ name: "part", selection: "a" })],
      `DEFINITION.JOB_SELECTION: Job "part" selects "a" without "b", which is made with it.
  at defineAssetJob "part" (FILE)
  → Select "b" too, or set canSubset on the multi-asset.`,
    ],
    [
      "that selects nothing",
      [defineAssetJob({ name: "none", selection: "group:nobody" })],
      `DEFINITION.JOB_SELECTION: Job "none" selects nothing.
  at defineAssetJob "none" (FILE)
  → Look at what a selection gives with \`millrace list SELECTION\`.`,
    ],
    [
      "of an asset that there is not",
      [defineAssetJob({ name: "typo", selection: "order" })],
      `REQUEST.SELECTION_UNKNOWN_KEY: The selection of job "typo": There is no asset "order". Did you mean "orders"?
  at defineAssetJob "typo" (FILE)
  → Correct it, or write key:"order" for a selection that may be empty.`,
    ],
    [
      "of a method that is no asset",
      [
        defineAssetJob({
          name: "gone",
          selection: AssetSelection.assets(ref(Other, "rows")),
        }),
      ],
      `REQUEST.UNKNOWN_REF: The selection of job "gone": Other.rows is taken, but Other is not in Definitions.pipelines.
  at defineAssetJob "gone" (FILE)
  → Add Other to Definitions.pipelines.`,
    ],
    [
      "whose selection is malformed",
      [defineAssetJob({ name: "broken", selection: "orders and" })],
      `REQUEST.SELECTION_SYNTAX: The selection of job "broken": The selection has its end where a selection should stand.
  orders and
            ^
  at defineAssetJob "broken" (FILE)
  → Write parts such as key:"orders", group:sales or tag:env=prod, with and, or, not between them.`,
    ],
    [
      "of a name that another has",
      [defineAssetJob({ name: "rates", selection: "rates" }), defineAssetJob({ name: "rates", selection: "orders" })],
      `DEFINITION.DUPLICATE_JOB: Job "rates" is defined by defineAssetJob "rates" (FILE) and by defineAssetJob "rates" (FILE).
  at defineAssetJob "rates" (FILE)
  → Give one of them another name, e.g. name: "rates_2".`,
    ],
  ])("%s", (_, jobs, text) => {
    expect(problemsOf(...jobs)).toBe(text);
  });
});

it("refuses a name with a space where it stands", () => {
  expect(() => defineAssetJob({ name: "my job", selection: "*" })).toThrow(OptionError);
});
