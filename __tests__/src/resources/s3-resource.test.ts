import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { S3Connection } from "../../../src/resources/s3-connection.js";
import { copyObject } from "../../../src/resources/s3-copy.js";
import { inParts } from "../../../src/resources/s3-parts.js";
import type { S3Error } from "../../../src/resources/s3-error.js";
import { S3Resource } from "../../../src/resources/s3-resource.js";
import { FaultyProxy } from "../../../tools/servers/faulty-proxy";
import { S3_SERVERS, type S3Server } from "../../../tools/servers/s3";

const MIB = 1024 ** 2;

/** Set up and torn down as a run does it. */
class Lake extends S3Resource {
  open(signal: AbortSignal): void {
    this.setup({ runId: "run-1", log: { debug() {}, info() {}, warn() {}, error() {} }, signal });
  }
  end(): void {
    this.teardown();
  }
}

async function failureOf(asking: Promise<unknown>): Promise<S3Error> {
  return asking.then(
    () => {
      throw new Error("It was answered.");
    },
    (error: unknown) => error as S3Error,
  );
}

async function gathered<T>(things: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const thing of things) all.push(thing);
  return all;
}

/** Bytes that differ from place to place. */
function bytes(size: number): Buffer {
  const words = Uint32Array.from({ length: Math.ceil(size / 4) }, (_, index) => index * 2654435761);
  return Buffer.from(words.buffer, 0, size);
}

