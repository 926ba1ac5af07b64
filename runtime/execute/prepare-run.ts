import type { Json } from "../../src/base/canonical-json.js";
import type { IOManager } from "../../src/config/io-manager.js";
import type { Environment } from "../../src/config/env.js";
import { tokenName, type Provided, type Token } from "../../src/config/provided.js";
import { ConfigFaultsError, resolveFields, type ConfigFault } from "../../src/config/resolve-fields.js";
import type { RunConfig, RunConfigInput } from "../../src/config/run-config.js";
import type { SecretMasker } from "../../src/config/secret-masker.js";
import { FileIOManager } from "../../src/io/file-io-manager.js";
import type { Ctor } from "../../src/model/asset-ref.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import { toJson } from "../../src/model/metadata.js";
import type { RunPlan } from "../../src/model/run-plan.js";
import { RunContainer } from "./run-container.js";
import type { ResolvedDefinitions, UnitBinding } from "../scan/bindings.js";
import { type RequestedConfig, requestedConfig } from "./requested-config.js";

/** A resource of the run, in the order of its setup. */
export interface PreparedResource {
  readonly name: string;
  readonly instance: object;
  /** False for an object given by `provide`: it is used as it is. */
  readonly managed: boolean;
}

/** The configuration of a run, validated: every instance made, nothing set up yet. */
export interface PreparedConfig {
  /** What is stored with the run: secrets masked. */
  readonly stored: Json;
  /** Those that a resource holds come before it. */
  readonly resources: readonly PreparedResource[];
  readonly warnings: readonly string[];
  configFor(unit: string, type: Ctor): unknown;
  /** What is bound under the token. */
  get(token: Token): unknown;
  /** A new instance of a pipeline class of the plan. */
  pipeline(type: Ctor): object;
  ioFor(key: AssetKey): IOManager;
}

const FILES = FileIOManager.with({});

/**
 * Makes and validates all that a plan needs: run configuration of its assets, its resources, its IO managers.
 * @throws {@link ConfigFaultsError} with every fault, before anything is written
 */
export function prepareRun(
  resolved: ResolvedDefinitions,
  plan: RunPlan,
  given: RunConfigInput,
  environment: Environment,
  masker: SecretMasker,
): PreparedConfig {
  const preparation = new Preparation(resolved, requestedConfig(given, resolved), environment, masker);
  const units = [...new Set(plan.steps.map((step) => step.unit))].flatMap((id) => resolved.bindings.units.get(id) ?? []);
  for (const unit of units) preparation.prepareUnit(unit);
  const stored = new Set(plan.steps.flatMap((step) => step.assets));
  for (const key of stored) preparation.prepareIo(key);
  preparation.refuseFaults();
  return preparation;
}

class Preparation implements PreparedConfig {
  readonly resources: PreparedResource[] = [];
  readonly warnings: string[] = [];
  readonly #container = new RunContainer();
  readonly #instances = new Map<Provided, object>();
  readonly #configs = new Map<string, object>();
  readonly #faults: ConfigFault[];
  readonly config: RunConfig;

  constructor(
    readonly resolved: ResolvedDefinitions,
    requested: RequestedConfig,
    readonly environment: Environment,
    readonly masker: SecretMasker,
  ) {
    this.config = requested.config;
    this.#faults = [...requested.faults];
  }

  get stored(): Json {
    return this.masker.deep(toJson(this.config));
  }

  configFor(unit: string, type: Ctor): unknown {
    return this.#configs.get(`${unit}\n${type.name}`);
  }

  get(token: Token): unknown {
    return this.#container.get(token);
  }

  pipeline(type: Ctor): object {
    return this.#container.get(type) as object;
  }

  ioFor(key: AssetKey): IOManager {
    return this.#instance(this.#ioProvided(key), "io") as IOManager;
  }

  prepareUnit(unit: UnitBinding): void {
    const { code } = unit;
    if (code.kind === "function") {
      for (const token of code.resources) this.#prepareToken(token);
      return;
    }
    for (const token of code.constructorTokens) this.#prepareToken(token);
    this.#container.bindPipeline(code.pipeline, code.constructorTokens);
    for (const parameter of code.parameters) {
      if (parameter.kind === "resource") this.#prepareToken(parameter.token);
      if (parameter.kind === "input") this.prepareIo(parameter.key);
      if (parameter.kind === "config") this.#prepareConfig(unit, parameter.type);
    }
  }

  prepareIo(key: AssetKey): void {
    this.#instance(this.#ioProvided(key), `io of ${key}`);
  }

  refuseFaults(): void {
    if (this.#faults.length > 0) throw new ConfigFaultsError(this.#faults);
  }

  #prepareConfig(unit: UnitBinding, type: Ctor): void {
    const keys = [...unit.outKeys.values()];
    const fields = Object.assign({}, ...keys.map((key) => this.config.assets?.[key] ?? {})) as Record<string, unknown>;
    const path = `assets.${keys.find((key) => this.config.assets?.[key]) ?? keys[0] ?? unit.unit}`;
    const made = resolveFields(type, fields, this.environment, path);
    if ("faults" in made) this.#faults.push(...made.faults);
    else {
      this.#hide(made.secrets);
      this.#configs.set(`${unit.unit}\n${type.name}`, made.instance);
    }
  }

  #hide(secrets: readonly { readonly path: string; readonly value: string }[]): void {
    for (const secret of secrets) {
      const warning = this.masker.add(secret.value);
      if (warning !== undefined) this.warnings.push(`The secret ${secret.path} ${warning}.`);
    }
  }

  #prepareToken(token: Token): void {
    const provided = this.resolved.bindings.resources.get(token);
    if (provided && !this.#container.has(token)) this.#container.bind(token, this.#instance(provided, `resources.${tokenName(token)}`));
  }

  #ioProvided(key: AssetKey): Provided {
    return this.resolved.bindings.ioByAsset.get(key) ?? this.resolved.bindings.defaultIo ?? FILES;
  }

  #instance(provided: Provided, path: string): object {
    const known = this.#instances.get(provided);
    if (known) return known;
    const name = tokenName(provided.token);
    if (provided.fields === undefined) {
      const object = provided.object as object;
      this.#instances.set(provided, object);
      this.resources.push({ name, instance: object, managed: false });
      return object;
    }
    const fields = { ...provided.fields, ...this.config.resources?.[name] };
    const made = resolveFields(provided.token, fields, this.environment, path, (given) =>
      this.#instance(given as Provided, `${path}.${tokenName((given as Provided).token)}`),
    );
    if ("faults" in made) {
      this.#faults.push(...made.faults);
      const faulty = {}; // told once; nothing runs with it
      this.#instances.set(provided, faulty);
      return faulty;
    }
    this.#hide(made.secrets);
    this.#instances.set(provided, made.instance);
    this.resources.push({ name, instance: made.instance, managed: true });
    return made.instance;
  }
}
