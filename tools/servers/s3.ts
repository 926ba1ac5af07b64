import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, HeadObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { type ServerProcess, startProcess } from "./server-process";

const ROOT = join(__dirname, "../..");
const REGION = "us-east-1";

/** A real S3 server, started on a free port. */
export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** So many keys a page of a listing has. */
  readonly pageKeys: number;
  /** The SDK's own client, to look at what was stored with other eyes. */
  readonly client: S3Client;
  /** Makes a new bucket and gives its name. */
  bucket(): Promise<string>;
  /** All keys of a bucket, sorted. */
  keys(bucket: string): Promise<string[]>;
  sizeOf(bucket: string, key: string): Promise<number | undefined>;
  /** Ends the server's process; nothing is left of it. */
  stop(): Promise<void>;
}

/** Every server that the tests know, by name. moto checks signatures and rights; fauxqs takes any credentials. */
export const S3_SERVERS: readonly (readonly [name: string, start: () => Promise<S3Server>])[] = [
  ["fauxqs", startFauxqs],
  ["moto", startMoto],
];

/** fauxqs, an npm package. It keeps its objects in memory, and takes requests of 11 MiB at most. */
export async function startFauxqs(): Promise<S3Server> {
  const program = `
    import { startFauxqs } from "fauxqs";
    const server = await startFauxqs({ port: 0, logger: false });
    console.log("listening on " + server.port + " ");
    process.stdin.resume().on("end", () => process.exit(0));`;
  const process_ = await startProcess(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: ROOT,
    ready: /listening on (\d+) /,
  });
  return serve(process_, { accessKeyId: "test", secretAccessKey: "test-secret", pageKeys: 1000 }, () => undefined);
}

/** moto, a PyPI package; tools/python.mjs installs it. It keeps objects in memory and, if they are large, in a folder of its own. */
export async function startMoto(): Promise<S3Server> {
  const python = execFileSync(process.execPath, ["tools/python.mjs", "s3"], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const folder = mkdtempSync(join(tmpdir(), "moto-"));
  const program = `
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(["-H", "127.0.0.1", "-p", "0"])`;
  const process_ = await startProcess(python.trim(), ["-c", program], {
    cwd: folder,
    env: {
      TMPDIR: folder,
      PYTHONUNBUFFERED: "1",
      INITIAL_NO_AUTH_ACTION_COUNT: String(MOTO_SET_UP.length),
      MOTO_S3_DEFAULT_MAX_KEYS: String(MOTO_PAGE_KEYS),
    },
    ready: /Running on http:\/\/127\.0\.0\.1:(\d+)/,
  });
  const credentials = await setUpMoto(process_.port);
  return serve(process_, { ...credentials, pageKeys: MOTO_PAGE_KEYS }, () => rmSync(folder, { recursive: true, force: true }));
}

const MOTO_PAGE_KEYS = 20;

/** As many requests are let in unsigned; all that come after them are checked. */
const MOTO_SET_UP = [
  { Action: "CreateUser", UserName: "tests" },
  {
    Action: "PutUserPolicy",
    UserName: "tests",
    PolicyName: "all",
    PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }] }),
  },
  { Action: "CreateAccessKey", UserName: "tests" },
] as const;

async function setUpMoto(port: number): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const authorization = "AWS4-HMAC-SHA256 Credential=none/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=none";
  let answer = "";
  for (const request of MOTO_SET_UP) {
    const body = new URLSearchParams({ ...request, Version: "2010-05-08" });
    answer = await (await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers: { authorization }, body })).text();
  }
  const of = (tag: string): string => new RegExp(`<${tag}>([^<]+)</${tag}>`).exec(answer)?.[1] ?? "";
  return { accessKeyId: of("AccessKeyId"), secretAccessKey: of("SecretAccessKey") };
}

function serve(process_: ServerProcess, given: Pick<S3Server, "accessKeyId" | "secretAccessKey" | "pageKeys">, tidy: () => void): S3Server {
  const endpoint = `http://127.0.0.1:${process_.port}`;
  const client = new S3Client({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: given.accessKeyId, secretAccessKey: given.secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  let buckets = 0;
  return {
    endpoint,
    region: REGION,
    ...given,
    client,
    bucket: async () => {
      const name = `bucket-${++buckets}`;
      await client.send(new CreateBucketCommand({ Bucket: name }));
      return name;
    },
    keys: async (bucket) => {
      const keys: string[] = [];
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket }))
        keys.push(...Contents.map(({ Key = "" }) => Key));
      return keys.sort();
    },
    sizeOf: async (bucket, key) => (await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))).ContentLength,
    stop: async () => {
      client.destroy();
      await process_.stop();
      tidy();
    },
  };
}
