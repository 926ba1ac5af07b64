import pc from "picocolors";
import type { IndexSet } from "../../src/model/partitions/index-set.js";
import type { PartitionSpace } from "../../src/model/partitions/partition-space.js";

const SHOWN = 4;

/** The ranges of a set by their keys: `2024-01-01...2024-01-31, 2024-02-03 and 3 more`. */
export function partitionsText(space: PartitionSpace | null, set: IndexSet): string {
  if (!space) return pc.dim("not divided");
  const texts: string[] = [];
  let more = 0;
  for (const [from, to] of set.ranges()) {
    if (texts.length >= SHOWN) more += 1;
    else texts.push(to === from + 1 ? space.keyAt(from) : `${space.keyAt(from)}...${space.keyAt(to - 1)}`);
  }
  return `${texts.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
