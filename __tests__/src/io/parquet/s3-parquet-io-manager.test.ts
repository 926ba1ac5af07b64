import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { describeIOManager, inputContextFor, outputContextFor } from "../../../../runtime/testing/io-manager-contract.js";
import type { IOError } from "../../../../src/base/errors.js";
import type { RowStream } from "../../../../src/model/row-stream.js";
import type { InputContext, OutputContext } from "../../../../src/config/io-manager.js";
import type { Relation } from "../../../../src/duckdb/relation.js";
import { s3Key } from "../../../../src/io/places/s3-key.js";
import type { RowFilter } from "../../../../src/model/row-filter.js";
import { S3ParquetIOManager } from "../../../../src/io/parquet/s3-parquet-io-manager.js";
import { FaultyProxy } from "../../../../tools/servers/faulty-proxy";
import { S3_SERVERS, type S3Server } from "../../../../tools/servers/s3";

class Lake extends S3ParquetIOManager {
  end(): void {
    this.teardown();
  }
}

async function failureOf(asking: Promise<unknown>): Promise<IOError> {
  return asking.then(
    () => {
      throw new Error("It was answered.");
    },
    (error: unknown) => error as IOError,
  );
}

describe.each(S3_SERVERS)("at %s", (name, start) => {
  let server: S3Server;
  let bucket: string;
  let storageDir: string;
  let lakes: Lake[] = [];

  beforeAll(async () => {
    server = await start();
    bucket = await server.bucket();
  }, 600_000);
  afterAll(() => server.stop());
  beforeEach(() => void (storageDir = mkdtempSync(join(tmpdir(), "s3-parquet-"))));
  afterEach(() => {
    for (const lake of lakes) lake.end();
    lakes = [];
    rmSync(storageDir, { recursive: true, force: true });
  });

  function lake(fields: Partial<S3ParquetIOManager> = {}): Lake {
    const { endpoint, accessKeyId, secretAccessKey } = server;
    const made = Object.assign(new Lake(), { bucket, endpoint, accessKeyId, secretAccessKey, maxRetries: 0 }, fields);
    lakes.push(made);
    return made;
  }

  async function materialize(io: Lake, assetKey: string, rows: readonly object[], given: Partial<OutputContext> = {}): Promise<unknown> {
    const context = outputContextFor(assetKey, { storageDir, ...given });
    const pointer = await io.store(rows, context);
    await io.publish(context);
    return pointer;
  }
  async function load(io: Lake, assetKey: string, given: Partial<InputContext> = {}): Promise<object[]> {
    const rows: object[] = [];
    for await (const row of (await io.load(inputContextFor(assetKey, { storageDir, ...given }))) as RowStream) rows.push(row);
    return rows;
  }
  /** Files on this machine that are left on their way. */
  const onTheirWay = (): string[] =>
    readdirSync(storageDir, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));

  let contracts = 0;
  describeIOManager(`S3ParquetIOManager at ${name}`, () => lake({ prefix: `contract-${++contracts}` }), {
    rows: [
      [{ id: 1, at: new Date(5), text: "é" }],
      [
        { id: 2, at: null, text: "" },
        { id: 3, at: null, text: null },
      ],
      [],
    ],
  });

  it("keeps undivided assets and partitions at the keys that other tools expect, and nothing else", async () => {
    const io = lake({ prefix: "lake" });
    const pointers = [
      await materialize(io, "raw_events", [{ id: 1 }]),
      await materialize(io, "clean/users", [{ id: 1 }]),
      await materialize(io, "daily", [{ id: 1 }], { partitionKey: "2025-07-15", attemptId: "attempt-1.0" }),
      await materialize(io, "clean/hourly", [{ id: 1 }], { partitionKey: "2025-07-15-10:00" }),
      await materialize(io, "clean/hourly", [{ id: 1 }], { partitionKey: "../😀'\"" }),
    ];
    const keys = (await server.keys(bucket)).filter((key) => key.startsWith("lake/"));
    expect(keys).toEqual([
      "lake/clean/hourly/%2E.%2F%F0%9F%98%80%27%22.parquet",
      "lake/clean/hourly/2025-07-15-10:00.parquet",
      "lake/clean/users.parquet",
      "lake/daily/2025-07-15.parquet",
      "lake/raw_events.parquet",
    ]);
    expect(pointers.map((pointer) => (pointer as { path: string }).path).sort()).toEqual(keys.map((key) => `s3://${bucket}/${key}`));
    expect(onTheirWay()).toEqual([]);
  });

  it("tells what it stored and where, compresses it as asked, and gives the columns and rows that are wanted, or a query over them", async () => {
    let metadata: unknown;
    const addOutputMetadata = (added: unknown): void => void (metadata = added);
    const rows = Array.from({ length: 1000 }, (_, id) => ({ id, text: "the same text".repeat(20) + (id % 2) }));
    const sizes: number[] = [];
    for (const compression of ["none", "gzip", "zstd", "snappy"] as const) {
      await materialize(lake({ prefix: "told", compression }), "orders", rows, { partitionKey: "eu", addOutputMetadata });
      sizes.push((metadata as { "millrace/bytes": { value: number } })["millrace/bytes"].value);
    }
    expect(new Set(sizes).size).toBe(4);
    const columns = [
      { name: "id", type: expect.any(String) as string },
      { name: "text", type: expect.any(String) as string },
    ];
    expect(metadata).toMatchObject({
      "millrace/row_count": { type: "int", value: 1000 },
      "millrace/bytes": { type: "int", value: await server.sizeOf(bucket, "told/orders/eu.parquet") },
      "millrace/column_schema": { type: "table_schema", value: columns },
      "millrace/preview": { type: "table", value: { records: rows.slice(0, 5) } },
      "millrace/path": { type: "path", value: `s3://${bucket}/told/orders/eu.parquet` },
    });
    const io = lake({ prefix: "told" });
    const part = { partitionKey: "eu", columns: ["id"], where: { id: { gte: 998 } } as RowFilter };
    expect(await load(io, "orders", part)).toEqual([{ id: 998 }, { id: 999 }]);
    const relation = (await io.load(inputContextFor("orders", { storageDir, ...part, form: "relation" }))) as Relation<unknown>;
    expect(await relation.rows()).toEqual([{ id: 998 }, { id: 999 }]);
    expect(onTheirWay()).toEqual([]);
  });

  it("leaves no file behind when an iteration ends, is left, or fails", async () => {
    const io = lake({ prefix: "left" });
    await materialize(
      io,
      "many",
      Array.from({ length: 10_000 }, (_, id) => ({ id })),
    );
    expect(await load(io, "many")).toHaveLength(10_000);
    for await (const row of (await io.load(inputContextFor("many", { storageDir }))) as RowStream)
      if ((row as { id: number }).id === 3) break;
    await server.client.send(new PutObjectCommand({ Bucket: bucket, Key: "left/broken.parquet", Body: "no Parquet" }));
    expect((await failureOf(load(io, "broken"))).code).toBe("IO.CORRUPT");
    expect(onTheirWay()).toEqual([]);
  });

  it("keeps the old value, and nothing of the new one, when the upload breaks off", async () => {
    const proxy = await FaultyProxy.before(server.endpoint);
    try {
      await materialize(lake({ prefix: "kept" }), "orders", [{ id: 1 }]);
      proxy.faults = { stallUpAfter: 2_000 };
      const broken = lake({ prefix: "kept", endpoint: proxy.endpoint, timeoutMs: 300 });
      const rows = Array.from({ length: 5_000 }, (_, id) => ({ id, text: String(Math.sin(id)) }));
      const error = await failureOf(broken.store(rows, outputContextFor("orders", { storageDir })));
      expect(error).toMatchObject({
        code: "S3.TIMEOUT",
        message:
          `Writing s3://${bucket}/kept/.attempts/attempt-1/orders.parquet at ${proxy.endpoint} failed: no byte moved within 300 ms.\n` +
          "  → Check that the server is up and what lies between, or give `timeoutMs` a higher value.",
        allowRetries: true,
      });
      expect(await load(lake({ prefix: "kept" }), "orders")).toEqual([{ id: 1 }]);
      expect((await server.keys(bucket)).filter((key) => key.startsWith("kept/"))).toEqual(["kept/orders.parquet"]);
      expect(onTheirWay()).toEqual([]);
    } finally {
      await proxy.stop();
    }
  });

  it("publishes and discards also when the run was canceled meanwhile", async () => {
    const io = lake({ prefix: "canceled" });
    const run = new AbortController();
    const [published, discarded] = ["a", "b"].map((key) => outputContextFor(key, { storageDir, signal: run.signal }));
    await io.store([{ id: 1 }], published as OutputContext);
    await io.store([{ id: 2 }], discarded as OutputContext);
    run.abort(new Error("canceled by the user"));
    await io.publish(published as OutputContext);
    await io.discard(discarded as OutputContext);
    expect(await failureOf(io.store([{ id: 3 }], outputContextFor("c", { storageDir, signal: run.signal })))).toEqual(
      new Error("canceled by the user"),
    );
    expect((await server.keys(bucket)).filter((key) => key.startsWith("canceled/"))).toEqual(["canceled/a.parquet"]);
  });

  it("removes what attempts that are not current left unpublished, and nothing else", async () => {
    const io = lake({ prefix: "swept" });
    await materialize(io, "orders", [{ id: 1 }]);
    for (const attemptId of ["gone", "gone.7", "running"])
      await io.store([{ id: 2 }], outputContextFor("orders", { storageDir, attemptId }));
    const asked: string[] = [];
    const isCurrent = (attemptId: string): Promise<boolean> => Promise.resolve(asked.push(attemptId) > 0 && attemptId === "running");
    expect(await io.sweep(isCurrent)).toEqual(["swept/.attempts/gone.7/orders.parquet", "swept/.attempts/gone/orders.parquet"]);
    expect(asked).toEqual(["gone.7", "gone", "running"]);
    const keys = (await server.keys(bucket)).filter((key) => key.startsWith("swept/"));
    expect(keys).toEqual(["swept/.attempts/running/orders.parquet", "swept/orders.parquet"]);
  });

  it("says which asset has no object, which has no bucket, and what to do", async () => {
    const missing = await failureOf(load(lake({ prefix: "none" }), "shop/orders", { partitionKey: "2025-07-15" }));
    expect(missing).toMatchObject({
      code: "IO.NOT_FOUND",
      message:
        `Partition "2025-07-15" of asset "shop/orders" has no stored value: s3://${bucket}/none/shop/orders/2025-07-15.parquet at ${server.endpoint} does not exist. ` +
        "It was never materialized, or its value was removed.\n" +
        '  → Materialize "shop/orders" first: millrace materialize "shop/orders" --partition "2025-07-15"',
    });
    const noBucket = await failureOf(materialize(lake({ bucket: "no-such-bucket" }), "orders", [{ id: 1 }]));
    expect(noBucket).toMatchObject({
      code: "S3.NO_BUCKET",
      message:
        `Writing s3://no-such-bucket/millrace/.attempts/attempt-1/orders.parquet at ${server.endpoint} failed: there is no bucket "no-such-bucket".\n` +
        "  → Create it (aws s3 mb s3://no-such-bucket), or correct `bucket` and `endpoint`.",
      allowRetries: false,
    });
    expect(onTheirWay()).toEqual([]);
  });

  it("refuses to take the value of another asset for the one that was asked for", async () => {
    const io = lake({ prefix: "same" });
    await materialize(io, "orders", [{ id: 1 }], { partitionKey: "eu" });
    await materialize(io, "orders/eu", [{ id: 2 }]);
    expect(await load(io, "orders/eu")).toEqual([{ id: 2 }]);
    expect(await failureOf(load(io, "orders", { partitionKey: "eu" }))).toMatchObject({
      code: "IO.SAME_PLACE",
      message:
        `Partition "eu" of asset "orders" was replaced: Asset "orders/eu" is stored at s3://${bucket}/same/orders/eu.parquet, too.\n` +
        "  → Give one of them another key, or an IO manager with another `prefix`, and materialize both again.",
      allowRetries: false,
    });
  });
});

