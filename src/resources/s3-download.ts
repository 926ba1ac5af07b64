import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { systemClock } from "../base/clock.js";
import { isMillraceError } from "../base/errors.js";
import { backoffMs } from "./http-retry.js";
import type { S3Connection } from "./s3-connection.js";
import { type S3Call, S3Error, s3Error } from "./s3-error.js";

/** Which bytes of an object, counted from 0, the last one included; without `end` all that follow. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/** What is read. */
export interface Download {
  readonly bucket: string;
  readonly key: string;
  readonly range?: ByteRange | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose bytes are still to come. */
interface Opened {
  readonly etag: string | undefined;
  readonly bytes: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

const RETRY = { firstMs: 200, mostMs: 10_000 };

/** Asks for an object. Its bytes are there to be read when this resolves; who does not read them has to say so by the signal. */
export async function openDownload(s3: S3Connection, download: Download, etag?: string): Promise<Opened> {
  const { bucket, key, range, signal } = download;
  const answer: GetObjectCommandOutput = await s3.call(callOf(download), signal, ({ sdk, client, options }) =>
    client.send(
      new sdk.GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end ?? ""}` }),
        ...(etag === undefined ? {} : { IfMatch: etag }),
      }),
      options,
    ),
  );
  return {
    etag: answer.ETag,
    bytes: answer.ContentLength,
    metadata: answer.Metadata ?? {},
    body: (answer.Body ?? []) as AsyncIterable<Uint8Array>,
  };
}

/**
 * The bytes of an object, as they come. When the connection breaks it goes on at the byte where it broke, as often as requests are retried,
 * but never with the bytes of another version.
 */
export async function* bytesOf(s3: S3Connection, download: Download, opened?: Opened): AsyncGenerator<Uint8Array> {
  let from = download.range?.start ?? 0;
  let now = opened ?? (await openDownload(s3, download));
  const { etag } = now;
  let endsAt = now.bytes === undefined ? undefined : from + now.bytes;
  for (let failures = 0; ; failures++) {
    const before = from;
    try {
      for await (const chunk of now.body) {
        from += chunk.byteLength;
        yield chunk;
      }
      if (endsAt === undefined || from >= endsAt) return;
      throw cutShort(s3, download);
    } catch (error) {
      download.signal?.throwIfAborted();
      if (endsAt !== undefined && from >= endsAt) return;
      if (from > before) failures = 0; // only those in a row count
      if (failures >= s3.settings.maxRetries) throw isMillraceError(error) ? error : s3Error(error, callOf(download), s3.place);
    }
    await systemClock.sleep(backoffMs(failures + 1, RETRY, Math.random()), download.signal);
    const { end } = download.range ?? {};
    now = await openDownload(s3, { ...download, range: { start: from, ...(end === undefined ? {} : { end }) } }, etag);
    endsAt ??= now.bytes === undefined ? undefined : from + now.bytes;
  }
}

function callOf({ bucket, key }: Download): S3Call {
  return { doing: "Reading", bucket, key, right: "s3:GetObject" };
}

function cutShort(s3: S3Connection, download: Download): S3Error {
  return new S3Error("S3.CUT_SHORT", `Reading ${s3.shown(download)} failed: the server ended before all bytes were sent.`, download, {
    fix: "Try again later, or tell who runs the server.",
    allowRetries: true,
  });
}
