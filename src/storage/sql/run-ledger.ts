import { StoreError } from "../../base/errors.js";
import type { AssetKey } from "../../model/asset-spec.js";
import { AFTER_THE_END, type NewEvent } from "../../model/event.js";
import { isFinal, type RunRecord, type RunStatus } from "../../model/run.js";
import type { CommitResult, Completion, NewRun, Owner, Publication, RepairVerdict, RunBatch, StoredEventId } from "../run-store.js";
import type { Dialect, Written } from "./dialect.js";
import { EventLog } from "./event-log.js";
import type { LayoutTable } from "./layout-table.js";
import { packSet } from "./set-bytes.js";
import type { Statements } from "./statements.js";
import type { Transactions } from "./transactions.js";

interface RunHead {
  readonly no: number;
  readonly status: RunStatus;
  readonly epoch: number;
  readonly next_seq: number;
  readonly cancel_requested_at_ms: number | null;
  readonly lease_until_ms: number | null;
  readonly layout_no: number | null;
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

/** What each completion materialized and observed; the events of completions are the first of their batch, in their order. */
function eventIdsOf(completions: readonly Completion[], ids: readonly number[]): Record<string, readonly StoredEventId[]> {
  let at = 0;
  return Object.fromEntries(
    completions.map(({ attemptId, events }) => {
      const stored = events.flatMap(({ type, assetKey, partition }): StoredEventId[] => {
        const id = ids[at++] ?? 0;
        const told = assetKey !== undefined && (type === "ASSET_MATERIALIZATION" || type === "ASSET_OBSERVATION");
        return told ? [{ type, assetKey, ...(partition ? { partition: partition.key } : {}), id }] : [];
      });
      return [attemptId, stored];
    }),
  );
}

/** The run as it reads right after it was written. */
function createdFrom(run: NewRun): RunRecord {
  const { id, tags, selection, codeVersion, createdAtMs, parentRunId, rootRunId, backfill, plan, config, claimedBy } = run;
  return {
    id,
    status: claimedBy ? "STARTED" : run.status,
    tags,
    selection,
    codeVersion,
    createdAtMs,
    ...(claimedBy ? { startedAtMs: createdAtMs } : {}),
    ...(parentRunId === undefined ? {} : { parentRunId }),
    ...(rootRunId === undefined ? {} : { rootRunId }),
    ...(backfill ? { backfillId: backfill.id } : {}),
    epoch: claimedBy ? 1 : 0,
    plan,
    config,
    stepCounts: run.steps.length > 0 ? { WAITING: run.steps.length } : {},
  };
}

/** What the run store's transactions work with. */
export interface LedgerParts {
  readonly dialect: Dialect;
  readonly transactions: Transactions;
  readonly layouts: LayoutTable;
  /** Is told the asset of each change of partitions. */
  readonly onChange: (assetKey: AssetKey) => void;
}

/** The run store's transactions on one connection, synchronous. */
export class RunLedger {
  readonly #dialect: Dialect;
  readonly #sql: Statements;
  readonly #transactions: Transactions;
  readonly #layouts: LayoutTable;
  readonly #log: EventLog;

  constructor(sql: Statements, parts: LedgerParts) {
    this.#sql = sql;
    this.#dialect = parts.dialect;
    this.#transactions = parts.transactions;
    this.#layouts = parts.layouts;
    this.#log = new EventLog(sql, parts.transactions, parts.onChange);
  }

