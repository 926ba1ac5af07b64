import { nearest } from "../../src/base/did-you-mean.js";
import { messageOf } from "../../src/base/errors.js";
import type { ConfigEntry } from "../../src/config/config.js";
import { fieldsOf } from "../../src/config/json-schema.js";
import { maskFields } from "../../src/config/mask-fields.js";
import { type Provided, isProvided, tokenName } from "../../src/config/provided.js";
import { type ConfigFault, unknownFields } from "../../src/config/resolve-fields.js";
import { type RunConfig, type RunConfigInput, checkRunConfig } from "../../src/config/run-config.js";
import type { AssetRef, Ctor } from "../../src/model/asset-ref.js";
import type { Bindings, ResolvedDefinitions } from "../scan/bindings.js";

type Fields = Readonly<Record<string, unknown>>;

/** What a run was configured with, by asset key and by resource name, and every name in it that nothing has. */
export interface RequestedConfig {
  readonly config: RunConfig;
  readonly faults: readonly ConfigFault[];
}

/** Looks up the refs and names of run configuration in the definitions; the values are checked when their classes are made. */
export function requestedConfig(given: RunConfigInput, resolved: ResolvedDefinitions): RequestedConfig {
  const faults: ConfigFault[] = [];
  const config = isEntries(given) ? byName(given, resolved, faults) : checkRunConfig(given, "The run configuration");
  if (config.assets) {
    const known = { types: configTypes(resolved), keys: resolved.catalog.assets.map(({ key }) => key) };
    for (const [key, fields] of Object.entries(config.assets)) faults.push(...assetFaults(key, fields, known));
  }
  if (config.resources) {
    const bound = boundByName(resolved.bindings);
    for (const [name, fields] of Object.entries(config.resources)) faults.push(...resourceFaults(name, fields, bound));
  }
  return { config, faults };
}

/** The configuration as it is stored: secret fields masked by their names, of assets and resources that no step needs too. */
export function maskedConfig({ assets, resources }: RunConfig, resolved: ResolvedDefinitions): RunConfig {
  const types = configTypes(resolved);
  const bound = boundByName(resolved.bindings);
  const masked = (named: Readonly<Record<string, Fields>>, typeOf: (name: string) => Ctor | undefined): Record<string, Fields> =>
    Object.fromEntries(
      Object.entries(named).map(([name, fields]) => {
        const type = typeOf(name);
        return [name, type ? maskFields(type, fields) : fields];
      }),
    );
  return {
    ...(assets ? { assets: masked(assets, (key) => types.get(key)) } : {}),
    ...(resources ? { resources: masked(resources, (name) => configuredType(bound.get(name))) } : {}),
  };
}

function configuredType(provided: Provided | undefined): Ctor | undefined {
  return provided?.fields === undefined ? undefined : provided.token;
}

function isEntries(given: RunConfigInput): given is readonly ConfigEntry[] {
  return Array.isArray(given);
}

/** Entries for one target are joined, the later field wins. */
function byName(entries: readonly ConfigEntry[], resolved: ResolvedDefinitions, faults: ConfigFault[]): RunConfig {
  const assets: Record<string, Fields> = {};
  const resources: Record<string, Fields> = {};
  entries.forEach((entry, index) => {
    if ((entry as Partial<ConfigEntry> | null)?.kind !== "config-entry") {
      faults.push({ path: `config[${index}]`, rule: 'it is no entry; write configFor(ref(Class, "method"), { … })', value: entry });
    } else if (isRef(entry.target)) {
      for (const key of keysOf(entry.target, resolved, (rule) => faults.push({ path: `config[${index}]`, rule })))
        assets[key] = { ...assets[key], ...entry.fields };
    } else resources[entry.target.name] = { ...resources[entry.target.name], ...entry.fields };
  });
  return { ...(Object.keys(assets).length > 0 ? { assets } : {}), ...(Object.keys(resources).length > 0 ? { resources } : {}) };
}

function isRef(target: AssetRef | Ctor): target is AssetRef {
  return typeof target !== "function";
}

function keysOf(ref: AssetRef, resolved: ResolvedDefinitions, report: (rule: string) => void): readonly string[] {
  try {
    return resolved.keysOf(ref);
  } catch (error) {
    report(messageOf(error).split("\n")[0] ?? "");
    return [];
  }
}

function assetFaults(
  key: string,
  fields: Fields,
  known: { readonly types: ReadonlyMap<string, Ctor>; readonly keys: readonly string[] },
): readonly ConfigFault[] {
  const path = `assets.${key}`;
  if (!known.keys.includes(key)) return [unknown(path, "asset", key, known.keys)];
  const type = known.types.get(key);
  return type
    ? unknownFields(fields, fieldsOf(type), path)
    : [{ path, rule: "its method takes no run configuration; add a parameter whose type extends Config" }];
}

/** The config class of each asset whose method takes one. */
function configTypes({ bindings }: ResolvedDefinitions): ReadonlyMap<string, Ctor> {
  const types = new Map<string, Ctor>();
  for (const { code, outKeys } of bindings.units.values()) {
    const config = code.kind === "method" ? code.parameters.find((parameter) => parameter.kind === "config") : undefined;
    if (config) for (const key of outKeys.values()) types.set(key, config.type);
  }
  return types;
}

function resourceFaults(name: string, fields: Fields, bound: ReadonlyMap<string, Provided>): readonly ConfigFault[] {
  const path = `resources.${name}`;
  const provided = bound.get(name);
  if (!provided) return [unknown(path, "resource", name, [...bound.keys()])];
  if (provided.fields === undefined) return [{ path, rule: "it is an object given by provide(…), which takes no configuration" }];
  return unknownFields(fields, [...fieldsOf(provided.token), ...Object.keys(provided.fields)], path);
}

/** All that can be configured by the name of its class: resources, those that they hold, IO managers. */
function boundByName({ resources, ioByAsset, defaultIo }: Bindings): ReadonlyMap<string, Provided> {
  const found = new Map<string, Provided>();
  const add = (provided: Provided): void => {
    const name = tokenName(provided.token);
    if (found.get(name) === provided) return;
    found.set(name, provided);
    for (const field of Object.values(provided.fields ?? {})) if (isProvided(field)) add(field);
  };
  for (const provided of [...(defaultIo ? [defaultIo] : []), ...ioByAsset.values(), ...resources.values()]) add(provided);
  return found;
}

function unknown(path: string, what: string, name: string, names: readonly string[]): ConfigFault {
  const near = nearest(name, names);
  return { path, rule: near ? `there is no such ${what}; did you mean "${near}"?` : `there is no such ${what}` };
}
