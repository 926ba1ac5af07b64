import type { StreamName } from "./captured-output.js";

/** The output of this process that a slot of a child's `stdio` stands for, if it does. */
export function inheritedStream(slot: unknown, index: number): StreamName | undefined {
  const fd = slot === "inherit" ? index : typeof slot === "object" && slot !== null ? (slot as { fd?: unknown }).fd : slot;
  return fd === 1 ? "stdout" : fd === 2 ? "stderr" : undefined;
}

/** The stream that a child itself knows a slot as. */
export function ownStream(index: number): StreamName | undefined {
  return index === 1 ? "stdout" : index === 2 ? "stderr" : undefined;
}
