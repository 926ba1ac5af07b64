import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { PostgresServer } from "../../../tools/servers/postgres";
import type { PostgresError } from "../../../src/postgres/postgres-error.js";
import { PostgresResource } from "../../../src/resources/postgres-resource.js";

class Warehouse extends PostgresResource {
  override setup(context: Parameters<PostgresResource["setup"]>[0]): void {
    super.setup(context);
  }
  override async teardown(): Promise<void> {
    await super.teardown();
  }
}

let server: PostgresServer;
let dsn: string;
let opened: Warehouse[];

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  opened = [];
  dsn = await server.createDatabase();
});
afterEach(async () => {
  await Promise.all(opened.map((one) => one.teardown()));
});

function warehouse(fields: Partial<PostgresResource> = { dsn }): Warehouse {
  const made = Object.assign(new Warehouse(), fields);
  opened.push(made);
  return made;
}

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const row of rows) taken.push(row);
  return taken;
}

/** What was thrown, with what differs from run to run replaced. */
async function thrownBy(work: Promise<unknown>): Promise<PostgresError> {
  return work.then(
    () => Promise.reject(new Error("nothing was thrown")),
    (error: PostgresError) => error,
  );
}
const textOf = (error: Error) =>
  `${(error as PostgresError).code}${(error as PostgresError).allowRetries ? " (may be retried)" : ""}: ${error.message}`
    .replaceAll(String(server.port), "<port>")
    .replaceAll(new URL(dsn).pathname.slice(1), "<database>");
const told = async (work: Promise<unknown>) => textOf(await thrownBy(work));

const EVERY_TYPE = `
  CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"');
  CREATE DOMAIN cents AS int8 CHECK (VALUE >= 0);
  CREATE TABLE every_type (
    i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, money numeric(10, 2), b bool, x text, v varchar(3), c char(3), y bytea, d date, t time,
    ts timestamp, tz timestamptz, j json, jb jsonb, u uuid, ints int[], texts text[], instants timestamptz[], numbers numeric[], m mood, dom cents)`;

const everyType = [
  {
    i2: -32768,
    i4: 2147483647,
    i8: Number.MAX_SAFE_INTEGER,
    f4: 0.1,
    f8: 5e-324,
    n: "12345678901234567890.000012300",
    money: "-12.30",
    b: true,
    x: "é😀'\"\\N\t\n",
    v: "a😀b",
    c: "abc",
    y: new Uint8Array([0, 255, 92]),
    d: "2024-02-29",
    t: "23:59:59.000001",
    ts: new Date("2025-03-30T02:30:00.123Z"),
    tz: new Date("1969-12-31T23:59:59.999Z"),
    j: { "b b": [1, null], a: "\u0000" },
    jb: ["x", { y: "\\u0000" }],
    u: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ints: [1, null, -3],
    texts: ["", "NULL", 'a"b\\', "{x,y}", null],
    instants: [new Date(0)],
    numbers: ["1.50", "NaN"],
    m: 'it\'s "ok"',
    dom: 0,
  },
  {
    i2: null,
    i4: null,
    i8: -Number.MAX_SAFE_INTEGER,
    f4: Infinity,
    f8: -0,
    n: "-0.0001",
    money: "99999999.99",
    b: false,
    x: "",
    v: "",
    c: "   ",
    y: new Uint8Array(),
    d: "0044-03-15 BC",
    t: "24:00:00",
    ts: new Date(8.64e15),
    tz: new Date("0001-01-01T00:00:00Z"),
    j: "text",
    jb: false,
    u: "00000000-0000-0000-0000-000000000000",
    ints: [],
    texts: [
      ["a", "b"],
      ["c", null],
    ],
    instants: [],
    numbers: [],
    m: "sad",
    dom: 1,
  },
  { ...(Object.fromEntries("i2 i4 i8 f4 f8 n money b x v c y d t ts tz j jb u ints texts instants numbers m dom".split(" ").map((name) => [name, null])) as object), x: "\\N", f8: NaN, d: "infinity" }, // prettier-ignore
];

