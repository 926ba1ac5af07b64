import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { IsBoolean, IsInt, IsOptional, IsPositive, IsString, Min } from "class-validator";
import { ConfigError } from "../base/errors.js";
import { ConfigurableResource, type ResourceContext } from "../config/configurable-resource.js";
import { Secret } from "../config/secret.js";
import { S3Connection } from "./s3-connection.js";
import { copyObject } from "./s3-copy.js";
import { type ByteRange, bytesOf, type Download, openDownload } from "./s3-download.js";
import { isMissingObject, type S3Call } from "./s3-error.js";
import { MAX_PARTS, type S3Target } from "./s3-parts.js";
import { partsOf, putObject, uploadParts } from "./s3-upload.js";

/** An object as a listing tells of it. */
export interface S3Object {
  readonly key: string;
  readonly sizeBytes: number;
  /** Names the content; in quotes, as the server gives it. */
  readonly etag: string;
  /** When it was stored; of an object that was made of parts, when that began. */
  readonly modifiedAt: Date;
}

/** An object with what is kept beside its bytes. */
export interface S3ObjectHead extends S3Object {
  readonly contentType: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What each call takes. */
export interface S3Options {
  /** @defaultValue the resource's own */
  readonly bucket?: string;
  /** Stops the call. The run's own signal always does. */
  readonly signal?: AbortSignal;
}

/** What is kept beside the bytes of an object. */
export interface S3WriteOptions extends S3Options {
  readonly contentType?: string;
  /** ASCII only. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** How an object is uploaded in parts. */
export interface S3UploadOptions extends S3WriteOptions {
  /** Size of a part in bytes, at least 5 MiB; four are held. @defaultValue 8 MiB, of a large file as much as 10,000 parts need */
  readonly partBytes?: number;
}

const PART_BYTES = 8 * 1024 ** 2;
const PARALLEL = 4;
/** So much waits for the disk while more is received. */
const WRITE_BYTES = 4 * 1024 ** 2;

/**
 * Objects in S3, or in any server that speaks its language: read, written, listed and copied; large ones in parts and in bounded memory.
 * What fails is an {@link S3Error} that names bucket, key and server; no error shows a secret.
 * @example
 * ```ts
 * resources: [S3Resource.with({ bucket: env("S3_BUCKET"), endpoint: env("S3_ENDPOINT_URL", "") })] // credentials from AWS_*
 * ```
 */
export class S3Resource extends ConfigurableResource {
  /** The bucket of the calls that name none. */
  @IsOptional()
  @IsString()
  bucket?: string;

  /** URL of a server other than Amazon's, e.g. `http://localhost:9000`. @defaultValue AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else Amazon's */
  @IsOptional()
  @IsString()
  endpoint?: string;

  /** @defaultValue AWS_REGION, AWS_DEFAULT_REGION or the profile's; `us-east-1` where an endpoint is given */
  @IsOptional()
  @IsString()
  region?: string;

  /** @defaultValue the SDK's chain: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, the machine's role */
  @IsOptional()
  @IsString()
  accessKeyId?: string;

  /** Goes with `accessKeyId`. */
  @Secret()
  @IsOptional()
  @IsString()
  secretAccessKey?: string;

  /** Of temporary credentials. */
  @Secret()
  @IsOptional()
  @IsString()
  sessionToken?: string;

  /** Whether the bucket stands in the path, not in the host's name. @defaultValue true where an endpoint is given */
  @IsOptional()
  @IsBoolean()
  forcePathStyle?: boolean;

  /** A request fails when no byte moved for so long, in milliseconds. @defaultValue 60,000 */
  @IsInt()
  @IsPositive()
  timeoutMs = 60_000;

  /** How often a request is sent again after a failure that may pass. @defaultValue 4 */
  @IsInt()
  @Min(0)
  maxRetries = 4;

  #runSignal: AbortSignal | undefined;
  #s3: S3Connection | undefined;

