import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { PostgresServer } from "../../../tools/servers/postgres";
import { KnexResource } from "../../../src/resources/knex-resource.js";

class Shop extends KnexResource {
  override async teardown(): Promise<void> {
    await super.teardown();
  }
}

let server: PostgresServer;
let dsn: string;
let folder: string;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  dsn = await server.createDatabase();
  folder = mkdtempSync(join(tmpdir(), "millrace-knex-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.each(["pg", "sqlite"] as const)("KnexResource on %s", (client) => {
  it("builds queries, binds their values, and keeps transactions", async () => {
    const db = Object.assign(new Shop(), { client, dsn, filename: join(folder, "shop.db") });
    await db.run(db.knex.schema.createTable("orders", (table) => void table.integer("id").primary().comment("the order")));
    await db.run(db.knex("orders").insert([{ id: 1 }, { id: 2 }, { id: 3 }]));
    const failed = db.knex.transaction(async (trx) => {
      await trx("orders").delete();
      throw new Error("mine");
    });
    await expect(failed).rejects.toThrow("mine");
    expect(await db.run(db.knex("orders").where("id", ">", 1).orderBy("id"))).toEqual([{ id: 2 }, { id: 3 }]);
    const canceled = AbortSignal.abort(new Error("canceled"));
    await expect(db.run(db.knex("orders"), { signal: canceled })).rejects.toBe(canceled.reason);
    await db.teardown();
  });
});

it("stops a query of Postgres at the signal, on the server too, and goes on", async () => {
  const db = Object.assign(new Shop(), { dsn });
  const busy = async () => (await server.query("SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' AND pid <> pg_backend_pid()")).length; // prettier-ignore
  const stop = new AbortController();
  const work = db.run(db.knex.raw("SELECT pg_sleep(60)"), { signal: stop.signal }).catch((error: unknown) => error);
  while ((await busy()) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  stop.abort(new Error("canceled"));
  expect(await work).toBe(stop.signal.reason);
  while ((await busy()) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await db.run(db.knex.select(db.knex.raw("1 AS one")))).toEqual([{ one: 1 }]);
  await db.teardown();
});

it("tells what Postgres said, without the password, and that SQLite has no file", async () => {
  const db = Object.assign(new Shop(), { dsn, password: "wr0ng-secret" });
  const error: unknown = await db.run(db.knex("orders")).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "POSTGRES.CREDENTIALS", allowRetries: false });
  expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain("wr0ng-secret");
  await db.teardown();
  expect(() => Object.assign(new Shop(), { client: "sqlite" }).knex).toThrow(
    'KnexResource has no file for SQLite.\n  → Give its path: KnexResource.with({ client: "sqlite", filename: "shop.db" }).',
  );
});
