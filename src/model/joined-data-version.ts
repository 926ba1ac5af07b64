import { createHash } from "node:crypto";
import type { InputVersion } from "./event.js";

/** One version for what was read of many partitions. */
export function joinedDataVersion(inputs: Iterable<Pick<InputVersion, "partition" | "dataVersion">>): string {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(JSON.stringify([input.partition, input.dataVersion]));
  return hash.digest("hex").slice(0, 32);
}