  protected override setup({ signal }: ResourceContext): void {
    this.#runSignal = signal;
  }

  protected override teardown(): void {
    this.close();
  }

  /** Closes its sockets; a run does so at its end. A call after it opens new ones. */
  close(): void {
    this.#s3?.close();
    this.#s3 = undefined;
  }

  /** `s3://bucket/key at https://…`, for a sentence. */
  shown(key: string, options: S3Options = {}): string {
    return this.#connection().shown(this.#at(key, options));
  }

  /** All bytes of an object, or of a range of it. @throws {@link S3Error} `S3.NOT_FOUND` when there is none */
  async get(key: string, options: S3Options & { readonly range?: ByteRange } = {}): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.download(key, options)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** The bytes of an object as they come; read no faster than they are taken. Goes on where a connection broke. */
  download(key: string, options: S3Options & { readonly range?: ByteRange } = {}): AsyncIterable<Uint8Array> {
    const { range } = options;
    return bytesOf(this.#connection(), { ...this.#at(key, options), range, signal: this.#signalOf(options) });
  }

  /** Writes an object to a file, which is there already or is made. @returns what is kept beside the bytes */
  async downloadFile(key: string, path: string, options: S3Options = {}): Promise<Pick<S3ObjectHead, "metadata" | "sizeBytes">> {
    const s3 = this.#connection();
    const download: Download = { ...this.#at(key, options), signal: this.#signalOf(options) };
    const opened = await openDownload(s3, download);
    const file = createWriteStream(path, { highWaterMark: WRITE_BYTES });
    await pipeline(bytesOf(s3, download, opened), file);
    return { metadata: opened.metadata, sizeBytes: file.bytesWritten };
  }

  /** Stores an object in one request; text as UTF-8. What was there is replaced. */
  async put(key: string, body: Uint8Array | string, options: S3WriteOptions = {}): Promise<void> {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    await putObject(this.#connection(), this.#target(key, options), bytes, this.#signalOf(options));
  }

  /**
   * Stores what a stream gives, in parts; the stream is read no faster than they are sent. The object is there when all of it is:
   * a failed or stopped upload leaves nothing. Gives the number of bytes.
   */
  async upload(key: string, source: AsyncIterable<Uint8Array | string>, options: S3UploadOptions = {}): Promise<number> {
    const parts = partsOf(source, options.partBytes ?? PART_BYTES);
    return uploadParts(this.#connection(), this.#target(key, options), parts, { parallel: PARALLEL, signal: this.#signalOf(options) });
  }

  /** Stores a file, in parts; as {@link upload}. */
  async uploadFile(key: string, path: string, options: S3UploadOptions = {}): Promise<number> {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      const partBytes = options.partBytes ?? Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS));
      const chunks = file.createReadStream({ autoClose: false, highWaterMark: partBytes });
      return await this.upload(key, chunks, { ...options, partBytes });
    } finally {
      await file.close();
    }
  }

  /** Copies an object within the server, whatever its size. */
  async copy(fromKey: string, toKey: string, options: S3Options = {}): Promise<void> {
    const { sizeBytes, contentType, metadata } = await this.head(fromKey, options);
    const target = { ...this.#at(toKey, options), contentType, metadata };
    await copyObject(this.#connection(), { ...this.#at(fromKey, options), sizeBytes }, target, { signal: this.#signalOf(options) });
  }

  /** Removes an object; it is no error when there is none. */
  async delete(key: string, options: S3Options = {}): Promise<void> {
    const at = this.#at(key, options);
    const call: S3Call = { doing: "Deleting", ...at, right: "s3:DeleteObject" };
    await this.#connection().call(call, this.#signalOf(options), ({ sdk, client, options: ending }) =>
      client.send(new sdk.DeleteObjectCommand({ Bucket: at.bucket, Key: at.key }), ending),
    );
  }

  /** All objects whose keys begin so, in the order of their keys; page after page, each asked for when it is wanted. */
  async *list(
    prefix = "",
    options: S3Options & { /** Only keys behind this one. */ readonly after?: string } = {},
  ): AsyncGenerator<S3Object> {
    const { bucket } = this.#at("", options);
    const call: S3Call = { doing: `Listing "${prefix}" in`, bucket, right: "s3:ListBucket" };
    for (let token: string | undefined; ;) {
      const page = await this.#connection().call(call, this.#signalOf(options), ({ sdk, client, options: ending }) =>
        client.send(
          new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, StartAfter: options.after, ContinuationToken: token }),
          ending,
        ),
      );
      for (const { Key = "", Size = 0, ETag = "", LastModified = new Date(0) } of page.Contents ?? [])
        yield { key: Key, sizeBytes: Size, etag: ETag, modifiedAt: LastModified };
      if (page.IsTruncated !== true || page.NextContinuationToken === undefined) return;
      token = page.NextContinuationToken;
    }
  }

