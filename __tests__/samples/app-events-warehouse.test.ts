import { rowSchema } from "millrace";
import { Warehouse } from "../../samples/app-events/warehouse";
import { PostgresServer } from "../../tools/servers/postgres";

const columns = rowSchema({ id: "int64?", name: "string?" });
const never = new AbortController().signal;
const rowsOf = (from: number, name: string): object[] => Array.from({ length: 50 }, (_, at) => ({ id: from + at, name }));

describe("the warehouse of app events", () => {
  let postgres: PostgresServer;
  let dsn: string;
  let warehouse: Warehouse;
  const seen = (): Promise<{ table: string; names: string[] }[]> =>
    postgres.query(
      `select 'users' as table, array_agg(distinct name order by name) as names from users
       union all select 'orders', array_agg(distinct name order by name) from orders`,
      dsn,
    );
  const replace = (users: Iterable<object> | AsyncIterable<object>, orders: Iterable<object>): Promise<void> =>
    warehouse.replace({ users: { columns, rows: users }, orders: { columns, rows: orders } }, never);

  beforeAll(async () => {
    postgres = await PostgresServer.start();
    dsn = await postgres.createDatabase();
    warehouse = Object.assign(new Warehouse(), { dsn });
  });
  afterAll(async () => {
    await (warehouse as unknown as { teardown(): Promise<void> }).teardown();
    await postgres?.stop();
  });

  it("shows readers the old rows of every table until the new ones of every table are there", async () => {
    await replace(rowsOf(1, "old"), rowsOf(1, "old"));
    let meanwhile: unknown;
    async function* arriving(): AsyncGenerator<object> {
      yield* rowsOf(1, "new");
      meanwhile = await seen();
    }
    await replace(arriving(), rowsOf(1, "new"));
    expect(meanwhile).toEqual(["users", "orders"].map((table) => ({ table, names: ["old"] })));
    expect(await seen()).toEqual(["users", "orders"].map((table) => ({ table, names: ["new"] })));
  });

  it("keeps all old rows when the new ones cannot be loaded", async () => {
    const before = await seen();
    await expect(replace(rowsOf(1, "newer"), [{ id: "no number", name: "newer" }])).rejects.toThrow(/"id"|column id/);
    expect(await seen()).toEqual(before);
  });

  it("holds the rows of one of several who replace it at once, not of two", async () => {
    await Promise.all(["a", "b", "c", "d"].map((name) => replace(rowsOf(1, name), rowsOf(1, name))));
    const counts = await postgres.query<{ name: string }>(
      `select 'users' as table, name, count(*)::int from users group by name
       union all select 'orders', name, count(*)::int from orders group by name order by 1 desc`,
      dsn,
    );
    const name = counts[0]?.name;
    expect(counts).toEqual(["users", "orders"].map((table) => ({ table, name, count: 50 })));
  });

  it("keeps null, the empty text and \\N apart, and every other text as it is", async () => {
    const texts = [null, "", "\\N", "NULL", "a,b", 'say "so"', "two\r\nlines", "tab\t", "\\.", "𝒜 😀 e\u0301"];
    await replace(texts.map((name, id) => ({ id, name })), []); // prettier-ignore
    expect(await postgres.query("select name from users order by id", dsn)).toEqual(texts.map((name) => ({ name })));
  });
});
