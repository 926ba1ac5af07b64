import { StoreError } from "../../base/errors.js";
import type { IndexSet } from "../../model/partitions/index-set.js";
import { layoutText, type PartitionLayout } from "../../model/partitions/partition-layout.js";
import { translatePartitions } from "../../model/partitions/translate-partitions.js";
import type { DynamicPartitionKeys } from "../partition-store.js";
import type { Statements } from "./statements.js";

/** The layouts that stored sets are numbered by: each is stored once, and a row tells its number. */
export class LayoutTable {
  readonly #sql: Statements;
  readonly #byNo = new Map<number, PartitionLayout>();

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Its number; within a transaction that writes. */
  numberOf(layout: PartitionLayout): number {
    const name = layoutText(layout);
    const known = this.#sql.layoutOfName.get<{ no: number }>([name]);
    if (known) return known.no;
    this.#sql.insertLayout.run([name, JSON.stringify(layout)]);
    return this.#sql.layoutOfName.get<{ no: number }>([name])?.no ?? 0;
  }

  /** Its number; `undefined`: nothing was ever numbered by it. */
  knownNumberOf(layout: PartitionLayout): number | undefined {
    return this.#sql.layoutOfName.get<{ no: number }>([layoutText(layout)])?.no;
  }

  at(no: number): PartitionLayout {
    let layout = this.#byNo.get(no);
    if (!layout) {
      const row = this.#sql.layout.get<{ layout: string }>([no]);
      if (!row) throw new StoreError("STORE.FAILED", `The store has lost how partitions were numbered (layout ${no}).`);
      layout = JSON.parse(row.layout) as PartitionLayout;
      this.#byNo.set(no, layout);
    }
    return layout;
  }

  /** The same partitions in another layout. */
  translate(set: IndexSet, from: PartitionLayout, to: PartitionLayout): IndexSet {
    return translatePartitions(set, from, to, (name, deletions) => this.dynamicKeys(name, deletions).keys);
  }

  dynamicKeys(name: string, deletions?: number): DynamicPartitionKeys {
    const after = deletions ?? this.deletions(name) ?? 0;
    const keys = this.#sql.dynamicKeys.all<{ key: string }>([name, after, after]).map(({ key }) => key);
    return { keys, deletions: after };
  }

  /** How often keys were deleted; `undefined`: no key was ever added. */
  deletions(name: string): number | undefined {
    return this.#sql.dynamicDeletions.get<{ deletions: number }>([name])?.deletions;
  }
}
