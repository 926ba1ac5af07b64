import { hourlyPartitions } from "../../../src/model/partitions/define-partitions";
import { IndexSet } from "../../../src/model/partitions/index-set";
import { openPartitions, type TimeSpace } from "../../../src/model/partitions/partition-space";
import { ShiftMapper } from "../../../src/model/partition-mapping/shift-mapper";
import { TimeWindowMapper } from "../../../src/model/partition-mapping/time-window-mapper";

it("moves windows of one definition as the walk through their times does, over days of 23 and 25 hours", () => {
  const hour = hourlyPartitions({ start: "2024-10-25", timezone: "Europe/Berlin" });
  const space = openPartitions(hour, { nowMs: Date.parse("2024-10-30T00:00Z") }) as TimeSpace;
  const told = (set: IndexSet): string => [...set.ranges()].join(" ");
  for (const [startOffset, endOffset] of [
    [0, 0],
    [-1, -1],
    [-3, 0],
    [-2, 1],
    [1, 1],
    [0, 5],
    [-200, -190],
  ] as const) {
    // prettier-ignore
    const mapping = { kind: "time-window", startOffset, endOffset } as const;
    const [shift, walk] = [new ShiftMapper(mapping, space), new TimeWindowMapper(mapping, space, space)];
    for (const set of [
      IndexSet.range(0, 3),
      IndexSet.range(60, 62),
      IndexSet.of([
        [1, 2],
        [40, 44],
        [space.size - 2, space.size],
      ]),
    ]) {
      // prettier-ignore
      const given = [told(shift.upstreamOf(set).partitions), told(shift.downstreamOf(set))];
      expect({ mapping, given }).toEqual({ mapping, given: [told(walk.upstreamOf(set).partitions), told(walk.downstreamOf(set))] });
    }
  }
});
