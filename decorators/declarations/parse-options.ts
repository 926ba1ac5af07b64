import { type Duration, toMs } from "../../src/base/duration.js";
import { DefinitionError, messageOf } from "../../src/base/errors.js";
import type { IOManager } from "../../src/config/io-manager.js";
import { schemaOfRowClass } from "../../src/config/row-class.js";
import type { Provided } from "../../src/config/provided.js";
import type { Ctor, Dep } from "../../src/model/asset-ref.js";
import type { MetadataInput } from "../../src/model/metadata.js";
import type { RowSchema } from "../../src/model/row-schema.js";
import type { SchemaWatch } from "../../src/model/asset-spec.js";
import type { RetryPolicy } from "../../src/model/retry-policy.js";
import type { AssetFields, CheckFields, UnitFields } from "./declaration.js";
import { isAssetKey, isName } from "./names.js";
import { OptionError } from "./option-error.js";
import { type DivisionOptions, parsePartitionOptions, type RefreshOptions } from "./parse-partition-options.js";
import type { DeclarationSite } from "../../src/base/declaration-site.js";

/** How often and when a failed attempt is made again. */
export interface RetryOptions {
  /** Retries after the first attempt. @defaultValue 1 */
  readonly maxRetries?: number;
  /** Base wait, e.g. `"2s"`. @defaultValue no wait */
  readonly delay?: Duration;
  /** How the wait grows; needs `delay`. @defaultValue it stays */
  readonly backoff?: "linear" | "exponential";
  /** `full`: between 0 and the wait; `plus-minus`: around it. Needs `delay`. @defaultValue none */
  readonly jitter?: "full" | "plus-minus";
}

/** A check that the asset's own method reports (in `MaterializeResult.checks`), or that is made from what is recorded: `schemaUnchanged()`. */
export interface DeclaredCheck {
  /** Letters, digits and `_`; unique for its asset. */
  readonly name: string;
  /** A failure keeps the downstream from starting in the same run. @defaultValue false */
  readonly blocking?: boolean;
  /** Markdown, shown with the check. */
  readonly description?: string;
  /** What describes the check itself. */
  readonly metadata?: Readonly<Record<string, MetadataInput>>;
  /** Evaluated without the method. @defaultValue the method reports it */
  readonly watches?: SchemaWatch;
}

/** The options as they come in, before they are looked at. */
export interface RawAssetOptions {
  readonly key?: string;
  readonly keyPrefix?: string | readonly string[];
  readonly description?: string;
  readonly group?: string;
  readonly owners?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly kinds?: readonly string[];
  readonly deps?: readonly Dep[];
  readonly io?: unknown;
  readonly codeVersion?: string;
  readonly metadata?: Readonly<Record<string, MetadataInput>>;
  /** The columns of its rows: made by `rowSchema({...})`, or a class whose fields are columns. @defaultValue found in the rows */
  readonly schema?: RowSchema | Ctor<object>;
}

const configuredClasses = new WeakMap<object, Provided<IOManager>>();

/** A class as a resource with its defaults; a configured one as it is. The same class gives the same object. */
export function asProvided(given: unknown): Provided<IOManager> | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "function") return given as Provided<IOManager>;
  let provided = configuredClasses.get(given);
  if (!provided) {
    provided = { kind: "provided", token: given as unknown as Ctor<IOManager>, fields: {} };
    configuredClasses.set(given, provided);
  }
  return provided;
}

/** The options that describe an asset, found right. @throws {@link OptionError} for the first that is not */
export function parseAssetFields(raw: RawAssetOptions & DivisionOptions & RefreshOptions, site: DeclarationSite): AssetFields {
  const keyPrefix = typeof raw.keyPrefix === "string" || raw.keyPrefix === undefined ? raw.keyPrefix : raw.keyPrefix.join("/");
  for (const [name, text] of [
    ["key", raw.key],
    ["keyPrefix", keyPrefix],
  ] as const) {
    if (text !== undefined && !isAssetKey(text)) {
      throw new OptionError(
        `${name} ${JSON.stringify(text)} is no asset key.`,
        site,
        'Use segments of letters, digits, _, . and -, joined by /, e.g. "sales/daily_orders".',
      );
    }
  }
  if (raw.group !== undefined && !isName(raw.group)) {
    throw new OptionError(`group ${JSON.stringify(raw.group)} is no group name.`, site, "Use letters, digits and _ only.");
  }
  parseOwners(raw.owners, site);
  parseTags(raw.tags, site);
  parseKinds(raw.kinds, site);
  const io = asProvided(raw.io);
  const fields: { -readonly [K in keyof AssetFields]: AssetFields[K] } = {};
  if (raw.key !== undefined) fields.key = raw.key;
  if (keyPrefix !== undefined) fields.keyPrefix = keyPrefix;
  if (raw.description !== undefined) fields.description = raw.description;
  if (raw.group !== undefined) fields.group = raw.group;
  if (raw.owners !== undefined) fields.owners = raw.owners;
  if (raw.tags !== undefined) fields.tags = raw.tags;
  if (raw.kinds !== undefined) fields.kinds = raw.kinds;
  if (raw.deps !== undefined) fields.deps = raw.deps;
  if (io !== undefined) fields.io = io;
  if (raw.codeVersion !== undefined) fields.codeVersion = raw.codeVersion;
  if (raw.metadata !== undefined) fields.metadata = raw.metadata;
  if (raw.schema !== undefined) fields.schema = parseSchema(raw.schema, site);
  return Object.assign(fields, parsePartitionOptions(raw, site));
}

