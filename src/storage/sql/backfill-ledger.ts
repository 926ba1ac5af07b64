import type { Json } from "../../base/canonical-json.js";
import { StoreError } from "../../base/errors.js";
import { BACKFILL_STATUSES, isFinalBackfill, type BackfillStatus } from "../../model/backfill.js";
import { IndexSet } from "../../model/partitions/index-set.js";
import type { PartitionLayout } from "../../model/partitions/partition-layout.js";
import { isFinal, type RunStatus, type StepStatus } from "../../model/run.js";
import type {
  BackfillAssetProgress,
  BackfillClaim,
  BackfillFilter,
  BackfillProgressRecord,
  BackfillRecord,
  BackfillVerdict,
  DrivenBackfill,
  NewBackfill,
} from "../backfill-store.js";
import type { Owner } from "../run-store.js";
import type { Dialect } from "./dialect.js";
import type { LayoutTable } from "./layout-table.js";
import { packSet, unpackSet, type StoredBytes } from "./set-bytes.js";
import type { Statements } from "./statements.js";
import type { Transactions } from "./transactions.js";

interface BackfillRow {
  readonly no: number;
  readonly id: string;
  readonly status: BackfillStatus;
  readonly tags: string;
  readonly asked: string;
  readonly who: string | null;
  readonly why: string | null;
  readonly options: string;
  readonly created_at_ms: number;
  readonly ended_at_ms: number | null;
  readonly error: string | null;
  readonly run_count: number;
  readonly epoch: number;
  readonly driver: string | null;
  readonly retried_after: string | null;
}

interface StepRow {
  /** 1: of a run since the last retry. */
  readonly counts: number;
  readonly run_status: RunStatus;
  readonly layout_no: number | null;
  readonly partitions: StoredBytes | null;
  readonly divided: string | null;
  readonly key: string;
  readonly status: StepStatus;
  readonly assets: string;
}

/** The backfill store's transactions on one connection. */
export class BackfillLedger {
  readonly #sql: Statements;
  readonly #transactions: Transactions;
  readonly #layouts: LayoutTable;
  readonly #dialect: Dialect;

  constructor(sql: Statements, parts: { readonly transactions: Transactions; readonly layouts: LayoutTable; readonly dialect: Dialect }) {
    this.#sql = sql;
    this.#transactions = parts.transactions;
    this.#layouts = parts.layouts;
    this.#dialect = parts.dialect;
  }

