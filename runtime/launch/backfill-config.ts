import { canonicalJson, type Json } from "../../src/base/canonical-json.js";
import { ConfigError } from "../../src/base/errors.js";
import type { RunConfig, RunConfigInput } from "../../src/config/run-config.js";
import { MASK, SecretMasker } from "../../src/config/secret-masker.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import type { Catalog } from "../../src/model/catalog.js";
import type { BackfillRecord } from "../../src/storage/backfill-store.js";
import { prepareRun, type ConfiguredStep } from "../execute/prepare-run.js";
import { storedConduct } from "./backfill-options.js";
import type { Session } from "./session.js";

/** What the runs of a backfill make, as far as their configuration goes. */
export interface ConfiguredAssets {
  readonly assets: ReadonlySet<AssetKey>;
  /** Ids. */
  readonly checks: ReadonlySet<string>;
}

/** Configuration that every run of a backfill can be made with. */
export interface BackfillConfig {
  /** As it is kept with the backfill: secrets masked. */
  readonly stored: Json;
  /** Knows the secrets in it. */
  readonly masker: SecretMasker;
}

/**
 * Validates the configuration of a backfill for all that its runs make.
 * @throws {@link ConfigError} with every fault
 */
export function checkedConfig({ resolved, env }: Session, made: ConfiguredAssets, config: RunConfigInput): BackfillConfig {
  const masker = new SecretMasker();
  const { stored } = prepareRun(resolved, { steps: stepsOf(resolved.catalog, made) }, config, { environment: env, masker });
  return { stored, masker };
}

/**
 * The configuration with which a backfill is gone on with: its own. It has to be given again, the same, where it held secrets, which are not stored.
 * @throws {@link ConfigError} when it is not given again, is another one, or cannot be used any more
 */
export function configAgain(
  session: Session,
  { id, options }: Pick<BackfillRecord, "id" | "options">,
  { made, given }: { readonly made: ConfiguredAssets; readonly given: RunConfigInput | undefined },
): RunConfigInput {
  const { config: stored = {} } = storedConduct(options);
  if (given === undefined && JSON.stringify(stored).includes(MASK))
    throw new ConfigError("BACKFILL.CONFIG_HELD_SECRETS", `The configuration of backfill ${id} held secrets, which are not stored.`, {
      fix: `Give it again: millrace backfill resume ${id} --config FILE (or retry).`,
    });
  const config = given ?? (stored as RunConfig);
  const checked = checkedConfig(session, made, config);
  if (given !== undefined && canonicalJson(checked.stored) !== canonicalJson(stored))
    throw new ConfigError("BACKFILL.CONFIG_DIFFERS", `The configuration given is not that of backfill ${id}, which all of its runs have.`, {
      fix: "Leave it out where it held no secrets, or ask for a new backfill with another one.",
    });
  return config;
}

function stepsOf({ units }: Catalog, { assets, checks }: ConfiguredAssets): ConfiguredStep[] {
  return units
    .filter((unit) => unit.assets.some((key) => assets.has(key)) || unit.checks.some((id) => checks.has(id)))
    .map(({ id, assets: ofUnit }) => ({ key: id, unit: id, assets: ofUnit.filter((key) => assets.has(key)) }));
}