describe("the keys of objects", () => {
  const key = (assetKey: string, partitionKey?: string): string =>
    s3Key("p", { assetKey, ...(partitionKey === undefined ? {} : { partitionKey }) }, "parquet");

  it("leave ordinary keys as they are", () => {
    expect(["a", "a/b_c", "v1.2/x-y"].map((one) => key(one))).toEqual(["p/a.parquet", "p/a/b_c.parquet", "p/v1.2/x-y.parquet"]);
    expect(["2025-07-15", "EU", "2025-07-15-10:00"].map((one) => key("a", one))).toEqual([
      "p/a/2025-07-15.parquet",
      "p/a/EU.parquet",
      "p/a/2025-07-15-10:00.parquet",
    ]);
    expect(s3Key("", { assetKey: "a" }, "csv")).toBe("a.csv");
    expect(s3Key("/deep/er/", { assetKey: "a" }, "csv")).toBe("deep/er/a.csv");
  });

  it("encode what is hostile, so that two partitions never share one", () => {
    const hostile = ["", "%", "..", ".", "a/b", "a%2Fb", "a|b", "é", "e\u0301", "😀", "\ud83d", "'; --", "a b", "a+b", "\u0000", "~"];
    expect(hostile.map((one) => key("a", one).slice(4, -8))).toEqual([
      "%",
      "%25",
      "%2E.",
      "%2E",
      "a%2Fb",
      "a%252Fb",
      "a%7Cb",
      "%C3%A9",
      "e%CC%81",
      "%F0%9F%98%80",
      "%uD83D",
      "%27%3B%20--",
      "a%20b",
      "a%2Bb",
      "%00",
      "%7E",
    ]);
  });

  it("stay below the 1,024 bytes of S3, whatever a partition is called", () => {
    const long = [..."😀".repeat(300), "!"].join("");
    expect(key("a", long)).toMatch(/^p\/a\/(%F0%9F%98%80)+%F0%9F~[0-9a-f]{40}\.parquet$/);
    expect(key("a", long)).not.toBe(key("a", `${long}!`));
    expect(key("a", "x".repeat(200))).toBe(`p/a/${"x".repeat(200)}.parquet`);
  });

  it("tell the partitions of time of an asset from assets whose names are such times", () => {
    expect([key("orders", "2025-01-01"), key("orders/2025-01-01")]).toEqual([
      "p/orders/2025-01-01.parquet",
      "p/orders/%32025-01-01.parquet",
    ]);
  });
});
