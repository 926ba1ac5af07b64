import { IndexSet } from "../../src/model/partitions/index-set.js";

/** Methods whose arguments or answers hold sets of partitions, which the thread's border would take apart. */
const WITH_SETS: ReadonlySet<string> = new Set(["createRun", "partitionStatus", "wipe", "createBackfill", "backfillProgress"]);

/** The arguments or the answer of a method with each set as one piece of memory; words are found nowhere else in them. */
export function toWire(method: string, value: unknown): unknown {
  return mayHoldSets(method, value) ? rebuilt(value, (part) => (isSet(part) ? part.toWords() : undefined)) : value;
}

/** What {@link toWire} was given. */
export function fromWire(method: string, value: unknown): unknown {
  return mayHoldSets(method, value) ? rebuilt(value, (part) => (isWords(part) ? IndexSet.fromWords(part) : undefined)) : value;
}

function mayHoldSets(method: string, value: unknown): boolean {
  if (method !== "createRun") return WITH_SETS.has(method);
  return Array.isArray(value) && (value[0] as { partitions?: unknown }).partitions !== undefined;
}

/** Also of another copy of the package. */
function isSet(value: object): value is IndexSet {
  return "toWords" in value;
}

/** Also of another realm, as tests have one. */
function isWords(value: object): value is Uint32Array {
  return Object.prototype.toString.call(value) === "[object Uint32Array]";
}

/** Copies only what a set lies in. */
function rebuilt(value: unknown, other: (part: object) => IndexSet | Uint32Array | undefined): unknown {
  if (typeof value !== "object" || value === null) return value;
  const replaced = other(value);
  if (replaced !== undefined || ArrayBuffer.isView(value)) return replaced ?? value;
  if (Array.isArray(value)) {
    const parts = value.map((part) => rebuilt(part, other));
    return parts.some((part, index) => part !== value[index]) ? parts : value;
  }
  const entries = Object.entries(value).map(([key, part]) => [key, rebuilt(part, other)] as const);
  return entries.some(([key, part]) => part !== (value as Record<string, unknown>)[key]) ? Object.fromEntries(entries) : value;
}
