import { rowPredicate, type RowFilter } from "../../../src/model/row-filter";

const day = new Date("2025-01-02");
const rows = [
  { id: 1, name: "a", at: new Date("2025-01-01"), big: 1n },
  { id: 2, name: "b", at: new Date("2025-01-02"), big: 2n },
  { id: 3, name: null, at: new Date("2025-01-03"), big: 3n },
  { id: 4, name: "", at: null },
];

it.each<[RowFilter<(typeof rows)[number]>, number[]]>([
  [{}, [1, 2, 3, 4]],
  [{ id: 2 }, [2]],
  [{ id: [1, 4] }, [1, 4]],
  [{ id: [] }, []],
  [{ name: null }, [3]],
  [{ name: { isNull: false } }, [1, 2, 4]],
  [{ name: { ne: "a" } }, [2, 4]],
  [{ name: "" }, [4]],
  [{ at: { gte: day } }, [2, 3]],
  [{ at: day }, [2]],
  [{ big: { lt: 3n, ne: 1n } }, [2]],
  [{ big: { isNull: true } }, [4]],
  [{ id: { gt: 1, lte: 3 }, name: { isNull: false } }, [2]],
])("the rows of which %j holds are %j", (filter, ids) => {
  expect(rows.filter(rowPredicate(filter as RowFilter)).map(({ id }) => id)).toEqual(ids);
});
