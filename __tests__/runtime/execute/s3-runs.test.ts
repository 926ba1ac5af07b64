import {
  Asset,
  byPartition,
  dailyPartitions,
  env,
  Own,
  OwnPartitions,
  PartitionedAssetContext,
  Partitions,
  PartitionValues,
  Pipeline,
  Relation,
  relation,
  S3ParquetIOManager,
  S3Resource,
} from "../../../runtime/entries/index.js";
import { materialize, type TestRunOptions, type TestRunResult } from "../../../runtime/entries/testing.js";
import { type S3Server, startMoto } from "../../../tools/servers/s3";
import { failures, statuses } from "./outcome";

type Order = { id: number; amount: number };

@Pipeline()
class Shop {
  @Asset({ partitions: dailyPartitions({ start: "2025-07-01", end: "2025-07-09" }), backfill: { maxPartitionsPerRun: "all" } })
  daily({ partitionKeys }: PartitionedAssetContext): PartitionValues<Order[]> {
    return byPartition(
      partitionKeys.map((key) => {
        const day = Number(key.slice(-2));
        return [key, [{ id: day, amount: day }, { id: -day, amount: 0.5 }]] as const; // prettier-ignore
      }),
    );
  }
  @Asset() async seen(
    @OwnPartitions("daily", { as: relation }) days: Partitions<Relation<Order>>,
  ): Promise<{ day: string; sum: number }[]> {
    const sums: { day: string; sum: number }[] = [];
    for await (const [day, orders] of days) {
      const [row] = await Relation.sql<{ sum: number }>`select sum(amount)::double as sum from ${orders}`.rows();
      sums.push({ day, sum: row?.sum ?? 0 });
    }
    return sums;
  }
  @Asset() last(@Own("seen") seen: { day: string; sum: number }[]): { day: string; sum: number }[] {
    return seen.slice(-1);
  }
}

@Pipeline()
class Export {
  constructor(private readonly s3: S3Resource) {}
  @Asset({ retry: { maxRetries: 5 } }) async exported(): Promise<void> {
    await this.s3.put("export/orders.csv", "id\n1\n");
  }
}

@Pipeline()
class Retried {
  @Asset({ retry: { maxRetries: 2 } }) orders(): Order[] {
    return [{ id: 1, amount: 1 }];
  }
}

describe("a run whose values lie in S3", () => {
  let server: S3Server;
  let bucket: string;
  beforeAll(async () => void (server = await startMoto()), 600_000);
  afterAll(() => server.stop());
  beforeEach(async () => void (bucket = await server.bucket()));

  const fields = {
    bucket: env("S3_BUCKET"),
    endpoint: env("S3_ENDPOINT_URL", ""),
    accessKeyId: env("S3_KEY"),
    secretAccessKey: env("S3_SECRET"),
    maxRetries: 0,
  };
  async function run(
    pipeline: new (...resources: never[]) => object,
    given: Record<string, string> = {},
    options: TestRunOptions = {},
  ): Promise<TestRunResult> {
    const { endpoint, accessKeyId, secretAccessKey } = server;
    return materialize([pipeline], {
      raiseOnError: false,
      resources: [S3Resource.with(fields)],
      io: S3ParquetIOManager.with({ ...fields, prefix: "lake" }),
      env: { S3_BUCKET: bucket, S3_ENDPOINT_URL: endpoint, S3_KEY: accessKeyId, S3_SECRET: secretAccessKey, ...given },
      ...options,
    });
  }

  it("stores partitions at the same time, and gives them to queries and to methods that take rows", async () => {
    const result = await run(Shop, {}, { partitions: "2025-07-01...2025-07-08" });
    expect(failures(result)).toEqual({});
    const stored = result.events.find(({ type, assetKey }) => type === "ASSET_MATERIALIZATION" && assetKey === "last");
    expect(stored?.payload?.metadata).toMatchObject({
      "millrace/preview": { value: { records: [{ day: "2025-07-08", sum: 8.5 }] } },
      "millrace/path": { type: "path", value: `s3://${bucket}/lake/last.parquet` },
    });
    const days = Array.from({ length: 8 }, (_, index) => `lake/daily/2025-07-0${index + 1}.parquet`);
    expect(await server.keys(bucket)).toEqual([...days, "lake/last.parquet", "lake/seen.parquet"]);
  });

  it("tries wrong credentials once, whatever the retry policy, stores nothing, and tells no secret", async () => {
    const secret = "not-the-secret-of-this-server";
    for (const pipeline of [Retried, Export]) {
      const result = await run(pipeline, { S3_SECRET: secret });
      const step = pipeline === Export ? "exported" : "orders";
      expect(statuses(result)).toEqual({ [step]: "FAILURE 1" });
      expect(failures(result)[step]).toMatch(
        /^Writing s3:\/\/bucket-\d+\/\S+ at http:\S+ failed: the server refuses the credentials: 403 SignatureDoesNotMatch: .*\n {2}→ Set AWS_ACCESS_KEY_ID and/,
      );
      expect(JSON.stringify(result.events)).not.toContain(secret);
    }
    expect(await server.keys(bucket)).toEqual([]);
  });

  it("tries a missing bucket once, and a server that is down as often as the retry policy says", async () => {
    expect(statuses(await run(Retried, { S3_BUCKET: "no-such-bucket" }))).toEqual({ orders: "FAILURE 1" });
    const down = await run(Retried, { S3_ENDPOINT_URL: "http://127.0.0.1:9" });
    expect(statuses(down)).toEqual({ orders: "FAILURE 3" });
    expect(failures(down).orders).toMatch(
      /^Writing s3:\/\/bucket-\d+\/lake\/\.attempts\/\S+\/orders\.parquet at http:\/\/127\.0\.0\.1:9 failed: the server cannot be reached: connect ECONNREFUSED/,
    );
  });
});
