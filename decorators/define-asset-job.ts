import { declarationSite } from "../src/base/declaration-site.js";
import type { RunConfigInput } from "../src/config/run-config.js";
import type { AssetSelection } from "../src/graph/asset-selection.js";
import type { PartitionsDefinition } from "../src/model/partitions/partitions-definition.js";
import type { AssetJob } from "./declarations/declaration.js";
import { isName } from "./declarations/names.js";
import { OptionError } from "./declarations/option-error.js";
import { parsePartitionOptions } from "./declarations/parse-partition-options.js";

/** What describes a job. */
export interface AssetJobOptions {
  /** Letters, digits and `_`; unique among the jobs. */
  readonly name: string;
  /** What it runs: a selection as text, or built. */
  readonly selection: string | AssetSelection;
  readonly description?: string;
  /** How its assets are divided, where you want it said here: the scan refuses other ones. @defaultValue that of its assets */
  readonly partitions?: PartitionsDefinition;
  /** Configuration of its runs; what a run is launched with is laid over it. */
  readonly config?: RunConfigInput;
  /** Tags of its runs. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** A selection with a name, and what its runs are given; list it in `Definitions.jobs`. Its assets and their partitions are resolved at the scan. */
export function defineAssetJob(options: AssetJobOptions): AssetJob {
  const site = declarationSite(defineAssetJob).of(`defineAssetJob "${options.name}"`);
  const { name, selection, description, partitions, config, tags } = options;
  if (!isName(name)) throw new OptionError(`name ${JSON.stringify(name)} is no name of a job.`, site, "Use letters, digits and _ only.");
  if (partitions !== undefined) parsePartitionOptions({ partitions }, site);
  return {
    kind: "asset-job",
    name,
    selection,
    ...(description === undefined ? {} : { description }),
    ...(partitions === undefined ? {} : { partitions }),
    ...(config === undefined ? {} : { config }),
    tags: tags ?? {},
    site,
  };
}
