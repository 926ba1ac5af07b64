import type { AssetKey } from "../../model/asset-spec.js";
import type { EventRecord } from "../../model/event.js";
import { IndexSet } from "../../model/partitions/index-set.js";
import { layoutText, type PartitionLayout, type PartitionSet } from "../../model/partitions/partition-layout.js";
import { partitionKeys } from "../../model/partitions/translate-partitions.js";
import type { DynamicPartitionKeys, PartitionStatus, Wipe } from "../partition-store.js";
import { eventFrom, type EventRow } from "./event-row.js";
import type { LayoutTable } from "./layout-table.js";
import { deltaRows } from "./partition-changes.js";
import { LayoutFolds, type PartitionRows } from "./layout-folds.js";
import { CHECK, type ChunkRow, type DeltaRow } from "./partition-fold.js";
import { unpackSet, type StoredBytes } from "./set-bytes.js";
import type { Statements } from "./statements.js";
import type { Transactions } from "./transactions.js";

/** An asset has its changes folded when it has so many. */
const FOLD_AT = 512;

/** What wipes of all assets have in common: they are numbered in one row. */
const WIPES = "millrace/wipes";

/** The partition store's transactions on one connection. */
export class PartitionLedger {
  readonly #sql: Statements;
  readonly #transactions: Transactions;
  readonly #layouts: LayoutTable;
  readonly #translated = new Map<AssetKey, PartitionLayout>();
  readonly #renumbered = new Set<string>();

  constructor(sql: Statements, transactions: Transactions, layouts: LayoutTable) {
    this.#sql = sql;
    this.#transactions = transactions;
    this.#layouts = layouts;
  }

