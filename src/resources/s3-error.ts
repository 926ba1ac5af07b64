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

interface Verdict {
  readonly code: string;
  readonly reason: string;
  readonly fix: string;
  /** Whether the same request may come to another end later. */
  readonly mayPass: boolean;
}

/** The error that names bucket, key, server and the edit to make. */
export function s3Error(thrown: unknown, call: S3Call, place: S3Place): S3Error {
  const failed = unwrapped((typeof thrown === "object" && thrown !== null ? thrown : {}) as Thrown);
  const status = failed.$metadata?.httpStatusCode;
  const attempts = failed.$metadata?.attempts ?? 1;
  const { code, reason, fix, mayPass } = verdictOf(failed, call, place);
  const times = attempts > 1 ? ` (tried ${attempts} times)` : "";
  return new S3Error(code, `${call.doing} ${shownPlace(call, place)} failed: ${place.hide(reason)}${times}.`, call, {
    fix,
    cause: withoutRequest(thrown, place),
    ...(status === undefined ? {} : { status }),
    allowRetries: mayPass,
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

function verdictOf(failed: Thrown, call: S3Call, place: S3Place): Verdict {
  const { name = "", code = "" } = failed;
  const status = failed.$metadata?.httpStatusCode;
  if (CREDENTIALS.test(name)) return badCredentials(failed);
  if (REGION.test(name) || status === 301) return otherRegion(failed, call, place);
  if (name === "NoSuchBucket") return noBucket(call);
  if (name === "NoSuchKey" || (status === 404 && call.key !== undefined)) return noObject(call);
  if (status === 404) return noBucket(call);
  if (name === "TimeoutError" && !NETWORK.test(code)) return timedOut(place);
  if (NETWORK.test(code)) return unreachable(failed);
  if (failed.message === "Region is missing") return noRegion();
  if (status === 412) return changed();
  if (status === 401 || status === 403) return denied(failed, call);
  return refused(failed);
}

function badCredentials(failed: Thrown): Verdict {
  const none = failed.name === "CredentialsProviderError";
  return {
    code: "S3.CREDENTIALS",
    reason: none ? `no credentials were found: ${answerOf(failed)}` : `the server refuses the credentials: ${answerOf(failed)}`,
    fix: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, if there is one), or give `accessKeyId` and `secretAccessKey`.",
    mayPass: false,
  };
}

function otherRegion(failed: Thrown, { bucket }: S3Call, { region }: S3Place): Verdict {
  const told =
    failed.Region ?? failed.$response?.headers?.["x-amz-bucket-region"] ?? /expecting '([\w-]+)'/.exec(failed.message ?? "")?.[1];
  const asked = region === undefined ? "another one was asked" : `"${region}" was asked`;
  return {
    code: "S3.REGION",
    reason: `bucket "${bucket}" is in region ${told === undefined ? "another than this" : `"${told}"`}, and ${asked}`,
    fix:
      told === undefined
        ? "Set AWS_REGION, or `region`, to the region of the bucket."
        : `Set AWS_REGION=${told}, or \`region: "${told}"\`.`,
    mayPass: false,
  };
}

function noBucket({ bucket }: S3Call): Verdict {
  return {
    code: "S3.NO_BUCKET",
    reason: `there is no bucket "${bucket}"`,
    fix: `Create it (aws s3 mb s3://${bucket}), or correct \`bucket\` and \`endpoint\`.`,
    mayPass: false,
  };
}

function noObject({ bucket, key = "" }: S3Call): Verdict {
  const folder = key.slice(0, key.lastIndexOf("/") + 1);
  return {
    code: "S3.NOT_FOUND",
    reason: "there is no such object",
    fix: `See what there is: aws s3 ls s3://${bucket}/${folder}`,
    mayPass: false,
  };
}

function timedOut({ timeoutMs }: S3Place): Verdict {
  return {
    code: "S3.TIMEOUT",
    reason: `no byte moved within ${timeoutMs} ms`,
    fix: "Check that the server is up and what lies between, or give `timeoutMs` a higher value.",
    mayPass: true,
  };
}

function unreachable(failed: Thrown): Verdict {
  return {
    code: "S3.UNREACHABLE",
    reason: `the server cannot be reached: ${failed.message || failed.code}`,
    fix: "Check `endpoint` (or AWS_ENDPOINT_URL) and that the server is up and can be reached from here.",
    mayPass: true,
  };
}

function noRegion(): Verdict {
  return { code: "S3.NO_REGION", reason: "no region is given", fix: 'Set AWS_REGION, or `region: "…"`.', mayPass: false };
}

function changed(): Verdict {
  return { code: "S3.CHANGED", reason: "the object was replaced while it was read", fix: "Read it again.", mayPass: true };
}

function denied(failed: Thrown, { right, bucket }: S3Call): Verdict {
  return {
    code: "S3.DENIED",
    reason: `the server denies it: ${answerOf(failed)}`,
    fix: `Allow these credentials ${right} on bucket "${bucket}", or use others (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).`,
    mayPass: false,
  };
}

function refused(failed: Thrown): Verdict {
  const status = failed.$metadata?.httpStatusCode;
  const mayPass = status === undefined || status === 408 || status === 429 || status >= 500;
  return {
    code: status === undefined ? "S3.FAILED" : "S3.STATUS",
    reason: `the server answered ${answerOf(failed)}`,
    fix: mayPass ? "Try again later, or tell who runs the server." : "Correct what is asked for; the answer says what is wrong with it.",
    mayPass,
  };
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
