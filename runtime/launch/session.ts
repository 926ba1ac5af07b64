import { AssetGraph } from "../../src/graph/asset-graph.js";
import { AssetSelection } from "../../src/graph/asset-selection.js";
import type { Clock } from "../../src/base/clock.js";
import { ConfigError } from "../../src/base/errors.js";
import type { RunConfig, RunConfigInput } from "../../src/config/run-config.js";
import { MASK, SecretMasker } from "../../src/config/secret-masker.js";
import type { SelectionResult } from "../../src/graph/evaluate-selection.js";
import { checkId, type AssetKey, type AssetSpec, type CheckSpec } from "../../src/model/asset-spec.js";
import type { JobSpec } from "../../src/model/job.js";
import type { NewEvent } from "../../src/model/event.js";
import type { RunRecord } from "../../src/model/run.js";
import { openPartitions, type PartitionsAsOf } from "../../src/model/partitions/partition-space.js";
import type { PartitionsDefinition } from "../../src/model/partitions/partitions-definition.js";
import type { RunPartitions, RunPlan } from "../../src/model/run-plan.js";
import { planRun } from "../../src/planning/plan-run.js";
import { RunDivision } from "../../src/planning/run-division.js";
import { nothingDivided, runPartitions, sharedPartitions } from "../../src/planning/run-partitions.js";
import type { Owner } from "../../src/storage/run-store.js";
import type { Store } from "../../src/storage/store.js";
import { outsideUserCode } from "../execute/captured-output.js";
import { ReusableResults } from "../execute/reusable-results.js";
import { createAndClaim, storedValues, type RunOrigin } from "../execute/run-launch.js";
import { prepareRun, type PreparedConfig } from "../execute/prepare-run.js";
import { superviseRun } from "../execute/supervise-run.js";
import { jobNamed, jobOptions, type JobRunOptions } from "./job-request.js";
import type { ResolvedDefinitions } from "../scan/bindings.js";
import { among, staleSelection } from "../../src/planning/staleness/stale-selection.js";
import type { StalenessIndex } from "../../src/planning/staleness/staleness-index.js";
import { planRetry } from "./retry-plan.js";
import { readStaleness } from "./read-staleness.js";
import { checkInputs } from "./check-inputs.js";
import { askedText, chosenOf, partitionsAsOf, tagsOfPartitions, withoutPartitions, type AskedPartitions } from "./launched-partitions.js";

/** What a session works with. */
export interface SessionOptions {
  readonly resolved: ResolvedDefinitions;
  readonly store: Store;
  readonly clock: Clock;
  readonly storageDir: string;
  readonly concurrency: number;
  readonly cancelGraceMs: number;
  readonly codeVersion: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly owner: Owner;
  /** A number in [0, 1), for jitter. */
  random?(): number;
}

/** What a run is asked for. */
export interface MaterializeOptions extends AskedPartitions {
  readonly tags?: Readonly<Record<string, string>>;
  /** Run configuration: `[configFor(ref, {...}), configFor(AppApi, {...})]`, or `{ assets: { key: {...} }, resources: { Name: {...} } }`. */
  readonly config?: RunConfigInput;
  readonly signal?: AbortSignal;
  /** Told of the plan before the first step starts. */
  onPlan?(plan: RunPlan, runId: string): void;
  /** Told of each event once it is durable. */
  onEvent?(event: NewEvent): void;
}

/** What a run of what is stale is asked for. */
export interface MaterializeStaleOptions extends MaterializeOptions {
  /** Runs also what would come out the same. @defaultValue false */
  readonly force?: boolean;
}

/** A run that was planned elsewhere. */
export interface PlannedRun extends Pick<RunOrigin, "backfill" | "runKey"> {
  readonly plan: RunPlan;
  /** What it was made from, to be told. */
  readonly selection: string;
  /** Whether what would come out the same is not made again. @defaultValue false */
  readonly reuse?: boolean;
}

/** How a run went. */
export interface RunReport {
  readonly runId: string;
  readonly status: "SUCCESS" | "FAILURE" | "CANCELED";
  readonly plan: RunPlan;
}

