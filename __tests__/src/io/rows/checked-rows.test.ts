import { checkedRows } from "../../../../src/io/rows/checked-rows";
import { rowSchema } from "../../../../src/model/row-schema";

const complaint = (type: string, value: unknown): string => {
  try {
    checkedRows([{ c: value }], rowSchema({ c: type }), "orders");
  } catch (error) {
    return (error as Error).message;
  }
  return "fits";
};

describe("rows that are held against their schema", () => {
  it.each<[string, unknown]>([
    ["string", ""],
    ["boolean", false],
    ["int32", -(2 ** 31)],
    ["int64", Number.MAX_SAFE_INTEGER],
    ["bigint", -(2n ** 63n)],
    ["float64", Number.NaN],
    ["float64", 3],
    ["decimal(4,2)", "-012.300"],
    ["decimal(2,2)", ".25"],
    ["date", "2024-02-29"],
    ["time", "23:59:59.123456"],
    ["timestamp", new Date(0)],
    ["timestamptz", new Date(0)],
    ["bytes", Buffer.from("x")],
    ["json", [1, { a: null }]],
    ["list<int32>", [1, null, 3]],
    ["struct<a: list<date>, b: string>", { a: ["2024-01-01"] }],
    ["string?", null],
    ["string?", undefined],
  ])("pass as %s: %j", (type, value) => {
    expect(complaint(type, value)).toBe("fits");
  });

  it.each<[string, unknown, string, string]>([
    ["string", 1, "the number 1", "text"],
    ["int32", 2 ** 31, "the number 2147483648", "a whole number of 32 bits"],
    ["int64", 1.5, "the number 1.5", "a whole number that a JavaScript number holds exactly; declare bigint for larger ones"],
    [
      "int64",
      2 ** 53,
      "the number 9007199254740992",
      "a whole number that a JavaScript number holds exactly; declare bigint for larger ones",
    ],
    ["int64", 1n, "the bigint 1n", "a whole number that a JavaScript number holds exactly; declare bigint for larger ones"],
    ["bigint", 2n ** 63n, "the bigint 9223372036854775808n", "a bigint of 64 bits, e.g. 1n"],
    ["decimal(4,2)", "123.4", 'the text "123.4"', 'text such as "12.30", with no more digits than declared'],
    ["decimal(4,2)", "1.234", 'the text "1.234"', 'text such as "12.30", with no more digits than declared'],
    ["decimal(4,2)", ".", 'the text "."', 'text such as "12.30", with no more digits than declared'],
    ["date", "2025-02-29", 'the text "2025-02-29"', 'text such as "2025-01-31"'],
    ["time", "24:00:00", 'the text "24:00:00"', 'text such as "12:34:56.123456"'],
    ["timestamp", new Date(Number.NaN), "an invalid Date", "a valid Date"],
    ["bytes", "x", 'the text "x"', "a Uint8Array"],
    ["list<int32>", [1, "x"], 'the list [1,"x"]', "an array of such values"],
    ["struct<a: int32>", { b: 1n }, 'the object {"b":"1n"}', "an object with these fields"],
  ])("are refused with column, row and value: %s", (type, value, shown, wanted) => {
    expect(complaint(type, value)).toBe(
      `Column "c" of asset "orders" is declared ${type}, but row 0 has ${shown}.\n  → Give ${wanted}, or declare another type.`,
    );
  });

  it("are refused when one lacks what may not be null, has an undeclared column, or is no object", () => {
    const schema = rowSchema({ id: "int64", note: "string?" });
    const refusal = (rows: unknown[]): string => {
      try {
        checkedRows(rows, schema, "orders");
      } catch (error) {
        return (error as Error).message;
      }
      return "fits";
    };
    expect(refusal([{ id: 1 }, { note: "x" }])).toBe(
      'Column "id" of asset "orders" may not be null, but row 1 has undefined there.\n  → Give it a value, or declare the column nullable: "int64?".',
    );
    expect(refusal([{ id: 1, extra: "y" }])).toBe(
      'Row 0 of asset "orders" has the column "extra" (the text "y"), which its schema does not declare.\n  → Add "extra" to the schema, or leave it out of the rows.',
    );
    expect(refusal([[1]])).toBe('Asset "orders" gave no object as row 0, but the list [1].\n  → Return objects with one field per column.');
    expect(refusal([Object.create({ id: 1 })])).toContain("row 0 has undefined there");
  });

  it("of a stream are looked at when they are taken", async () => {
    async function* rows(): AsyncGenerator<object> {
      yield { c: 1 };
      yield { c: "2" };
    }
    const checked = checkedRows(rows(), rowSchema({ c: "int64" }), "orders") as AsyncIterable<object>;
    const taken: object[] = [];
    const thrown: unknown = await (async () => {
      for await (const row of checked) taken.push(row);
    })().catch((error: unknown) => error);
    expect(taken).toEqual([{ c: 1 }]);
    expect((thrown as Error).message).toContain('is declared int64, but row 1 has the text "2".');
  });
});
