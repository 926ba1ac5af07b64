import { createReadStream, createWriteStream, linkSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { DuckDBInstance } from "@duckdb/node-api";
import { S3ParquetIOManager } from "millrace";
import { inputContextFor, outputContextFor } from "millrace/testing";

/** Where a file is stored. */
export interface Ground {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
  readonly file: string;
  readonly folder: string;
}

const BYTES_PER_ROW = 80; // ten columns of random doubles, which no compression makes smaller

/** Writes a Parquet file of about so many megabytes. */
export async function makeParquet(path: string, megabytes: number): Promise<void> {
  const connection = await (await DuckDBInstance.create(":memory:", { memory_limit: "1GB" })).connect();
  const columns = Array.from({ length: 10 }, (_, index) => `random() AS c${index}`).join(", ");
  const rows = Math.ceil((megabytes * 1e6) / BYTES_PER_ROW);
  await connection.run(`COPY (SELECT ${columns} FROM range(${rows})) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`);
  connection.closeSync();
}

/** Stores and publishes the file. @returns seconds */
export async function upWithManager(ground: Ground): Promise<number> {
  const io = managerFor(ground);
  const context = outputContextFor("rows", { storageDir: join(ground.folder, "storage") });
  return secondsOf(async () => {
    await io.store([], context);
    await io.publish(context);
  });
}

/** Uploads the file with lib-storage, as it comes. */
export async function upWithSdk({ bucket, file, ...ground }: Ground): Promise<number> {
  const client = clientFor(ground);
  return secondsOf(() => new Upload({ client, params: { Bucket: bucket, Key: "by-hand.parquet", Body: createReadStream(file) } }).done());
}

/** Loads the file until it can be read. */
export async function downWithManager(ground: Ground): Promise<number> {
  const io = managerFor(ground);
  return secondsOf(async () => {
    const rows = await io.load(inputContextFor("rows", { storageDir: join(ground.folder, "storage") }));
    for await (const _ of rows as AsyncIterable<object>);
  });
}

/** Downloads the file into another, which is gone afterwards. */
export async function downWithSdk({ bucket, folder, ...ground }: Ground): Promise<number> {
  const client = clientFor(ground);
  const path = join(folder, "by-hand.parquet");
  const seconds = await secondsOf(async () => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: "by-hand.parquet" }));
    await pipeline(Body as Readable, createWriteStream(path));
  });
  rmSync(path);
  return seconds;
}

/** A manager whose codec hands the file over as it is. */
function managerFor({ endpoint, accessKeyId, secretAccessKey, bucket, file }: Ground): S3ParquetIOManager {
  const expected = statSync(file).size;
  return Object.assign(new S3ParquetIOManager(), {
    endpoint,
    accessKeyId,
    secretAccessKey,
    bucket,
    codec: {
      extension: "parquet",
      write(_: unknown, path: string) {
        linkSync(file, path);
        return Promise.resolve({ rowCount: 0, columns: [] });
      },
      async *read(path: string): AsyncGenerator<object[]> {
        const { size } = statSync(path);
        if (size !== expected) throw new Error(`${size} bytes came back of ${expected}.`);
      },
    },
  });
}

function clientFor({ endpoint, accessKeyId, secretAccessKey }: Pick<Ground, "endpoint" | "accessKeyId" | "secretAccessKey">): S3Client {
  return new S3Client({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1000;
}
