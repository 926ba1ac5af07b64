import { types } from "node:util";
import { ExecutionError } from "../base/errors.js";

/** What was asked of S3, as an error names it. */
export interface S3Call {
  /** E.g. `Reading`. */
  readonly doing: string;
  readonly bucket: string;
  /** Absent: the bucket as a whole. */
  readonly key?: string;
  /** The right that it takes, e.g. `s3:GetObject`. */
  readonly right: string;
}

/** What a request to S3 came to when it came to no answer that one could use. No secret is in it, nor in its cause. */
export class S3Error extends ExecutionError {
  readonly bucket: string;
  readonly key: string | undefined;
  /** Of the answer; absent when there was none. */
  readonly status: number | undefined;

  constructor(
    code: string,
    message: string,
    { bucket, key }: Pick<S3Call, "bucket" | "key">,
    options: { fix: string; cause?: unknown; status?: number; allowRetries: boolean },
  ) {
    super(code, message, options);
    this.bucket = bucket;
    this.key = key;
    this.status = options.status;
  }
}

/** Where and as whom S3 is asked. */
export interface S3Place {
  /** Without user and password; `undefined`: Amazon's own. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly timeoutMs: number;
  /** The text without the secrets that are known. */
  hide(text: string): string;
}

/** The fields of the SDK's errors that tell what happened. */
interface Thrown {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** What failed, as all errors tell it. */
interface Failing {
  /** `Writing s3://bucket/key at http://… failed` */
  readonly what: string;
  /** ` (tried 3 times)`, or nothing. */
  readonly times: string;
  readonly call: S3Call;
  readonly place: S3Place;
  readonly thrown: Thrown;
  /** The server's own words. */
  readonly answer: string;
  options(fix: string, allowRetries: boolean): { fix: string; cause: unknown; status?: number; allowRetries: boolean };
}

/** The error that names bucket, key, server and the edit to make. */
export function s3Error(error: unknown, call: S3Call, place: S3Place): S3Error {
  const thrown = unwrapped((typeof error === "object" && error !== null ? error : {}) as Thrown);
  const { httpStatusCode: status, attempts = 1 } = thrown.$metadata ?? {};
  return explained({
    what: `${call.doing} ${shownPlace(call, place)} failed`,
    times: attempts > 1 ? ` (tried ${attempts} times)` : "",
    call,
    place,
    thrown,
    answer: place.hide(answerOf(thrown)),
    options: (fix, allowRetries) => ({
      fix,
      cause: withoutRequest(error, place),
      ...(status === undefined ? {} : { status }),
      allowRetries,
    }),
  });
}

/** `s3://bucket/key at http://127.0.0.1:9000`. */
export function shownPlace({ bucket, key }: Pick<S3Call, "bucket" | "key">, { endpoint, region }: S3Place): string {
  const server = endpoint ?? `Amazon S3${region === undefined ? "" : ` (${region})`}`;
  return `s3://${bucket}${key === undefined ? "" : `/${key}`} at ${server}`;
}

/** Whether the error says that there is no such object, in a bucket that there is. */
export function isMissingObject(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === "S3.NOT_FOUND";
}

const CREDENTIALS =
  /^(InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|ExpiredToken|TokenRefreshRequired|InvalidSecurity|CredentialsProviderError)/;
const REGION = /^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException|TemporaryRedirect)$/;
const NETWORK =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ECONNRESET|EPIPE|ERR_TLS_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|ECONNABORTED)/;

function explained(failing: Failing): S3Error {
  const { call, thrown } = failing;
  const { name = "", code = "" } = thrown;
  const status = thrown.$metadata?.httpStatusCode;
  if (CREDENTIALS.test(name)) return badCredentials(failing);
  if (REGION.test(name) || status === 301) return otherRegion(failing);
  if (name === "NoSuchBucket") return noBucket(failing);
  if (status === 404 || name === "NoSuchKey") return call.key === undefined ? noBucket(failing) : noObject(failing);
  if (name === "TimeoutError" && !NETWORK.test(code)) return timedOut(failing);
  if (NETWORK.test(code)) return unreachable(failing);
  if (thrown.message === "Region is missing") return noRegion(failing);
  if (status === 412) return changed(failing);
  if (status === 401 || status === 403) return denied(failing);
  return refused(failing);
}

function badCredentials({ what, answer, call, thrown, options }: Failing): S3Error {
  const fix =
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, if there is one), or give `accessKeyId` and `secretAccessKey`.";
  if (thrown.name === "CredentialsProviderError")
    return new S3Error("S3.NO_CREDENTIALS", `${what}: no credentials were found: ${answer}.`, call, options(fix, false));
  return new S3Error("S3.CREDENTIALS", `${what}: the server refuses the credentials: ${answer}.`, call, options(fix, false));
}

