import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { EventPayload, EventType } from "../../src/model/event";
import { isFinal, type RunStatus, type StepStatus } from "../../src/model/run";
import type { RunPlan } from "../../src/model/run-plan";
import { RunState } from "../../src/planning/run-state";
import { dialectOf } from "../../runtime/store/open-ledgers";
import type { Bound } from "../../src/storage/sql/dialect";
import { storeOf } from "./database-of";
import { partitionUntruths, type All } from "./partition-truths";
import type { Fact } from "./witness";

interface EventRow {
  id: number;
  run_no: number;
  seq: number;
  type: EventType;
  at_ms: number;
  step_key: string | null;
  attempt: number | null;
  asset_key: string | null;
  partition_key: string | null;
  payload: string | null;
}
interface RunRow {
  no: number;
  id: string;
  status: RunStatus;
  tags: string;
  plan: string;
  next_seq: number;
  ended_at_ms: number | null;
}
interface StepRow {
  run_no: number;
  key: string;
  status: StepStatus;
  attempt: number;
  assets: string;
  ended_at_ms: number | null;
}
interface AttemptRow {
  run_no: number;
  step_key: string;
  number: number;
  outcome: string | null;
}
interface Tables {
  readonly runs: readonly RunRow[];
  readonly events: readonly EventRow[];
  readonly steps: readonly StepRow[];
  readonly attempts: readonly AttemptRow[];
  readonly tags: readonly { run_no: number; key: string; value: string }[];
  readonly latest: readonly object[];
  readonly checks: readonly object[];
}

const ENDS: Partial<Record<EventType, string>> = {
  STEP_SUCCESS: "SUCCESS",
  STEP_FAILURE: "FAILURE",
  STEP_UP_FOR_RETRY: "RETRY",
  STEP_CANCELED: "CANCELED",
};
const STATUS_AFTER: Partial<Record<EventType, RunStatus>> = {
  RUN_START: "STARTED",
  RUN_CANCELING: "CANCELING",
  RUN_SUCCESS: "SUCCESS",
  RUN_FAILURE: "FAILURE",
  RUN_CANCELED: "CANCELED",
};

/** What is not true of a store after a repair, as sentences; none: all is well. */
export function untruths(home: string): string[] {
  const { dialect, end } = dialectOf(storeOf(home), "FULL");
  const connection = dialect.open(storeOf(home), "FULL");
  try {
    const all: All = (sql, ...values) => connection.prepare(sql).all(values as Bound[]);
    const tables = readTables(all);
    return [
      ...lostFacts(tables, readFacts(join(home, "facts"))),
      ...tables.runs.flatMap((run) => runUntruths(tables, run)),
      ...latestUntruths(tables),
      ...partitionUntruths(all),
      ...valueUntruths(tables, join(home, "store", "storage")),
    ];
  } finally {
    connection.close();
    end();
  }
}

function readTables(all: All): Tables {
  return {
    runs: all("select * from run order by no"),
    events: all("select * from event order by id"),
    steps: all("select * from step order by no"),
    attempts: all("select * from attempt order by no"),
    tags: all("select * from run_tag"),
    latest: all("select * from asset_latest order by asset_key"),
    checks: all("select * from check_latest order by asset_key, name"),
  };
}

