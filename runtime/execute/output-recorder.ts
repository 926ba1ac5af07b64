import { ExecutionError } from "../../src/base/errors.js";
import type { IOManager, OutputContext } from "../../src/config/io-manager.js";
import { unitText, type AssetKey, type AssetSpec } from "../../src/model/asset-spec.js";
import type { EventPayload, NewEvent, PartitionPoint } from "../../src/model/event.js";
import { normalizeMetadata } from "../../src/model/metadata.js";
import { isPartitionValues } from "../../src/model/partition-values.js";
import type { MetadataValue } from "../../src/model/metadata-value.js";
import { tableColumnsOf } from "../../src/model/row-schema.js";
import type { FormName } from "../../src/model/form.js";
import { checkedRows } from "../../src/io/rows/checked-rows.js";
import { handedForm, isRows } from "../../src/io/rows/row-forms.js";
import type { AssetCheckResult } from "../../src/model/results.js";
import type { Attempt } from "./attempt.js";
import { withOutputTo } from "./captured-output.js";
import { derivedDataVersion } from "./data-version.js";
import { observedBy, ONLY_OUT, type Given } from "./given-outputs.js";
import { givenByPartition } from "./given-partitions.js";
import { InputVersions } from "./input-versions.js";
import { COLUMN_SCHEMA, RecordedSchemas, type SchemaComparison } from "./recorded-schemas.js";
import { schemaCheckResult } from "./schema-check-result.js";
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
  readonly #given = new Set<AssetKey>();
  readonly #inputs: InputVersions;
  readonly #evaluated = new Set<string>();
  readonly #blocked: string[] = [];
  readonly #schemas: RecordedSchemas;

  constructor(services: RunServices, attempt: Attempt) {
    this.#services = services;
    this.#attempt = attempt;
    this.#inputs = new InputVersions(attempt);
    this.#schemas = new RecordedSchemas(services.store);
  }

  event(type: NewEvent["type"], assetKey: AssetKey | undefined, payload: EventPayload, partition?: PartitionPoint): void {
    const { step, number } = this.#attempt;
    this.#attempt.record({
      type,
      atMs: this.#services.clock.nowMs(),
      stepKey: step.key,
      attempt: number,
      ...(assetKey === undefined ? {} : { assetKey }),
      ...(partition ? { partition } : {}),
      payload: this.#services.masker.deep(payload),
    });
  }

  async output(given: Given, context: StepContext): Promise<void> {
    const attempt = this.#attempt;
    const key = attempt.binding.outKeys.get(given.out);
    if (key === undefined) {
      throw new ExecutionError(
        "STEP.UNKNOWN_OUT",
        `${unitText(attempt.unit)} gave "${given.out}", which is none of its outs: ${[...attempt.binding.outKeys.keys()].join(", ")}.`,
        {
          fix: `Declare "${given.out}" in \`outs\`, or do not give it.`,
        },
      );
    }
    if (!attempt.step.assets.includes(key)) return this.checks(given.checks, key); // not wanted in this run; its checks may be
    if (this.#given.has(key))
      throw new ExecutionError("STEP.OUT_TWICE", `"${key}" was given twice in one attempt.`, { fix: "Give each out once." });
    this.#given.add(key);
    const spec = attempt.specOf(key);
    if (!attempt.partitions) {
      await this.#materialize(given, spec, context);
    } else {
      const gift = { asset: key, unit: attempt.unit, chosen: attempt.partitions, skippable: spec.skippable, boundary: attempt.boundary };
      for await (const [partition, each] of givenByPartition(given, gift)) await this.#materialize(each, spec, context, partition);
      if (isPartitionValues(given.value)) this.checks(given.checks, key);
    }
  }

  /** Stores what was given for an asset, or for one partition of it, and tells it. */
  async #materialize(given: Given, spec: AssetSpec, context: StepContext, partition?: PartitionPoint): Promise<void> {
    const { runId, sourceVersion } = this.#attempt;
    const { key, codeVersion } = spec;
    const inputs = this.#inputs.of(spec, partition);
    const stored = given.hasValue ? await this.#store(given.value, spec, partition) : undefined;
    const dataVersion = given.dataVersion ?? derivedDataVersion(codeVersion, runId, inputs);
    this.#inputs.remember(key, partition, dataVersion);
    const metadata = { ...context.metadataOf(given.out), ...given.metadata, ...stored?.metadata };
    const comparison = await this.#schemas.compare(key, metadata);
    const payload: EventPayload = {
      ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
      dataVersion,
      ...(codeVersion === undefined ? {} : { codeVersion }),
      sourceVersion,
      inputs,
      ...(stored?.pointer === undefined ? {} : { pointer: stored.pointer }),
      ...(stored ? { ioManager: stored.manager } : {}),
      ...(stored?.form === undefined ? {} : { form: stored.form }),
    };
    this.event("ASSET_MATERIALIZATION", key, payload, partition);
    if (comparison !== undefined && comparison !== "first" && comparison.length > 0)
      this.event("SCHEMA_CHANGE", key, { columnChanges: comparison }, partition);
    this.checks([...given.checks, ...this.#watched(key, comparison)], key, partition);
  }

  /** What an observing method reports; without a data version it tells nothing of whether the data changed. */
  observation(returned: unknown, context: StepContext): void {
    const { step, specOf, binding, sourceVersion } = this.#attempt;
    const [key] = step.assets;
    const [out = ONLY_OUT] = binding.outKeys.keys();
    if (key === undefined) return;
    const observed = observedBy(returned, this.#attempt.unit);
    const { codeVersion } = specOf(key);
    const metadata = { ...context.metadataOf(out), ...normalizeMetadata(observed.metadata) };
    this.#given.add(key);
    const payload: EventPayload = {
      ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
      ...(observed.dataVersion === undefined ? {} : { dataVersion: observed.dataVersion }),
      ...(codeVersion === undefined ? {} : { codeVersion }),
      sourceVersion,
    };
    for (const partition of this.#points()) this.event("ASSET_OBSERVATION", key, payload, partition);
  }

  /** The results of the asset's checks that look at nothing but its columns. */
  #watched(asset: AssetKey, comparison: SchemaComparison | undefined): AssetCheckResult[] {
    const { step, checkOf } = this.#attempt;
    return step.checks.flatMap((id) => {
      const { asset: of, name, watches } = checkOf(id);
      return of === asset && watches ? [schemaCheckResult(name, watches, comparison)] : [];
    });
  }

  /** @param partition - that the results are about; default: every partition of the attempt */
  checks(results: readonly AssetCheckResult[], asset: AssetKey | undefined, partition?: PartitionPoint): void {
    const { step } = this.#attempt;
    for (const result of results) {
      const id = this.#checkId(result, asset);
      const spec = this.#attempt.checkOf(id);
      if (!step.checks.includes(id)) continue;
      this.#evaluated.add(id);
      if (spec.blocking && !result.passed && result.severity === "ERROR") this.#blocked.push(id);
      const metadata = normalizeMetadata(result.metadata);
      const payload: EventPayload = {
        check: {
          name: spec.name,
          passed: result.passed,
          severity: result.severity,
          blocking: spec.blocking,
          ...(result.description === undefined ? {} : { description: result.description }),
        },
        ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
      };
      for (const each of partition ? [partition] : this.#points()) this.event("ASSET_CHECK_EVALUATION", spec.asset, payload, each);
    }
  }

  /** Each partition of the attempt; `undefined` alone where nothing is divided. */
  *#points(): Generator<PartitionPoint | undefined> {
    const { partitions } = this.#attempt;
    if (!partitions) return yield undefined;
    for (const index of partitions.set) yield { key: partitions.space.keyAt(index), index };
  }

  /** Every out that may not be missing is there, every check was evaluated, and none that blocks failed. */
  mustBeComplete(): void {
    const { step, unit, specOf, checkOf } = this.#attempt;
    const missing = step.assets.filter((key) => !this.#given.has(key) && !specOf(key).skippable);
    if (missing.length > 0) {
      throw new ExecutionError(
        "STEP.OUT_MISSING",
        `${unitText(unit)} ended without giving ${missing.map((key) => `"${key}"`).join(", ")}.`,
        {
          fix: "Give it, or mark the out `skippable: true`.",
        },
      );
    }
    const omitted = new Set(step.assets.filter((key) => !this.#given.has(key)));
    const unevaluated = step.checks.filter((id) => !this.#evaluated.has(id) && !omitted.has(checkOf(id).asset));
    if (unevaluated.length > 0) {
      throw new ExecutionError(
        "STEP.CHECK_MISSING",
        `${unitText(unit)} ended without a result of ${unevaluated.map((id) => `"${id}"`).join(", ")}.`,
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
      (id) =>
        (of === undefined || checkOf(id).asset === of) &&
        (result.check === undefined ? checkOf(id).watches === undefined : checkOf(id).name === result.check),
    );
    const [only, ...others] = candidates;
    if (only !== undefined && others.length === 0) return only;
    throw new ExecutionError(
      "CHECK.UNKNOWN",
      `${unitText(unit)} gave a check result ${result.check === undefined ? "without a name" : `"${result.check}"`}; its checks are ${unit.checks.join(", ") || "none"}.`,
      {
        fix: 'Name the check: new AssetCheckResult({ check: "name", ... }), and declare it.',
      },
    );
  }

  async #store(
    value: unknown,
    { key, metadata, schema }: AssetSpec,
    partition: PartitionPoint | undefined,
  ): Promise<{ pointer: unknown; manager: string; metadata: Record<string, MetadataValue>; form?: FormName }> {
    const attempt = this.#attempt;
    const form = handedForm(value);
    const manager = this.#services.resources.ioFor(key);
    const added: Record<string, MetadataValue> = {};
    const context: OutputContext = {
      assetKey: key,
      runId: attempt.runId,
      stepKey: attempt.step.key,
      attemptId: attempt.attemptId,
      ...(partition ? { partitionKey: partition.key, attemptId: this.#attemptIdOf(partition) } : {}),
      metadata,
      ...(schema ? { schema } : {}),
      storageDir: this.#services.storageDir,
      outlivesPowerCut: this.#services.fsync === "FULL",
      log: attempt.log,
      signal: attempt.boundary.signal,
      addOutputMetadata: (more) => void Object.assign(added, normalizeMetadata(more)),
    };
    try {
      const checked = schema ? checkedRows(value, schema, key) : value;
      const pointer = await callUserCode(attempt.boundary, () => manager.store(checked, context));
      if (schema && isRows(value)) added[COLUMN_SCHEMA] ??= { type: "table_schema", value: tableColumnsOf(schema) };
      if (manager.publish) {
        if (!(await attempt.mayPublish(key)))
          throw new ExecutionError(
            "STEP.FENCED",
            `Another attempt at "${attempt.step.key}" has taken over; what this one stored is dropped.`,
          );
        await callUserCode(attempt.boundary, () => manager.publish?.(context));
      }
      this.event("HANDLED_OUTPUT", key, { ioManager: manager.constructor.name }, partition);
      return { pointer, manager: manager.constructor.name, metadata: added, ...(form === undefined ? {} : { form }) };
    } catch (error) {
      await this.#discard(manager, context);
      throw error;
    }
  }

  /** An attempt that stores several partitions has a name for each, so that a manager that knows of none keeps them apart too. */
  #attemptIdOf({ index }: PartitionPoint): string {
    const { attemptId, partitions } = this.#attempt;
    return (partitions?.set.size ?? 1) > 1 ? `${attemptId}.${index}` : attemptId;
  }

  /** Drops what was not published; a manager that cannot, or that takes longer than a canceled step may, leaves it to a sweep. */
  async #discard(manager: IOManager, context: OutputContext): Promise<void> {
    const { sink, stepKey, clock, graceMs } = this.#attempt.boundary;
    const over = new AbortController();
    try {
      await Promise.race([withOutputTo(sink, stepKey, () => manager.discard?.(context)), clock.sleep(graceMs, over.signal)]);
    } catch {
      // What kept the value from being stored counts.
    } finally {
      over.abort();
    }
  }
}