describe("PostgresResource", () => {
  it("loads every type by COPY, and gives the same back by COPY and by query", async () => {
    const pg = warehouse();
    await pg.execute(EVERY_TYPE);
    expect(await pg.copyFrom(everyType, "every_type")).toBe(3);
    expect(await all(pg.copyTo("every_type"))).toEqual(everyType);
    expect(await pg.query("SELECT * FROM every_type")).toEqual(everyType);
    expect(await all(pg.copyTo({ query: "SELECT i4, '1 day'::interval AS ip FROM every_type ORDER BY i4 -- the last;" }))).toEqual([
      { i4: 2147483647, ip: "1 day" },
      { i4: null, ip: "1 day" },
      { i4: null, ip: "1 day" },
    ]);
  });

  it("keeps microseconds, infinity and whole 64 bits where they are asked for as text and bigints", async () => {
    const pg = warehouse({ dsn, int8: "bigint", timestamps: "text" });
    await pg.execute("CREATE TABLE precise (id int8, ts timestamp, tz timestamptz)");
    const rows = [
      { id: 2n ** 63n - 1n, ts: "2025-01-31T12:34:56.123456", tz: "2025-01-31T12:34:56.123456Z" },
      { id: -(2n ** 63n), ts: "infinity", tz: "-infinity" },
    ];
    await pg.copyFrom(rows, "precise");
    await pg.execute("INSERT INTO precise VALUES ($1, $2, $3)", [1n, "0044-03-15T00:00:00 BC", "2025-01-31T12:34:56.5+05:30"]);
    const stored = [...rows, { id: 1n, ts: "0044-03-15T00:00:00 BC", tz: "2025-01-31T07:04:56.5Z" }];
    expect(await all(pg.copyTo("precise"))).toEqual(stored);
    expect(await pg.query("SELECT * FROM precise")).toEqual(stored);
  });

  it("binds values of every kind", async () => {
    const values = [1n << 62n, new Date(5), new Uint8Array([1]), [1, 2], { a: 1 }, null, "'; DROP TABLE x; --"];
    const sql =
      "SELECT $1::int8::text AS big, $2::timestamp AS at, $3::bytea AS bytes, $4::int[] AS list, $5::jsonb AS data, $6::text AS none, $7::text AS text";
    expect(await warehouse().query(sql, values)).toEqual([
      { big: "4611686018427387904", at: new Date(5), bytes: new Uint8Array([1]), list: [1, 2], data: { a: 1 }, none: null, text: "'; DROP TABLE x; --" },
    ]); // prettier-ignore
  });

  it("loads an async iterable in bounded memory, waiting for the server, and stops it when it is not taken", async () => {
    const pg = warehouse();
    await pg.execute("CREATE TABLE many (id int4, text text)");
    let ended = false;
    async function* rows(): AsyncGenerator<object> {
      try {
        for (let id = 0; id < 50_000; id++) yield { id, text: "x".repeat(100) };
      } finally {
        ended = true;
      }
    }
    expect(await pg.copyFrom(rows(), "many")).toBe(50_000);
    expect(await pg.query("SELECT count(*), max(id), count(DISTINCT text) AS texts FROM many")).toEqual([
      { count: 50_000, max: 49_999, texts: 1 },
    ]);
    ended = false;
    await thrownBy(pg.copyFrom(rows(), "many", { columns: ["id", "nothing"] }));
    expect(ended).toBe(true);
  });

  it("commits the block when it ends and rolls it back when it throws", async () => {
    const pg = warehouse();
    await pg.execute("CREATE TABLE kept (id int)");
    const count = await pg.connection(async (tx) => {
      await tx.copyFrom([{ id: 1 }, { id: 2 }], "kept");
      return tx.execute("INSERT INTO kept SELECT id + 2 FROM kept");
    });
    const mine = new TypeError("mine");
    const thrown = pg.connection(async (tx) => {
      await tx.copyFrom([{ id: 5 }], "kept");
      throw mine;
    });
    await expect(thrown).rejects.toBe(mine);
    expect([count, await all(pg.copyTo("kept"))]).toEqual([2, [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]]);
  });

  it("passes on what the source of the rows throws, and loads nothing", async () => {
    const pg = warehouse();
    await pg.execute("CREATE TABLE kept (id int)");
    const mine = new Error("Connection to my API is gone");
    async function* rows(): AsyncGenerator<object> {
      yield await Promise.resolve({ id: 1 });
      throw mine;
    }
    await expect(pg.copyFrom(rows(), "kept")).rejects.toBe(mine);
    expect(await pg.query("SELECT * FROM kept")).toEqual([]);
  });

  it("lets a reader leave a stream early, also within a transaction", async () => {
    const pg = warehouse({ dsn, poolSize: 1 });
    const query = "SELECT i AS id, repeat('x', 1000) AS text FROM generate_series(1, 20000) i";
    for await (const row of pg.copyTo({ query })) {
      expect(row.id).toBe(1);
      break;
    }
    const seen = await pg.connection(async (tx) => {
      for await (const row of tx.copyTo({ query })) if (row.id === 5) break;
      return tx.query("SELECT 1 AS one");
    });
    expect(seen).toEqual([{ one: 1 }]);
  });

  it("reads a stream in bounded memory, however slow its reader is", async () => {
    const pg = warehouse();
    const rows = pg
      .copyTo({ query: "SELECT i AS id, repeat('x', 10000) AS text FROM generate_series(1, 30000) i" })
      [Symbol.asyncIterator]();
    await rows.next();
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    await new Promise((resolve) => setTimeout(resolve, 500)); // long enough for 300 MB to come, if nothing held them back
    const grown = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before;
    let last: unknown;
    for (let next = await rows.next(); !next.done; next = await rows.next()) last = next.value.id;
    expect(last).toBe(30_000);
    expect(grown / 2 ** 20).toBeLessThan(100);
  });

  it("reads values larger than any piece of the network", async () => {
    const pg = warehouse();
    await pg.execute("CREATE TABLE large (id int, bytes bytea, text text)");
    const rows = [1, 2, 3].map((id) => ({ id, bytes: new Uint8Array(3_000_000).fill(id), text: "é".repeat(1_000_000) }));
    await pg.copyFrom(rows, "large");
    const read = await all(pg.copyTo<(typeof rows)[number]>("large"));
    const digest = ({ id, bytes, text }: (typeof rows)[number]) => [
      id,
      Buffer.from(bytes).equals(Buffer.alloc(3_000_000, id)),
      text.length,
    ];
    expect(read.map(digest)).toEqual(rows.map(digest));
    expect(read.map(({ text }) => text === rows[0]?.text)).toEqual([true, true, true]);
  });

  it.each(["query", "copyTo", "copyFrom", "connection"] as const)("stops a %s at the signal, on the server too", async (way) => {
    const pg = warehouse();
    await pg.execute("CREATE TABLE slow (id int)");
    const stop = new AbortController();
    const { signal } = stop;
    async function* endless(): AsyncGenerator<object> {
      for (let id = 0; ; id++) {
        if (id % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        yield { id };
      }
    }
    const ways = {
      query: () => pg.query("SELECT pg_sleep(60)", [], { signal }),
      copyTo: () => all(pg.copyTo({ query: "SELECT pg_sleep(60)" }, { signal })),
      copyFrom: () => pg.copyFrom(endless(), "slow", { signal }),
      connection: () => pg.connection((tx) => tx.query("SELECT pg_sleep(60)"), { signal }),
    };
    const other = warehouse();
    const busy = async () =>
      (await other.query("SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND (query LIKE '%pg_sleep%' OR query LIKE 'COPY%') AND state <> 'idle'")).length; // prettier-ignore
    const work = thrownBy(ways[way]());
    while ((await busy()) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const reason = new Error("the run was canceled");
    stop.abort(reason);
    expect(await work).toBe(reason);
    while ((await busy()) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await pg.query("SELECT * FROM slow")).toEqual([]);
  });

  it("stops waiting for a connection at the run's signal, and ends the pool at teardown", async () => {
    const pg = warehouse({ dsn, poolSize: 1 });
    const run = new AbortController();
    pg.setup({ runId: "run", signal: run.signal, log: { debug() {}, info() {}, warn() {}, error() {} } });
    const reason = new Error("the run was canceled");
    await pg.connection(async (tx) => {
      const waiting = thrownBy(pg.query("SELECT 1"));
      run.abort(reason);
      expect(await waiting).toBe(reason);
      await expect(tx.query("SELECT 1")).rejects.toBe(reason);
    }).catch(() => undefined); // prettier-ignore
    await pg.teardown();
    const left =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'millrace' AND datname = current_database() AND pid <> pg_backend_pid()";
    const other = warehouse();
    while ((await other.query<{ count: number }>(left))[0]?.count !== 0) await new Promise((resolve) => setTimeout(resolve, 10));
  });
});

describe("PostgresResource tells what does not fit, and loads nothing", () => {
  it.each<[string, string, unknown, string]>([
    [
      "a whole number that is out of range",
      "int4",
      2 ** 31,
      "(integer) of t cannot take 2147483648: it is out of range: -2147483648 to 2147483647",
    ],
    ["a fraction for a whole number", "int8", 0.5, "(bigint) of t cannot take 0.5: it is no whole number"],
    [
      "a number that is no longer exact",
      "int8",
      2 ** 53,
      "(bigint) of t cannot take 9007199254740992: it is beyond the whole numbers that a number keeps exactly; give a bigint",
    ],
    [
      "a bigint of more than 64 bits",
      "int8",
      2n ** 63n,
      "(bigint) of t cannot take 9223372036854775808n: it is out of range: -9223372036854775808 to 9223372036854775807",
    ],
    ["text for a number", "float8", "1", '(double precision) of t cannot take "1": it is no number'],
    [
      "a decimal with too many digits behind the point",
      "numeric(6,2)",
      "1.234",
      '(numeric(6,2)) of t cannot take "1.234": it has more than 2 digits behind the point',
    ],
    [
      "a decimal that is too large",
      "numeric(6,2)",
      "12345.6",
      '(numeric(6,2)) of t cannot take "12345.6": it has more than 4 digits before the point',
    ],
    ["a decimal that is none", "numeric", "1,5", '(numeric) of t cannot take "1,5": it is no decimal number'],
    ["a NUL in text", "text", "a\0b", '(text) of t cannot take "a\\u0000b": it holds a NUL character, which Postgres cannot keep in text'],
    ["half a character", "text", "a\ud800", '(text) of t cannot take "a\\ud800": it holds half a character (an unpaired surrogate)'],
    ["a text that is too long", "varchar(2)", "abc", '(character varying(2)) of t cannot take "abc": it has more than 2 characters'],
    ["a date that does not exist", "date", "2025-02-29", '(date) of t cannot take "2025-02-29": it is no date such as "2025-01-31"'],
    ["a time that does not exist", "time", "25:00", '(time) of t cannot take "25:00": it is no time such as "12:34:56.123456"'],
    [
      "a moment without a zone",
      "timestamptz",
      "2025-01-01T00:00:00",
      '(timestamptz) of t cannot take "2025-01-01T00:00:00": it has no zone: add Z or an offset',
    ],
    ["an invalid Date", "timestamp", new Date(NaN), "(timestamp) of t cannot take an invalid Date: it is an invalid Date"],
    [
      "a NUL in jsonb",
      "jsonb",
      { a: "\0" },
      '(jsonb) of t cannot take {"a":"\\u0000"}: it holds a NUL character or half a character, which jsonb cannot keep',
    ],
    ["a list that is ragged", "int[]", [[1], [2, 3]], "(integer[]) of t cannot take [[1],[2,3]]: its inner lists differ in length"],
    ["an item of a list", "int[]", [1, "x"], '(integer[]) of t cannot take [1,"x"]: at [1] it is no whole number'],
    ["an unknown label", "shade", "green", '(shade) of t cannot take "green": it is none of "red", "blue"'],
    ["a UUID that is none", "uuid", "abc", '(uuid) of t cannot take "abc": it is no UUID'],
  ])("%s", async (_, type, value, message) => {
    const pg = warehouse();
    await pg.execute(`CREATE TYPE shade AS ENUM ('red', 'blue'); CREATE TABLE t (id int, "the value" ${type})`);
    const rows = [{ id: 1, "the value": null }, { id: 2, "the value": value }]; // prettier-ignore
    const fix = "Correct the value, or change the column's type. Nothing was loaded.";
    expect(await told(pg.copyFrom(rows, "t"))).toBe(`POSTGRES.VALUE: Row 1: column "the value" ${message}.\n  → ${fix}`);
    expect(await pg.query("SELECT * FROM t")).toEqual([]);
  });

  it("columns that are not there, twice, late, computed, or of a type that COPY cannot be given", async () => {
    const pg = warehouse();
    await pg.execute("CREATE TABLE t (id int, amount int, ip inet, twice int GENERATED ALWAYS AS (id * 2) STORED)");
    expect(await told(pg.copyFrom([{ id: 1, amout: 2 }], "t"))).toBe(
      `POSTGRES.NO_COLUMN: Table t has no column "amout"; it has "id", "amount", "ip", "twice".\n  → Did you mean "amount"?`,
    );
    expect(await told(pg.copyFrom([{ id: 1 }], "t", { columns: ["id", "price"] }))).toBe(
      `POSTGRES.NO_COLUMN: Table t has no column "price"; it has "id", "amount", "ip", "twice".\n  → Leave the field out of the rows, name \`columns\`, or add the column to the table.`,
    );
    expect(await told(pg.copyFrom([{ id: 1 }, { id: 1, amount: 5 }], "t"))).toBe(
      `POSTGRES.LATE_FIELD: Row 1 for t has the field "amount", which the first row has not.\n  → Name the columns that are wanted: copyFrom(rows, table, { columns: [...] }).`,
    );
    expect(await told(pg.copyFrom([{ id: 1 }], "t", { columns: ["id", "id"] }))).toBe(
      `POSTGRES.COLUMN_TWICE: Column "id" of t is named twice.\n  → Name each column once.`,
    );
    expect(await told(pg.copyFrom([{ twice: 1 }], "t"))).toBe(
      `POSTGRES.GENERATED: Column "twice" of t is computed by Postgres.\n  → Leave it out.`,
    );
    expect(await told(pg.copyFrom([{ ip: "10.0.0.1" }], "t"))).toBe(
      `POSTGRES.TYPE: Column "ip" of t is of type inet, which COPY cannot be given.\n  → Load the values into a column of text, and cast them with SQL.`,
    );
    expect(await told(pg.copyFrom([{ id: 1 }, null as unknown as object], "t"))).toBe(
      `POSTGRES.NO_ROW: Row 1 for t is no object, but null.\n  → Give objects with one field per column.`,
    );
    expect(await told(pg.copyFrom([{ id: 1 }], "shop.t"))).toBe(
      `POSTGRES.NO_TABLE: There is no table shop.t that rows could be copied into.\n  → Create the table, correct its name, or name its schema.`,
    );
    expect(await told(pg.query("SELECT 1 AS id, 2 AS id"))).toBe(
      `POSTGRES.COLUMN_TWICE: The query gives two columns "id".\n  → Name them apart: SELECT … AS "id_2".`,
    );
    expect(await told(all(pg.copyTo({ query: "SELECT 1 AS id, 2 AS id" })))).toBe(
      `POSTGRES.COLUMN_TWICE: The query gives two columns "id".\n  → Name them apart: SELECT … AS "id_2".`,
    );
    expect(await told(all(pg.copyTo({ query: "SELECT 9007199254740993 AS id" })))).toBe(
      `POSTGRES.UNREADABLE: Row 0: column "id" of the query cannot be read: 9007199254740993 is beyond the whole numbers that a number keeps exactly.\n  → Ask for bigints: int8: "bigint".`,
    );
    expect(await told(pg.query("SELECT 9007199254740993 AS id"))).toBe(
      `POSTGRES.UNREADABLE: A value of the result cannot be read: 9007199254740993 is beyond the whole numbers that a number keeps exactly.\n  → Ask for bigints: int8: "bigint".`,
    );
    expect(await told(pg.query("SELECT 'infinity'::timestamptz AS at"))).toBe(
      `POSTGRES.UNREADABLE: A value of the result cannot be read: infinity is no Date.\n  → Ask for text: timestamps: "text".`,
    );
    expect(await pg.query("SELECT * FROM t")).toEqual([]);
  });

  it("constraints, by what the server says and the row", async () => {
    const pg = warehouse();
    await pg.execute("CREATE TABLE t (id int PRIMARY KEY, amount int NOT NULL CHECK (amount > 0))");
    const error = await thrownBy(pg.copyFrom([{ id: 1, amount: 1 }, { id: 2, amount: -5 }], "t")); // prettier-ignore
    expect(textOf(error)).toBe(
      `POSTGRES.CONSTRAINT: Postgres at 127.0.0.1:<port>, database "<database>", user "postgres": COPY into t failed: new row for relation "t" violates check constraint "t_amount_check". Failing row contains (2, -5) (at row 1).\n  → Correct the rows, or change the constraint "t_amount_check".`,
    );
    expect(error).toMatchObject({ sqlState: "23514", table: "public.t", constraint: "t_amount_check", allowRetries: false });
    expect(await told(pg.copyFrom([{ id: 1, amount: 1 }, { id: 1, amount: 5 }], "t"))).toBe(`POSTGRES.CONSTRAINT: Postgres at 127.0.0.1:<port>, database "<database>", user "postgres": COPY into t failed: duplicate key value violates unique constraint "t_pkey". Key (id)=(1) already exists (at row 1).\n  → Correct the rows, or change the constraint "t_pkey".`); // prettier-ignore
    expect(await told(pg.copyFrom([{ id: 1 }], "t"))).toBe(
      `POSTGRES.CONSTRAINT: Postgres at 127.0.0.1:<port>, database "<database>", user "postgres": COPY into t failed: null value in column "amount" of relation "t" violates not-null constraint. Failing row contains (1, null) (at row 0).\n  → Give column "amount" a value in every row, or let it be null.`,
    );
  });
});

describe("PostgresResource tells where and why it failed, without a secret", () => {
  const secretFree = (error: unknown, secret: string) =>
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(secret);

  it("a wrong password", async () => {
    const error = await thrownBy(warehouse({ dsn, password: "wr0ng-secret" }).query("SELECT 1"));
    expect(textOf(error)).toBe(
      `POSTGRES.CREDENTIALS: Postgres at 127.0.0.1:<port>, database "<database>", user "postgres": connecting failed: password authentication failed for user "postgres".\n  → Correct the password of user "postgres", or the user.`,
    );
    secretFree(error, "wr0ng-secret");
  });

  it("a DSN that is none, and a database that is missing", async () => {
    const error = await thrownBy(warehouse({ dsn: "postgres://me:s3cret-word@:x:/" }).query("SELECT 1"));
    expect(textOf(error)).toBe(
      `POSTGRES.DSN: The DSN is no address of a Postgres.\n  → Give postgres://user:password@host:port/database, with %-escapes for special characters of user and password.`,
    );
    secretFree(error, "s3cret-word");
    expect(await told(warehouse({ dsn, database: "nowhere" }).query("SELECT 1"))).toBe(
      `POSTGRES.NO_DATABASE: Postgres at 127.0.0.1:<port>, database "nowhere", user "postgres": connecting failed: database "nowhere" does not exist.\n  → Create the database "nowhere", or correct its name.`,
    );
  });

  it("a server that is down, that never answers, or that speaks no TLS", async () => {
    expect(await told(warehouse({ dsn, port: 1 }).query("SELECT 1"))).toBe(
      `POSTGRES.UNREACHABLE (may be retried): Postgres at 127.0.0.1:1, database "<database>", user "postgres": connecting failed: connect ECONNREFUSED 127.0.0.1:1.\n  → Check that a Postgres listens at 127.0.0.1:1 and can be reached from here.`,
    );
    expect(await told(warehouse({ dsn, tls: "require" }).query("SELECT 1"))).toBe(
      `POSTGRES.TLS: Postgres at 127.0.0.1:<port>, database "<database>", user "postgres": connecting failed: The server does not support SSL connections.\n  → Set \`tls\` (or sslmode of the DSN) to what the server offers: "disable", "require" or "verify-full".`,
    );
    const silent: Server = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const text = await told(warehouse({ dsn, port, connectTimeoutMs: 100 }).query("SELECT 1"));
    expect(text.replaceAll(String(port), "<silent>")).toBe(
      `POSTGRES.UNREACHABLE (may be retried): Postgres at 127.0.0.1:<silent>, database "<database>", user "postgres": connecting failed: timeout expired.\n  → Check that a Postgres listens at 127.0.0.1:<silent> and can be reached from here.`,
    );
    silent.close();
  });

  it("a relation, a schema, a column and a right that are missing", async () => {
    const pg = warehouse();
    await pg.execute("CREATE TABLE orders (id int)");
    await pg.execute("CREATE ROLE visitor LOGIN PASSWORD 'visitor-word'").catch(() => 0);
    expect(await told(pg.query("SELECT * FROM shop.orders"))).toBe(
      `POSTGRES.NO_TABLE: Postgres at 127.0.0.1:<port>, database "<database>", user "postgres": relation "shop.orders" does not exist.\n  → Create the table, correct its name, or name its schema.`,
    );
    expect(await told(pg.query("SELECT amount FROM orders"))).toBe(
      `POSTGRES.NO_COLUMN: Postgres at 127.0.0.1:<port>, database "<database>", user "postgres": column "amount" does not exist.\n  → Correct the column's name, or add the column to the table.`,
    );
    expect(await told(all(pg.copyTo("order")))).toBe(
      `POSTGRES.NO_TABLE: Postgres at 127.0.0.1:<port>, database "<database>", user "postgres": COPY from order failed: relation "order" does not exist.\n  → Create the table, correct its name, or name its schema.`,
    );
    expect(await told(warehouse({ dsn, user: "visitor", password: "visitor-word" }).query("SELECT * FROM orders"))).toBe(
      `POSTGRES.DENIED: Postgres at 127.0.0.1:<port>, database "<database>", user "visitor": permission denied for table orders.\n  → Grant user "visitor" what the statement needs.`,
    );
  });

  it("a time-out and a deadlock, which may be tried again", async () => {
    const pg = warehouse({ dsn, statementTimeoutMs: 50 });
    expect(await told(pg.query("SELECT pg_sleep(10)"))).toBe(
      `POSTGRES.TIMEOUT (may be retried): Postgres at 127.0.0.1:<port>, database "<database>", user "postgres": canceling statement due to statement timeout.\n  → Make the statement cheaper, or give \`statementTimeoutMs\` a higher value.`,
    );
    const both = warehouse();
    await both.execute("CREATE TABLE locked (id int); INSERT INTO locked VALUES (1), (2)");
    let arrived = 0;
    let go!: () => void;
    const together = new Promise<void>((resolve) => (go = resolve));
    const cross = (first: number, second: number) =>
      both.connection(async (tx) => {
        await tx.execute("UPDATE locked SET id = id WHERE id = $1", [first]);
        if (++arrived === 2) go();
        await together;
        await tx.execute("UPDATE locked SET id = id WHERE id = $1", [second]);
      });
    const [failed] = (await Promise.allSettled([cross(1, 2), cross(2, 1)])).flatMap((one) => (one.status === "rejected" ? [one.reason as PostgresError] : [])); // prettier-ignore
    expect(failed).toMatchObject({ code: "POSTGRES.CONFLICT", sqlState: "40P01", allowRetries: true });
  });

  it("a server that is restarted in the middle of a COPY, and goes on with the next statement", async () => {
    const pg = warehouse();
    await pg.execute("CREATE TABLE many (id int)");
    let begun!: () => void;
    const running = new Promise<void>((resolve) => (begun = resolve));
    async function* rows(): AsyncGenerator<object> {
      for (let id = 0; ; id++) {
        if (id === 100_000) begun();
        if (id % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
        yield { id };
      }
    }
    const lost = thrownBy(pg.copyFrom(rows(), "many"));
    await running;
    await server.restart();
    const error = await lost;
    expect(error).toMatchObject({ code: "POSTGRES.CONNECTION_LOST", allowRetries: true });
    expect(await pg.query("SELECT * FROM many")).toEqual([]);
  });
});
