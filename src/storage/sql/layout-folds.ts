import { IndexSet } from "../../model/partitions/index-set.js";
import type { PartitionLayout } from "../../model/partitions/partition-layout.js";
import type { LayoutTable } from "./layout-table.js";
import { PartitionFold, type ChunkRow, type DeltaRow, type FoldedChunk } from "./partition-fold.js";
import { bytesOf } from "./set-bytes.js";

/** What is stored of an asset's partitions. */
export interface PartitionRows {
  readonly chunks: readonly ChunkRow[];
  readonly deltas: readonly DeltaRow[];
}

/**
 * The states of an asset's partitions, by the layouts that they are numbered in: all in that of the newest change, but for partitions that it
 * has not. These wait in their own layout until a definition has them again.
 */
export class LayoutFolds {
  readonly #layouts: LayoutTable;
  readonly #newest: number;
  readonly #folds = new Map<number, PartitionFold>();
  #moved = false;

  /**
   * @param newest - number of the layout to take for the newest one; default: that of the newest change
   * @returns `undefined` if nothing is known of the partitions
   */
  static of(layouts: LayoutTable, rows: PartitionRows, newest?: number): LayoutFolds | undefined {
    const latest = rows.deltas.at(-1)?.layout_no ?? rows.chunks[0]?.layout_no;
    return latest === undefined ? undefined : new LayoutFolds(layouts, newest ?? latest, rows);
  }

  private constructor(layouts: LayoutTable, newest: number, rows: PartitionRows) {
    this.#layouts = layouts;
    this.#newest = newest;
    for (const no of new Set([newest, ...rows.chunks.map(({ layout_no }) => layout_no)]))
      this.#folds.set(no, PartitionFold.of(rows.chunks.filter(({ layout_no }) => layout_no === no)));
    for (const no of this.#folds.keys()) if (no !== newest) this.#move(no);
    for (const delta of rows.deltas) {
      if (delta.layout_no === newest) this.#fold(newest).apply(delta);
      else this.#applyTranslated(delta);
    }
  }

  /** The partitions of a state in this layout. */
  in(layout: PartitionLayout, state: string): IndexSet {
    let all: IndexSet | undefined;
    for (const [no, fold] of this.#folds) {
      const set = fold.set(state);
      if (set.isEmpty) continue;
      const here = this.#layouts.translate(set, this.#layouts.at(no), layout);
      all = all ? all.union(here) : here;
    }
    return all ?? IndexSet.empty();
  }

  /** Names of the states that partitions have or had. */
  get names(): ReadonlySet<string> {
    return new Set([...this.#folds.values()].flatMap((fold) => fold.names));
  }

  /** Whether partitions changed their layout, so that all chunks must be written anew. */
  get moved(): boolean {
    return this.#moved;
  }

  /** Chunks to write: those that changed, or all when partitions {@link moved}. */
  *chunks(): Generator<FoldedChunk & { readonly layoutNo: number }> {
    for (const [layoutNo, fold] of this.#folds)
      for (const chunk of (this.#moved ? PartitionFold.ofStates(fold.states) : fold).changed()) yield { ...chunk, layoutNo };
  }

  #move(no: number): void {
    for (const [state, set] of this.#fold(no).states) {
      const there = this.#layouts.translate(set, this.#layouts.at(no), this.#layouts.at(this.#newest));
      if (there.isEmpty) continue;
      this.#moved = true;
      this.#fold(this.#newest).change(state, there, "add");
      this.#fold(no).change(state, this.#layouts.translate(there, this.#layouts.at(this.#newest), this.#layouts.at(no)), "remove");
    }
  }

  #applyTranslated(delta: DeltaRow): void {
    const [own, newest] = [this.#layouts.at(delta.layout_no), this.#layouts.at(this.#newest)];
    const set = IndexSet.decode([[delta.chunk, bytesOf(delta.indexes)]]);
    const there = this.#layouts.translate(set, own, newest);
    const left = set.difference(this.#layouts.translate(there, newest, own));
    for (const [chunk, indexes] of there.encodedChunks()) this.#fold(this.#newest).apply({ ...delta, chunk, indexes });
    for (const [chunk, indexes] of left.encodedChunks()) this.#fold(delta.layout_no).apply({ ...delta, chunk, indexes });
  }

  #fold(no: number): PartitionFold {
    let fold = this.#folds.get(no);
    if (!fold) this.#folds.set(no, (fold = PartitionFold.of([])));
    return fold;
  }
}