describe.each(S3_SERVERS)("an S3Resource at %s", (_name, start) => {
  let server: S3Server;
  let bucket: string;
  let opened: Lake[];
  let folder: string;

  beforeAll(async () => void (server = await start()), 600_000);
  afterAll(() => server.stop());
  beforeEach(async () => {
    bucket = await server.bucket();
    opened = [];
    folder = mkdtempSync(join(tmpdir(), "s3-resource-"));
  });
  afterEach(() => {
    for (const lake of opened) lake.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function lake(fields: Partial<S3Resource> = {}): Lake {
    const { endpoint, accessKeyId, secretAccessKey } = server;
    const made = Object.assign(new Lake(), { bucket, endpoint, accessKeyId, secretAccessKey, maxRetries: 0 }, fields);
    opened.push(made);
    return made;
  }

  async function uploadsUnderWay(): Promise<unknown[]> {
    return (await server.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];
  }

  it("gives back what it put, whole or a range of it, under any key", async () => {
    const s3 = lake();
    const keys = ["a/b.txt", "o'x\"y", "a b+c%20d", "é😀", "a//b", "x/../y", "#?x=1&y", "back\\slash"];
    for (const key of keys) await s3.put(key, `value of ${key}`);
    for (const key of keys) expect((await s3.get(key)).toString()).toBe(`value of ${key}`);
    expect((await s3.get("a/b.txt", { range: { start: 9 } })).toString()).toBe("a/b.txt");
    expect((await s3.get("a/b.txt", { range: { start: 0, end: 4 } })).toString()).toBe("value");
    expect(await server.keys(bucket)).toEqual([...keys].sort());
  });

  it("tells of an object, copies and deletes it", async () => {
    const s3 = lake();
    await s3.put("one", new Uint8Array([1, 2, 3]), { contentType: "application/x-one", metadata: { of: "one" } });
    const head = await s3.head("one");
    expect(head).toEqual({
      key: "one",
      sizeBytes: 3,
      etag: '"5289df737df57326fcdd22597afb1fac"',
      modifiedAt: expect.any(Date) as Date,
      contentType: "application/x-one",
      metadata: { of: "one" },
    });
    await s3.copy("one", "copy of/one");
    expect(await s3.head("copy of/one")).toMatchObject({ sizeBytes: 3, etag: head.etag });
    await s3.delete("one");
    await s3.delete("one");
    expect([await s3.exists("one"), await s3.exists("copy of/one")]).toEqual([false, true]);
  });

  it("lists all pages in the order of their keys", async () => {
    const s3 = lake();
    const keys = Array.from({ length: server.pageKeys + 3 }, (_, index) => `in/${String(index).padStart(4, "0")}`);
    await Promise.all([...keys, "out"].map((key) => s3.put(key, "1")));
    const found = await gathered(s3.list("in/"));
    expect(found.map(({ key }) => key)).toEqual(keys);
    expect(found[0]).toEqual({
      key: "in/0000",
      sizeBytes: 1,
      etag: '"c4ca4238a0b923820dcc509a6f75849b"',
      modifiedAt: expect.any(Date) as Date,
    });
    expect((await gathered(s3.list("in/", { after: keys.at(-3) ?? "" }))).map(({ key }) => key)).toEqual(keys.slice(-2));
    for await (const { key } of s3.list("in/")) if (key === "in/0001") break; // who has enough asks for no more
  });

  it("uploads a stream in parts, and downloads it as it comes", async () => {
    const s3 = lake();
    const content = bytes(41 * MIB);
    async function* source(): AsyncGenerator<Buffer> {
      for (let at = 0; at < content.length; at += MIB / 2) yield content.subarray(at, at + MIB / 2);
    }
    expect(await s3.upload("big", source())).toBe(content.length);
    expect((await s3.get("big")).equals(content)).toBe(true);
    await s3.downloadFile("big", join(folder, "big"));
    expect(readFileSync(join(folder, "big")).equals(content)).toBe(true);
    expect(await uploadsUnderWay()).toEqual([]);
  });

  it("uploads files of every size: empty, one part, exactly two", async () => {
    const s3 = lake();
    for (const size of [0, 10, 5 * MIB, 10 * MIB, 10 * MIB + 1]) {
      writeFileSync(join(folder, "file"), bytes(size));
      expect(await s3.uploadFile(`of ${size}`, join(folder, "file"), { partBytes: 5 * MIB })).toBe(size);
      expect((await s3.get(`of ${size}`)).equals(readFileSync(join(folder, "file")))).toBe(true);
    }
  });

  it("leaves nothing of an upload whose source fails, and tells the source's own error", async () => {
    const s3 = lake();
    async function* source(): AsyncGenerator<Buffer> {
      for (let part = 0; part < 3; part++) yield bytes(5 * MIB);
      throw new Error("no more rows");
    }
    expect(await failureOf(s3.upload("half", source(), { partBytes: 5 * MIB }))).toEqual(new Error("no more rows"));
    expect([await server.keys(bucket), await uploadsUnderWay()]).toEqual([[], []]);
  });

  it("leaves nothing of an upload that the run's signal stops, and asks the source for no more", async () => {
    const s3 = lake();
    const run = new AbortController();
    s3.open(run.signal);
    let closed = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        for (let part = 0; ; part++) {
          if (part === 3) run.abort(new Error("canceled by the user"));
          yield bytes(5 * MIB);
        }
      } finally {
        closed = true;
      }
    }
    expect(await failureOf(s3.upload("half", source(), { partBytes: 5 * MIB }))).toEqual(new Error("canceled by the user"));
    expect([await server.keys(bucket), await uploadsUnderWay(), closed]).toEqual([[], [], true]);
    expect(await failureOf(s3.get("any"))).toEqual(new Error("canceled by the user"));
  });

  it("ends the other parts when one fails, and takes no more", async () => {
    const { endpoint, accessKeyId, secretAccessKey } = server;
    const s3 = new S3Connection({ endpoint, accessKeyId, secretAccessKey, timeoutMs: 10_000, maxRetries: 0 });
    let taken = 0;
    async function* pieces(): AsyncGenerator<Buffer> {
      for (; taken < 50; taken++) yield bytes(5 * MIB);
    }
    const failing = inParts(s3, { bucket, key: "half" }, pieces(), {
      doing: "Writing",
      right: "s3:PutObject",
      parallel: 3,
      signal: undefined,
      make: async (body, part, { sdk, client, options }) => {
        if (part.PartNumber === 2) throw new Error("this part cannot be made");
        return (await client.send(new sdk.UploadPartCommand({ ...part, Body: body }), options)).ETag;
      },
    });
    expect((await failureOf(failing)).message).toContain("this part cannot be made");
    s3.close();
    expect(taken).toBeLessThan(8);
    expect([await server.keys(bucket), await uploadsUnderWay()]).toEqual([[], []]);
  });

  it("goes on where a download broke, as long as it gets ahead", async () => {
    const proxy = await FaultyProxy.before(server.endpoint);
    try {
      const content = bytes(3 * MIB);
      await lake().put("big", content);
      proxy.faults = { cutDownAfter: MIB };
      expect((await lake({ endpoint: proxy.endpoint, maxRetries: 1 }).get("big")).equals(content)).toBe(true);
    } finally {
      await proxy.stop();
    }
  });

  it("refuses to go on with another version of the object", async () => {
    const proxy = await FaultyProxy.before(server.endpoint);
    try {
      await lake().put("big", bytes(3 * MIB));
      proxy.faults = { cutDownAfter: MIB, times: 1 };
      const s3 = lake({ endpoint: proxy.endpoint, maxRetries: 1 });
      const reading = async (): Promise<void> => {
        let replaced = false;
        for await (const chunk of s3.download("big")) {
          if (!replaced) await lake().put("big", Buffer.alloc(3 * MIB, chunk[0]));
          replaced = true;
        }
      };
      expect(await failureOf(reading())).toMatchObject({
        code: "S3.CHANGED",
        message: `Reading s3://${bucket}/big at ${proxy.endpoint} failed: the object was replaced while it was read.\n  → Read it again.`,
        allowRetries: true,
      });
    } finally {
      await proxy.stop();
    }
  });

  it("tries again when the connection broke, and says how often when it never held", async () => {
    const proxy = await FaultyProxy.before(server.endpoint);
    try {
      const s3 = lake({ endpoint: proxy.endpoint, maxRetries: 2 });
      proxy.faults = { cutDownAfter: 0, times: 2 };
      await s3.put("a", "1");
      expect((await lake().get("a")).toString()).toBe("1");
      s3.close();
      proxy.faults = { cutDownAfter: 0 };
      const error = await failureOf(s3.put("a", "2"));
      expect(error.message.replace(/reached: .* \(/, "reached: … (")).toBe(
        `Writing s3://${bucket}/a at ${proxy.endpoint} failed: the server cannot be reached: … (tried 3 times).\n` +
          "  → Check `endpoint` (or AWS_ENDPOINT_URL) and that the server is up and can be reached from here.",
      );
      expect(error).toMatchObject({ code: "S3.UNREACHABLE", allowRetries: true });
    } finally {
      await proxy.stop();
    }
  });

  it("fails when no byte moves in the middle of an upload, holds few parts meanwhile, and leaves nothing of it", async () => {
    const proxy = await FaultyProxy.before(server.endpoint);
    try {
      const s3 = lake({ endpoint: proxy.endpoint, timeoutMs: 500, maxRetries: 1 });
      let taken = 0;
      async function* source(): AsyncGenerator<Buffer> {
        for (; taken < 100; taken++) {
          if (taken === 3) proxy.faults = { stallUpAfter: MIB };
          yield bytes(5 * MIB);
        }
      }
      const failing = s3.upload("half", source(), { partBytes: 5 * MIB }).finally(() => (proxy.faults = {}));
      expect(await failureOf(failing)).toMatchObject({
        code: "S3.TIMEOUT",
        message:
          `Writing s3://${bucket}/half at ${proxy.endpoint} failed: no byte moved within 500 ms (tried 2 times).\n` +
          "  → Check that the server is up and what lies between, or give `timeoutMs` a higher value.",
        allowRetries: true,
      });
      expect(taken).toBeLessThan(12);
      expect(await server.keys(bucket)).toEqual([]);
    } finally {
      await proxy.stop();
    }
  });

  it("says that there is no such object, or not even such a bucket", async () => {
    const s3 = lake();
    const { endpoint } = server;
    const missing = {
      code: "S3.NOT_FOUND",
      message: `Reading s3://${bucket}/a/b.txt at ${endpoint} failed: there is no such object.\n  → See what there is: aws s3 ls s3://${bucket}/a/`,
      status: 404,
      allowRetries: false,
    };
    expect(await failureOf(s3.get("a/b.txt"))).toMatchObject(missing);
    expect(await failureOf(s3.head("a/b.txt"))).toMatchObject({ ...missing, message: missing.message.replace("Reading", "Looking at") });

    const noBucket = (doing: string, at: string): object => ({
      code: "S3.NO_BUCKET",
      message: `${doing} s3://no-such-bucket${at} at ${endpoint} failed: there is no bucket "no-such-bucket".\n  → Create it (aws s3 mb s3://no-such-bucket), or correct \`bucket\` and \`endpoint\`.`,
      status: 404,
      allowRetries: false,
    });
    const elsewhere = { bucket: "no-such-bucket" };
    expect(await failureOf(s3.get("a", elsewhere))).toMatchObject(noBucket("Reading", "/a"));
    expect(await failureOf(s3.put("a", "1", elsewhere))).toMatchObject(noBucket("Writing", "/a"));
    expect(await failureOf(s3.upload("a", gatherable(6), { ...elsewhere, partBytes: 5 * MIB }))).toMatchObject(noBucket("Writing", "/a"));
    expect(await failureOf(s3.exists("a", elsewhere))).toMatchObject(noBucket("Looking at", ""));
    expect(await failureOf(gathered(s3.list("a", elsewhere)))).toMatchObject(noBucket('Listing "a" in', ""));
  });

  async function* gatherable(parts: number): AsyncGenerator<Buffer> {
    for (let part = 0; part < parts; part++) yield bytes(MIB);
  }

  it("closes its sockets when it is torn down", async () => {
    const proxy = await FaultyProxy.before(server.endpoint);
    try {
      const s3 = lake({ endpoint: proxy.endpoint });
      await Promise.all([s3.put("a", "1"), s3.put("b", "2")]);
      s3.end();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(proxy.open).toBe(0);
    } finally {
      await proxy.stop();
    }
  });

  if (_name === "moto") {
    it("refuses wrong credentials at once and shows no secret", async () => {
      const secret = "wrong-secret-0123456789";
      const fix =
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, if there is one), or give `accessKeyId` and `secretAccessKey`.";
      const wrong = await failureOf(lake({ secretAccessKey: secret, maxRetries: 3 }).put("a", "1"));
      expect(wrong).toMatchObject({
        code: "S3.CREDENTIALS",
        message: `Writing s3://${bucket}/a at ${server.endpoint} failed: the server refuses the credentials: 403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.\n  → ${fix}`,
        allowRetries: false,
      });
      expect(inspect(wrong, { depth: 9, showHidden: true })).not.toContain(secret);
      const unknown = await failureOf(lake({ accessKeyId: "AKIA0000000000000000", maxRetries: 3 }).get("a"));
      expect(unknown).toMatchObject({
        code: "S3.CREDENTIALS",
        message: `Reading s3://${bucket}/a at ${server.endpoint} failed: the server refuses the credentials: 403 InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.\n  → ${fix}`,
        allowRetries: false,
      });
      const head = await failureOf(lake({ secretAccessKey: secret }).head("a"));
      expect(head).toMatchObject({
        code: "S3.DENIED",
        message: `Looking at s3://${bucket}/a at ${server.endpoint} failed: the server denies it: 403.\n  → Allow these credentials s3:GetObject on bucket "${bucket}", or use others (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).`,
        allowRetries: false,
      });
    });

    it("copies in parts what is larger than S3 copies at once", async () => {
      const { endpoint, accessKeyId, secretAccessKey } = server;
      const content = bytes(12 * MIB);
      await lake().put("big one", content);
      const s3 = new S3Connection({ endpoint, accessKeyId, secretAccessKey, timeoutMs: 10_000, maxRetries: 0 });
      const limits = { wholeBytes: 11 * MIB, partBytes: 5 * MIB };
      await copyObject(s3, { bucket, key: "big one", sizeBytes: content.length }, { bucket, key: "copy", metadata: { of: "big" } }, limits);
      s3.close();
      expect((await lake().get("copy")).equals(content)).toBe(true);
      expect(await lake().head("copy")).toMatchObject({ sizeBytes: content.length, metadata: { of: "big" } });
    });
  }
});

