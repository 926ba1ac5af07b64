import { Relation } from "../../../src/duckdb/relation.js";

const sales = Relation.sql<{ day: string; currency: string; amount: number }>`
  SELECT * FROM (VALUES (DATE '2025-01-01', 'EUR', 10), (DATE '2025-01-01', 'USD', 20), (DATE '2025-01-02', 'EUR', 5)) AS s(day, currency, amount)`;

describe("a relation", () => {
  it("is composed of relations and values, and gives rows", async () => {
    const totals = Relation.sql<{ currency: string; total: number }>`
      SELECT currency, sum(amount) AS total FROM ${sales} WHERE amount > ${4.5} AND currency IN ${["EUR", "it's; --"]} GROUP BY currency`;
    expect(await totals.rows()).toEqual([{ currency: "EUR", total: 15 }]);
    expect((await totals.toArrow()).toArray().map((row) => (row as { toJSON(): unknown }).toJSON())).toEqual([
      { currency: "EUR", total: 15n },
    ]);
    expect(await totals.columns()).toEqual([
      { name: "currency", type: "VARCHAR" },
      { name: "total", type: "HUGEINT" },
    ]);
  });

  it("reads a relation that it names twice, and its own keeps the order of the query", async () => {
    const pairs = Relation.sql`SELECT a.amount AS x, b.amount AS y FROM ${sales} a JOIN ${sales} b USING (currency) WHERE a.amount < b.amount`;
    expect(await pairs.rows()).toEqual([{ x: 5, y: 10 }]);
    expect(await Relation.sql`SELECT amount FROM ${sales} ORDER BY amount`.rows()).toEqual([{ amount: 5 }, { amount: 10 }, { amount: 20 }]);
  });

  it("says what DuckDB refuses, with the SQL as it was written", async () => {
    const thrown: unknown = await Relation.sql`SELECT nothing FROM ${sales}`.rows().catch((error: unknown) => error);
    expect(String((thrown as Error).message)).toMatch(/^DuckDB refuses the query: Binder Error: Referenced column "nothing" not found/);
    expect(thrown).toMatchObject({ code: "RELATION.FAILED", fix: "Mend the SQL; relation.columns() tells which columns there are." });
  });

  it("is one query, and nothing else", async () => {
    await expect(Relation.sql`CREATE TABLE t (a INT)`.rows()).rejects.toMatchObject({ code: "RELATION.NO_QUERY" });
    await expect(Relation.sql`SELECT 1; SELECT 2`.rows()).rejects.toMatchObject({ code: "RELATION.FAILED" });
  });
});
