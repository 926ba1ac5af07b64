import type { Json } from "../../base/canonical-json.js";
import type { AssetKey } from "../../model/asset-spec.js";
import type { EventRecord } from "../../model/event.js";
import type { AttemptOutcome, RunRecord, RunStatus, StepRecord, StepStatus } from "../../model/run.js";
import type { AssetEventQuery, LatestMaterialization, OwnedRun, Owner, RunFilter } from "../run-store.js";
import type { Bound, Connection, Prepared } from "./dialect.js";
import { eventFrom, type EventRow } from "./event-row.js";
import { RUN_COLUMNS, type Statements } from "./statements.js";
import type { Transactions } from "./transactions.js";

interface RunRow {
  readonly no: number;
  readonly id: string;
  readonly status: RunStatus;
  readonly tags: string;
  readonly selection: string;
  readonly code_version: string;
  readonly created_at_ms: number;
  readonly started_at_ms: number | null;
  readonly ended_at_ms: number | null;
  readonly cancel_requested_at_ms: number | null;
  readonly parent_run_id: string | null;
  readonly root_run_id: string | null;
  readonly epoch: number;
  readonly plan: string;
  readonly config: string;
  readonly backfill_id: string | null;
}

interface LatestRow {
  readonly asset_key: string;
  readonly materialization_id: number | null;
  readonly observation_id: number | null;
  readonly failure_id: number | null;
  readonly run_id: string | null;
}

/** The query of a page of runs, read along an index in its order: the numbers of runs of a state, or their times when those are asked for. */
function listing(filter: RunFilter): { sql: string; values: Bound[] } {
  const byTime = filter.fromMs !== undefined || filter.toMs !== undefined;
  const place = byTime ? "(run.created_at_ms, run.no)" : "run.no";
  const order = byTime ? "run.created_at_ms desc, run.no desc" : "run.no desc";
  const ofRun = `(select ${byTime ? "created_at_ms, no" : "no"} from run where id = ?)`;
  const wheres: string[] = [];
  const values: Bound[] = [];
  const only = (condition: string, ...bound: Bound[]): void => {
    wheres.push(condition);
    values.push(...bound);
  };
  if (filter.tag) only("run.no in (select run_no from run_tag where key = ? and value = ?)", filter.tag.key, filter.tag.value);
  if (filter.beforeId !== undefined) only(`${place} < ${ofRun}`, filter.beforeId);
  if (filter.afterId !== undefined) only(`${place} > ${ofRun}`, filter.afterId);
  if (filter.backfillId !== undefined) only("run.backfill_no = (select no from backfill where id = ?)", filter.backfillId);
  if (filter.fromMs !== undefined) only("run.created_at_ms >= ?", filter.fromMs);
  if (filter.toMs !== undefined) only("run.created_at_ms < ?", filter.toMs);
  const page = (columns: string, conditions: readonly string[]): string =>
    `select ${columns} from run left join backfill on backfill.no = run.backfill_no${conditions.length > 0 ? ` where ${conditions.join(" and ")}` : ""} order by ${order} limit ?`;
  const { statuses, limit } = filter;
  if (statuses === undefined) return { sql: page(RUN_COLUMNS, wheres), values: [...values, limit] };
  if (statuses.length === 1)
    return { sql: page(RUN_COLUMNS, ["run.status = ?", ...wheres]), values: [statuses[0] ?? "", ...values, limit] };
  // The newest of each state, and of those the newest.
  const each = statuses.map(() => `select no from (${page("run.no", ["run.status = ?", ...wheres])}) as newest`).join(" union all ");
  return {
    sql: page(RUN_COLUMNS, [`run.no in (${each || "select cast(null as bigint)"})`]),
    values: [...statuses.flatMap((status) => [status, ...values, limit]), limit],
  };
}

/** What the run store tells, on one connection, synchronous. */
export class RunReads {
  readonly #connection: Connection;
  readonly #sql: Statements;
  readonly #transactions: Transactions;
  readonly #listing = new Map<string, Prepared>();

  constructor(sql: Statements, connection: Connection, transactions: Transactions) {
    this.#sql = sql;
    this.#connection = connection;
    this.#transactions = transactions;
  }

