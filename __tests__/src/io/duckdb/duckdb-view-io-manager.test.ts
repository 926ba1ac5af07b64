import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeIOManager, outputContextFor } from "../../../../runtime/testing/io-manager-contract.js";
import type { OutputContext } from "../../../../src/config/io-manager.js";
import { DuckDBViewIOManager } from "../../../../src/io/duckdb/duckdb-view-io-manager.js";
import { DuckDBResource } from "../../../../src/resources/duckdb-resource.js";

const wide = [
  { id: 1, amount: 0.5, big: 2n ** 60n, text: "é'\"", ok: true, at: new Date(1_700_000_000_123), none: null, json: { a: [1] } },
  { id: 2, amount: -1, big: -1n, text: "", ok: false, at: new Date(-1), none: null, json: [] },
];

describeIOManager(
  "DuckDBViewIOManager",
  (storageDir) => Object.assign(new DuckDBViewIOManager(), { path: join(storageDir, "a'b.duckdb") }),
  {
    rows: [wide, [{ id: 1 }, { id: 2 }], [], [{ only: null }]],
  },
);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "duckdb-[view]-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

let attempts = 0;
async function materialize(value: object[], given: Partial<OutputContext> = {}, io = new DuckDBViewIOManager()) {
  const context = outputContextFor("shop/orders", { storageDir: folder, attemptId: `attempt-${attempts++}`, ...given });
  const pointer = await io.store(value, context);
  await io.publish(context);
  return pointer;
}
const database = () => Object.assign(new DuckDBResource(), { path: join(folder, "warehouse.duckdb") });
const all = (view = "shop.orders") => database().query(`SELECT * FROM ${view} ORDER BY ALL`);

describe("the views of DuckDBViewIOManager", () => {
  it("are called by the assets' keys, and told in the metadata", async () => {
    expect(await materialize([{ id: 1 }])).toEqual({
      path: join(folder, "shop", "orders.parquet"),
      database: join(folder, "warehouse.duckdb"),
      schema: "shop",
      view: "orders",
    });
    expect(await all()).toEqual([{ id: 1 }]);
  });

  it("have the rows and columns that the files have when they are asked", async () => {
    await materialize([{ id: 1 }]);
    await materialize([{ id: "one", more: true }]);
    expect(await all()).toEqual([{ id: "one", more: true }]);
  });

  it("have all partitions, with their keys beside the rows, and a column that only some have", async () => {
    const keys = ["2025-01-01", "EU", "", "a/b", "it's 50%", "é😀", "L".repeat(300)];
    for (const [id, partitionKey] of keys.entries()) await materialize([id === 1 ? { id, extra: "x" } : { id }], { partitionKey });
    expect(await all()).toEqual(keys.map((_partition, id) => ({ id, extra: id === 1 ? "x" : null, _partition })));
  });

  it("have no rows of an asset whose key goes on with theirs", async () => {
    await materialize([{ id: 1 }], { partitionKey: "a" });
    await materialize([{ id: 2 }], { partitionKey: "a", assetKey: "shop/orders/eu" });
    await materialize([{ id: 3 }], { partitionKey: "L".repeat(300) });
    expect(await all()).toMatchObject([{ id: 1 }, { id: 3 }]);
    expect(await all('"shop/orders".eu')).toEqual([{ id: 2, _partition: "a" }]);
  });

  it("need the database only once: while another process has it, materializing goes on", async () => {
    await materialize([{ id: 1 }]);
    const program = `require(${JSON.stringify(require.resolve("@duckdb/node-api"))}).DuckDBInstance.create(${JSON.stringify(join(folder, "warehouse.duckdb"))}, { access_mode: "READ_ONLY" }).then(() => { console.log("held"); setInterval(() => {}, 1000); });`;
    const other = spawn(process.execPath, ["--eval", program], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await once(other.stdout, "data");
      const impatient = Object.assign(new DuckDBViewIOManager(), { lockTimeout: "1ms" });
      await materialize([{ id: 2 }], {}, impatient);
      await expect(materialize([{ id: 3 }], { assetKey: "shop/new" }, impatient)).rejects.toMatchObject({ code: "DUCKDB.LOCKED" });
    } finally {
      other.kill();
      await once(other, "exit");
    }
    expect(await all()).toEqual([{ id: 2 }]);
  });

  it("stand in one schema where one is given", async () => {
    await materialize([{ id: 1 }], {}, Object.assign(new DuckDBViewIOManager(), { schema: "lake" }));
    expect(await all('lake."shop/orders"')).toEqual([{ id: 1 }]);
  });

  it("are there whole or not at all when the process is killed before one has its comment, and come with the next publication", async () => {
    const program = `
      const { DuckDBViewIOManager } = require("./dist/runtime/entries/index.js");
      const { outputContextFor } = require("./dist/runtime/entries/testing.js");
      const { DuckDBConnection } = require("@duckdb/node-api");
      const { run } = DuckDBConnection.prototype;
      DuckDBConnection.prototype.run = function (sql) {
        if (sql.startsWith("COMMENT ON")) process.kill(process.pid, "SIGKILL");
        return run.call(this, sql);
      };
      const io = new DuckDBViewIOManager();
      const context = outputContextFor("shop/orders", { storageDir: ${JSON.stringify(folder)}, attemptId: "killed" });
      io.store([{ id: 1 }], context).then(() => io.publish(context));`;
    const killed = spawn(process.execPath, ["--eval", program], { cwd: join(__dirname, "../../../.."), stdio: "inherit" });
    expect(await once(killed, "exit")).toEqual([null, "SIGKILL"]);
    await materialize([{ id: 2 }]);
    expect(await all()).toEqual([{ id: 2 }]);
  });

  it("that cannot be made say whose they are, why, and what to do", async () => {
    await materialize([{ id: 1 }], { partitionKey: "old" });
    await rm(join(folder, "warehouse.duckdb"));
    await writeFile(join(folder, "shop", "orders", "@old.parquet"), "no rows");
    const refused = materialize([{ id: 2 }], { partitionKey: "new" });
    await expect(refused).rejects.toMatchObject({
      code: "IO.VIEW",
      message: expect.stringMatching(
        /^Partition "new" of asset "shop\/orders" is stored, but its view shop\.orders of .*warehouse\.duckdb cannot be made: .*@old\.parquet/s,
      ),
      fix: "Materialize the partition whose file it names again, or make room on the disk; then materialize this one again.",
    });
    await materialize([{ id: 1 }], { partitionKey: "old" });
    expect(await all()).toEqual([
      { id: 1, _partition: "old" },
      { id: 2, _partition: "new" },
    ]);
  });

  it("take no table's place, nor another asset's", async () => {
    await database().run("CREATE SCHEMA shop");
    await database().run("CREATE TABLE shop.orders AS SELECT 7 AS kept");
    await expect(materialize([{ id: 1 }])).rejects.toMatchObject({
      code: "IO.TABLE_TAKEN",
      message:
        'Asset "shop/orders" cannot have its view: shop.orders is there already, and is no view of it.\n' +
        "  → Give the asset another key, or its DuckDBViewIOManager another `schema` or `path`.",
    });
    expect(await all()).toEqual([{ kept: 7 }]);
    await materialize([{ id: 1 }], { assetKey: "shop/users" });
    await expect(materialize([{ id: 2 }], { assetKey: "shop/Users" })).rejects.toMatchObject({ code: "IO.TABLE_TAKEN" });
    expect(await all("shop.users")).toEqual([{ id: 1 }]);
  });
});
