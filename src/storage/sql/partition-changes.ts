import type { NewEvent } from "../../model/event.js";
import { IndexSet } from "../../model/partitions/index-set.js";
import type { Bound } from "./dialect.js";

/** What an event does to partitions of its asset. */
export type PartitionChange = "MATERIALIZED" | "FAILED" | "CHECK_FAILED" | "CHECK_PASSED" | "WIPED";

const ORDER: readonly PartitionChange[] = ["WIPED", "MATERIALIZED", "FAILED", "CHECK_FAILED", "CHECK_PASSED"];
/** A later change of the same partition takes the earlier one back. */
const UNDOES: Readonly<Record<PartitionChange, PartitionChange | undefined>> = {
  MATERIALIZED: "FAILED",
  FAILED: undefined,
  CHECK_FAILED: "CHECK_PASSED",
  CHECK_PASSED: "CHECK_FAILED",
  WIPED: undefined,
};

interface Group {
  readonly assetKey: string;
  readonly change: PartitionChange;
  readonly check: string | null;
  readonly indexes: Set<number>;
}

/** What the events of one transaction change, gathered so that each asset gets one row for each change and chunk. */
export class PartitionChanges {
  readonly #groups = new Map<string, Group>();

  /** @param whole - the partitions of the run, for an event that names none */
  add(event: NewEvent & { readonly assetKey: string }, whole: () => Iterable<number>): void {
    const change = changeOf(event);
    if (change === undefined) return;
    const check = event.payload?.check?.name ?? null;
    const undone = UNDOES[change] && this.#groups.get(keyOf(event.assetKey, UNDOES[change], check));
    const { indexes } = this.#group(event.assetKey, change, check);
    for (const index of event.partition ? [event.partition.index] : whole()) {
      indexes.add(index);
      undone?.indexes.delete(index);
    }
  }

  /** The rows to insert. */
  *rows(layoutNo: number): Generator<{ readonly assetKey: string; readonly values: Bound[] }> {
    const groups = [...this.#groups.values()].sort((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change));
    for (const { assetKey, change, check, indexes } of groups)
      for (const values of deltaRows({ assetKey, layoutNo, change, check }, IndexSet.ofNumbers(indexes))) yield { assetKey, values };
  }

  #group(assetKey: string, change: PartitionChange, check: string | null): Group {
    const key = keyOf(assetKey, change, check);
    let group = this.#groups.get(key);
    if (!group) this.#groups.set(key, (group = { assetKey, change, check, indexes: new Set() }));
    return group;
  }
}

/** The rows of one change: one for each chunk. */
export function* deltaRows(
  of: { readonly assetKey: string; readonly layoutNo: number; readonly change: PartitionChange; readonly check: string | null },
  set: IndexSet,
): Generator<Bound[]> {
  for (const [chunk, bytes] of set.encodedChunks()) yield [of.assetKey, of.layoutNo, of.change, of.check, chunk, bytes];
}

function keyOf(...parts: readonly (string | null)[]): string {
  return parts.join("\u0000");
}

/** Whether the event says what became of partitions. */
export function changesPartitions(event: NewEvent): boolean {
  return changeOf(event) !== undefined;
}

function changeOf(event: NewEvent): PartitionChange | undefined {
  switch (event.type) {
    case "ASSET_MATERIALIZATION":
      return "MATERIALIZED";
    case "ASSET_FAILED_TO_MATERIALIZE":
      return "FAILED";
    case "ASSET_CHECK_EVALUATION": {
      const check = event.payload?.check;
      return check && (!check.passed && check.severity === "ERROR" ? "CHECK_FAILED" : "CHECK_PASSED");
    }
    default:
      return undefined;
  }
}