  createBackfill(backfill: NewBackfill): BackfillRecord {
    try {
      return this.#transactions.write(() => this.#insert(backfill));
    } catch (error) {
      if (!this.#dialect.isDuplicate((error as { cause?: unknown }).cause ?? error) || !this.getBackfill(backfill.id)) throw error;
      throw new StoreError("STORE.DUPLICATE_BACKFILL", `There is a backfill of this id, ${backfill.id}.`, {
        fix: "Choose another id for another backfill.",
        cause: error,
      });
    }
  }

  #insert(backfill: NewBackfill): BackfillRecord {
    const { lastInsertRowid: no } = this.#sql.insertBackfill.run([
      backfill.id, "REQUESTED", JSON.stringify(backfill.tags), backfill.asked, backfill.who ?? null, backfill.why ?? null, JSON.stringify(backfill.options), backfill.createdAtMs,
    ]); // prettier-ignore
    for (const { assetKey, layout, indexes } of backfill.targets)
      this.#sql.insertBackfillTarget.run([no, assetKey, layout && this.#layouts.numberOf(layout), packSet(indexes)]);
    const { targets: _, ...told } = backfill;
    return { ...told, status: "REQUESTED", runCount: 0 };
  }

  getBackfill(id: string): BackfillRecord | undefined {
    return this.#transactions.read(() => {
      const row = this.#sql.backfill.get<BackfillRow>([id]);
      return row && backfillFrom(row);
    });
  }

  listBackfills(filter: BackfillFilter): BackfillRecord[] {
    return this.#transactions.read(() =>
      this.#sql.listBackfills
        .all<BackfillRow>([JSON.stringify(filter.statuses ?? BACKFILL_STATUSES), filter.beforeId ?? null, filter.limit])
        .map(backfillFrom),
    );
  }

  claimBackfill(id: string, { driver, nowMs, leaseMs, again }: BackfillClaim): number | undefined {
    const claim = again ? this.#sql.claimBackfillAgain : this.#sql.claimBackfill;
    return this.#transactions.write(() => {
      this.#sql.backfillToWrite.get([id]);
      const claimed = claim.run([JSON.stringify(driver), nowMs + leaseMs, id]).changes === 1;
      return claimed ? this.#sql.backfill.get<BackfillRow>([id])?.epoch : undefined;
    });
  }

  renewBackfill(id: string, epoch: number, untilMs: number): boolean {
    return this.#transactions.write(() => this.#sql.renewBackfill.run([untilMs, id, epoch]).changes === 1);
  }

  releaseBackfill(id: string, epoch: number, { status, atMs, error }: BackfillVerdict): boolean {
    const endedAtMs = isFinalBackfill(status) ? atMs : null;
    return this.#transactions.write(() => this.#sql.releaseBackfill.run([endedAtMs, atMs, error ?? null, status, id, epoch]).changes === 1);
  }

  pauseBackfill(id: string): boolean {
    return this.#transactions.write(() => this.#sql.pauseBackfill.run([id]).changes === 1);
  }

  cancelBackfill(id: string, nowMs: number): boolean {
    return this.#transactions.write(() => this.#sql.cancelBackfill.run([nowMs, id]).changes === 1);
  }

  drivenBackfills(): DrivenBackfill[] {
    return this.#transactions.read(() =>
      this.#sql.drivenBackfills
        .all<{ id: string; epoch: number; driver: string }>([])
        .map(({ id, epoch, driver }) => ({ backfillId: id, epoch, driver: JSON.parse(driver) as Owner })),
    );
  }

  repairBackfill(id: string, epoch: number, { onlyIfLapsed }: { readonly onlyIfLapsed: boolean }, nowMs: number): boolean {
    const leaseEndedBy = onlyIfLapsed ? nowMs : Number.MAX_SAFE_INTEGER;
    return this.#transactions.write(() => {
      this.#sql.backfillToWrite.get([id]); // before the look at its runs, which none can join now
      return this.#sql.repairBackfill.run([nowMs, id, epoch, leaseEndedBy]).changes === 1;
    });
  }

  backfillProgress(id: string): BackfillProgressRecord | undefined {
    return this.#transactions.snapshot(() => {
      const row = this.#sql.backfill.get<BackfillRow>([id]);
      if (!row) return undefined;
      const targets = this.#sql.backfillTargets.all<{ asset_key: string; layout_no: number | null; indexes: StoredBytes }>([row.no]);
      const progress = new Map(
        targets.map((target) => {
          const layout = target.layout_no === null ? null : this.#layouts.at(target.layout_no);
          return [target.asset_key, new AssetProgress(target.asset_key, layout, unpackSet(target.indexes))];
        }),
      );
      for (const step of this.#sql.backfillSteps.all<StepRow>([row.retried_after, row.no])) this.#addStep(progress, step);
      const runs = this.#sql.backfillRunCounts.all<{ status: RunStatus; n: number }>([row.no]);
      return {
        assets: [...progress.values()].map((asset) => asset.told()),
        runs: Object.fromEntries(runs.map(({ status, n }) => [status, n])),
      };
    });
  }

  #addStep(progress: ReadonlyMap<string, AssetProgress>, step: StepRow): void {
    const divided = step.divided === null ? [] : (JSON.parse(step.divided) as string[]);
    const setOf = ({ assetKey, layout }: AssetProgress): IndexSet =>
      divided.includes(assetKey) ? this.#ofRun(step, layout) : IndexSet.range(0, 1);
    const assets = JSON.parse(step.assets) as string[];
    const [succeeded, hasEnded, counts] = [
      step.status === "SUCCESS" || step.status === "REUSED",
      isFinal(step.run_status),
      step.counts === 1,
    ];
    for (const assetKey of assets) {
      const asset = progress.get(assetKey);
      if (succeeded || !hasEnded || counts) asset?.add(setOf(asset), succeeded ? "materialized" : hasEnded ? "failed" : "requested");
    }
    if (assets.length > 0 || !hasEnded) return;
    for (const check of step.key.split("+")) {
      const asset = progress.get(check.slice(0, check.lastIndexOf("#")));
      asset?.addCheck(check, setOf(asset), succeeded ? "succeeded" : counts ? "failed" : "failed before the retry");
    }
  }

  #ofRun(step: StepRow, layout: PartitionLayout | null): IndexSet {
    if (step.partitions === null || step.layout_no === null || layout === null) return IndexSet.empty();
    return this.#layouts.translate(unpackSet(step.partitions), this.#layouts.at(step.layout_no), layout);
  }
}