function otherRegion({ what, call, place, thrown, options }: Failing): S3Error {
  const header = thrown.$response?.headers?.["x-amz-bucket-region"];
  const told = thrown.Region ?? header ?? /expecting '([\w-]+)'/.exec(thrown.message ?? "")?.[1];
  const asked = place.region === undefined ? "another one was asked" : `"${place.region}" was asked`;
  const region = told === undefined ? "another than this" : `"${told}"`;
  const fix =
    told === undefined ? "Set AWS_REGION, or `region`, to the region of the bucket." : `Set AWS_REGION=${told}, or \`region: "${told}"\`.`;
  return new S3Error("S3.REGION", `${what}: bucket "${call.bucket}" is in region ${region}, and ${asked}.`, call, options(fix, false));
}

function noBucket({ what, call, options }: Failing): S3Error {
  const fix = `Create it (aws s3 mb s3://${call.bucket}), or correct \`bucket\` and \`endpoint\`.`;
  return new S3Error("S3.NO_BUCKET", `${what}: there is no bucket "${call.bucket}".`, call, options(fix, false));
}

function noObject({ what, call, options }: Failing): S3Error {
  const { bucket, key = "" } = call;
  const fix = `See what there is: aws s3 ls s3://${bucket}/${key.slice(0, key.lastIndexOf("/") + 1)}`;
  return new S3Error("S3.NOT_FOUND", `${what}: there is no such object.`, call, options(fix, false));
}

function timedOut({ what, times, call, place, options }: Failing): S3Error {
  const fix = "Check that the server is up and what lies between, or give `timeoutMs` a higher value.";
  return new S3Error("S3.TIMEOUT", `${what}: no byte moved within ${place.timeoutMs} ms${times}.`, call, options(fix, true));
}

function unreachable({ what, times, call, thrown, place, options }: Failing): S3Error {
  const reason = place.hide(thrown.message || thrown.code || "");
  const fix = "Check `endpoint` (or AWS_ENDPOINT_URL) and that the server is up and can be reached from here.";
  return new S3Error("S3.UNREACHABLE", `${what}: the server cannot be reached: ${reason}${times}.`, call, options(fix, true));
}

function noRegion({ what, call, options }: Failing): S3Error {
  return new S3Error("S3.NO_REGION", `${what}: no region is given.`, call, options('Set AWS_REGION, or `region: "…"`.', false));
}

function changed({ what, call, options }: Failing): S3Error {
  return new S3Error("S3.CHANGED", `${what}: the object was replaced while it was read.`, call, options("Read it again.", true));
}

function denied({ what, answer, call, options }: Failing): S3Error {
  const fix = `Allow these credentials ${call.right} on bucket "${call.bucket}", or use others (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).`;
  return new S3Error("S3.DENIED", `${what}: the server denies it: ${answer}.`, call, options(fix, false));
}

function refused({ what, times, answer, call, thrown, options }: Failing): S3Error {
  const status = thrown.$metadata?.httpStatusCode;
  const mayPass = status === undefined || status === 408 || status === 429 || status >= 500;
  const fix = mayPass
    ? "Try again later, or tell who runs the server."
    : "Correct what is asked for; the answer says what is wrong with it.";
  return new S3Error("S3.REFUSED", `${what}: the server answered ${answer}${times}.`, call, options(fix, mayPass));
}

/** `403 AccessDenied: Access Denied`; an answer without a body, as each to HEAD is, has a status only. */
function answerOf({ name = "", message = "", $metadata }: Thrown): string {
  const status = $metadata?.httpStatusCode;
  const code = /^(Unknown|UnknownError|NotFound|Error|[45]\d\d)$/.test(name) ? "" : name;
  const text = message === "UnknownError" ? "" : (message.split("\n")[0] ?? "");
  const what = [code, text.replace(/\.$/, "")].filter((part) => part !== "").join(": ");
  return [status === undefined ? "" : String(status), what].filter((part) => part !== "").join(" ");
}

/** Under Jest, an error of Node's own is none for the SDK, which keeps but its text. */
function unwrapped(thrown: Thrown): Thrown {
  const [, name, message = ""] = /^AWS SDK error wrapper for (\w+): (.*)$/s.exec(thrown.message ?? "") ?? [];
  const code = /\b(E[A-Z]{4,})\b/.exec(message)?.[1];
  return name === undefined ? thrown : { name, message, ...(code === undefined ? {} : { code }), $metadata: thrown.$metadata ?? {} };
}

/** The SDK's errors hold their request and their answer, with all headers. */
function withoutRequest(thrown: unknown, { hide }: S3Place): Error | undefined {
  if (!types.isNativeError(thrown)) return undefined;
  const cause = new Error(hide(thrown.message));
  cause.name = thrown.name;
  if (thrown.stack !== undefined) cause.stack = hide(thrown.stack);
  return cause;
}
