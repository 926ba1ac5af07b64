import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DuckDBInstance, DuckDBValue } from "@duckdb/node-api";
import { IsInt, IsString, Max, Min } from "class-validator";
import { ConfigurableResource } from "millrace";

type Table = "flights" | "airports" | "birdstrikes";

/** The folder of the npm package vega-datasets that holds its data. */
const packagedData = (): string => join(dirname(require.resolve("vega-datasets")), "..", "data");

/** Flights, airports and bird strikes as files, read with SQL: the tables are `flights`, `airports` and `birdstrikes`. */
export class FlightData extends ConfigurableResource {
  /** Holds flights-3m.parquet, airports.csv and birdstrikes.csv. */
  @IsString() folder: string = packagedData();
  @IsInt() @Min(1) @Max(64) threads = 2;
  @IsInt() @Min(64) memoryMb = 512;

  #database: Promise<DuckDBInstance> | undefined;

  /** The rows of a query as they are read, so that a month of flights is never held as a whole. BIGINT arrives as `bigint`: cast it. */
  async *stream<Row extends object>(sql: string, values: Record<string, DuckDBValue> = {}): AsyncGenerator<Row> {
    const connection = await (await this.database()).connect();
    try {
      const result = await connection.stream(sql, values);
      for await (const chunk of result.yieldRowObjectJs()) yield* chunk as Row[];
    } finally {
      connection.closeSync();
    }
  }

  async rows<Row extends object>(sql: string, values: Record<string, DuckDBValue> = {}): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const row of this.stream<Row>(sql, values)) rows.push(row);
    return rows;
  }

  /** The only row of a query that gives exactly one, such as an aggregate. */
  async row<Row extends object>(sql: string, values: Record<string, DuckDBValue> = {}): Promise<Row> {
    const [row] = await this.rows<Row>(sql, values);
    if (!row) throw new RangeError(`This query gives no row: ${sql}`);
    return row;
  }

  protected override async teardown(): Promise<void> {
    (await this.#database)?.closeSync();
    this.#database = undefined;
  }

  private database(): Promise<DuckDBInstance> {
    return (this.#database ??= this.open());
  }

  private async open(): Promise<DuckDBInstance> {
    const { DuckDBInstance } = require("@duckdb/node-api") as typeof import("@duckdb/node-api"); // with the first query: `millrace list` needs no database
    const database = await DuckDBInstance.create(":memory:", { threads: String(this.threads), memory_limit: `${this.memoryMb}MB` });
    const connection = await database.connect();
    const files: Record<Table, string> = { flights: "flights-3m.parquet", airports: "airports.csv", birdstrikes: "birdstrikes.csv" };
    for (const [table, file] of Object.entries(files)) {
      const path = join(this.folder, file).replaceAll("'", "''");
      await connection.run(`create view ${table} as from '${path}'`);
    }
    connection.closeSync();
    return database;
  }
}

/** Where reports are written for people to read. */
export class ReportFolder extends ConfigurableResource {
  @IsString() path: string = join(__dirname, "output");

  /** Writes the file and gives its absolute path. */
  async write(name: string, text: string): Promise<string> {
    await mkdir(this.path, { recursive: true });
    const path = join(this.path, name);
    await writeFile(path, text);
    return path;
  }
}