/** What the steps of a backfill's runs did to one asset, in the order of the runs. */
class AssetProgress {
  #requested = IndexSet.empty();
  #materialized = IndexSet.empty();
  #failed = IndexSet.empty();
  readonly #failedChecks = new Map<string, IndexSet>();
  readonly #retriedChecks = new Map<string, IndexSet>();

  constructor(
    readonly assetKey: string,
    readonly layout: PartitionLayout | null,
    readonly indexes: IndexSet,
  ) {}

  add(set: IndexSet, what: "requested" | "materialized" | "failed"): void {
    this.#requested = this.#requested.union(set);
    if (what === "failed") {
      this.#failed = this.#failed.union(set.difference(this.#materialized));
      for (const [check, retried] of this.#retriedChecks) this.#retriedChecks.set(check, retried.difference(set)); // retried, in vain
    }
    if (what !== "materialized") return;
    this.#materialized = this.#materialized.union(set);
    this.#failed = this.#failed.difference(set);
  }

  addCheck(check: string, set: IndexSet, how: "succeeded" | "failed" | "failed before the retry"): void {
    const failed = this.#failedChecks.get(check) ?? IndexSet.empty();
    this.#failedChecks.set(check, how === "succeeded" ? failed.difference(set) : failed.union(set));
    const retried = this.#retriedChecks.get(check) ?? IndexSet.empty();
    this.#retriedChecks.set(check, how === "failed before the retry" ? retried.union(set) : retried.difference(set));
  }

  told(): BackfillAssetProgress {
    const { assetKey, layout, indexes } = this;
    const told = (checks: ReadonlyMap<string, IndexSet>): Record<string, IndexSet> =>
      Object.fromEntries([...checks].filter(([, set]) => set.size > 0));
    const sets = { requested: this.#requested, materialized: this.#materialized, failed: this.#failed };
    return { assetKey, layout, indexes, ...sets, failedChecks: told(this.#failedChecks), retriedChecks: told(this.#retriedChecks) };
  }
}

function backfillFrom(row: BackfillRow): BackfillRecord {
  return {
    id: row.id,
    status: row.status,
    tags: JSON.parse(row.tags) as Record<string, string>,
    asked: row.asked,
    ...(row.who === null ? {} : { who: row.who }),
    ...(row.why === null ? {} : { why: row.why }),
    options: JSON.parse(row.options) as Json,
    createdAtMs: row.created_at_ms,
    ...(row.ended_at_ms === null ? {} : { endedAtMs: row.ended_at_ms }),
    ...(row.error === null ? {} : { error: row.error }),
    runCount: row.run_count,
    ...(row.driver === null ? {} : { driver: JSON.parse(row.driver) as Owner }),
    ...(row.retried_after === null ? {} : { retriedAfter: row.retried_after }),
  };
}