/** Loaded definitions and an open store: all that it takes to run things. */
export class Session {
  readonly #options: SessionOptions;
  readonly #specs: ReadonlyMap<AssetKey, AssetSpec>;
  readonly #checks: ReadonlyMap<string, CheckSpec>;
  readonly graph: AssetGraph<AssetSpec, CheckSpec>;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.graph = new AssetGraph(options.resolved.catalog);
    this.#specs = new Map(options.resolved.catalog.assets.map((spec) => [spec.key, spec]));
    this.#checks = new Map(options.resolved.catalog.checks.map((check) => [checkId(check), check]));
  }

  get resolved(): ResolvedDefinitions {
    return this.#options.resolved;
  }

  get store(): Store {
    return this.#options.store;
  }

  get env(): SessionOptions["env"] {
    return this.#options.env;
  }

  /** This process. */
  get owner(): Owner {
    return this.#options.owner;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** What is known of an asset; `undefined` when there is none of this key. */
  specOf(key: AssetKey): AssetSpec | undefined {
    return this.#specs.get(key);
  }

  /** The assets and checks that a selection names. @throws {@link RequestError} with a pointer at the fault, or when nothing fits */
  select(selection: string | AssetSelection): SelectionResult {
    return this.#bound(selection).resolve(this.graph);
  }

  /** The selection as a text. */
  textOf(selection: string | AssetSelection): string {
    return typeof selection === "string" ? selection : String(this.#bound(selection));
  }

  #bound(selection: string | AssetSelection): AssetSelection {
    if (typeof selection === "string") return AssetSelection.fromString(selection);
    return selection.bind((ref) => this.resolved.keysOf(ref));
  }

  /** In order of name. */
  get jobs(): readonly JobSpec[] {
    return this.resolved.catalog.jobs;
  }

  /**
   * What to materialize for a run of a job: its selection, and its tags and configuration with the given ones laid over them.
   * @throws {@link RequestError} when there is no such job, with the nearest name
   */
  jobRun<O extends JobRunOptions>(name: string, options: O): { readonly selection: string; readonly options: O } {
    return { selection: jobNamed(this.resolved, name).selection, options: jobOptions(this.resolved, name, options) };
  }

  /** Materializes what the selection names, in this process, and resolves when the run has ended. */
  async materialize(selection: string | AssetSelection = "*", options: MaterializeOptions = {}): Promise<RunReport> {
    const bound = this.#bound(selection);
    const wanted = bound.resolve(this.graph);
    const plan = planRun(this.resolved.catalog, wanted, await this.#partitionsOf(wanted, options));
    return this.#launch(plan, this.textOf(selection), options, {});
  }

  /** Makes a run of what was planned elsewhere, and resolves when it has ended. @throws {@link StoreError} when it may not, or need not, be made */
  launch({ plan, selection, ...origin }: PlannedRun, options: MaterializeOptions = {}): Promise<RunReport> {
    return this.#launch(plan, selection, options, origin);
  }

  /** The partitions that are asked for, of the definition that the selected assets share. */
  async #partitionsOf(selection: SelectionResult, asked: AskedPartitions): Promise<RunPartitions | undefined> {
    const text = askedText(asked);
    if (text === undefined) return undefined;
    const definition = sharedPartitions(this.resolved.catalog, selection);
    if (definition === null) throw nothingDivided(text);
    const space = openPartitions(definition, await this.asOf([definition]));
    return runPartitions(space, chosenOf(space, asked));
  }

  /** The present, with the keys of the dynamic definitions among these. */
  async asOf(definitions: readonly (PartitionsDefinition | null)[]): Promise<PartitionsAsOf> {
    return partitionsAsOf(this.store, this.#options.clock.nowMs(), definitions);
  }

  async #divide(plan: RunPlan): Promise<RunDivision> {
    const { catalog, bindings } = this.resolved;
    const keys = plan.steps.flatMap((step) => [...step.assets, ...this.#needs(step.assets, step.checks)]);
    const asOf = await this.asOf([...new Set(keys)].map((key) => this.#specs.get(key)?.partitions ?? null));
    return new RunDivision(plan, catalog, { asOf, codes: bindings.mappings });
  }

  /**
   * Which of these assets (default: all) are fresh, stale or missing by what the store has now, and why.
   * Knows these and all that is upstream of them.
   */
  staleness(keys: readonly AssetKey[] = this.graph.keys()): Promise<StalenessIndex> {
    const { store, clock, resolved } = this.#options;
    return readStaleness({ store, graph: this.graph, nowMs: clock.nowMs(), mappings: resolved.bindings.mappings }, keys);
  }

  /**
   * Materializes what of the selection is stale or missing, of divided assets among the partitions that are asked for. A step whose code and inputs
   * turn out to be as they were, in all of its partitions, is not run: its earlier results are reused.
   * @returns `undefined` when nothing is stale or missing: there is no run
   */
  async materializeStale(selection: string | AssetSelection = "*", options: MaterializeStaleOptions = {}): Promise<RunReport | undefined> {
    const bound = this.#bound(selection);
    const { catalog } = this.resolved;
    const selected = bound.resolve(this.graph);
    const asked = await this.#partitionsOf(selected, options);
    planRun(catalog, selected, asked); // what could not run as a whole is refused, whatever of it is stale
    const index = await this.staleness(selected.assets);
    const stale = staleSelection(catalog, selected, asked ? among(index, asked) : index);
    if (stale.assets.length === 0) return undefined;
    const text = this.textOf(selection);
    const partitions = sharedPartitions(catalog, stale) === null ? undefined : asked;
    return this.#launch(planRun(catalog, stale, partitions), text, options, { reuse: options.force !== true });
  }

  /**
   * Runs again what did not succeed in an earlier run, with its configuration; what it needs of the rest is loaded through the IO managers.
   * @throws {@link ConfigError} when its configuration held secrets, which are not stored, and none is given
   */
  async retry(run: RunRecord, options: MaterializeOptions = {}): Promise<RunReport> {
    const config = options.config ?? configOf(run);
    const again = await planRetry({ ...this.#options, asOf: (definitions) => this.asOf(definitions) }, run);
    return this.#launch(
      again,
      run.selection,
      { ...options, config, tags: { ...withoutPartitions(run.tags), ...options.tags } },
      { parentRunId: run.id, rootRunId: run.rootRunId ?? run.id },
    );
  }

  async #launch(
    plan: RunPlan,
    selection: string,
    options: MaterializeOptions,
    { reuse, ...lineage }: RunOrigin & { readonly reuse?: boolean },
  ): Promise<RunReport> {
    const { resolved, store, clock, owner, codeVersion, env } = this.#options;
    const division = await this.#divide(plan);
    checkInputs(plan, division, resolved.bindings);
    const tags = { ...options.tags, ...(division.chosen ? tagsOfPartitions(division.chosen) : {}) };
    const masker = new SecretMasker();
    const prepared: PreparedConfig = prepareRun(resolved, plan, options.config ?? {}, { environment: env, masker });
    const { catalog } = resolved;
    const reusable = reuse ? await ReusableResults.read({ store, catalog, plan, division, sourceVersion: codeVersion }) : undefined;
    const nowMs = clock.nowMs();
    const request = {
      plan,
      division,
      selection: masker.text(selection),
      tags: masker.deep(tags),
      config: prepared.stored,
      codeVersion,
      ...lineage,
    };
    const [{ runId, epoch }, { fsync }] = await Promise.all([createAndClaim(store, request, owner, nowMs), store.info()]);
    options.onPlan?.(plan, runId);
    const planned = new Set(plan.steps.flatMap((step) => step.assets));
    const upstream = [...new Set(plan.steps.flatMap((step) => this.#needs(step.assets, step.checks)))].filter((key) => !planned.has(key));
    const { onEvent } = options;
    const outcome = await superviseRun(
      {
        ...this.#options,
        fsync,
        random: this.#options.random ?? Math.random,
        ...(onEvent ? { onEvent: (event: NewEvent) => outsideUserCode(() => onEvent(event)) } : {}),
      },
      prepared,
      masker,
      {
        runId,
        epoch,
        plan,
        tags,
        sourceVersion: codeVersion,
        division,
        upstream: await storedValues(store, upstream),
        ...(reusable ? { reusable } : {}),
      },
      options.signal,
    );
    return { ...outcome, plan };
  }

  #needs(assets: readonly AssetKey[], checks: readonly string[]): AssetKey[] {
    const ofChecks = checks.flatMap((id) => {
      const check = this.#checks.get(id);
      return check ? [check.asset, ...check.deps.map((dep) => dep.key)] : [];
    });
    return [...assets.flatMap((key) => this.#specs.get(key)?.deps.map((dep) => dep.key) ?? []), ...ofChecks];
  }
}

function configOf(run: RunRecord): RunConfig {
  if (!JSON.stringify(run.config).includes(MASK)) return run.config as unknown as RunConfig;
  throw new ConfigError("RUN.CONFIG_HELD_SECRETS", `The configuration of run ${run.id} held secrets, which are not stored.`, {
    fix: `Give it again: millrace retry ${run.id} --config FILE.`,
  });
}
