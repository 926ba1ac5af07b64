import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeIOManager, inputContextFor, outputContextFor } from "../../../../runtime/testing/io-manager-contract.js";
import type { InputContext, OutputContext } from "../../../../src/config/io-manager.js";
import { Relation } from "../../../../src/duckdb/relation.js";
import { DuckDBIOManager } from "../../../../src/io/duckdb/duckdb-io-manager.js";
import { rowSchema } from "../../../../src/model/row-schema.js";
import { DuckDBResource } from "../../../../src/resources/duckdb-resource.js";

const wide = [
  {
    id: 1,
    amount: 1.5,
    big: 1n,
    huge: 1n,
    text: "é'\"",
    ok: true,
    at: new Date(1_700_000_000_123),
    none: null,
    json: { a: [1, 2n, new Date(3)] },
    bytes: new Uint8Array([0, 255]),
    constructor: 1,
  },
  {
    id: -2,
    amount: Number.NaN,
    big: -(2n ** 63n),
    huge: 2n ** 90n,
    text: "",
    ok: false,
    at: new Date(-1),
    none: null,
    json: [],
    bytes: new Uint8Array(),
    constructor: 2,
  },
];

const fields = (given: object) => Object.assign(new DuckDBIOManager(), given);

describe.each([
  ["DuckDBIOManager", {}],
  ["DuckDBIOManager with one schema", { schema: 'it\'s "all"' }],
])("%s", (name, given) => {
  describeIOManager(name, (storageDir) => fields({ ...given, path: join(storageDir, "a'b.duckdb") }), {
    rows: [wide, [{ id: 1 }, { id: 2 }], [], [{}, {}], [{ only: null }], [{ n: -0 }, { n: Infinity }, { n: 2 ** 60 }]],
  });
});

let storageDir: string;
beforeEach(async () => {
  storageDir = await mkdtemp(join(tmpdir(), "duckdb-io-"));
});
afterEach(() => rm(storageDir, { recursive: true, force: true }));

let attempts = 0;
async function materialize(value: never[] | unknown, given: Partial<OutputContext> & { io?: DuckDBIOManager } = {}) {
  const { io = new DuckDBIOManager(), ...more } = given;
  const told: Record<string, unknown> = {};
  const addOutputMetadata = (added: object) => void Object.assign(told, added);
  const context = outputContextFor("shop/orders", { storageDir, attemptId: `attempt-${attempts++}`, addOutputMetadata, ...more });
  const pointer = await io.store(value as object[], context);
  await io.publish(context);
  return { pointer, told, context };
}
const load = (given: Partial<InputContext> = {}) => new DuckDBIOManager().load(inputContextFor("shop/orders", { storageDir, ...given }));
async function rows(given: Partial<InputContext> = {}): Promise<object[]> {
  const all: object[] = [];
  for await (const row of (await load(given)) as AsyncIterable<object>) all.push(row);
  return all;
}
async function thrownBy(work: Promise<unknown>): Promise<Error & { code?: string }> {
  return work.then(
    () => new Error("nothing was thrown"),
    (error: unknown) => error as Error,
  );
}
const warehouse = () => Object.assign(new DuckDBResource(), { path: join(storageDir, "warehouse.duckdb") });