describe("an S3Resource", () => {
  const saved = { ...process.env };
  beforeEach(() => {
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) Reflect.deleteProperty(process.env, name);
    process.env.AWS_EC2_METADATA_DISABLED = "true";
    process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = "/dev/null";
  });
  afterAll(() => void (process.env = saved));

  const lake = (fields: Partial<S3Resource>): Lake => Object.assign(new Lake(), { bucket: "lake", maxRetries: 0 }, fields);
  const keys = { accessKeyId: "AKIA0000000000000000", secretAccessKey: "a-secret-of-the-tests" };

  it("says that nobody is there", async () => {
    const error = await failureOf(lake({ endpoint: "http://127.0.0.1:9", ...keys, maxRetries: 1 }).get("a"));
    expect(error).toMatchObject({
      code: "S3.UNREACHABLE",
      message:
        "Reading s3://lake/a at http://127.0.0.1:9 failed: the server cannot be reached: connect ECONNREFUSED 127.0.0.1:9 (tried 2 times).\n" +
        "  → Check `endpoint` (or AWS_ENDPOINT_URL) and that the server is up and can be reached from here.",
      allowRetries: true,
    });
  });

  it("says that there are no credentials, or half of them", async () => {
    expect(await failureOf(lake({ endpoint: "http://127.0.0.1:9" }).get("a"))).toMatchObject({
      code: "S3.NO_CREDENTIALS",
      message:
        "Reading s3://lake/a at http://127.0.0.1:9 failed: no credentials were found: CredentialsProviderError: Could not load credentials from any providers.\n" +
        "  → Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, if there is one), or give `accessKeyId` and `secretAccessKey`.",
      allowRetries: false,
    });
    expect(await failureOf(lake({ accessKeyId: "AKIA" }).put("a", "1"))).toMatchObject({
      code: "CONFIG.S3_CREDENTIALS",
      message:
        "Lake has one of accessKeyId and secretAccessKey without the other.\n" +
        "  → Give both, or none of them and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    });
  });

  it("says that a bucket or a region is not given", async () => {
    expect(await failureOf(lake({ bucket: "", ...keys }).put("a", "1"))).toMatchObject({
      code: "CONFIG.S3_BUCKET",
      message: 'Lake has no bucket, and the call for "a" names none.\n  → Give the resource its `bucket`, or the call: { bucket: "…" }.',
    });
    expect(await failureOf(lake(keys).put("a", "1"))).toMatchObject({
      code: "S3.NO_REGION",
      message: 'Writing s3://lake/a at Amazon S3 failed: no region is given.\n  → Set AWS_REGION, or `region: "…"`.',
    });
  });

  it("takes endpoint, region and credentials from AWS_*", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${/Credential=([^,]+)/.exec(request.headers.authorization ?? "")?.[1]}`);
      response.writeHead(200, { etag: '"e"' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env.AWS_DEFAULT_REGION = "eu-north-1";
    process.env.AWS_ACCESS_KEY_ID = "AKIAENV";
    process.env.AWS_SECRET_ACCESS_KEY = "secret";
    const s3 = lake({ endpoint: "", region: "" });
    await s3.put("a/b", "1");
    s3.close();
    await new Promise((resolve) => server.close(resolve));
    expect(asked).toEqual([expect.stringMatching(/^PUT \/lake\/a\/b(\?x-id=PutObject)? AKIAENV\/\d{8}\/eu-north-1\/s3\/aws4_request$/)]);
  });

  it("hides secrets that an answer tells again", async () => {
    const secrets = { secretAccessKey: "secret-of-the-answer", sessionToken: "token-of-the-answer" };
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(400, { "content-type": "application/xml" });
      response.end(`<Error><Code>Odd</Code><Message>I was sent ${Object.values(secrets).join(" and ")}</Message></Error>`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://user:password-of-the-url@127.0.0.1:${(server.address() as AddressInfo).port}`;
    const s3 = lake({ endpoint, accessKeyId: "AKIA", ...secrets });
    const error = await failureOf(s3.put("a", "1"));
    s3.close();
    await new Promise((resolve) => server.close(resolve));
    expect(error.message).toBe(
      `Writing s3://lake/a at ${endpoint.replace("user:password-of-the-url@", "")} failed: the server answered 400 Odd: I was sent *** and ***.\n` +
        "  → Correct what is asked for; the answer says what is wrong with it.",
    );
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/of-the-(answer|url)/);
  });

  // No server for tests tells regions apart; these are Amazon's answers.
  it.each([
    [
      400,
      "AuthorizationHeaderMalformed",
      "<Message>The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-central-1'</Message><Region>eu-central-1</Region>",
      '"eu-central-1"',
      'Set AWS_REGION=eu-central-1, or `region: "eu-central-1"`.',
    ],
    [
      301,
      "PermanentRedirect",
      "<Message>The bucket you are attempting to access must be addressed using the specified endpoint.</Message><Endpoint>lake.s3.eu-central-1.amazonaws.com</Endpoint>",
      '"eu-central-1"',
      'Set AWS_REGION=eu-central-1, or `region: "eu-central-1"`.',
    ],
  ])("names the region of the bucket when another was asked: %s", async (status, code, body, told, fix) => {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(status, { "content-type": "application/xml", "x-amz-bucket-region": "eu-central-1" });
      response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code>${body}</Error>`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const s3 = lake({ endpoint, region: "us-east-1", ...keys, maxRetries: 3 });
    const error = await failureOf(s3.put("a", "1"));
    s3.close();
    await new Promise((resolve) => server.close(resolve));
    expect(error).toMatchObject({
      code: "S3.REGION",
      message: `Writing s3://lake/a at ${endpoint} failed: bucket "lake" is in region ${told}, and "us-east-1" was asked.\n  → ${fix}`,
      allowRetries: false,
    });
  });
});
