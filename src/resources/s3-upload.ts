import type { S3Connection } from "./s3-connection.js";
import { inParts, type S3Target } from "./s3-parts.js";

/** How an upload goes about it. */
export interface UploadParts {
  /** So many parts are under way at once. */
  readonly parallel: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends an object part by part; one part alone is put as it is. Nothing is seen of it before the end, and a failed upload leaves no parts.
 * @returns how many bytes were sent
 */
export async function uploadParts(
  s3: S3Connection,
  target: S3Target,
  parts: AsyncIterator<Buffer, unknown>,
  { parallel, signal }: UploadParts,
): Promise<number> {
  try {
    const first = await parts.next();
    if (first.done) return await putObject(s3, target, Buffer.alloc(0), signal);
    const second = await parts.next();
    if (second.done) return await putObject(s3, target, first.value, signal);
    let sentBytes = 0;
    await inParts(s3, target, withAhead([first.value, second.value], parts), {
      parallel,
      signal,
      doing: "Writing",
      right: "s3:PutObject",
      make: async (body, part, { sdk, client, options }) => {
        const { ETag } = await client.send(new sdk.UploadPartCommand({ ...part, Body: body }), options);
        sentBytes += body.byteLength;
        return ETag;
      },
    });
    return sentBytes;
  } finally {
    await parts.return?.();
  }
}

/** Stores the bytes in one request. */
export async function putObject(
  s3: S3Connection,
  { bucket, key, contentType, metadata }: S3Target,
  body: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<number> {
  await s3.call({ doing: "Writing", bucket, key, right: "s3:PutObject" }, signal, ({ sdk, client, options }) =>
    client.send(
      new sdk.PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType, Metadata: metadata && { ...metadata } }),
      options,
    ),
  );
  return body.byteLength;
}

/** Bytes as parts of this size, the last one excepted. @param chunks - text counts as UTF-8 */
export async function* partsOf(chunks: AsyncIterable<Uint8Array | string>, partBytes: number): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    let rest = typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (heldBytes + rest.length >= partBytes) {
      const filling = rest.subarray(0, partBytes - heldBytes);
      yield held.length === 0 ? filling : Buffer.concat([...held, filling]);
      rest = rest.subarray(partBytes - heldBytes);
      [held, heldBytes] = [[], 0];
    }
    if (rest.length > 0) held.push(rest);
    heldBytes += rest.length;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}

async function* withAhead<T>(ahead: T[], others: AsyncIterator<T, unknown>): AsyncGenerator<T> {
  for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) yield next;
  for (let next = await others.next(); !next.done; next = await others.next()) yield next.value;
}