  /** What is known of an object without its bytes. @throws {@link S3Error} `S3.NOT_FOUND` when there is none */
  async head(key: string, options: S3Options = {}): Promise<S3ObjectHead> {
    const { bucket } = this.#at(key, options);
    const call: S3Call = { doing: "Looking at", bucket, key, right: "s3:GetObject" };
    try {
      const found = await this.#connection().call(call, this.#signalOf(options), ({ sdk, client, options: ending }) =>
        client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }), ending),
      );
      const { ContentLength = 0, ETag = "", LastModified = new Date(0), ContentType, Metadata = {} } = found;
      return { key, sizeBytes: ContentLength, etag: ETag, modifiedAt: LastModified, contentType: ContentType, metadata: Metadata };
    } catch (error) {
      if (isMissingObject(error)) await this.#refuseMissingBucket(bucket, options); // the answer to HEAD does not tell which of them is missing
      throw error;
    }
  }

  /** Whether there is such an object. @throws {@link S3Error} `S3.NO_BUCKET` when there is not even the bucket */
  async exists(key: string, options: S3Options = {}): Promise<boolean> {
    try {
      await this.head(key, options);
      return true;
    } catch (error) {
      if (isMissingObject(error)) return false;
      throw error;
    }
  }

  async #refuseMissingBucket(bucket: string, options: S3Options): Promise<void> {
    const call: S3Call = { doing: "Looking at", bucket, right: "s3:ListBucket" };
    try {
      await this.#connection().call(call, this.#signalOf(options), ({ sdk, client, options: ending }) =>
        client.send(new sdk.HeadBucketCommand({ Bucket: bucket }), ending),
      );
    } catch (error) {
      if ((error as { code?: unknown }).code === "S3.NO_BUCKET") throw error; // another failure does not tell that it is missing
    }
  }

  #connection(): S3Connection {
    if (this.#s3) return this.#s3;
    if (Boolean(this.accessKeyId) !== Boolean(this.secretAccessKey))
      throw new ConfigError("CONFIG.S3_CREDENTIALS", `${this.constructor.name} has one of accessKeyId and secretAccessKey without the other.`, {
        fix: "Give both, or none of them and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        allowRetries: false,
      }); // prettier-ignore
    return (this.#s3 = new S3Connection(this));
  }

  #at(key: string, { bucket = this.bucket }: S3Options): { readonly bucket: string; readonly key: string } {
    if (bucket) return { bucket, key };
    throw new ConfigError("CONFIG.S3_BUCKET", `${this.constructor.name} has no bucket, and the call for "${key}" names none.`, {
      fix: 'Give the resource its `bucket`, or the call: { bucket: "…" }.',
      allowRetries: false,
    });
  }

  #target(key: string, options: S3WriteOptions): S3Target {
    return { ...this.#at(key, options), contentType: options.contentType, metadata: options.metadata };
  }

  #signalOf({ signal }: S3Options): AbortSignal | undefined {
    return signal && this.#runSignal ? AbortSignal.any([signal, this.#runSignal]) : (signal ?? this.#runSignal);
  }
}
