import { ExecutionError } from "../../src/base/errors.js";
import type { IOManager, OutputContext } from "../../src/config/io-manager.js";
import type { AssetKey, AssetSpec } from "../../src/model/asset-spec.js";
import type { EventPayload, InputVersion, NewEvent } from "../../src/model/event.js";
import { normalizeMetadata } from "../../src/model/metadata.js";
import type { MetadataValue } from "../../src/model/metadata-value.js";
import type { AssetCheckResult } from "../../src/model/results.js";
import type { Attempt } from "./attempt.js";
import { withOutputTo } from "./captured-output.js";
import { derivedDataVersion } from "./data-version.js";
import { observedBy, ONLY_OUT, type Given } from "./given-outputs.js";
import type { RunServices } from "./services.js";
import type { StepContext } from "./step-context.js";
import { callUserCode } from "./user-code-boundary.js";

/** A blocking check within the computation failed, so the step fails when it has gone through its outs. */
export class BlockingCheckFailedError extends ExecutionError {
  constructor(checks: readonly string[]) {
    super("STEP.BLOCKING_CHECK", `Blocking check ${checks.map((id) => `"${id}"`).join(", ")} failed; downstream assets do not run.`);
  }
}

/** Turns what a step gives into stored values and events, in the order in which it gives them. */
export class OutputRecorder {
  readonly #services: RunServices;
  readonly #attempt: Attempt;
  /** The data version of each out that was given. */
  readonly #given = new Map<AssetKey, string | undefined>();
  readonly #evaluated = new Set<string>();
  readonly #blocked: string[] = [];

  constructor(services: RunServices, attempt: Attempt) {
    this.#services = services;
    this.#attempt = attempt;
  }

  event(type: NewEvent["type"], assetKey: AssetKey | undefined, payload: EventPayload): void {
    const { step, number } = this.#attempt;
    this.#attempt.record({
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
    if (!attempt.step.assets.includes(key)) return this.checks(given.checks, key); // not wanted in this run; its checks may be
    if (this.#given.has(key))
      throw new ExecutionError("STEP.OUT_TWICE", `"${key}" was given twice in one attempt.`, { fix: "Give each out once." });
    const spec = attempt.specOf(key);
    const inputs = this.#inputVersions(spec);
    const stored = given.hasValue ? await this.#store(key, given.value, spec) : undefined;
    const dataVersion = given.dataVersion ?? derivedDataVersion(spec.codeVersion, attempt.runId, inputs);
    this.#given.set(key, dataVersion);
    const metadata = { ...context.metadataOf(given.out), ...given.metadata, ...stored?.metadata };
    this.event("ASSET_MATERIALIZATION", key, {
      ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
      dataVersion,
      ...(spec.codeVersion === undefined ? {} : { codeVersion: spec.codeVersion }),
      sourceVersion: attempt.sourceVersion,
      inputs,
      ...(stored?.pointer === undefined ? {} : { pointer: stored.pointer }),
      ...(stored ? { ioManager: stored.manager } : {}),
    });
    this.checks(given.checks, key);
  }

  /** What an observing method reports; without a data version it tells nothing of whether the data changed. */
  observation(returned: unknown, context: StepContext): void {
    const { step, specOf, binding, sourceVersion } = this.#attempt;
    const [key] = step.assets;
    const [out = ONLY_OUT] = binding.outKeys.keys();
    if (key === undefined) return;
    const observed = observedBy(returned, this.#attempt.unit.site ?? key);
    const { codeVersion } = specOf(key);
    const metadata = { ...context.metadataOf(out), ...normalizeMetadata(observed.metadata) };
    this.#given.set(key, observed.dataVersion);
    this.event("ASSET_OBSERVATION", key, {
      ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
      ...(observed.dataVersion === undefined ? {} : { dataVersion: observed.dataVersion }),
      ...(codeVersion === undefined ? {} : { codeVersion }),
      sourceVersion,
    });
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

  /** The versions of what the asset depends on, as this attempt saw them. The event of a sibling given before is stored with this one. */
  #inputVersions(spec: AssetSpec): InputVersion[] {
    return spec.deps.map((dep) => {
      const upstream = this.#given.has(dep.key) ? { dataVersion: this.#given.get(dep.key) } : this.#attempt.upstream(dep.key);
      return {
        key: dep.key,
        ...(upstream?.dataVersion === undefined ? {} : { dataVersion: upstream.dataVersion }),
        ...(upstream === undefined || !("eventId" in upstream) || upstream.eventId === undefined ? {} : { eventId: upstream.eventId }),
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
      outlivesPowerCut: this.#services.fsync === "FULL",
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
      await this.#discard(manager, context);
      throw error;
    }
  }

  /** Drops what was not published; a manager that cannot, or that takes longer than a canceled step may, leaves it to a sweep. */
  async #discard(manager: IOManager, context: OutputContext): Promise<void> {
    const { sink, clock, graceMs } = this.#attempt.boundary;
    const over = new AbortController();
    try {
      await Promise.race([withOutputTo(sink, () => manager.discard?.(context)), clock.sleep(graceMs, over.signal)]);
    } catch {
      // What kept the value from being stored counts.
    } finally {
      over.abort();
    }
  }
}
