import { ExecutionError } from "../../src/base/errors.js";
import type { IOManager, InputContext, OutputContext } from "../../src/config/io-manager.js";
import type { AssetKey, AssetSpec, CheckSpec, UnitSpec } from "../../src/model/asset-spec.js";
import type { StepLog } from "../../src/model/contexts.js";
import type { EventPayload, InputVersion, NewEvent } from "../../src/model/event.js";
import { normalizeMetadata } from "../../src/model/metadata.js";
import type { MetadataValue } from "../../src/model/metadata-value.js";
import type { AssetCheckResult } from "../../src/model/results.js";
import type { PlannedStep } from "../../src/model/run-plan.js";
import type { ParameterBinding, UnitBinding } from "../scan/bindings.js";
import { derivedDataVersion } from "./data-version.js";
import { checkResults, givenByOut, givenFor, isAsyncIterable, ONLY_OUT, type Given } from "./given-outputs.js";
import type { RunServices } from "./services.js";
import { AssetSetStepContext, StepCheckContext, StepContext, type StepFacts } from "./step-context.js";
import { callUserCode, type Boundary } from "./user-code-boundary.js";

/** What is known of the newest value of an asset: where it is, and which version. */
export interface UpstreamValue {
  readonly dataVersion?: string;
  readonly eventId?: number;
  readonly pointer?: unknown;
  readonly metadata?: Readonly<Record<string, MetadataValue>>;
}

/** One attempt at a step. */
export interface Attempt {
  readonly runId: string;
  readonly runTags: Readonly<Record<string, string>>;
  readonly step: PlannedStep;
  readonly unit: UnitSpec;
  readonly binding: UnitBinding;
  readonly attemptId: string;
  /** 1 for the first. */
  readonly number: number;
  readonly boundary: Boundary;
  readonly log: StepLog;
  specOf(key: AssetKey): AssetSpec;
  checkOf(id: string): CheckSpec;
  upstream(key: AssetKey): UpstreamValue | undefined;
  /** The fenced right to publish; false when the attempt is no longer current. */
  mayPublish(key: AssetKey): Promise<boolean>;
}

/** What an attempt came to: events in their order, and what it threw, if it did. */
export interface AttemptResult {
  readonly events: readonly NewEvent[];
  readonly thrown?: { readonly error: unknown };
}

/** A blocking check within the computation failed, so the step fails when it has gone through its outs. */
export class BlockingCheckFailedError extends ExecutionError {
  constructor(checks: readonly string[]) {
    super("STEP.BLOCKING_CHECK", `Blocking check ${checks.map((id) => `"${id}"`).join(", ")} failed; downstream assets do not run.`);
  }
}

/**
 * Runs one attempt at a step: loads its inputs, calls the method, stores what it gives.
 * Never throws: what went wrong is part of the result, beside the outs that were given before.
 */
export async function executeStep(services: RunServices, attempt: Attempt): Promise<AttemptResult> {
  const recorder = new Recorder(services, attempt);
  try {
    await runAttempt(services, attempt, recorder);
    recorder.mustBeComplete();
    return { events: recorder.events };
  } catch (error) {
    return { events: recorder.events, thrown: { error } };
  }
}