function parseSchema(given: RowSchema | Ctor<object>, site: DeclarationSite): RowSchema {
  if (typeof given !== "function") return given;
  try {
    return schemaOfRowClass(given);
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    throw new OptionError(`schema: ${error.message.split("\n")[0]}`, site, error.fix ?? "");
  }
}

function parseOwners(owners: readonly string[] | undefined, site: DeclarationSite): void {
  for (const owner of owners ?? []) {
    if (/^team:[^\s:]+$/.test(owner) || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(owner)) continue;
    throw new OptionError(
      `owner ${JSON.stringify(owner)} is neither an e-mail address nor a team.`,
      site,
      'Write "ada@example.com" or "team:data-eng".',
    );
  }
}

function parseTags(tags: Readonly<Record<string, string>> | undefined, site: DeclarationSite): void {
  for (const [key, value] of Object.entries(tags ?? {})) {
    if (!/^([A-Za-z0-9_.-]{1,63}\/)?[A-Za-z0-9_.-]{1,63}$/.test(key)) {
      throw new OptionError(
        `tag key ${JSON.stringify(key)} is not allowed.`,
        site,
        "Use at most 63 letters, digits, _, . and -, with an optional prefix of the same before one /.",
      );
    }
    if (typeof value !== "string" || !/^[A-Za-z0-9_.-]{0,63}$/.test(value)) {
      throw new OptionError(
        `tag ${JSON.stringify(key)} has the value ${JSON.stringify(value)}, which is not allowed.`,
        site,
        "Use text of at most 63 letters, digits, _, . and -; it may be empty.",
      );
    }
  }
}

function parseKinds(kinds: readonly string[] | undefined, site: DeclarationSite): void {
  if (kinds === undefined) return;
  if (kinds.length > 10)
    throw new OptionError(
      `${kinds.length} kinds are given; an asset has at most 10.`,
      site,
      "Keep those that tell the storage and the tool, and make tags of the others.",
    );
  const wrong = kinds.find((kind) => !/^[A-Za-z0-9_.-]{1,63}$/.test(kind));
  if (wrong !== undefined)
    throw new OptionError(`kind ${JSON.stringify(wrong)} is not allowed.`, site, "Use at most 63 letters, digits, _, . and -.");
}

/** The options that tell how the computation is run, found right. @throws {@link OptionError} */
export function parseUnitFields(raw: { readonly retry?: RetryOptions; readonly timeout?: Duration }, site: DeclarationSite): UnitFields {
  const unit: { -readonly [K in keyof UnitFields]: UnitFields[K] } = {};
  if (raw.retry !== undefined) unit.retry = parseRetry(raw.retry, site);
  if (raw.timeout !== undefined) unit.timeoutMs = durationMs(raw.timeout, "timeout", site);
  if (unit.timeoutMs === 0)
    throw new OptionError("timeout is 0, so that no attempt could ever end in time.", site, "Give a longer one, or leave it out for none.");
  return unit;
}

function parseRetry(raw: RetryOptions, site: DeclarationSite): RetryPolicy {
  const maxRetries = raw.maxRetries ?? 1;
  if (!Number.isInteger(maxRetries) || maxRetries < 0) {
    throw new OptionError(`retry.maxRetries is ${String(maxRetries)}.`, site, "Give a whole number of at least 0.");
  }
  for (const name of ["backoff", "jitter"] as const) {
    if (raw[name] !== undefined && raw.delay === undefined) {
      throw new OptionError(
        `retry.${name} is given without retry.delay, so that there is no wait for it to change.`,
        site,
        `Add a delay, e.g. retry: { maxRetries: ${maxRetries}, delay: "2s", ${name}: "${raw[name]}" }.`,
      );
    }
  }
  const policy: { -readonly [K in keyof RetryPolicy]: RetryPolicy[K] } = { maxRetries };
  if (raw.delay !== undefined) policy.delayMs = durationMs(raw.delay, "retry.delay", site);
  if (raw.backoff !== undefined) policy.backoff = raw.backoff;
  if (raw.jitter !== undefined) policy.jitter = raw.jitter;
  return policy;
}

function durationMs(duration: Duration, what: string, site: DeclarationSite): number {
  try {
    return toMs(duration, what);
  } catch (error) {
    throw new OptionError(
      messageOf(error).split("\n")[0] ?? "",
      site,
      `Write milliseconds as a number, or a number with ms, s, m, h or d, e.g. "15m".`,
    );
  }
}

/** The checks that a decorator lists, found right. @throws {@link OptionError} for a bad or repeated name */
export function parseChecks(checks: readonly DeclaredCheck[] | undefined, site: DeclarationSite): readonly CheckFields[] {
  const seen = new Set<string>();
  return (checks ?? []).map(({ name, blocking = false, description, metadata, watches }) => {
    parseCheckName(name, site);
    if (seen.has(name)) throw new OptionError(`check ${JSON.stringify(name)} is listed twice.`, site, "Give each check its own name.");
    seen.add(name);
    return {
      name,
      blocking,
      ...(description === undefined ? {} : { description }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(watches === undefined ? {} : { watches }),
    };
  });
}

/** @throws {@link OptionError} when the text cannot name a check */
export function parseCheckName(name: string, site: DeclarationSite): void {
  if (!isName(name)) throw new OptionError(`check name ${JSON.stringify(name)} is not allowed.`, site, "Use letters, digits and _ only.");
}