/** The line that was being written when the process was killed was not acknowledged. */
function readFacts(path: string): Fact[] {
  try {
    return readFileSync(path, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line) as Fact); // prettier-ignore
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function lostFacts({ runs, events }: Tables, facts: readonly Fact[]): string[] {
  const ids = new Map(runs.map(({ no, id }) => [no, id]));
  const textOf = (runId: string | undefined, type: string, ...place: readonly unknown[]): string =>
    [runId, type, ...(type === "PUBLISH" ? [place[2], place[3]] : place)].map((part) => part ?? "").join(" ");
  const stored = new Map<string, number>();
  for (const { run_no, type, step_key, attempt, asset_key, at_ms } of events) {
    const text = textOf(ids.get(run_no), type, step_key, attempt, asset_key, at_ms);
    stored.set(text, (stored.get(text) ?? 0) + 1);
  }
  return facts.flatMap(({ runId, event }) => {
    if (!event) return [...ids.values()].includes(runId) ? [] : [`Run ${runId} was acknowledged and is not there.`];
    const text = textOf(runId, event.type, event.stepKey, event.attempt, event.assetKey, event.atMs);
    const left = stored.get(text) ?? 0;
    stored.set(text, left - 1);
    return left > 0 ? [] : [`An event was acknowledged and is not there: ${text}.`];
  });
}

export const differs = (what: string, stored: unknown, folded: unknown): string[] =>
  JSON.stringify(stored) === JSON.stringify(folded) ? [] : [`${what}: stored ${JSON.stringify(stored)}, the events say ${JSON.stringify(folded)}.`]; // prettier-ignore

/** A run, its steps, attempts and tags against a full fold of its events. */
function runUntruths(tables: Tables, run: RunRow): string[] {
  const events = tables.events.filter((event) => event.run_no === run.no);
  const plan = JSON.parse(run.plan) as RunPlan;
  const state = new RunState(plan);
  let status: RunStatus | undefined;
  for (const { type, step_key, asset_key } of events) {
    state.apply({ type, ...(step_key === null ? {} : { stepKey: step_key }), ...(asset_key === null ? {} : { assetKey: asset_key }) });
    if (status === undefined || !isFinal(status)) status = STATUS_AFTER[type] ?? status;
  }
  const steps = tables.steps.filter((step) => step.run_no === run.no);
  const starts = events.filter(({ type }) => type === "STEP_START").map(attemptTold);
  const told = new Set(events.filter((event) => TELLS_ATTEMPT.has(event.type) && event.attempt !== null).map(attemptTold));
  const attemptsOf = (key: string): number => [...told].filter((attempt) => attempt.startsWith(`${key} `)).length;
  const tags = tables.tags.filter(({ run_no }) => run_no === run.no).map(({ key, value }) => [key, value]);
  return [
    ...(isFinal(run.status) || status === undefined ? [] : [`Run ${run.id} is ${run.status}, but its process is gone.`]),
    ...differs(`Run ${run.id}`, run.status, status ?? run.status),
    ...differs(`End of run ${run.id}`, run.ended_at_ms !== null, isFinal(run.status)),
    ...differs(`Sequence of run ${run.id}`, [...events.map(({ seq }) => seq), run.next_seq], Array.from({ length: events.length + 1 }, (_, index) => index + 1)), // prettier-ignore
    ...differs(
      `Steps of run ${run.id}`,
      steps.map((step) => [step.key, step.status, step.attempt, step.assets]),
      plan.steps.map(({ key, assets }) => [key, state.statusOf(key), attemptsOf(key), JSON.stringify(assets)]), // prettier-ignore
    ),
    ...differs(`Tags of run ${run.id}`, Object.fromEntries(tags), JSON.parse(run.tags)),
    ...tables.attempts.filter((attempt) => attempt.run_no === run.no).flatMap((attempt) => attemptUntruths(events, attempt)),
    ...differs(`Attempts of run ${run.id}`, tables.attempts.filter(({ run_no }) => run_no === run.no).map(({ step_key, number }) => `${step_key} ${number}`).sort(), [...told].sort()), // prettier-ignore
    ...differs(`Starts of run ${run.id}`, starts, [...new Set(starts)]),
  ];
}

/** Each attempt starts, or ends without having started when it was claimed ahead. */
const TELLS_ATTEMPT: ReadonlySet<EventType> = new Set(["STEP_START", "ATTEMPT_LOST", "STEP_CANCELED"]);

function attemptTold({ step_key, attempt }: EventRow): string {
  return `${step_key} ${attempt}`;
}

function attemptUntruths(events: readonly EventRow[], { step_key, number, outcome }: AttemptRow): string[] {
  const own = events.filter((event) => event.step_key === step_key && event.attempt === number);
  const ends = own.flatMap(({ type }) => ENDS[type] ?? []);
  const lost = own.some(({ type }) => type === "ATTEMPT_LOST");
  return differs(`End of attempt ${number} at ${step_key}`, [outcome], lost ? ends.map(() => "LOST") : ends);
}

/** What is latest of each asset and check, folded from all events in their order. */
function latestUntruths({ events, latest, checks }: Tables): string[] {
  const columns: Partial<Record<EventType, string>> = {
    ASSET_MATERIALIZATION: "materialization_id",
    ASSET_OBSERVATION: "observation_id",
    ASSET_FAILED_TO_MATERIALIZE: "failure_id",
    ASSET_MATERIALIZATION_PLANNED: "run_no",
  };
  const none = { run_no: null, materialization_id: null, observation_id: null, failure_id: null };
  const assets = new Map<string, object>();
  const evaluated = new Map<string, object>();
  for (const { id, run_no, type, asset_key, partition_key, payload } of events) {
    if (asset_key === null) continue;
    const column = columns[type];
    if (type === "ASSET_WIPED" && partition_key === null) {
      assets.set(asset_key, { asset_key, ...none, run_no: (assets.get(asset_key) as { run_no?: number } | undefined)?.run_no ?? null });
      for (const place of evaluated.keys()) if (place.startsWith(`${asset_key}\n`)) evaluated.delete(place);
    }
    if (column !== undefined)
      assets.set(asset_key, { asset_key, ...none, ...assets.get(asset_key), [column]: type.endsWith("PLANNED") ? run_no : id });
    const check = type === "ASSET_CHECK_EVALUATION" ? (JSON.parse(payload ?? "{}") as EventPayload).check : undefined;
    if (check) evaluated.set(`${asset_key}\n${check.name}`, { asset_key, name: check.name, event_id: id });
  }
  const sorted = (map: Map<string, object>): object[] => [...map.keys()].sort().map((key) => map.get(key) ?? {});
  return [...differs("Latest of assets", latest, sorted(assets)), ...differs("Latest of checks", checks, sorted(evaluated))];
}

/** Each value that was reported as materialized is there, whole; nothing of an attempt that has ended is left. */
function valueUntruths({ events }: Tables, storage: string): string[] {
  const pointers = events.flatMap(({ type, payload }) => {
    const pointer = type === "ASSET_MATERIALIZATION" ? (JSON.parse(payload ?? "{}") as EventPayload).pointer : undefined;
    return pointer === undefined ? [] : [(pointer as { path: string }).path];
  });
  const broken = pointers.filter((path) => {
    try {
      JSON.parse(readFileSync(path, "utf8"));
      return false;
    } catch {
      return true;
    }
  });
  const leftovers = readdirSync(storage).filter((name) => name.endsWith(".tmp"));
  return [
    ...broken.map((path) => `The value ${path} was reported as materialized and is not there, or not whole.`),
    ...leftovers.map((name) => `${name} was left by an attempt that has ended.`),
  ];
}
