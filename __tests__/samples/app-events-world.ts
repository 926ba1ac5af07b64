import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { PostgresServer } from "../../tools/servers/postgres";
import { type S3Server, startFauxqs } from "../../tools/servers/s3";
import { CliProject, type CallOptions, type Ended } from "../runtime/cli/cli-project";
import { StubApi } from "./app-events-stub";

const repository = resolve(__dirname, "../..");
const definitions = join(repository, "samples/app-events/definitions.ts");

/** What another reader finds in a Parquet file. Whole numbers of 64 bits are bigints in it, as text with an n behind. */
export interface ParquetFile {
  /** `name type repetition` of each column, e.g. `eventId INT64 OPTIONAL`; text is `UTF8`. */
  readonly columns: readonly string[];
  readonly codecs: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** hyparquet is an ES module, which Jest cannot load: it reads in a process of its own. */
const READER = `
import { parquetMetadata, parquetReadObjects } from "hyparquet";
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const bytes = Buffer.concat(chunks);
const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
const { schema, row_groups } = parquetMetadata(file);
const [, ...fields] = schema;
const rows = await parquetReadObjects({ file });
console.log(JSON.stringify({
  columns: fields.map(({ name, type, converted_type, repetition_type }) => [name, converted_type === "UTF8" ? "UTF8" : type, repetition_type].join(" ")),
  codecs: [...new Set(row_groups.flatMap(({ columns }) => columns.map(({ meta_data }) => meta_data.codec)))],
  rows: rows.map((row) => fields.map(({ name }) => row[name] ?? null)),
}, (key, value) => (typeof value === "bigint" ? value + "n" : value)));`;

async function readParquet(bytes: Uint8Array): Promise<ParquetFile> {
  const reading = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", READER], {
    cwd: repository,
    maxBuffer: 64 * 1024 ** 2,
  });
  reading.child.stdin?.end(bytes);
  return JSON.parse((await reading).stdout) as ParquetFile;
}

/** The sample among real servers of its own: the API, a bucket and a database, as its variables name them. */
export class AppEventsWorld {
  readonly #project = new CliProject();
  private constructor(
    readonly api: StubApi,
    readonly s3: S3Server,
    readonly postgres: PostgresServer,
    readonly bucket: string,
    readonly dsn: string,
  ) {}

  static async start(...apiOptions: string[]): Promise<AppEventsWorld> {
    const [api, s3, postgres] = await Promise.all([StubApi.start(...apiOptions), startFauxqs(), PostgresServer.start()]);
    return new AppEventsWorld(api, s3, postgres, await s3.bucket(), await postgres.createDatabase());
  }

  /** The variables of the sample. */
  get env(): Record<string, string> {
    return {
      APP_BASE_URL: this.api.url,
      APP_API_KEY: "demo-key",
      WAREHOUSE_DSN: this.dsn,
      S3_BUCKET: this.bucket,
      S3_ENDPOINT_URL: this.s3.endpoint,
      AWS_ACCESS_KEY_ID: this.s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.s3.secretAccessKey,
    };
  }

  /** A command of the sample, with these variables in the place of those; "-" takes one away. */
  run(args: readonly string[], variables: Readonly<Record<string, string>> = {}, options: CallOptions = {}): Promise<Ended> {
    const env = Object.fromEntries(Object.entries({ ...this.env, ...variables }).filter(([, value]) => value !== "-"));
    return this.#project.run([...args, "-f", definitions], { ...options, env: { MILLRACE_HOME: this.#project.path("home"), ...env } });
  }

  async json<T>(args: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<T> {
    const { stdout, stderr } = await this.run([...args, "--json"], variables);
    if (stderr !== "") throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }

  keys(): Promise<string[]> {
    return this.s3.keys(this.bucket);
  }

  /** The object below the bucket's key, as hyparquet reads it. */
  async parquet(key: string): Promise<ParquetFile> {
    const { Body } = await this.s3.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
    return readParquet(await (Body as { transformToByteArray(): Promise<Uint8Array> }).transformToByteArray());
  }

  async stop(): Promise<void> {
    this.#project.remove();
    await Promise.all([this.api.stop(), this.s3.stop(), this.postgres.stop()]);
  }
}