  partitionStatus(assetKey: AssetKey, layout: PartitionLayout): PartitionStatus {
    return this.#transactions.snapshot(() => {
      const rows = this.#rowsOf(assetKey);
      const stored = layoutsOf(rows);
      const asked = this.#layouts.knownNumberOf(layout);
      if ([...stored].some((no) => no !== asked)) this.#translated.set(assetKey, layout);
      const folds = LayoutFolds.of(this.#layouts, rows, stored.has(asked ?? 0) ? asked : undefined);
      const told = (state: string): IndexSet => folds?.in(layout, state) ?? IndexSet.empty();
      const names = [...(folds?.names ?? [])].filter((state) => state.startsWith(CHECK)).map((state) => state.slice(CHECK.length));
      const checks = names.map((name) => [name, told(CHECK + name)] as const).filter(([, set]) => set.size > 0);
      return {
        materialized: told("MATERIALIZED"),
        failed: told("FAILED"),
        inProgress: this.#inProgress(assetKey, layout),
        checkFailed: checks.reduce((all, [, set]) => all.union(set), IndexSet.empty()),
        failedChecks: Object.fromEntries(checks),
      };
    });
  }

  latestPartitions(assetKey: AssetKey, keys: readonly string[]): EventRecord[] {
    return this.#transactions.read(() => {
      const rows = this.#sql.latestPartitions.all<EventRow>([JSON.stringify(keys), assetKey]);
      const byKey = new Map(rows.map((row) => [row.partition_key, eventFrom(row)]));
      return [...new Set(keys)].flatMap((key) => byKey.get(key) ?? []);
    });
  }

  wipe(wipe: Wipe): void {
    const { assetKey, partitions, nowMs, reason } = wipe;
    this.#transactions.write(() => {
      this.#transactions.lock(() => [assetKey, WIPES]);
      const keys = partitions === "all" ? [] : this.#keys(partitions);
      if (partitions === "all") this.#wipeAll(assetKey);
      else this.#wipeSome(assetKey, partitions, keys);
      const one = partitions !== "all" && keys.length === 1 ? { key: keys[0] ?? "", index: partitions.indexes.at(0) ?? 0 } : undefined;
      const payload = {
        ...(reason === undefined ? {} : { reason }),
        ...(partitions === "all" ? {} : { fields: { partitions: keys.length } }),
      };
      this.#sql.insertWipe.run([nowMs, assetKey, one?.key ?? null, one?.index ?? null, JSON.stringify(payload)]);
    });
  }

  addDynamicPartitions(name: string, keys: readonly string[]): number {
    return this.#transactions.write(() => {
      this.#transactions.lock(() => [name]);
      this.#sql.insertDynamicName.run([name, 0]);
      const after = this.#layouts.deletions(name) ?? 0;
      return keys.reduce((added, key) => added + this.#sql.insertDynamicKey.run([name, key, after, name]).changes, 0);
    });
  }

  deleteDynamicPartitions(name: string, keys: readonly string[]): number {
    return this.#transactions.write(() => {
      this.#transactions.lock(() => [name]);
      const by = (this.#layouts.deletions(name) ?? 0) + 1;
      const deleted = keys.reduce((count, key) => count + this.#sql.deleteDynamicKey.run([by, name, key]).changes, 0);
      if (deleted > 0) this.#sql.countDeletion.run([name]);
      return deleted;
    });
  }

  dynamicPartitions(name: string, deletions?: number): DynamicPartitionKeys {
    return this.#transactions.read(() => this.#layouts.dynamicKeys(name, deletions));
  }

  /** Whether an asset has so many changes that its readers should not fold them each time. */
  needsFold(assetKey: AssetKey): boolean {
    return this.#transactions.read(() => (this.#sql.countDeltas.get<{ n: number }>([assetKey])?.n ?? 0) >= FOLD_AT);
  }

  /** Puts the changes of an asset into its chunks; what readers are told stays the same. */
  foldPartitions(assetKey: AssetKey): void {
    this.#transactions.write(() => {
      this.#transactions.lock(() => [assetKey]);
      const rows = this.#rowsOf(assetKey);
      const folds = rows.deltas.length > 0 && LayoutFolds.of(this.#layouts, rows);
      if (folds) this.#write(assetKey, folds, rows);
    });
  }

  /** Assets whose partitions were translated to be told, with the layout that they were asked for in; each is told once. */
  takeTranslated(): ReadonlyMap<AssetKey, PartitionLayout> {
    const translated = new Map(this.#translated);
    this.#translated.clear();
    return translated;
  }

  /**
   * Numbers what is stored of an asset by this layout, so that it need not be translated again; only if none that it is numbered by is newer: processes
   * with earlier definitions do not number it back. Once in a process: what the layout has no partition for stays as it is. What readers are told stays the same.
   */
  renumberPartitions(assetKey: AssetKey, layout: PartitionLayout): void {
    const name = `${assetKey}\n${layoutText(layout)}`;
    if (this.#renumbered.has(name)) return;
    this.#renumbered.add(name);
    const no = this.#transactions.write(() => this.#layouts.numberOf(layout));
    const rows = this.#rowsOf(assetKey);
    if (no < Math.max(...layoutsOf(rows))) return;
    const folds = LayoutFolds.of(this.#layouts, rows, no); // before the transaction: it may take long
    if (!folds?.moved && rows.deltas.every(({ layout_no }) => layout_no === no)) return;
    this.#transactions.write(() => {
      this.#transactions.lock(() => [assetKey]);
      if (folds && placesOf(this.#rowsOf(assetKey)) === placesOf(rows)) this.#write(assetKey, folds, rows);
    });
  }

  #rowsOf(assetKey: AssetKey): PartitionRows {
    return { chunks: this.#sql.chunks.all<ChunkRow>([assetKey]), deltas: this.#sql.deltas.all<DeltaRow>([assetKey]) };
  }

  #write(assetKey: AssetKey, folds: LayoutFolds, { deltas }: PartitionRows): void {
    if (folds.moved) this.#sql.forgetChunks.run([assetKey]);
    for (const { state, chunk, layoutNo, bytes } of folds.chunks()) {
      if (bytes) this.#sql.writeChunk.run([assetKey, state, chunk, layoutNo, bytes]);
      else this.#sql.deleteChunk.run([assetKey, state, chunk, layoutNo]);
    }
    for (const { id } of deltas) this.#sql.deleteDelta.run([id]);
  }

  #inProgress(assetKey: AssetKey, layout: PartitionLayout): IndexSet {
    let all = IndexSet.empty();
    for (const row of this.#sql.claimedPartitions.all<{ layout_no: number; partitions: StoredBytes }>([assetKey])) {
      all = all.union(this.#layouts.translate(unpackSet(row.partitions), this.#layouts.at(row.layout_no), layout));
    }
    return all;
  }

  #keys({ layout, indexes }: PartitionSet): string[] {
    return partitionKeys(indexes, layout, (name, deletions) => this.#layouts.dynamicKeys(name, deletions).keys);
  }

  #wipeAll(assetKey: AssetKey): void {
    for (const statement of ["forgetDeltas", "forgetChunks", "forgetPartitions", "forgetAsset", "forgetChecks"] as const)
      this.#sql[statement].run([assetKey]);
  }

  #wipeSome(assetKey: AssetKey, { layout, indexes }: PartitionSet, keys: readonly string[]): void {
    const layoutNo = this.#layouts.numberOf(layout);
    for (const row of deltaRows({ assetKey, layoutNo, change: "WIPED", check: null }, indexes)) this.#sql.insertDelta.run(row);
    for (const key of keys) this.#sql.forgetPartition.run([assetKey, key]);
    this.#sql.forgetLatest.run([assetKey, assetKey]);
  }
}

function layoutsOf({ chunks, deltas }: PartitionRows): Set<number> {
  return new Set([...chunks, ...deltas].map(({ layout_no }) => layout_no));
}

/** Equal only if nothing was folded, renumbered or wiped in between: each of these takes or moves rows, and no number of a change comes again. */
function placesOf({ chunks, deltas }: PartitionRows): string {
  return JSON.stringify([chunks.map(({ state, chunk, layout_no }) => [state, chunk, layout_no]), deltas.map(({ id }) => id)]);
}
