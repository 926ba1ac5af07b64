import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DEFINITIONS,
  type AssetSet,
  type DefinitionsShape,
  type ExternalAsset,
  type MountedPipeline,
} from "../../decorators/declarations/declaration.js";
import { systemClock, type Clock } from "../../src/base/clock.js";
import { ExecutionError, RequestError } from "../../src/base/errors.js";
import { jsonSchemaOf } from "../../src/config/json-schema.js";
import type { InputContext, IOManager } from "../../src/config/io-manager.js";
import type { RunConfigInput } from "../../src/config/run-config.js";
import type { Provided } from "../../src/config/provided.js";
import type { AssetSelection } from "../../src/graph/asset-selection.js";
import { InMemoryIOManager } from "../../src/io/in-memory-io-manager.js";
import type { AssetRef, Ctor } from "../../src/model/asset-ref.js";
import type { EventRecord, StoredError } from "../../src/model/event.js";
import type { StepRecord } from "../../src/model/run.js";
import type { RunPlan } from "../../src/model/run-plan.js";
import type { AskedPartitions } from "../launch/launched-partitions.js";
import { Session } from "../launch/session.js";
import { thisProcess } from "../instance/process-identity.js";
import { resolveDefinitions } from "../scan/resolve-definitions.js";
import { openMemoryStore } from "../store/memory-store.js";
import { outputContextFor } from "./io-manager-contract.js";

/** What a test materializes with. */
export interface TestRunOptions extends AskedPartitions {
  /** @defaultValue `*` */
  readonly selection?: string | AssetSelection;
  readonly assets?: readonly (ExternalAsset | AssetSet)[];
  readonly resources?: readonly Provided[];
  /** IO manager of the assets that name none. @defaultValue values are kept in memory */
  readonly io?: Provided<IOManager>;
  /** `[configFor(ref, {...})]`, or `{ assets: { key: {...} }, resources: { Name: {...} } }`. */
  readonly config?: RunConfigInput;
  readonly tags?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** @defaultValue 4 */
  readonly concurrency?: number;
  readonly cancelGraceMs?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Gives a number in [0, 1) for each jittered wait. @defaultValue Math.random */
  random?(): number;
  /** Rejects with what the first failed step threw. @defaultValue true */
  readonly raiseOnError?: boolean;
}

/** What a run in memory came to. */
export interface TestRunResult {
  readonly status: "SUCCESS" | "FAILURE" | "CANCELED";
  readonly plan: RunPlan;
  readonly events: readonly EventRecord[];
  readonly steps: readonly StepRecord[];
  /** Keys of what was materialized, in the order of the log; of a divided asset once for each partition. */
  readonly materialized: readonly string[];
  /** Whether each evaluated check passed, by `asset#check`. */
  readonly checks: Readonly<Record<string, boolean>>;
  /** The value of an asset (of a divided one: of a partition), as its downstream would get it. */
  value<V>(asset: AssetRef<V> | string, of?: { readonly partition?: string }): V;
}

/** A step failed in a test's run. */
export class TestRunFailedError extends ExecutionError {
  constructor(step: string, error: StoredError) {
    super("TEST.STEP_FAILED", `Step "${step}" failed: ${error.name}: ${error.message}`, { cause: error });
  }
}

/** Materializes pipeline classes in memory: a store, values and logs that live as long as the call. Nothing is left behind. */
export async function materialize(pipelines: readonly (Ctor | MountedPipeline)[], options: TestRunOptions = {}): Promise<TestRunResult> {
  const memory = new InMemoryIOManager();
  const io: Provided = options.io ?? { kind: "provided", token: InMemoryIOManager, object: memory };
  const definitions: DefinitionsShape = {
    [DEFINITIONS]: true,
    pipelines,
    assets: options.assets ?? [],
    resources: options.resources ?? [],
    io: io as Provided<IOManager>,
  };
  const resolved = resolveDefinitions(definitions, { schemaOf: jsonSchemaOf });
  const store = openMemoryStore();
  const storageDir = mkdtempSync(join(tmpdir(), "millrace-"));
  try {
    const session = new Session({
      resolved,
      store,
      storageDir,
      clock: options.clock ?? systemClock,
      concurrency: options.concurrency ?? 4,
      cancelGraceMs: options.cancelGraceMs ?? 1_000,
      codeVersion: "test",
      env: options.env ?? process.env,
      owner: thisProcess(),
      random: options.random ?? Math.random,
    });
    const report = await session.materialize(options.selection ?? "*", {
      ...(options.config === undefined ? {} : { config: options.config }),
      ...(options.tags ? { tags: options.tags } : {}),
      ...(options.partitionKey === undefined ? {} : { partitionKey: options.partitionKey }),
      ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const events = await store.events({ runId: report.runId, afterSeq: 0, limit: 1_000_000 });
    if (options.raiseOnError ?? true) raise(events);
    const values = new Map<string, unknown>();
    const materialized = events.flatMap((event) =>
      event.type === "ASSET_MATERIALIZATION" && event.assetKey !== undefined ? [event.assetKey] : [],
    );
    if (options.io === undefined)
      for (const event of events) {
        if (event.payload?.ioManager === undefined || event.assetKey === undefined) continue;
        values.set(placeOf(event.assetKey, event.partition?.key), await memory.load(inputOf(event, storageDir)).catch(() => undefined));
      }
    return {
      status: report.status,
      plan: report.plan,
      events,
      steps: await store.steps(report.runId),
      materialized,
      checks: Object.fromEntries(
        events.flatMap((event) =>
          event.payload?.check ? [[`${event.assetKey}#${event.payload.check.name}`, event.payload.check.passed]] : [],
        ),
      ),
      value: <V>(asset: AssetRef<V> | string, { partition }: { readonly partition?: string } = {}): V => {
        const [key = "an unknown asset"] = typeof asset === "string" ? [asset] : resolved.keysOf(asset);
        if (values.has(placeOf(key, partition))) return values.get(placeOf(key, partition)) as V;
        const what = partition === undefined ? `"${key}"` : `partition "${partition}" of "${key}"`;
        throw new RequestError("TEST.NO_VALUE", `The run stored no value of ${what}.`, {
          fix: `It materialized ${[...new Set(materialized)].join(", ") || "nothing"}.`,
        });
      },
    };
  } finally {
    await store.close();
    rmSync(storageDir, { recursive: true, force: true });
  }
}

function placeOf(key: string, partition: string | undefined): string {
  return JSON.stringify([key, partition]);
}

function inputOf({ assetKey = "", partition }: EventRecord, storageDir: string): InputContext {
  const { log, signal } = outputContextFor(assetKey, { storageDir });
  const of = partition ? { partitionKey: partition.key } : {};
  return { assetKey, runId: "", ...of, pointer: undefined, dataVersion: undefined, metadata: {}, storageDir, log, signal };
}

function raise(events: readonly EventRecord[]): void {
  const failed = events.find((event) => event.type === "STEP_FAILURE" || event.type === "RESOURCE_INIT_FAILURE");
  if (failed?.payload?.error) throw new TestRunFailedError(failed.stepKey ?? failed.payload.resource ?? "", failed.payload.error);
}