  createRun(run: NewRun): RunRecord {
    try {
      this.#transactions.write(() => this.#insertRun(run));
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
    return createdFrom(run);
  }

  #insertRun(run: NewRun): void {
    const { partitions } = run;
    const layoutNo = partitions ? this.#layouts.numberOf(partitions.layout) : null;
    const { lastInsertRowid: no } = this.#sql.insertRun.run([
      run.id, run.status, JSON.stringify(run.tags), run.selection, run.codeVersion, run.createdAtMs, run.parentRunId ?? null, run.rootRunId ?? null, run.runKey ?? null, JSON.stringify(run.plan), JSON.stringify(run.config),
      layoutNo, partitions ? packSet(partitions.indexes) : null, partitions ? JSON.stringify(partitions.assets) : null, run.backfill ? this.#countedBackfill(run.backfill) : null,
    ]); // prettier-ignore
    this.#sql.insertTag.run(Object.entries(run.tags).map(([key, value]) => [no, key, value]));
    this.#sql.insertStep.run(run.steps.map((step) => [no, step.key, "WAITING", JSON.stringify(step.assets)]));
    const made = { no, layout_no: layoutNo, next_seq: run.events.length + 1 };
    this.#log.append(made, 1, run.events);
    if (run.claimedBy) this.#claim(made, run.claimedBy, run.createdAtMs);
  }

  /** Its number; the run is one more of its own. */
  #countedBackfill({ id, epoch }: NonNullable<NewRun["backfill"]>): number {
    const counted = this.#sql.countBackfillRun.run([id, epoch]).changes === 1;
    const backfill = this.#sql.backfill.get<{ no: number; status: string }>([id]);
    if (counted && backfill) return backfill.no;
    if (backfill?.status === "RUNNING")
      throw new StoreError("STORE.BACKFILL_FENCED", `Backfill ${id} was taken over by another process.`, {
        fix: `Look at it with \`millrace backfill show ${id}\`; this process may ask for no more of its runs.`,
      });
    throw new StoreError("STORE.BACKFILL_NOT_RUNNING", `Backfill ${id} ${backfill ? `is ${backfill.status}` : "does not exist"}; it asks for no runs.`, {
      fix: "Resume or retry the backfill first.",
    }); // prettier-ignore
  }

  claimRun(runId: string, owner: Owner, nowMs: number, leaseMs: number): number | undefined {
    return this.#transactions.write(() => {
      const head = this.#headToWrite(runId);
      return head && this.#claim(head, { owner, leaseMs }, nowMs) ? head.epoch + 1 : undefined;
    });
  }

  #claim(
    run: Pick<RunHead, "no" | "next_seq" | "layout_no">,
    by: { readonly owner: Owner; readonly leaseMs: number },
    nowMs: number,
  ): boolean {
    if (this.#sql.claimRun.run([JSON.stringify(by.owner), nowMs + by.leaseMs, nowMs, run.no]).changes !== 1) return false;
    this.#log.append(run, run.next_seq, [{ type: "RUN_START", atMs: nowMs }]);
    return true;
  }

  commit(batch: RunBatch): CommitResult {
    try {
      return this.#transactions.write(() => this.#commit(batch));
    } catch (error) {
      if (error instanceof Fenced) return { ok: false, fenced: error.attempts, epochLost: error.epochLost };
      throw error;
    }
  }

  #commit(batch: RunBatch): CommitResult {
    const head = this.#owned(batch.runId, batch.epoch);
    if (!head) throw new Fenced([], true);
    const events: NewEvent[] = [];
    const fences: { readonly attemptId: string; readonly written: Written }[] = [];
    for (const completion of batch.completions) {
      const ended = this.#sql.endAttempt.run([
        completion.outcome, completion.atMs, completion.attemptId, head.no, completion.stepKey, completion.attempt,
      ]); // prettier-ignore
      const final = completion.stepStatus === "UP_FOR_RETRY" ? null : completion.atMs;
      const moved = this.#sql.endStep.run([
        completion.stepStatus, completion.startedAtMs, final, head.no, completion.stepKey, completion.attempt,
      ]); // prettier-ignore
      fences.push({ attemptId: completion.attemptId, written: ended }, { attemptId: completion.attemptId, written: moved });
      if (head.layout_no !== null) this.#sql.releasePartitions.run([head.no, completion.stepKey]);
      events.push(...completion.events);
    }
    for (const { stepKey, status } of batch.transitions) this.#sql.moveStep.run([status, batch.nowMs, head.no, stepKey]);
    for (const { stepKey, attempt, atMs } of batch.starts ?? []) this.#sql.startStep.run([atMs, head.no, stepKey, attempt]);
    for (const { stepKey, attempt, attemptId, nowMs, ahead } of batch.claims) {
      const claimed = this.#sql.claimStep.run([ahead ? "READY" : "RUNNING", attempt, ahead ? null : nowMs, head.no, stepKey, attempt - 1]);
      fences.push({ attemptId, written: claimed });
      if (head.layout_no !== null) this.#claimPartitions(head.no, stepKey);
      if (!ahead) events.push({ type: "STEP_START", atMs: nowMs, stepKey, attempt });
    }
    // Asked when all were sent: a connection to a server then waits once.
    for (const { attemptId, written } of fences) if (written.changes !== 1) throw new Fenced([attemptId], false);
    this.#sql.insertAttempt.run(
      batch.claims.map((claim) => [claim.attemptId, head.no, claim.stepKey, claim.attempt, claim.nowMs, claim.leaseUntilMs]),
    );
    events.push(...batch.events);
    const published = (batch.publications ?? []).map((publication) => this.#publish(head.no, publication));
    for (const event of published) if (event) events.push(event);
    const stored = this.#log.append(head, head.next_seq, events);
    const eventIds = batch.completions.length > 0 ? eventIdsOf(batch.completions, stored.ids()) : {};
    if (batch.end) {
      this.#sql.endRun.run([batch.end.status, batch.end.atMs, head.no]);
      this.#transactions.announce(batch.runId);
    }
    return {
      ok: true,
      eventIds,
      granted: published.map((event) => event !== undefined),
      cancelRequested: head.cancel_requested_at_ms !== null,
    };
  }

  /** The event that lets the attempt publish; `undefined`: it is no longer current. */
  #publish(runNo: number, { attemptId, assetKey, atMs }: Publication): NewEvent | undefined {
    const attempt = this.#sql.currentAttempt.get<{ step_key: string; number: number }>([attemptId, runNo]);
    return attempt && { type: "PUBLISH", atMs, stepKey: attempt.step_key, attempt: attempt.number, assetKey };
  }

  appendEvents(
    runId: string,
    epoch: number,
    attemptId: string | undefined,
    events: readonly (NewEvent & { readonly ordinal?: number })[],
  ): void {
    this.#transactions.write(() => {
      const head = this.#headToWrite(runId);
      if (!head || head.epoch !== epoch || epoch === 0) return;
      const ended = isFinal(head.status);
      const attempt = attemptId === undefined ? undefined : this.#sql.currentAttempt.get<{ no: number }>([attemptId, head.no]);
      if (attemptId !== undefined && !attempt) return;
      const told = ended ? events.filter(({ type }) => AFTER_THE_END.has(type)) : events;
      if (attempt) this.#log.appendOnce(head, head.next_seq, { events: told, attemptNo: attempt.no });
      else this.#log.append(head, head.next_seq, told);
    });
  }

  requestCancel(runId: string, nowMs: number): RunStatus | undefined {
    return this.#transactions.write(() => {
      const head = this.#headToWrite(runId);
      if (!head || isFinal(head.status) || head.cancel_requested_at_ms !== null) return head?.status;
      const unowned = head.status === "QUEUED" || head.status === "NOT_STARTED";
      const status: RunStatus = unowned ? "CANCELED" : "CANCELING";
      this.#sql.cancelRun.run([status, nowMs, unowned ? nowMs : null, head.no]);
      const open = unowned ? this.#sql.openSteps.all<{ key: string }>([head.no]) : [];
      if (unowned) this.#sql.moveOpenSteps.run(["CANCELED", nowMs, head.no]);
      this.#log.append(head, head.next_seq, [
        ...open.map(({ key }): NewEvent => ({ type: "STEP_CANCELED", atMs: nowMs, stepKey: key })),
        { type: unowned ? "RUN_CANCELED" : "RUN_CANCELING", atMs: nowMs },
      ]);
      this.#transactions.announce(runId);
      return status;
    });
  }

  cancelRequested(runId: string): boolean {
    return this.#transactions.read(() => typeof this.#head(runId)?.cancel_requested_at_ms === "number");
  }

  renewLease(runId: string, epoch: number, untilMs: number): boolean {
    return this.#transactions.write(() => {
      if (this.#sql.renewLease.run([untilMs, runId, epoch]).changes !== 1) return false;
      this.#sql.renewAttempts.run([untilMs, runId]);
      return true;
    });
  }

  repairRun(runId: string, epoch: number, verdict: RepairVerdict, nowMs: number): boolean {
    return this.#transactions.write(() => {
      const head = this.#owned(runId, epoch, verdict.skipLocked ? this.#sql.runHeadIfFree : this.#sql.runHeadToWrite);
      if (!head || (verdict.onlyIfLapsed && (head.lease_until_ms ?? 0) > nowMs)) return false;
      const events: NewEvent[] = [];
      const lost = this.#sql.runningAttempts.all<{ id: string; step_key: string; number: number; assets: string }>([head.no]);
      for (const attempt of lost) {
        const at = { atMs: nowMs, stepKey: attempt.step_key, attempt: attempt.number };
        this.#sql.endAttempt.run(["LOST", nowMs, attempt.id, head.no, attempt.step_key, attempt.number]);
        this.#sql.endStep.run(["FAILURE", null, nowMs, head.no, attempt.step_key, attempt.number]);
        if (head.layout_no !== null) this.#sql.releasePartitions.run([head.no, attempt.step_key]);
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
      this.#log.append(head, head.next_seq, events);
      this.#sql.bumpEpoch.run([head.no]);
      this.#sql.endRun.run([canceled ? "CANCELED" : "FAILURE", nowMs, head.no]);
      this.#transactions.announce(runId);
      return true;
    });
  }

  #head(runId: string): RunHead | undefined {
    return this.#sql.runHead.get<RunHead>([runId]);
  }

  /** The run, which nobody else writes until the transaction ends: its steps, attempts and events neither. */
  #headToWrite(runId: string): RunHead | undefined {
    return this.#sql.runHeadToWrite.get<RunHead>([runId]);
  }

  /** The run if this is its owner's epoch: before the claim and after the end it has none. */
  #owned(runId: string, epoch: number, toWrite = this.#sql.runHeadToWrite): RunHead | undefined {
    const head = toWrite.get<RunHead>([runId]);
    const owned = head?.status === "STARTED" || head?.status === "CANCELING" || head?.status === "STARTING";
    return owned && head.epoch === epoch ? head : undefined;
  }

  /** The divided assets of a step that begins: their partitions are in progress until the attempt ends. */
  #claimPartitions(runNo: number, stepKey: string): void {
    const divided = new Set(JSON.parse(this.#sql.runPartitions.get<{ divided: string }>([runNo])?.divided ?? "[]") as string[]);
    const assets = JSON.parse(this.#sql.stepAssets.get<{ assets: string }>([runNo, stepKey])?.assets ?? "[]") as string[];
    for (const assetKey of assets) if (divided.has(assetKey)) this.#sql.claimPartitions.run([assetKey, runNo, stepKey]);
  }
}
