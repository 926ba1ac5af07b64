import pc from "picocolors";
import type { IndexSet } from "../../src/model/partitions/index-set.js";
import type { PartitionStatus } from "../../src/storage/partition-store.js";

/** At most so many cells stand in a line of the picture. */
const WIDEST = 120;

/** What most matters of a stretch of partitions: what runs, what failed, then how much of it is there. */
function cell(status: PartitionStatus, from: number, to: number): string {
  const some = (set: IndexSet): boolean => set.anyIn(from, to);
  if (some(status.inProgress)) return pc.yellow("▸");
  if (some(status.failed)) return pc.red("✗");
  if (some(status.checkFailed)) return pc.yellow("!");
  if (!some(status.materialized)) return pc.dim("·");
  return pc.green(countIn(status.materialized, from, to) === to - from ? "█" : "▄");
}

function countIn(set: IndexSet, from: number, to: number): number {
  let count = 0;
  for (const [low, high] of set.ranges()) {
    if (low >= to) break;
    count += Math.max(0, Math.min(high, to) - Math.max(low, from));
  }
  return count;
}

/** All partitions in one line, each of its cells for as many as it takes to fit. */
export function partitionPicture(status: PartitionStatus, size: number, width: number): string {
  const cells = Math.min(size, width, WIDEST);
  return Array.from({ length: cells }, (_, at) =>
    cell(status, Math.floor((at * size) / cells), Math.floor(((at + 1) * size) / cells)),
  ).join("");
}

/** What the signs of {@link partitionPicture} mean. */
export const PICTURE_LEGEND = "█ materialized  ▄ in part  · missing  ✗ failed  ! check failed  ▸ in progress";
