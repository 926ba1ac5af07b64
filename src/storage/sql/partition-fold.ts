import { IndexSet } from "../../model/partitions/index-set.js";
import type { PartitionChange } from "./partition-changes.js";
import { bytesOf, type StoredBytes } from "./set-bytes.js";

/** A stored chunk of one state. */
export interface ChunkRow {
  readonly state: string;
  readonly chunk: number;
  readonly layout_no: number;
  readonly indexes: StoredBytes;
}

/** A change that is not in the chunks yet. */
export interface DeltaRow {
  readonly id: number;
  readonly layout_no: number;
  readonly change: PartitionChange;
  readonly check_name: string | null;
  readonly chunk: number;
  readonly indexes: StoredBytes;
}

/** A chunk that differs from what is stored. */
export interface FoldedChunk {
  readonly state: string;
  readonly chunk: number;
  /** Absent: no partition of it has the state. */
  readonly bytes?: Uint8Array;
}

/** Before the name of the check that failed. */
export const CHECK = "CHECK:";

/** The states of an asset's partitions, chunk by chunk: what is stored, and what changes did to it since. Only chunks that change are opened. */
export class PartitionFold {
  readonly #states = new Map<string, Map<number, Uint8Array | IndexSet>>();
  readonly #changed = new Set<string>();

  static of(chunks: readonly ChunkRow[]): PartitionFold {
    const fold = new PartitionFold();
    for (const row of chunks) fold.#chunks(row.state).set(row.chunk, bytesOf(row.indexes));
    return fold;
  }

  /** A fold of whole states, as another layout has them. */
  static ofStates(states: ReadonlyMap<string, IndexSet>): PartitionFold {
    const fold = new PartitionFold();
    for (const [state, set] of states) {
      for (const [chunk, bytes] of set.encodedChunks()) {
        fold.#chunks(state).set(chunk, bytes);
        fold.#changed.add(`${chunk} ${state}`);
      }
    }
    return fold;
  }

  apply(row: Pick<DeltaRow, "change" | "check_name" | "chunk" | "indexes">): void {
    const set = IndexSet.decode([[0, bytesOf(row.indexes)]]);
    const check = `${CHECK}${row.check_name ?? ""}`;
    switch (row.change) {
      case "MATERIALIZED":
        this.#add("MATERIALIZED", row.chunk, set);
        this.#remove("FAILED", row.chunk, set);
        break;
      case "FAILED":
      case "CHECK_FAILED":
        this.#add(row.change === "FAILED" ? "FAILED" : check, row.chunk, set);
        break;
      case "CHECK_PASSED":
        this.#remove(check, row.chunk, set);
        break;
      case "WIPED":
        for (const state of this.#states.keys()) this.#remove(state, row.chunk, set);
    }
  }

  /** Puts partitions into a state, or takes them out. */
  change(state: string, set: IndexSet, how: "add" | "remove"): void {
    for (const [chunk, bytes] of set.encodedChunks()) {
      if (how === "add") this.#add(state, chunk, IndexSet.decode([[0, bytes]]));
      else this.#remove(state, chunk, IndexSet.decode([[0, bytes]]));
    }
  }

  /** The partitions of a state. */
  set(state: string): IndexSet {
    return IndexSet.decode([...(this.#states.get(state) ?? [])].map(([chunk, value]) => [chunk, value instanceof IndexSet ? encoded(value) : value] as const).filter(isSome)); // prettier-ignore
  }

  get names(): readonly string[] {
    return [...this.#states.keys()];
  }

  get states(): ReadonlyMap<string, IndexSet> {
    return new Map([...this.#states.keys()].map((state) => [state, this.set(state)]));
  }

  *changed(): Generator<FoldedChunk> {
    for (const place of this.#changed) {
      const [chunk, state] = [Number.parseInt(place, 10), place.slice(place.indexOf(" ") + 1)];
      const value = this.#states.get(state)?.get(chunk);
      const bytes = value instanceof IndexSet ? encoded(value) : value;
      yield { state, chunk, ...(bytes ? { bytes } : {}) };
    }
  }

  #add(state: string, chunk: number, set: IndexSet): void {
    this.#put(state, chunk, this.#opened(state, chunk)?.union(set) ?? set);
  }

  #remove(state: string, chunk: number, set: IndexSet): void {
    const opened = this.#opened(state, chunk);
    if (opened) this.#put(state, chunk, opened.difference(set));
  }

  #opened(state: string, chunk: number): IndexSet | undefined {
    const value = this.#states.get(state)?.get(chunk);
    return value instanceof IndexSet || value === undefined ? value : IndexSet.decode([[0, value]]);
  }

  #put(state: string, chunk: number, set: IndexSet): void {
    this.#chunks(state).set(chunk, set);
    this.#changed.add(`${chunk} ${state}`);
  }

  #chunks(state: string): Map<number, Uint8Array | IndexSet> {
    let chunks = this.#states.get(state);
    if (!chunks) this.#states.set(state, (chunks = new Map()));
    return chunks;
  }
}

function encoded(chunk: IndexSet): Uint8Array | undefined {
  for (const [, bytes] of chunk.encodedChunks()) return bytes;
  return undefined;
}

function isSome(chunk: readonly [number, Uint8Array | undefined]): chunk is readonly [number, Uint8Array] {
  return chunk[1] !== undefined;
}
