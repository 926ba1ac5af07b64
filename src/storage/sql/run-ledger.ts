import type { Json } from "../../base/canonical-json.js";
import { StoreError } from "../../base/errors.js";
import type { AssetKey } from "../../model/asset-spec.js";
import { AFTER_THE_END, type EventPayload, type EventRecord, type EventType, type NewEvent } from "../../model/event.js";
import { isFinal, type AttemptOutcome, type RunRecord, type RunStatus, type StepRecord, type StepStatus } from "../../model/run.js";
import type {
  CommitResult,
  Fsync,
  LatestMaterialization,
  NewRun,
  OwnedRun,
  Owner,
  RepairVerdict,
  RunBatch,
  RunFilter,
  StoredEventId,
  StoreInfo,
} from "../run-store.js";
import type { Bound, Connection, Dialect } from "./dialect.js";
import { migrate, SCHEMA_VERSION } from "./migrate.js";
import { statements, type Statements } from "./statements.js";

interface RunHead {
  readonly no: number;
  readonly status: RunStatus;
  readonly epoch: number;
  readonly next_seq: number;
  readonly cancel_requested_at_ms: number | null;
  readonly lease_until_ms: number | null;
}

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
}

interface EventRow {
  readonly id: number;
  readonly seq: number;
  readonly type: EventType;
  readonly at_ms: number;
  readonly step_key: string | null;
  readonly attempt: number | null;
  readonly asset_key: string | null;
  readonly payload: string | null;
  readonly run_id: string;
}

interface LatestRow {
  readonly asset_key: string;
  readonly materialization_id: number | null;
  readonly observation_id: number | null;
  readonly failure_id: number | null;
  readonly run_id: string | null;
}

/** A batch whose fence did not hold: the transaction around it is undone. */
class Fenced extends StoreError {
  constructor(
    readonly attempts: readonly string[],
    readonly epochLost: boolean,
  ) {
    super("STORE.FENCED", "The run has another owner, or the attempt is no longer the current one.");
  }
}

/**
 * The run store's transactions on one connection, synchronous. Each public method is one transaction, or one savepoint of the transaction
 * that {@link RunLedger.group} opened around several.
 */
export class RunLedger {
  readonly #connection: Connection;
  readonly #dialect: Dialect;
  readonly #sql: Statements;
  readonly #path: string;
  readonly #fsync: Fsync;
  readonly #listing = new Map<string, ReturnType<Connection["prepare"]>>();
  #grouped = false;
  /** Why the transaction around a group is gone. */
  #groupLost: Error | undefined;