  listRuns(filter: RunFilter): RunRecord[] {
    return this.#transactions.read(() => {
      const { sql, values } = listing(filter);
      const statement = this.#listing.get(sql) ?? this.#connection.prepare(sql);
      this.#listing.set(sql, statement);
      return statement.all<RunRow>(values).map((row) => this.#runFrom(row));
    });
  }

  getRun(runId: string): RunRecord | undefined {
    return this.#transactions.read(() => {
      const row = this.#sql.getRun.get<RunRow>([runId]);
      return row && this.#runFrom(row);
    });
  }

  steps(runId: string): StepRecord[] {
    return this.#transactions.read(() =>
      this.#sql.steps
        .all<{ key: string; status: StepStatus; attempt: number; started_at_ms: number | null; ended_at_ms: number | null }>([runId])
        .map((row) => ({
          runId,
          key: row.key,
          status: row.status,
          attempt: row.attempt,
          ...(row.started_at_ms === null ? {} : { startedAtMs: row.started_at_ms }),
          ...(row.ended_at_ms === null ? {} : { endedAtMs: row.ended_at_ms }),
        })),
    );
  }

  lastHeard(runId: string): Record<string, number> {
    return this.#transactions.read(() =>
      Object.fromEntries(this.#sql.lastHeard.all<{ step_key: string; at_ms: number }>([runId]).map((row) => [row.step_key, row.at_ms])),
    );
  }

  events(query: { readonly runId: string; readonly afterSeq: number; readonly limit: number }): EventRecord[] {
    return this.#transactions.read(() => this.#sql.events.all<EventRow>([query.runId, query.afterSeq, query.limit]).map(eventFrom));
  }

  assetEvents(query: AssetEventQuery): EventRecord[] {
    return this.#transactions.read(() => {
      const { assetKey, partition, beforeId = Number.MAX_SAFE_INTEGER, limit } = query;
      const rows =
        partition === undefined
          ? this.#sql.assetEvents.all<EventRow>([assetKey, beforeId, limit])
          : this.#sql.partitionEvents.all<EventRow>([assetKey, partition, beforeId, limit]);
      return rows.map(eventFrom);
    });
  }

  latestMaterializations(keys: readonly AssetKey[] | "all"): LatestMaterialization[] {
    return this.#transactions.read(() => {
      const few = keys !== "all" && keys.length <= 500;
      const wanted = keys === "all" ? undefined : new Set(keys);
      const rows = few
        ? keys.flatMap((key) => this.#sql.latestOne.all<LatestRow>([key]))
        : this.#sql.latestAll.all<LatestRow>([]).filter((row) => wanted?.has(row.asset_key) ?? true);
      const checkRows = few
        ? keys.flatMap((key) => this.#sql.checksOne.all<{ asset_key: string; name: string; event_id: number }>([key]))
        : this.#sql.checksAll.all<{ asset_key: string; name: string; event_id: number }>([]);
      const every = few ? undefined : new Map(this.#sql.latestEvents.all<EventRow>([]).map((row) => [row.id, eventFrom(row)]));
      const event = (id: number | null): EventRecord | undefined => (id === null ? undefined : (every?.get(id) ?? this.#eventById(id)));
      const checks = new Map<string, Record<string, EventRecord>>();
      for (const row of checkRows) {
        const evaluation = event(row.event_id);
        if (evaluation) checks.set(row.asset_key, { ...checks.get(row.asset_key), [row.name]: evaluation });
      }
      return rows.map((row) => {
        const materialization = event(row.materialization_id);
        const observation = event(row.observation_id);
        const failure = event(row.failure_id);
        return {
          assetKey: row.asset_key,
          ...(materialization ? { materialization } : {}),
          ...(observation ? { observation } : {}),
          ...(failure ? { failure } : {}),
          checks: checks.get(row.asset_key) ?? {},
          ...(row.run_id === null ? {} : { lastRunId: row.run_id }),
        };
      });
    });
  }

  runsToRepair(): OwnedRun[] {
    return this.#transactions.read(() =>
      this.#sql.ownedRuns.all<{ id: string; status: RunStatus; epoch: number; owner: string; lease_until_ms: number }>([]).map((row) => ({
        runId: row.id,
        status: row.status,
        epoch: row.epoch,
        owner: JSON.parse(row.owner) as Owner,
        leaseUntilMs: row.lease_until_ms,
      })),
    );
  }

  attemptOutcome(attemptId: string): AttemptOutcome | "RUNNING" | undefined {
    return this.#transactions.read(() => this.#sql.attemptOutcome.get<{ outcome: AttemptOutcome | "RUNNING" }>([attemptId])?.outcome);
  }

  countRuns(): Partial<Record<RunStatus, number>> {
    return this.#transactions.read(() =>
      Object.fromEntries(this.#sql.countRuns.all<{ status: RunStatus; n: number }>([]).map((row) => [row.status, row.n])),
    );
  }

  #eventById(id: number): EventRecord | undefined {
    const row = this.#sql.eventById.get<EventRow>([id]);
    return row && eventFrom(row);
  }

  #runFrom(row: RunRow): RunRecord {
    const counts = this.#sql.stepCounts.all<{ status: StepStatus; n: number }>([row.no]);
    return {
      id: row.id,
      status: row.status,
      tags: JSON.parse(row.tags) as Record<string, string>,
      selection: row.selection,
      codeVersion: row.code_version,
      createdAtMs: row.created_at_ms,
      ...(row.started_at_ms === null ? {} : { startedAtMs: row.started_at_ms }),
      ...(row.ended_at_ms === null ? {} : { endedAtMs: row.ended_at_ms }),
      ...(row.parent_run_id === null ? {} : { parentRunId: row.parent_run_id }),
      ...(row.root_run_id === null ? {} : { rootRunId: row.root_run_id }),
      ...(row.backfill_id === null ? {} : { backfillId: row.backfill_id }),
      epoch: row.epoch,
      ...(row.cancel_requested_at_ms === null ? {} : { cancelRequestedAtMs: row.cancel_requested_at_ms }),
      plan: JSON.parse(row.plan) as Json,
      config: JSON.parse(row.config) as Json,
      stepCounts: Object.fromEntries(counts.map(({ status, n }) => [status, n])),
    };
  }
}
