import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Relation } from "../../../src/duckdb/relation.js";
import { DuckDBResource } from "../../../src/resources/duckdb-resource.js";

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

class Opened extends DuckDBResource {
  readonly stop = new AbortController();

  constructor(fields: Partial<DuckDBResource> = {}) {
    super();
    Object.assign(this, fields);
    this.setup({ runId: "run-1", log: SILENT, signal: this.stop.signal });
  }

  end(): Promise<void> {
    return this.teardown();
  }
}

async function thrownBy(work: Promise<unknown>): Promise<Error & { code?: string; fix?: string }> {
  return work.then(
    () => new Error("nothing was thrown"),
    (error: unknown) => error as Error,
  );
}

async function held(path: string): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [join(__dirname, "../duckdb/hold-duckdb-file.cjs"), path], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return async () => {
    const ended = once(child, "exit");
    child.stdin.end();
    await ended;
  };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "duckdb-resource-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe.each(["a file", "memory"])("DuckDBResource on %s", (kind) => {
  const open = () => new Opened(kind === "memory" ? {} : { path: join(folder, "new folder", "it's.duckdb") });

  it("keeps what was run, and binds values of every kind", async () => {
    const db = open();
    await db.run(
      "CREATE TABLE t (i BIGINT, s VARCHAR, moment TIMESTAMPTZ, d DATE, ok BOOLEAN, raw BLOB, amount DECIMAL(10, 2), l INTEGER[])",
    );
    const at = new Date("2025-01-31T12:00:00.123Z");
    const values = [7, "'; DROP TABLE t; --", at, "2025-01-31", true, new Uint8Array([0, 255]), "12.30", [1, 2]];
    expect(await db.run("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)).toBe(1);
    expect(await db.query("SELECT * FROM t WHERE i = $1 AND d >= $2", [7, "2025-01-01"])).toEqual([
      { i: 7, s: "'; DROP TABLE t; --", moment: at, d: "2025-01-31", ok: true, raw: new Uint8Array([0, 255]), amount: "12.30", l: [1, 2] },
    ]);
    await db.end();
  });

  it("commits a transaction that resolves and rolls back one that rejects", async () => {
    const db = open();
    await db.run("CREATE TABLE t (i INTEGER)");
    await db.connection((connection) => connection.run("INSERT INTO t VALUES (1)"));
    const failed = db.connection(async (connection) => {
      await connection.run("INSERT INTO t VALUES (2)");
      throw new RangeError("of my own");
    });
    await expect(failed).rejects.toThrow("of my own");
    expect(await db.query("FROM t")).toEqual([{ i: 1 }]);
    await db.end();
  });

  it("streams in order, and lets others write while the rows are taken", async () => {
    const db = open();
    await db.run("CREATE TABLE t AS SELECT range AS i FROM range(10000)");
    let expected = 0;
    for await (const { i } of db.stream<{ i: number }>("SELECT i FROM t WHERE i >= ? ORDER BY i", [0])) {
      if (i === 3) await db.run("DELETE FROM t");
      if (i !== expected++) throw new RangeError(`row ${i}`);
    }
    expect(expected).toBe(10_000);
    await db.end();
  });

  it("composes relations, of two databases too", async () => {
    const [db, other] = [open(), new Opened()];
    await db.run("CREATE TABLE orders AS SELECT 1 AS id, 'EUR' AS currency");
    await other.run("CREATE TABLE orders AS SELECT 'EUR' AS currency, 1.5::DOUBLE AS rate");
    const joined = Relation.sql`SELECT id, rate FROM ${db.relation("SELECT * FROM orders")} JOIN ${other.relation("FROM orders")} USING (currency)`;
    expect(await joined.rows()).toEqual([{ id: 1, rate: 1.5 }]);
    expect(await joined.rows()).toEqual([{ id: 1, rate: 1.5 }]);
    await Promise.all([db.end(), other.end()]);
  });

  it("says what a statement is refused for, and never rounds", async () => {
    const db = open();
    await db.run("CREATE TABLE t (i INTEGER)");
    const wrong = await thrownBy(db.query("SELECT nothing FROM t"));
    expect(wrong.code).toBe("DUCKDB.STATEMENT");
    expect(wrong.message).toMatch(/refuses a statement: Binder Error: Referenced column "nothing" not found/);
    expect(wrong.message).toMatch(/ {4}SELECT nothing FROM t\n {2}→ Mend the SQL or the values bound to it\.$/);
    expect((await thrownBy(db.query("SELECT 9007199254740993 AS big"))).message).toBe(
      'Column "big" holds 9007199254740993, which a number cannot keep exactly.\n' +
        '  → Take it as bigint: relation.bigints("big"), or declare the column as bigint where it is stored.',
    );
    expect(await db.relation("SELECT 9007199254740993 AS big").bigints("big").rows()).toEqual([{ big: 9007199254740993n }]);
    await db.end();
  });

  it("stops at the signal", async () => {
    const db = open();
    await db.run("CREATE TABLE t AS SELECT range AS i FROM range(100000)");
    const endless = thrownBy(db.query("SELECT count(*) AS n FROM t a, t b, t c WHERE a.i + b.i = c.i"));
    setImmediate(() => db.stop.abort(new RangeError("canceled")));
    expect((await endless).message).toBe("canceled");
    await db.end();
  });
});

describe("DuckDBResource", () => {
  it("waits for another process that has the file, and says who it is when that takes too long", async () => {
    const path = join(folder, "shared.duckdb");
    const db = new Opened({ path, lockTimeout: 50 });
    await db.run("CREATE TABLE t AS SELECT 1 AS i");
    const letGo = await held(path);
    const thrown = await thrownBy(db.query("FROM t"));
    const patient = new Opened({ path, lockTimeout: "1m" }).query("FROM t");
    await letGo();
    expect(await patient).toEqual([{ i: 1 }]);
    expect(thrown.code).toBe("DUCKDB.LOCKED");
    expect(thrown.message).toMatch(/^The DuckDB file .*shared\.duckdb is locked by process \d+ \(.*node\)\.\n {2}→ Close it there/);
  });

  it("refuses to write where it is read-only or where a query is asked for", async () => {
    const path = join(folder, "t.duckdb");
    await new Opened({ path }).run("CREATE TABLE t AS SELECT 1 AS i");
    const readOnly = new Opened({ path, readOnly: true });
    expect(await readOnly.query("FROM t")).toEqual([{ i: 1 }]);
    expect((await thrownBy(readOnly.run("DELETE FROM t"))).fix).toBe("Set readOnly: false on the DuckDBResource.");
    expect((await thrownBy(new Opened({ path }).query("DELETE FROM t"))).fix).toBe(
      "Change tables by run(); query() and stream() only read.",
    );
  });

  it("names a file that is not there or none of DuckDB's, and a setting that there is not", async () => {
    const path = join(folder, "notes.txt");
    await writeFile(path, "x".repeat(10_000));
    expect(await thrownBy(new Opened({ path }).query("SELECT 1"))).toMatchObject({ code: "DUCKDB.NO_DATABASE" });
    expect(await thrownBy(new Opened({ path: join(folder, "none.duckdb") }).query("SELECT 1"))).toMatchObject({ code: "DUCKDB.NOT_FOUND" });
    expect(await thrownBy(new Opened({ settings: { memory: "1GB", colour: "red" } }).query("SELECT 1"))).toMatchObject({
      code: "DUCKDB.SETTING",
    });
  });
});