async function runAttempt(services: RunServices, attempt: Attempt, recorder: Recorder): Promise<void> {
  const { unit, binding, boundary, step } = attempt;
  const keyOfOut = binding.outKeys;
  const wanted = new Set(step.assets);
  const selectedOuts = new Set([...keyOfOut].filter(([, key]) => wanted.has(key)).map(([out]) => out));
  const facts: StepFacts = {
    assetKey: step.assets[0] ?? attempt.checkOf(step.checks[0] ?? "").asset,
    runId: attempt.runId,
    attemptId: attempt.attemptId,
    retryNumber: attempt.number - 1,
    runTags: attempt.runTags,
    selectedOuts,
    selectedChecks: new Set(step.checks.map((id) => attempt.checkOf(id).name)),
    log: attempt.log,
    signal: boundary.signal,
  };
  if (unit.kind === "check") {
    const returned = await callMethod(services, attempt, new StepCheckContext(facts), recorder);
    recorder.checks(checkResults(returned, unit.site ?? unit.id), undefined);
    return;
  }
  const context =
    binding.code.kind === "function" ? new AssetSetStepContext(facts, (token) => services.resources.get(token)) : new StepContext(facts);
  const returned = await callMethod(services, attempt, context, recorder);
  if (unit.kind !== "multi-asset") {
    await recorder.output({ ...givenFor(ONLY_OUT, returned) }, context);
    return;
  }
  const outs = givenByOut(returned, unit.site ?? unit.id);
  for (;;) {
    const next = await callUserCode(boundary, () => outs.next());
    if (next.done) return;
    await recorder.output(next.value, context);
  }
}

async function callMethod(
  services: RunServices,
  attempt: Attempt,
  context: StepContext | StepCheckContext,
  recorder: Recorder,
): Promise<unknown> {
  const { code } = attempt.binding;
  if (code.kind === "function") return callUserCode(attempt.boundary, () => code.run(context));
  const values: unknown[] = [];
  for (const parameter of code.parameters) values.push(await valueOf(services, attempt, parameter, context, recorder));
  return callUserCode(attempt.boundary, () => {
    const pipeline = services.resources.pipeline(code.pipeline);
    return (pipeline as Record<string, (...args: unknown[]) => unknown>)[code.method]?.(...values);
  });
}

function valueOf(services: RunServices, attempt: Attempt, parameter: ParameterBinding, context: unknown, recorder: Recorder): unknown {
  switch (parameter.kind) {
    case "context":
      return context;
    case "config":
      return services.configFor(attempt.unit.id, parameter.type);
    case "resource":
      return services.resources.get(parameter.token);
    case "input":
      return loadInput(services, attempt, parameter, recorder);
  }
}

/** An upstream that should be loaded was never materialized. */
export class NeverMaterializedError extends ExecutionError {
  constructor(key: AssetKey, step: string) {
    super("STEP.INPUT_MISSING", `Step "${step}" needs the value of "${key}", which was never materialized.`, {
      fix: `Run \`millrace materialize ${key}\` first, or select it too: \`millrace materialize "+${step}"\`.`,
    });
  }
}

async function loadInput(
  services: RunServices,
  attempt: Attempt,
  input: Extract<ParameterBinding, { kind: "input" }>,
  recorder: Recorder,
): Promise<unknown> {
  const upstream = attempt.upstream(input.key);
  if (upstream?.eventId === undefined) {
    if (input.optional) return undefined;
    throw new NeverMaterializedError(input.key, attempt.step.key);
  }
  const context: InputContext = {
    assetKey: input.key,
    runId: attempt.runId,
    pointer: upstream.pointer,
    dataVersion: upstream.dataVersion,
    metadata: upstream.metadata ?? {},
    storageDir: services.storageDir,
    log: attempt.log,
    signal: attempt.boundary.signal,
  };
  const manager = services.resources.ioFor(input.key);
  const value = await callUserCode(attempt.boundary, () => manager.load(context));
  recorder.event("LOADED_INPUT", input.key, { ioManager: manager.constructor.name });
  return inForm(value, input, manager, attempt);
}

async function inForm(
  value: unknown,
  input: Extract<ParameterBinding, { kind: "input" }>,
  manager: IOManager,
  attempt: Attempt,
): Promise<unknown> {
  if (input.form === "stream") return isAsyncIterable(value) ? value : streamOf(value, input, manager, attempt);
  const whole = isAsyncIterable(value) ? await callUserCode(attempt.boundary, () => gather(value)) : value;
  if (input.form === "array" && !Array.isArray(whole)) throw wrongType(input.key, "an array", whole, manager, attempt);
  return whole;
}

