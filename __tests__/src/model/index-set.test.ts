import { changeChunk, CHUNK_SIZE, decodeChunk } from "../../../src/model/partitions/chunk";
import { IndexSet } from "../../../src/model/partitions/index-set";

/** Random, but the same at each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) / 0x7fffffff;
}

function randomSet(next: () => number): { set: IndexSet; numbers: Set<number> } {
  const ranges = Array.from({ length: Math.floor(next() * 12) }, (): [number, number] => {
    const from = Math.floor(next() * 20_000);
    return [from, from + Math.floor(next() * (next() < 0.2 ? 9_000 : 40))];
  });
  const numbers = new Set(ranges.flatMap(([from, to]) => Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at)));
  return { set: IndexSet.of(ranges), numbers };
}

const sorted = (numbers: Iterable<number>): string => [...numbers].sort((a, b) => a - b).join();

describe("a set of numbers", () => {
  it("does algebra as sets do", () => {
    const next = random(7);
    for (let round = 0; round < 25; round++) {
      const [a, b] = [randomSet(next), randomSet(next)];
      expect([...a.set].join()).toBe(sorted(a.numbers));
      expect([...a.set.union(b.set)].join()).toBe(sorted(new Set([...a.numbers, ...b.numbers])));
      expect([...a.set.intersection(b.set)].join()).toBe(sorted([...a.numbers].filter((each) => b.numbers.has(each))));
      expect([...a.set.difference(b.set)].join()).toBe(sorted([...a.numbers].filter((each) => !b.numbers.has(each))));
      expect(a.set.size).toBe(a.numbers.size);
      expect(a.set.equals(IndexSet.ofNumbers(a.numbers))).toBe(true);
    }
  });

  it("moves up and down, and leaves out what would be below 0", () => {
    const next = random(5);
    for (let round = 0; round < 25; round++) {
      const { set, numbers } = randomSet(next);
      const by = Math.floor(next() * 20_000) - 10_000 + (round % 3 === 0 ? 32 : 0);
      const moved = [...numbers].map((each) => each + by).filter((each) => each >= 0);
      expect([by, [...set.shifted(by)].join()]).toEqual([by, sorted(moved)]);
      expect(IndexSet.decode(set.shifted(by).encodedChunks()).equals(IndexSet.ofNumbers(moved))).toBe(true);
    }
  });

  it("comes back from its chunks", () => {
    const next = random(11);
    for (let round = 0; round < 25; round++) {
      const { set } = randomSet(next);
      expect(IndexSet.decode(set.encodedChunks()).equals(set)).toBe(true);
    }
    const alternating = IndexSet.ofNumbers(Array.from({ length: 5_000 }, (_, at) => at * 2));
    expect(IndexSet.decode(alternating.encodedChunks()).equals(alternating)).toBe(true);
  });

  it("comes back from its words, full chunks and empty sets too", () => {
    const next = random(17);
    const sets = [IndexSet.empty(), IndexSet.range(4_096, 12_288), ...Array.from({ length: 25 }, () => randomSet(next).set)];
    for (const set of sets) expect([...IndexSet.fromWords(set.toWords())].join()).toBe([...set].join());
    expect(IndexSet.range(0, 1_048_576).toWords()).toHaveLength(257);
    expect([IndexSet.empty().isEmpty, IndexSet.range(5, 6).isEmpty]).toEqual([true, false]);
  });

  it("has a chunk changed by what another encodes as sets are united and subtracted", () => {
    const next = random(19);
    const numbersBelow = (share: number): number[] => Array.from({ length: CHUNK_SIZE }, (_, at) => at).filter(() => next() < share);
    const contents = [[], [0], [4_095], numbersBelow(0.5), numbersBelow(0.01), numbersBelow(0.99), numbersBelow(2)];
    const encoded = (numbers: readonly number[]): Uint8Array =>
      [...IndexSet.ofNumbers(numbers).encodedChunks()][0]?.[1] ?? Uint8Array.of(0);
    for (const before of contents) {
      for (const other of contents) {
        for (const how of ["add", "remove"] as const) {
          const chunk = decodeChunk(encoded(before)).slice();
          changeChunk(chunk, encoded(other), how);
          const [one, two] = [IndexSet.ofNumbers(before), IndexSet.ofNumbers(other)];
          const expected = how === "add" ? one.union(two) : one.difference(two);
          expect([...IndexSet.ofChunks([[0, chunk]])].join()).toBe([...expected].join());
        }
      }
    }
  });

  it("finds the next, the last, the n-th, and whether a range holds any", () => {
    const set = IndexSet.of([
      [3, 5],
      [4_094, 4_098],
      [20_000, 20_001],
    ]);
    expect([set.nextFrom(0), set.nextFrom(5), set.nextFrom(4_097), set.nextFrom(20_001)]).toEqual([3, 4_094, 4_097, undefined]);
    expect([set.last, set.at(0), set.at(3), set.at(6), set.at(7)]).toEqual([20_000, 3, 4_095, 20_000, undefined]);
    expect([set.anyIn(0, 3), set.anyIn(0, 4), set.anyIn(5, 4_094), set.anyIn(4_098, 20_000)]).toEqual([false, true, false, false]);
    expect([...set.ranges()]).toEqual([
      [3, 5],
      [4_094, 4_098],
      [20_000, 20_001],
    ]);
  });

  it("stores a million adjacent numbers in a few bytes, and half of them at random in an eighth of a byte each", () => {
    const bytes = (set: IndexSet): number => [...set.encodedChunks()].reduce((sum, [, chunk]) => sum + chunk.length, 0);
    expect(bytes(IndexSet.range(0, 1_000_000))).toBeLessThan(10);
    const next = random(3);
    const half = IndexSet.ofNumbers(Array.from({ length: 1_000_000 }, (_, at) => at).filter(() => next() < 0.5));
    expect(bytes(half)).toBeLessThan(126_000);
  });
});
