import { columnTypeText, parseColumnType } from "../../../src/model/column-type";
import { rowSchema } from "../../../src/model/row-schema";

const messageOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return "accepted";
};

const TYPES =
  "Use string, boolean, int32, int64, bigint, float64, date, time, timestamp, timestamptz, bytes, json, decimal(precision,scale) with at most 38 digits, list<type> or struct<name: type, ...>.";

describe("a column type", () => {
  it.each([
    ["int64", "int64"],
    ["decimal(12, 2)", "decimal(12,2)"],
    ["decimal(38)", "decimal(38,0)"],
    ["list< list<date> >", "list<list<date>>"],
    ['struct<a: int32,"b c":list<struct<d: decimal(3,1)>>>', 'struct<a: int32, "b c": list<struct<d: decimal(3,1)>>>'],
  ])("%s is written %s and reads the same again", (text, written) => {
    const shape = parseColumnType(text);
    expect(columnTypeText(shape)).toBe(written);
    expect(parseColumnType(written)).toEqual(shape);
  });

  it.each([
    ["integer", 8],
    ["decimal", 8],
    ["decimal(39,1)", 8],
    ["decimal(3,4)", 8],
    ["list<int64", 11],
    ["struct<int64>", 8 + 5],
    ["int64 int64", 7],
    ["", 1],
  ])("that is none is refused with its place: %j", (text, place) => {
    expect(messageOf(() => parseColumnType(text))).toBe(
      `${JSON.stringify(text)} is no column type, from its character ${place} on.\n  → ${TYPES}`,
    );
  });

  it("of a schema is refused with its column", () => {
    expect(messageOf(() => rowSchema({ id: "int64", amount: "money?" }))).toBe(
      `Column "amount": "money" is no column type, from its character 6 on.\n  → ${TYPES}`,
    );
  });
});

it("a schema keeps the order of its columns, what may be null, and what describes them", () => {
  expect(
    rowSchema({
      id: "int64",
      note: "string?",
      amount: { type: "decimal(9, 2)", nullable: true, description: "In euro", tags: { pii: "no" } },
    }),
  ).toEqual({
    columns: [
      { name: "id", type: "int64", nullable: false },
      { name: "note", type: "string", nullable: true },
      { name: "amount", type: "decimal(9,2)", nullable: true, description: "In euro", tags: { pii: "no" } },
    ],
  });
});
