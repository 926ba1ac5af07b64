import type { S3Connection } from "./s3-connection.js";
import type { S3Call } from "./s3-error.js";
import { inParts, MAX_PARTS, type S3Target } from "./s3-parts.js";

/** One request copies no more: 5 GiB. */
const COPY_BYTES = 5 * 1024 ** 3;
const PART_BYTES = 512 * 1024 ** 2;

/** An object that is there. */
export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly sizeBytes: number;
}

/** How a copy goes about it. */
export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Above so many bytes it is made of parts. @defaultValue what S3 copies at most, 5 GiB */
  readonly wholeBytes?: number;
  /** @defaultValue 512 MiB, or as much as 10,000 parts need */
  readonly partBytes?: number;
}

/** Copies an object within its server: whole, or in parts where it is larger than S3 copies at once. The target is there when all of it is. */
export async function copyObject(s3: S3Connection, source: CopySource, target: S3Target, options: CopyOptions = {}): Promise<void> {
  const { signal, wholeBytes = COPY_BYTES, partBytes = Math.max(PART_BYTES, Math.ceil(source.sizeBytes / MAX_PARTS)) } = options;
  const call = { doing: `Copying ${source.key} to`, right: "s3:GetObject and s3:PutObject" };
  const from = `${source.bucket}/${source.key.split("/").map(encodeURIComponent).join("/")}`;
  if (source.sizeBytes > wholeBytes) {
    await inParts(s3, target, ranges(source.sizeBytes, partBytes), {
      ...call,
      parallel: 4,
      signal,
      make: async (range, part, { sdk, client, options }) => {
        const copied = await client.send(new sdk.UploadPartCopyCommand({ ...part, CopySource: from, CopySourceRange: range }), options);
        return copied.CopyPartResult?.ETag;
      },
    });
    return;
  }
  const whole: S3Call = { ...call, bucket: target.bucket, key: target.key };
  await s3.call(whole, signal, ({ sdk, client, options }) =>
    client.send(new sdk.CopyObjectCommand({ Bucket: target.bucket, Key: target.key, CopySource: from }), options),
  );
}

async function* ranges(sizeBytes: number, partBytes: number): AsyncGenerator<string> {
  for (let start = 0; start < sizeBytes; start += partBytes) yield `bytes=${start}-${Math.min(start + partBytes, sizeBytes) - 1}`;
}
