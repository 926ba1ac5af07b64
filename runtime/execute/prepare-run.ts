import type { Json } from "../../src/base/canonical-json.js";
import type { IOManager } from "../../src/config/io-manager.js";
import type { Environment } from "../../src/config/env.js";
import { isProvided, tokenName, type Provided, type Token } from "../../src/config/provided.js";
import { ConfigFaultsError, resolveFields, secretsOf, type ConfigFault } from "../../src/config/resolve-fields.js";
import type { RunConfig, RunConfigInput } from "../../src/config/run-config.js";
import type { SecretMasker } from "../../src/config/secret-masker.js";
import { FileIOManager } from "../../src/io/file-io-manager.js";
import type { Ctor } from "../../src/model/asset-ref.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import { toJson } from "../../src/model/metadata.js";
import type { PlannedStep } from "../../src/model/run-plan.js";
import { RunContainer } from "./run-container.js";
import type { ResolvedDefinitions, UnitBinding } from "../scan/bindings.js";
import { maskedConfig, type RequestedConfig, requestedConfig } from "./requested-config.js";

/** A resource of the run, in the order of its setup. */
export interface PreparedResource {
  readonly name: string;
  readonly instance: object;
  /** False for an object given by `provide`: it is used as it is. */
  readonly managed: boolean;
  /** Keys of the steps that need it, themselves or by a resource that holds it. */
  readonly steps: ReadonlySet<string>;
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

/** What of a step its configuration depends on. */
export type ConfiguredStep = Pick<PlannedStep, "key" | "unit" | "assets">;

/** What configuration is read with. */
export interface ConfigGround {
  readonly environment: Environment;
  /** Is told each secret. */
  readonly masker: SecretMasker;
}

const FILES = FileIOManager.with({});

/**
 * Makes and validates all that these steps need: run configuration of its assets, its resources, its IO managers.
 * @throws {@link ConfigFaultsError} with every fault, before anything is written
 */
export function prepareRun(
  resolved: ResolvedDefinitions,
  { steps }: { readonly steps: readonly ConfiguredStep[] },
  given: RunConfigInput,
  { environment, masker }: ConfigGround,
): PreparedConfig {
  const preparation = new Preparation(resolved, requestedConfig(given, resolved), environment, masker);
  for (const step of steps) preparation.prepareStep(step);
  preparation.refuseFaults();
  return preparation;
}

class Preparation implements PreparedConfig {
  readonly resources: PreparedResource[] = [];
  readonly warnings: string[] = [];
  readonly #container = new RunContainer();
  readonly #instances = new Map<Provided, object>();
  readonly #steps = new Map<Provided, Set<string>>();
  readonly #configs = new Map<string, object>();
  readonly #configured = new Set<string>();
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
    return this.masker.deep(toJson(maskedConfig(this.config, this.resolved)));
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

  /** All that one step needs, and no other. */
  prepareStep(step: ConfiguredStep): void {
    const unit = this.resolved.bindings.units.get(step.unit);
    if (unit) this.#prepareUnit(unit, step.key);
    for (const key of step.assets) this.#prepareIo(key, step.key);
  }

  #prepareUnit(unit: UnitBinding, step: string): void {
    const { code } = unit;
    if (code.kind === "function") {
      for (const token of code.resources) this.#prepareToken(token, step);
      return;
    }
    for (const token of code.constructorTokens) this.#prepareToken(token, step);
    this.#container.bindPipeline(code.pipeline, code.constructorTokens);
    for (const parameter of code.parameters) {
      if (parameter.kind === "resource") this.#prepareToken(parameter.token, step);
      if (parameter.kind === "input") this.#prepareIo(parameter.key, step);
      if (parameter.kind === "config") this.#prepareConfig(unit, parameter.type);
    }
  }

  #prepareIo(key: AssetKey, step: string): void {
    const provided = this.#ioProvided(key);
    this.#instance(provided, `io of ${key}`);
    this.#needs(step, provided);
  }

  /** The step needs this, and what it holds. */
  #needs(step: string, provided: Provided): void {
    this.#stepsOf(provided).add(step);
    for (const field of Object.values(provided.fields ?? {})) if (isProvided(field)) this.#needs(step, field);
  }

  #stepsOf(provided: Provided): Set<string> {
    let steps = this.#steps.get(provided);
    if (!steps) this.#steps.set(provided, (steps = new Set()));
    return steps;
  }

  refuseFaults(): void {
    if (this.#faults.length > 0) throw new ConfigFaultsError(this.#faults);
  }

  #prepareConfig(unit: UnitBinding, type: Ctor): void {
    if (this.#configured.has(unit.unit)) return; // another step has the rest of it
    this.#configured.add(unit.unit);
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

  #prepareToken(token: Token, step: string): void {
    const provided = this.resolved.bindings.resources.get(token);
    if (!provided) return;
    this.#needs(step, provided);
    if (!this.#container.has(token)) this.#container.bind(token, this.#instance(provided, `resources.${tokenName(token)}`));
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
      if (typeof provided.token === "function") this.#hide(secretsOf(object, path, new Set(), [], provided.token));
      this.resources.push({ name, instance: object, managed: false, steps: this.#stepsOf(provided) });
      return object;
    }
    const fields = { ...provided.fields, ...this.config.resources?.[name] };
    const made = resolveFields(provided.token, fields, this.environment, path, (given, field) =>
      this.#instance(given as Provided, `${path}.${field}`),
    );
    if ("faults" in made) {
      this.#faults.push(...made.faults);
      const faulty = {}; // told once; nothing runs with it
      this.#instances.set(provided, faulty);
      return faulty;
    }
    this.#hide(made.secrets);
    this.#instances.set(provided, made.instance);
    this.resources.push({ name, instance: made.instance, managed: true, steps: this.#stepsOf(provided) });
    return made.instance;
  }
}