  constructor(dialect: Dialect, path: string, fsync: Fsync) {
    this.#dialect = dialect;
    this.#path = path;
    this.#fsync = fsync;
    this.#connection = dialect.open(path, fsync);
    try {
      migrate(this.#connection, dialect, path);
    } catch (error) {
      this.#connection.close();
      throw dialect.explain(error, path);
    }
    this.#sql = statements(this.#connection, dialect);
  }

  /** Runs several transactions as one: each is a savepoint within, and none is durable before the function returns. */
  group(body: () => void): void {
    this.#begin();
    this.#grouped = true;
    this.#groupLost = undefined;
    try {
      body();
      this.#assertGroup();
      this.#connection.exec("commit");
    } catch (error) {
      this.#rollback();
      throw this.#dialect.explain(error, this.#path);
    } finally {
      this.#grouped = false;
    }
  }

  createRun(run: NewRun): RunRecord {
    try {
      this.#transact(() => this.#insertRun(run));
    } catch (error) {
      const sameId = this.#dialect.isDuplicate((error as { cause?: unknown }).cause ?? error) && this.#head(run.id) !== undefined;
      const sameKey = !sameId && run.runKey !== undefined && this.#sql.runOfKey.get([run.runKey]) !== undefined;
      if (!sameId && !sameKey) throw error;
      throw new StoreError(
        "STORE.DUPLICATE_RUN",
        `There is a run of this ${sameId ? `id, ${run.id}` : `key already: "${run.runKey ?? ""}"`}.`,
        {
          fix: "One key gives one run; choose another key for another run.",
          cause: error,
        },
      );
    }
    const made = this.getRun(run.id);
    if (made) return made;
    throw new StoreError("STORE.FAILED", `Run ${run.id} is gone right after it was written.`);
  }

  #insertRun(run: NewRun): void {
    const { lastInsertRowid: no } = this.#sql.insertRun.run([
      run.id, run.status, JSON.stringify(run.tags), run.selection, run.codeVersion, run.createdAtMs, run.parentRunId ?? null, run.rootRunId ?? null, run.runKey ?? null, JSON.stringify(run.plan), JSON.stringify(run.config),
    ]); // prettier-ignore
    for (const [key, value] of Object.entries(run.tags)) this.#sql.insertTag.run([no, key, value]);
    for (const step of run.steps) this.#sql.insertStep.run([no, step.key, "WAITING", JSON.stringify(step.assets)]);
    this.#append(no, 1, run.events);
    if (run.claimedBy) this.#claim({ no, next_seq: run.events.length + 1 }, run.claimedBy, run.createdAtMs);
  }

  claimRun(runId: string, owner: Owner, nowMs: number, leaseMs: number): number | undefined {
    return this.#transact(() => {
      const head = this.#head(runId);
      return head && this.#claim(head, { owner, leaseMs }, nowMs) ? head.epoch + 1 : undefined;
    });
  }

  #claim(run: Pick<RunHead, "no" | "next_seq">, by: { readonly owner: Owner; readonly leaseMs: number }, nowMs: number): boolean {
    if (this.#sql.claimRun.run([JSON.stringify(by.owner), nowMs + by.leaseMs, nowMs, run.no]).changes !== 1) return false;
    this.#append(run.no, run.next_seq, [{ type: "RUN_START", atMs: nowMs }]);
    return true;
  }

  commit(batch: RunBatch): CommitResult {
    try {
      return this.#transact(() => this.#commit(batch));
    } catch (error) {
      if (error instanceof Fenced) return { ok: false, fenced: error.attempts, epochLost: error.epochLost };
      throw error;
    }
  }

  #commit(batch: RunBatch): CommitResult {
    const head = this.#owned(batch.runId, batch.epoch);
    if (!head) throw new Fenced([], true);
    let seq = head.next_seq;
    const eventIds: Record<string, readonly StoredEventId[]> = {};
    for (const completion of batch.completions) {
      const ended = this.#sql.endAttempt.run([
        completion.outcome, completion.atMs, completion.attemptId, head.no, completion.stepKey, completion.attempt,
      ]).changes; // prettier-ignore
      const final = completion.stepStatus === "UP_FOR_RETRY" ? null : completion.atMs;
      const moved = this.#sql.endStep.run([completion.stepStatus, final, head.no, completion.stepKey, completion.attempt]).changes;
      if (ended !== 1 || moved !== 1) throw new Fenced([completion.attemptId], false);
      eventIds[completion.attemptId] = this.#insertEvents(head.no, seq, completion.events);
      seq += completion.events.length;
    }
    for (const { stepKey, status } of batch.transitions) this.#sql.moveStep.run([status, batch.nowMs, head.no, stepKey]);
    for (const claim of batch.claims) {
      if (this.#sql.claimStep.run([claim.attempt, claim.nowMs, head.no, claim.stepKey, claim.attempt - 1]).changes !== 1)
        throw new Fenced([claim.attemptId], false);
      this.#sql.insertAttempt.run([claim.attemptId, head.no, claim.stepKey, claim.attempt, claim.nowMs, claim.leaseUntilMs]);
      this.#insertEvents(head.no, seq, [{ type: "STEP_START", atMs: claim.nowMs, stepKey: claim.stepKey, attempt: claim.attempt }]);
      seq += 1;
    }
    this.#insertEvents(head.no, seq, batch.events);
    seq += batch.events.length;
    this.#sql.setNextSeq.run([seq, head.no]);
    if (batch.end) this.#sql.endRun.run([batch.end.status, batch.end.atMs, head.no]);
    return { ok: true, eventIds, cancelRequested: head.cancel_requested_at_ms !== null };
  }

  appendEvents(
    runId: string,
    epoch: number,
    attemptId: string | undefined,
    events: readonly (NewEvent & { readonly ordinal?: number })[],
  ): void {
    this.#transact(() => {
      const head = this.#head(runId);
      if (!head || head.epoch !== epoch || epoch === 0) return;
      const ended = isFinal(head.status);
      const attempt = attemptId === undefined ? undefined : this.#sql.currentAttempt.get<{ no: number }>([attemptId, head.no]);
      if (attemptId !== undefined && !attempt) return;
      let seq = head.next_seq;
      for (const event of events) {
        if (ended && !AFTER_THE_END.has(event.type)) continue;
        const once = attempt !== undefined && event.ordinal !== undefined;
        const row = eventRow(head.no, seq, event, once ? attempt.no : null, once ? (event.ordinal ?? null) : null);
        const { changes, lastInsertRowid } = (once ? this.#sql.insertEventOnce : this.#sql.insertEvent).run(row);
        if (changes === 0) continue;
        seq += 1;
        this.#derive(head.no, event, lastInsertRowid);
      }
      this.#sql.setNextSeq.run([seq, head.no]);
    });
  }

  recordPublication(runId: string, epoch: number, attemptId: string, assetKey: AssetKey, nowMs: number): boolean {
    return this.#transact(() => {
      const head = this.#owned(runId, epoch);
      if (!head) return false;
      const attempt = this.#sql.currentAttempt.get<{ no: number; step_key: string; number: number }>([attemptId, head.no]);
      if (!attempt) return false;
      this.#append(head.no, head.next_seq, [
        { type: "PUBLISH", atMs: nowMs, stepKey: attempt.step_key, attempt: attempt.number, assetKey },
      ]);
      return true;
    });
  }

  requestCancel(runId: string, nowMs: number): RunStatus | undefined {
    return this.#transact(() => {
      const head = this.#head(runId);
      if (!head || isFinal(head.status) || head.cancel_requested_at_ms !== null) return head?.status;
      const unowned = head.status === "QUEUED" || head.status === "NOT_STARTED";
      const status: RunStatus = unowned ? "CANCELED" : "CANCELING";
      this.#sql.cancelRun.run([status, nowMs, unowned ? nowMs : null, head.no]);
      const open = unowned ? this.#sql.openSteps.all<{ key: string }>([head.no]) : [];
      if (unowned) this.#sql.moveOpenSteps.run(["CANCELED", nowMs, head.no]);
      this.#append(head.no, head.next_seq, [
        ...open.map(({ key }): NewEvent => ({ type: "STEP_CANCELED", atMs: nowMs, stepKey: key })),
        { type: unowned ? "RUN_CANCELED" : "RUN_CANCELING", atMs: nowMs },
      ]);
      return status;
    });
  }

  renewLease(runId: string, epoch: number, untilMs: number): boolean {
    return this.#transact(() => {
      if (this.#sql.renewLease.run([untilMs, runId, epoch]).changes !== 1) return false;
      this.#sql.renewAttempts.run([untilMs, runId]);
      return true;
    });
  }

  repairRun(runId: string, epoch: number, verdict: RepairVerdict, nowMs: number): boolean {
    return this.#transact(() => {
      const head = this.#owned(runId, epoch);
      if (!head || (verdict.onlyIfLapsed && (head.lease_until_ms ?? 0) > nowMs)) return false;
      const events: NewEvent[] = [];
      const lost = this.#sql.runningAttempts.all<{ id: string; step_key: string; number: number; assets: string }>([head.no]);
      for (const attempt of lost) {
        const at = { atMs: nowMs, stepKey: attempt.step_key, attempt: attempt.number };
        this.#sql.endAttempt.run(["LOST", nowMs, attempt.id, head.no, attempt.step_key, attempt.number]);
        this.#sql.endStep.run(["FAILURE", nowMs, head.no, attempt.step_key, attempt.number]);
        events.push({ ...at, type: "ATTEMPT_LOST", payload: { reason: verdict.reason } });
        for (const assetKey of JSON.parse(attempt.assets) as string[])
          events.push({
            ...at,
            type: "ASSET_FAILED_TO_MATERIALIZE",
            assetKey,
            payload: { reason: "RUN_TERMINATED", message: verdict.reason },
          });
        events.push({
          ...at,
          type: "STEP_FAILURE",
          payload: { error: { name: "AttemptLost", code: "STEP.LOST", message: verdict.reason } },
        });
      }
      for (const { key } of this.#sql.openSteps.all<{ key: string }>([head.no]))
        events.push({ type: "STEP_NOT_RUN", atMs: nowMs, stepKey: key, payload: { reason: verdict.reason } });
      this.#sql.moveOpenSteps.run(["NOT_RUN", nowMs, head.no]);
      const canceled = head.cancel_requested_at_ms !== null;
      events.push({ type: canceled ? "RUN_CANCELED" : "RUN_FAILURE", atMs: nowMs, payload: { reason: verdict.reason } });
      this.#append(head.no, head.next_seq, events);
      this.#sql.bumpEpoch.run([head.no]);
      this.#sql.endRun.run([canceled ? "CANCELED" : "FAILURE", nowMs, head.no]);
      return true;
    });
  }

  listRuns(filter: RunFilter): RunRecord[] {
    return this.#read(() => {
      const wheres: string[] = [];
      const values: Bound[] = [];
      if (filter.statuses) {
        wheres.push(`run.status in (${filter.statuses.map(() => "?").join(", ")})`);
        values.push(...filter.statuses);
      }
      if (filter.tag) values.push(filter.tag.key, filter.tag.value);
      if (filter.tag) wheres.push("run.no in (select run_no from run_tag where key = ? and value = ?)");
      if (filter.beforeId !== undefined) {
        wheres.push("run.no < (select no from run where id = ?)");
        values.push(filter.beforeId);
      }
      const sql = `select * from run${wheres.length > 0 ? ` where ${wheres.join(" and ")}` : ""} order by run.no desc limit ?`;
      const statement = this.#listing.get(sql) ?? this.#connection.prepare(sql);
      this.#listing.set(sql, statement);
      return statement.all<RunRow>([...values, filter.limit]).map((row) => this.#runFrom(row));
    });
  }

  getRun(runId: string): RunRecord | undefined {
    return this.#read(() => {
      const row = this.#sql.getRun.get<RunRow>([runId]);
      return row && this.#runFrom(row);
    });
  }

  steps(runId: string): StepRecord[] {
    return this.#read(() =>
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
    return this.#read(() =>
      Object.fromEntries(this.#sql.lastHeard.all<{ step_key: string; at_ms: number }>([runId]).map((row) => [row.step_key, row.at_ms])),
    );
  }

  events(query: { readonly runId: string; readonly afterSeq: number; readonly limit: number }): EventRecord[] {
    return this.#read(() => this.#sql.events.all<EventRow>([query.runId, query.afterSeq, query.limit]).map(eventFrom));
  }

  assetEvents(query: { readonly assetKey: AssetKey; readonly beforeId?: number; readonly limit: number }): EventRecord[] {
    return this.#read(() =>
      this.#sql.assetEvents.all<EventRow>([query.assetKey, query.beforeId ?? Number.MAX_SAFE_INTEGER, query.limit]).map(eventFrom),
    );
  }

  latestMaterializations(keys: readonly AssetKey[] | "all"): LatestMaterialization[] {
    return this.#read(() => {
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
    return this.#read(() =>
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
    return this.#read(() => this.#sql.attemptOutcome.get<{ outcome: AttemptOutcome | "RUNNING" }>([attemptId])?.outcome);
  }

  countRuns(): Partial<Record<RunStatus, number>> {
    return this.#read(() =>
      Object.fromEntries(this.#sql.countRuns.all<{ status: RunStatus; n: number }>([]).map((row) => [row.status, row.n])),
    );
  }

  info(): StoreInfo {
    return { schemaVersion: SCHEMA_VERSION, path: this.#path, fsync: this.#fsync };
  }

  close(): void {
    this.#connection.close();
  }

  #head(runId: string): RunHead | undefined {
    return this.#sql.runHead.get<RunHead>([runId]);
  }

  /** The run if this is its owner's epoch: before the claim and after the end it has none. */
  #owned(runId: string, epoch: number): RunHead | undefined {
    const head = this.#head(runId);
    const owned = head?.status === "STARTED" || head?.status === "CANCELING" || head?.status === "STARTING";
    return owned && head.epoch === epoch ? head : undefined;
  }

  /** Writes events and what is derived from them, and moves the run's next sequence number. */
  #append(runNo: number, seq: number, events: readonly NewEvent[]): void {
    this.#insertEvents(runNo, seq, events);
    this.#sql.setNextSeq.run([seq + events.length, runNo]);
  }

  #insertEvents(runNo: number, seq: number, events: readonly NewEvent[]): StoredEventId[] {
    const ids: StoredEventId[] = [];
    events.forEach((event, index) => {
      const { lastInsertRowid: id } = this.#sql.insertEvent.run(eventRow(runNo, seq + index, event, null, null));
      this.#derive(runNo, event, id);
      if (event.assetKey !== undefined && (event.type === "ASSET_MATERIALIZATION" || event.type === "ASSET_OBSERVATION"))
        ids.push({ type: event.type, assetKey: event.assetKey, id });
    });
    return ids;
  }

  #derive(runNo: number, event: NewEvent, id: number): void {
    const { assetKey } = event;
    if (assetKey === undefined) return;
    if (event.type === "ASSET_MATERIALIZATION") this.#sql.latestMaterialization.run([assetKey, id]);
    else if (event.type === "ASSET_OBSERVATION") this.#sql.latestObservation.run([assetKey, id]);
    else if (event.type === "ASSET_FAILED_TO_MATERIALIZE") this.#sql.latestFailure.run([assetKey, id]);
    else if (event.type === "ASSET_MATERIALIZATION_PLANNED") this.#sql.latestPlanned.run([assetKey, runNo]);
    else if (event.type === "ASSET_CHECK_EVALUATION" && event.payload?.check)
      this.#sql.latestCheck.run([assetKey, event.payload.check.name, id]);
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
      epoch: row.epoch,
      ...(row.cancel_requested_at_ms === null ? {} : { cancelRequestedAtMs: row.cancel_requested_at_ms }),
      plan: JSON.parse(row.plan) as Json,
      config: JSON.parse(row.config) as Json,
      stepCounts: Object.fromEntries(counts.map(({ status, n }) => [status, n])),
    };
  }

  #read<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw this.#dialect.explain(error, this.#path);
    }
  }

  #transact<T>(body: () => T): T {
    if (this.#grouped) return this.#savepoint(body);
    this.#begin();
    try {
      const result = body();
      this.#connection.exec("commit");
      return result;
    } catch (error) {
      this.#rollback();
      throw this.#dialect.explain(error, this.#path);
    }
  }

  #assertGroup(): void {
    if (this.#groupLost) throw this.#groupLost;
  }

  #savepoint<T>(body: () => T): T {
    // Without the transaction around it a savepoint would commit by itself.
    this.#assertGroup();
    this.#connection.exec("savepoint message");
    try {
      const result = body();
      this.#connection.exec("release message");
      return result;
    } catch (error) {
      const explained = error instanceof Fenced ? error : this.#dialect.explain(error, this.#path);
      try {
        this.#connection.exec("rollback to message");
        this.#connection.exec("release message");
      } catch (gone) {
        this.#groupLost = explained instanceof Fenced ? this.#dialect.explain(gone, this.#path) : explained;
      }
      throw explained;
    }
  }

  #begin(): void {
    try {
      this.#connection.exec(this.#dialect.beginWrite);
    } catch (error) {
      throw this.#dialect.explain(error, this.#path);
    }
  }

  #rollback(): void {
    try {
      this.#connection.exec("rollback");
    } catch {
      // The database has rolled back by itself (a full disk does that); the first error tells why.
    }
  }
}

function eventRow(runNo: number, seq: number, event: NewEvent, attemptNo: number | null, ordinal: number | null): Bound[] {
  return [
    runNo,
    seq,
    event.type,
    event.atMs,
    event.stepKey ?? null,
    event.attempt ?? null,
    event.assetKey ?? null,
    event.payload ? JSON.stringify(event.payload) : null,
    attemptNo,
    ordinal,
  ];
}

function eventFrom(row: EventRow): EventRecord {
  return {
    id: row.id,
    runId: row.run_id,
    seq: row.seq,
    type: row.type,
    atMs: row.at_ms,
    ...(row.step_key === null ? {} : { stepKey: row.step_key }),
    ...(row.attempt === null ? {} : { attempt: row.attempt }),
    ...(row.asset_key === null ? {} : { assetKey: row.asset_key }),
    ...(row.payload === null ? {} : { payload: JSON.parse(row.payload) as EventPayload }),
  };
}
