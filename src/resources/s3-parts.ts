import type { S3Asking, S3Connection } from "./s3-connection.js";
import { type S3Call, S3Error } from "./s3-error.js";

/** Where an object goes, and what is kept beside its bytes. */
export interface S3Target {
  readonly bucket: string;
  readonly key: string;
  readonly contentType?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** Which part of which upload is made. */
export interface PartOf {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string | undefined;
  readonly PartNumber: number;
}

/** How an object is made of pieces. */
export interface InParts<Piece> extends Pick<S3Call, "doing" | "right"> {
  /** So many parts are under way at once, and no more pieces are held. */
  readonly parallel: number;
  readonly signal: AbortSignal | undefined;
  /** Makes one part and gives its ETag. */
  make(piece: Piece, part: PartOf, asking: S3Asking): Promise<string | undefined>;
}

/** What S3 takes at most. */
export const MAX_PARTS = 10_000;

/**
 * Makes one object of parts, one of each piece; it is there when all are, and after a failure or an abort none of them is left.
 * @remarks The SDK's own `Upload` goes on sending the rest after a part has failed, and hears of no signal while it sends.
 */
export async function inParts<Piece>(
  s3: S3Connection,
  target: S3Target,
  pieces: AsyncGenerator<Piece>,
  how: InParts<Piece>,
): Promise<void> {
  const call: S3Call = { doing: how.doing, bucket: target.bucket, key: target.key, right: how.right };
  const uploadId = await begin(s3, target, call, how.signal);
  try {
    const parts = await makeAll(s3, { target, call, uploadId }, pieces, how);
    await complete(s3, { target, call, uploadId }, parts, how.signal);
  } catch (error) {
    await abort(s3, { target, call, uploadId });
    throw error;
  }
}

interface Upload {
  readonly target: S3Target;
  readonly call: S3Call;
  readonly uploadId: string | undefined;
}

interface MadePart {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
}

async function makeAll<Piece>(
  s3: S3Connection,
  upload: Upload,
  pieces: AsyncGenerator<Piece>,
  { make, parallel, signal }: InParts<Piece>,
): Promise<MadePart[]> {
  const stop = new AbortController(); // one part that fails ends the others
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const made: MadePart[] = [];
  const failures: unknown[] = [];
  let taken = 0;
  const work = async (): Promise<void> => {
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
      const part = partOf(upload, ++taken, s3);
      const piece = next.value;
      made.push({ PartNumber: part.PartNumber, ETag: await s3.call(upload.call, either, (asking) => make(piece, part, asking)) });
    }
  };
  const working = Array.from({ length: parallel }, () =>
    work().catch((error: unknown) => {
      failures.push(error);
      stop.abort(error);
    }),
  );
  await Promise.all(working);
  signal?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return made.sort((a, b) => a.PartNumber - b.PartNumber);
}

function partOf({ target, uploadId, call }: Upload, number: number, s3: S3Connection): PartOf {
  if (number > MAX_PARTS)
    throw new S3Error("S3.TOO_MANY_PARTS", `${call.doing} ${s3.shown(target)} takes more than ${MAX_PARTS} parts.`, target, {
      fix: "Give a greater `partBytes`.",
      allowRetries: false,
    });
  return { Bucket: target.bucket, Key: target.key, UploadId: uploadId, PartNumber: number };
}

async function begin(s3: S3Connection, target: S3Target, call: S3Call, signal: AbortSignal | undefined): Promise<string | undefined> {
  const { bucket, key, contentType, metadata } = target;
  const begun = await s3.call(call, signal, ({ sdk, client, options }) =>
    client.send(
      new sdk.CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ContentType: contentType, Metadata: metadata && { ...metadata } }),
      options,
    ),
  );
  return begun.UploadId;
}

async function complete(
  s3: S3Connection,
  { target: { bucket, key }, call, uploadId }: Upload,
  parts: MadePart[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await s3.call(call, signal, ({ sdk, client, options }) =>
    client.send(
      new sdk.CompleteMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId, MultipartUpload: { Parts: parts } }),
      options,
    ),
  );
}

/** Removes the parts, also when the run was canceled. Where that fails, too, the first failure is the one to tell. */
async function abort(s3: S3Connection, { target: { bucket, key }, call, uploadId }: Upload): Promise<void> {
  const removing = s3.call(call, AbortSignal.timeout(s3.settings.timeoutMs), ({ sdk, client, options }) =>
    client.send(new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }), options),
  );
  await removing.catch(() => undefined);
}
