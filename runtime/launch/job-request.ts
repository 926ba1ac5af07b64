import { nearest } from "../../src/base/did-you-mean.js";
import { RequestError } from "../../src/base/errors.js";
import type { ConfigEntry } from "../../src/config/config.js";
import { tokenName } from "../../src/config/provided.js";
import type { RunConfig, RunConfigInput } from "../../src/config/run-config.js";
import type { JobSpec } from "../../src/model/job.js";
import type { ResolvedDefinitions } from "../scan/bindings.js";

/** Tag of a job's runs that holds the job's name. */
const JOB_TAG = "millrace/job";

/** What a run of a job is asked for. */
export interface JobRunOptions {
  readonly tags?: Readonly<Record<string, string>>;
  readonly config?: RunConfigInput;
}

/** The job of this name. @throws {@link RequestError} `REQUEST.UNKNOWN_JOB` with the nearest name */
export function jobNamed({ catalog }: ResolvedDefinitions, name: string): JobSpec {
  const job = catalog.jobs.find((each) => each.name === name);
  if (job) return job;
  const names = catalog.jobs.map((each) => each.name);
  const near = nearest(name, names);
  throw new RequestError("REQUEST.UNKNOWN_JOB", `There is no job "${name}".${near === undefined ? "" : ` Did you mean "${near}"?`}`, {
    fix: names.length === 0 ? "List one in Definitions.jobs, made by defineAssetJob." : "Look at them with `millrace jobs`.",
  });
}

/** Options of a run of a job: its own tags and configuration with those given laid over them. @throws {@link RequestError} as {@link jobNamed} does */
export function jobOptions<O extends JobRunOptions>(resolved: ResolvedDefinitions, name: string, options: O): O {
  const { tags } = jobNamed(resolved, name);
  const own = resolved.bindings.jobConfigs.get(name);
  const config = joined(own, options.config, resolved);
  return { ...options, tags: { ...tags, ...options.tags, [JOB_TAG]: name }, ...(config === undefined ? {} : { config }) };
}

/** Configuration with another laid over it, field by field. */
function joined(
  under: RunConfigInput | undefined,
  over: RunConfigInput | undefined,
  resolved: ResolvedDefinitions,
): RunConfigInput | undefined {
  if (under === undefined || over === undefined) return over ?? under;
  if (isEntries(under) && isEntries(over)) return [...under, ...over];
  const [low, high] = [written(under, resolved), written(over, resolved)];
  return { assets: laidOver(low.assets, high.assets), resources: laidOver(low.resources, high.resources) };
}

function isEntries(config: RunConfigInput): config is readonly ConfigEntry[] {
  return Array.isArray(config);
}

function written(config: RunConfigInput, { keysOf }: ResolvedDefinitions): RunConfig {
  if (!isEntries(config)) return config;
  let [assets, resources]: [RunConfig["assets"], RunConfig["resources"]] = [{}, {}];
  for (const { target, fields } of config) {
    if (typeof target === "function") resources = laidOver(resources, { [tokenName(target)]: fields });
    else for (const key of keysOf(target)) assets = laidOver(assets, { [key]: fields });
  }
  return { assets, resources };
}

type Named = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function laidOver(under: Named = {}, over: Named = {}): Named {
  const names = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...names].map((name) => [name, { ...under[name], ...over[name] }]));
}
