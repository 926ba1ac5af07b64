import { bitsOf, changeChunk, type Chunk, decodeChunk, encodeChunk, FULL, WORDS } from "../../model/partitions/chunk.js";
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

/** The chunks of one state. */
interface StateChunks {
  readonly stored: Map<number, Uint8Array>;
  /** Those that change, in place of what is stored. */
  readonly opened: Map<number, Chunk>;
}

/** The states of an asset's partitions, chunk by chunk: what is stored, and what changes did to it since. Only chunks that change are opened. */
export class PartitionFold {
  readonly #states = new Map<string, StateChunks>();

  static of(chunks: readonly ChunkRow[]): PartitionFold {
    const fold = new PartitionFold();
    for (const row of chunks) fold.#chunks(row.state).stored.set(row.chunk, bytesOf(row.indexes));
    return fold;
  }

  /** A fold of whole states, as another layout has them: all of it is changed. */
  static ofStates(states: ReadonlyMap<string, IndexSet>): PartitionFold {
    const fold = new PartitionFold();
    for (const [state, set] of states) fold.change(state, set, "add");
    return fold;
  }

  apply({ change, check_name, chunk, indexes }: Pick<DeltaRow, "change" | "check_name" | "chunk" | "indexes">): void {
    const bytes = bytesOf(indexes);
    const check = `${CHECK}${check_name ?? ""}`;
    switch (change) {
      case "MATERIALIZED":
        this.#add("MATERIALIZED", chunk, bytes);
        this.#remove("FAILED", chunk, bytes);
        break;
      case "FAILED":
      case "CHECK_FAILED":
        this.#add(change === "FAILED" ? "FAILED" : check, chunk, bytes);
        break;
      case "CHECK_PASSED":
        this.#remove(check, chunk, bytes);
        break;
      case "WIPED":
        for (const state of this.#states.keys()) this.#remove(state, chunk, bytes);
    }
  }

  /** Puts partitions into a state, or takes them out. */
  change(state: string, set: IndexSet, how: "add" | "remove"): void {
    for (const [chunk, bytes] of set.encodedChunks()) {
      if (how === "add") this.#add(state, chunk, bytes);
      else this.#remove(state, chunk, bytes);
    }
  }

  /** The partitions of a state, as they are now. */
  set(state: string): IndexSet {
    const { stored, opened } = this.#states.get(state) ?? { stored: [], opened: [] };
    const chunks = new Map<number, Chunk>();
    for (const [number, bytes] of stored) chunks.set(number, decodeChunk(bytes));
    for (const [number, chunk] of opened) chunks.set(number, chunk.slice());
    return IndexSet.ofChunks(chunks);
  }

  get names(): readonly string[] {
    return [...this.#states.keys()];
  }

  get states(): ReadonlyMap<string, IndexSet> {
    return new Map([...this.#states.keys()].map((state) => [state, this.set(state)]));
  }

  *changed(): Generator<FoldedChunk> {
    for (const [state, { opened }] of this.#states)
      for (const [number, chunk] of opened) yield { state, chunk: number, ...(bitsOf(chunk) === 0 ? {} : { bytes: encodeChunk(chunk) }) };
  }

  #add(state: string, number: number, bytes: Uint8Array): void {
    const chunks = this.#chunks(state);
    changeChunk(opened(chunks, number) ?? opening(chunks, number), bytes, "add");
  }

  #remove(state: string, number: number, bytes: Uint8Array): void {
    const chunks = this.#states.get(state);
    const chunk = chunks && opened(chunks, number);
    if (chunk) changeChunk(chunk, bytes, "remove");
  }

  #chunks(state: string): StateChunks {
    let chunks = this.#states.get(state);
    if (!chunks) this.#states.set(state, (chunks = { stored: new Map(), opened: new Map() }));
    return chunks;
  }
}

/** The chunk, to be changed; `undefined` if there is none yet. */
function opened(chunks: StateChunks, number: number): Chunk | undefined {
  const bytes = chunks.stored.get(number);
  if (!bytes) return chunks.opened.get(number);
  chunks.stored.delete(number);
  return opening(chunks, number, decodeChunk(bytes));
}

function opening({ opened }: StateChunks, number: number, chunk: Chunk = new Uint32Array(WORDS)): Chunk {
  const own = chunk === FULL ? chunk.slice() : chunk;
  opened.set(number, own);
  return own;
}