async function* streamOf(value: unknown, input: { key: AssetKey }, manager: IOManager, attempt: Attempt): AsyncGenerator<unknown> {
  if (!Array.isArray(value)) throw wrongType(input.key, "rows", value, manager, attempt);
  yield* value as unknown[];
}

function wrongType(key: AssetKey, wanted: string, value: unknown, manager: IOManager, attempt: Attempt): ExecutionError {
  const got = value === null ? "null" : value instanceof Map ? "a Map" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
  return new ExecutionError(
    "STEP.INPUT_TYPE",
    `Step "${attempt.step.key}" takes ${wanted} from "${key}", but ${manager.constructor.name} gave ${got}.`,
    {
      fix: `Materialize "${key}" again, or mend ${manager.constructor.name}.load().`,
    },
  );
}

async function gather(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** Turns what a step gives into stored values and events, in the order in which it gives them. */
class Recorder {
  readonly events: NewEvent[] = [];
  readonly #services: RunServices;
  readonly #attempt: Attempt;
  readonly #given = new Set<AssetKey>();
  readonly #evaluated = new Set<string>();
  readonly #blocked: string[] = [];

  constructor(services: RunServices, attempt: Attempt) {
    this.#services = services;
    this.#attempt = attempt;
  }

  event(type: NewEvent["type"], assetKey: AssetKey | undefined, payload: EventPayload): void {
    const { step, number } = this.#attempt;
    this.events.push({
      type,
      atMs: this.#services.clock.nowMs(),
      stepKey: step.key,
      attempt: number,
      ...(assetKey === undefined ? {} : { assetKey }),
      payload: this.#services.masker.deep(payload),
    });
  }

  async output(given: Given, context: StepContext): Promise<void> {
    const attempt = this.#attempt;
    const key = attempt.binding.outKeys.get(given.out);
    if (key === undefined) {
      throw new ExecutionError(
        "STEP.UNKNOWN_OUT",
        `${attempt.unit.site ?? attempt.unit.id} gave "${given.out}", which is none of its outs: ${[...attempt.binding.outKeys.keys()].join(", ")}.`,
        {
          fix: `Declare "${given.out}" in \`outs\`, or do not give it.`,
        },
      );
    }
    if (!attempt.step.assets.includes(key)) return; // not wanted in this run
    if (this.#given.has(key))
      throw new ExecutionError("STEP.OUT_TWICE", `"${key}" was given twice in one attempt.`, { fix: "Give each out once." });
    const spec = attempt.specOf(key);
    const inputs = this.#inputVersions(spec);
    const stored = given.hasValue ? await this.#store(key, given.value, spec) : undefined;
    this.#given.add(key);
    const metadata = { ...context.metadataOf(given.out), ...given.metadata, ...stored?.metadata };
    this.event(spec.observable ? "ASSET_OBSERVATION" : "ASSET_MATERIALIZATION", key, {
      ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
      dataVersion: given.dataVersion ?? derivedDataVersion(spec.codeVersion, attempt.runId, inputs),
      ...(spec.codeVersion === undefined ? {} : { codeVersion: spec.codeVersion }),
      inputs,
      ...(stored?.pointer === undefined ? {} : { pointer: stored.pointer }),
      ...(stored ? { ioManager: stored.manager } : {}),
    });
    this.checks(given.checks, key);
  }

  checks(results: readonly AssetCheckResult[], asset: AssetKey | undefined): void {
    const { step } = this.#attempt;
    for (const result of results) {
      const id = this.#checkId(result, asset);
      const spec = this.#attempt.checkOf(id);
      if (!step.checks.includes(id)) continue;
      this.#evaluated.add(id);
      if (spec.blocking && !result.passed && result.severity === "ERROR") this.#blocked.push(id);
      const metadata = normalizeMetadata(result.metadata);
      this.event("ASSET_CHECK_EVALUATION", spec.asset, {
        check: {
          name: spec.name,
          passed: result.passed,
          severity: result.severity,
          blocking: spec.blocking,
          ...(result.description === undefined ? {} : { description: result.description }),
        },
        ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
      });
    }
  }

  /** Every out that may not be missing is there, every check was evaluated, and none that blocks failed. */
  mustBeComplete(): void {
    const { step, unit, specOf, checkOf } = this.#attempt;
    const where = unit.site ?? unit.id;
    const missing = step.assets.filter((key) => !this.#given.has(key) && !specOf(key).skippable);
    if (missing.length > 0) {
      throw new ExecutionError("STEP.OUT_MISSING", `${where} ended without giving ${missing.map((key) => `"${key}"`).join(", ")}.`, {
        fix: "Give it, or mark the out `skippable: true`.",
      });
    }
    const omitted = new Set(step.assets.filter((key) => !this.#given.has(key)));
    const unevaluated = step.checks.filter((id) => !this.#evaluated.has(id) && !omitted.has(checkOf(id).asset));
    if (unevaluated.length > 0) {
      throw new ExecutionError(
        "STEP.CHECK_MISSING",
        `${where} ended without a result of ${unevaluated.map((id) => `"${id}"`).join(", ")}.`,
        {
          fix: "Return a check result for each declared check.",
        },
      );
    }
    if (this.#blocked.length > 0) throw new BlockingCheckFailedError(this.#blocked);
  }

  #checkId(result: AssetCheckResult, asset: AssetKey | undefined): string {
    const { unit, checkOf, binding } = this.#attempt;
    const of = result.out === undefined ? asset : binding.outKeys.get(result.out);
    const candidates = unit.checks.filter(
      (id) => (of === undefined || checkOf(id).asset === of) && (result.check === undefined || checkOf(id).name === result.check),
    );
    const [only, ...others] = candidates;
    if (only !== undefined && others.length === 0) return only;
    throw new ExecutionError(
      "CHECK.UNKNOWN",
      `${unit.site ?? unit.id} gave a check result ${result.check === undefined ? "without a name" : `"${result.check}"`}; its checks are ${unit.checks.join(", ") || "none"}.`,
      {
        fix: 'Name the check: new AssetCheckResult({ check: "name", ... }), and declare it.',
      },
    );
  }

  /** The newest versions of what the asset depends on, as this attempt saw them. */
  #inputVersions(spec: AssetSpec): InputVersion[] {
    return spec.deps.map((dep) => {
      const upstream = this.#attempt.upstream(dep.key);
      return {
        key: dep.key,
        ...(upstream?.dataVersion === undefined ? {} : { dataVersion: upstream.dataVersion }),
        ...(upstream?.eventId === undefined ? {} : { eventId: upstream.eventId }),
      };
    });
  }

  async #store(
    key: AssetKey,
    value: unknown,
    spec: AssetSpec,
  ): Promise<{ pointer: unknown; manager: string; metadata: Record<string, MetadataValue> }> {
    const attempt = this.#attempt;
    const manager = this.#services.resources.ioFor(key);
    const added: Record<string, MetadataValue> = {};
    const context: OutputContext = {
      assetKey: key,
      runId: attempt.runId,
      stepKey: attempt.step.key,
      attemptId: attempt.attemptId,
      metadata: spec.metadata,
      storageDir: this.#services.storageDir,
      log: attempt.log,
      signal: attempt.boundary.signal,
      addOutputMetadata: (metadata) => void Object.assign(added, normalizeMetadata(metadata)),
    };
    try {
      const pointer = await callUserCode(attempt.boundary, () => manager.store(value, context));
      if (manager.publish) {
        if (!(await attempt.mayPublish(key)))
          throw new ExecutionError(
            "STEP.FENCED",
            `Another attempt at "${attempt.step.key}" has taken over; what this one stored is dropped.`,
          );
        await callUserCode(attempt.boundary, () => manager.publish?.(context));
      }
      this.event("HANDLED_OUTPUT", key, { ioManager: manager.constructor.name });
      return { pointer, manager: manager.constructor.name, metadata: added };
    } catch (error) {
      await Promise.resolve(manager.discard?.(context)).catch(() => undefined);
      throw error;
    }
  }
}
