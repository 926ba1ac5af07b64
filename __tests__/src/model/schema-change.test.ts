import { columnChangeText, columnChanges } from "../../../src/model/schema-change";

const before = [
  { name: "id", type: "int64", constraints: { nullable: false } },
  { name: "amount", type: "int64" },
  { name: "note", type: "string", constraints: { nullable: false } },
  { name: "old", type: "date" },
];

it("columns that are gone, new, of another type or of another nullability are changes; their order is none", () => {
  const after = [
    { name: "note", type: "string", constraints: { nullable: true } },
    { name: "id", type: "int64", constraints: { nullable: false } },
    { name: "amount", type: "float64", constraints: { nullable: false } },
    { name: "added", type: "json" },
  ];
  expect(columnChanges(before, after).map(columnChangeText)).toEqual([
    "old: removed",
    "note: not null → nullable",
    "amount: int64 → float64",
    "added: added (json)",
  ]);
  expect(columnChanges(after, [...after].reverse())).toEqual([]);
});