describe("DuckDBIOManager's tables", () => {
  it("are those of the keys, for SQL to be asked of, and told in the metadata", async () => {
    const { pointer, told } = await materialize([{ id: 1, currency: "EUR" }]);
    expect(await warehouse().query("SELECT * FROM shop.orders")).toEqual([{ id: 1, currency: "EUR" }]);
    const path = join(storageDir, "warehouse.duckdb");
    expect(pointer).toEqual({ path, schema: "shop", table: "orders" });
    expect(told).toMatchObject({
      "millrace/row_count": { type: "int", value: 1 },
      "millrace/path": { type: "path", value: `${path}#shop.orders` },
      "millrace/preview": { type: "table", value: { records: [{ id: 1, currency: "EUR" }] } },
    });
    expect(await readdir(join(storageDir, ".duckdb", "shop"))).toEqual([]);
  });

  it("keep declared types as DuckDB's own", async () => {
    const schema = rowSchema({ id: "bigint", price: "decimal(10,2)", day: "date", at: "time", l: "list<int32>", s: "struct<a: string>" });
    const given = [{ id: 2n ** 53n + 1n, price: "12.30", day: "2025-01-31", at: "12:34:56.123456", l: [1, 2], s: { a: "x" } }];
    await materialize(given, { schema });
    const mustBeKept = async () => {
      expect(await rows()).toEqual(given);
      const types = await warehouse().query<{ column_type: string }>("DESCRIBE shop.orders");
      expect(types.map(({ column_type: type }) => type)).toEqual([
        "BIGINT",
        "DECIMAL(10,2)",
        "DATE",
        "TIME",
        "INTEGER[]",
        "STRUCT(a VARCHAR)",
      ]);
    };
    await mustBeKept();
    await materialize((await load({ form: "arrowTable" })) as object[]); // which says itself what its columns are
    await mustBeKept();
  });

  it("are read as a relation with columns and rows pushed down, and one is stored without its rows passing through JavaScript's", async () => {
    await materialize([1, 2, 3].map((id) => ({ id, currency: id === 2 ? "USD" : "EUR", amount: id * 1.5 })));
    const cut = (await load({ form: "relation", columns: ["id"], where: { currency: "EUR" } })) as Relation;
    expect(await cut.rows()).toEqual([{ id: 1 }, { id: 3 }]);
    const all = (await load({ form: "relation" })) as Relation;
    const totals = Relation.sql`SELECT currency, sum(id) AS ids, sum(amount) AS total FROM ${all} JOIN ${cut} USING (id) GROUP BY currency`;
    await materialize(totals, { assetKey: "shop/totals" });
    expect(await rows({ assetKey: "shop/totals" })).toEqual([{ currency: "EUR", ids: 4, total: 6 }]);
  });

  it("take new columns beside old partitions, and numbers that become fractions", async () => {
    await materialize([{ id: 1, n: 1, late: null }], { partitionKey: "a" });
    await materialize([{ id: 2, n: 1.5, late: "x", more: true }], { partitionKey: "b" });
    expect(await rows({ partitionKey: "a" })).toEqual([{ id: 1, n: 1, late: null }]);
    expect(await rows({ partitionKey: "b" })).toEqual([{ id: 2, n: 1.5, late: "x", more: true }]);
    expect(await warehouse().query("SELECT * FROM shop.orders ORDER BY id")).toEqual([
      { id: 1, n: 1, late: null, _partition: "a", more: null },
      { id: 2, n: 1.5, late: "x", _partition: "b", more: true },
    ]);
  });

  it("refuse rows that other partitions do not allow, and keep what they have", async () => {
    await materialize([{ id: 1 }], { partitionKey: "a" });
    const thrown = await thrownBy(materialize([{ id: "one" }], { partitionKey: "it's b" }));
    expect(thrown.message).toBe(
      'Partition "it\'s b" of asset "shop/orders" gives column "id" as VARCHAR, but table shop.orders has it as BIGINT.\n' +
        '  → Give "id" the type that the table has, or another name; or drop the table and materialize every partition again.',
    );
    expect(await rows({ partitionKey: "a" })).toEqual([{ id: 1 }]);
    expect(await thrownBy(rows({ partitionKey: "it's b" }))).toMatchObject({ code: "IO.NOT_FOUND" });
    await materialize([{ id: "one" }], { partitionKey: "a" }); // alone, it may change
    expect(await rows({ partitionKey: "a" })).toEqual([{ id: "one" }]);
  });

  it("are nobody else's", async () => {
    const db = warehouse();
    await db.run("CREATE SCHEMA shop");
    await db.run("CREATE TABLE shop.orders AS SELECT 1 AS mine");
    expect((await thrownBy(materialize([{ id: 1 }]))).message).toMatch(
      /table shop\.orders is there already, and Millrace did not make it\./,
    );
    expect(await db.query("FROM shop.orders")).toEqual([{ mine: 1 }]);
    await materialize([{ id: 1 }], { assetKey: "shop/Users" });
    expect((await thrownBy(materialize([{ id: 1 }], { assetKey: "shop/users" }))).message).toMatch(/has the rows of asset "shop\/Users"/);
  });

  it("refuse columns that DuckDB cannot tell apart", async () => {
    const thrown = await Promise.all([[{ id: 1, ID: 2 }], [{ _partition: 1 }]].map((value) => thrownBy(materialize(value))));
    expect(thrown.map(({ message }) => message)).toEqual([
      'Asset "shop/orders" has a column "ID", beside "id", and DuckDB does not tell their case.\n  → Give "ID" another name.',
      'Asset "shop/orders" has a column "_partition", which DuckDBIOManager keeps for the partition.\n  → Give "_partition" another name.',
    ]);
  });

  it("say when an attempt's rows are gone before they are published", async () => {
    const io = new DuckDBIOManager();
    const context = outputContextFor("shop/orders", { storageDir });
    await io.store([{ id: 1 }], context);
    await io.discard(context);
    expect(await thrownBy(io.publish(context))).toMatchObject({ code: "IO.NOTHING_TO_PUBLISH" });
  });

  it("are written by several processes at once, and read meanwhile, with nothing lost", async () => {
    const names = ["one", "two"];
    const children = names.map((name) =>
      spawn(process.execPath, [join(__dirname, "publish-partitions.cjs"), storageDir, name, "8"], {
        stdio: ["ignore", "inherit", "inherit"],
      }),
    );
    const exits = Promise.all(children.map((child) => once(child, "exit")));
    let ended = false;
    void exits.then(() => (ended = true));
    let reads = 0;
    while (!ended) {
      const found = await rows({ partitionKey: "one 7" }).catch((error: unknown) => {
        if ((error as { code?: string }).code === "IO.NOT_FOUND") return [];
        throw error;
      });
      expect(found.length).toBeLessThanOrEqual(1);
      reads++;
    }
    expect((await exits).map(([code]) => code as unknown)).toEqual([0, 0]);
    expect(reads).toBeGreaterThan(0);
    const stored = await warehouse().query("SELECT name, index, version, _partition FROM shop.orders ORDER BY name, index");
    expect(stored).toEqual(
      names.flatMap((name) => Array.from({ length: 8 }, (_, index) => ({ name, index, version: 1, _partition: `${name} ${index}` }))),
    );
  }, 60_000);
});
