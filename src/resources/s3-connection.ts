import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { isMillraceError } from "../base/errors.js";
import { wellKnownVariable, withVariable } from "../config/env.js";
import { type S3Call, s3Error, type S3Place, shownPlace } from "./s3-error.js";

export type S3Sdk = typeof import("@aws-sdk/client-s3");

/** How a server is reached, and as whom. */
export interface S3Settings {
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
  readonly forcePathStyle?: boolean | undefined;
  readonly timeoutMs: number;
  readonly maxRetries: number;
}

/** What a call is made with; the options end it when it has to. */
export interface S3Asking {
  readonly sdk: S3Sdk;
  readonly client: S3Client;
  readonly options: { readonly abortSignal?: AbortSignal };
}

/** Of the Nodes that later versions of the SDK will not run on; ours is this one. */
const NO_WARNING = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";

/** Longer than this no server takes to accept a connection. */
const CONNECT_MS = 10_000;

/** A client of one server, made when it is first used: until then the SDK, which takes some 200 ms to load, is not loaded. */
export class S3Connection {
  readonly settings: S3Settings;
  readonly place: S3Place;
  #client: S3Client | undefined;

  constructor(settings: S3Settings) {
    this.settings = settings;
    const endpoint = settings.endpoint || wellKnownVariable("AWS_ENDPOINT_URL_S3") || wellKnownVariable("AWS_ENDPOINT_URL");
    this.place = {
      endpoint: endpoint === undefined ? undefined : withoutUser(endpoint),
      region: settings.region || wellKnownVariable("AWS_REGION") || wellKnownVariable("AWS_DEFAULT_REGION"),
      timeoutMs: settings.timeoutMs,
      hide: (text) => [settings.secretAccessKey, settings.sessionToken].reduce<string>(without, text),
    };
  }

  /** What the body's request comes to. @throws {@link S3Error}; the signal's reason once that has aborted */
  async call<T>(call: S3Call, signal: AbortSignal | undefined, body: (asking: S3Asking) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    try {
      const sdk = loadSdk();
      this.#client ??= withVariable(NO_WARNING, "true", () => new sdk.S3Client(this.#config()));
      return await body({ sdk, client: this.#client, options: signal ? { abortSignal: signal } : {} });
    } catch (error) {
      signal?.throwIfAborted();
      throw isMillraceError(error) ? error : s3Error(error, call, this.place);
    }
  }

  /** The object or bucket and the server, for a sentence. */
  shown(at: Pick<S3Call, "bucket" | "key">): string {
    return shownPlace(at, this.place);
  }

  /** Closes the sockets. A call after it opens new ones. */
  close(): void {
    this.#client?.destroy();
    this.#client = undefined;
  }

  #config(): S3ClientConfig {
    const { accessKeyId, secretAccessKey, sessionToken, forcePathStyle, timeoutMs, maxRetries } = this.settings;
    const { endpoint } = this.place;
    const region = this.place.region ?? (endpoint === undefined ? undefined : "us-east-1"); // servers other than Amazon's have one region at most
    return {
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(accessKeyId && secretAccessKey
        ? { credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) } }
        : {}),
      forcePathStyle: forcePathStyle ?? endpoint !== undefined,
      // With checksums that nobody asked for, several servers store a stream with its framing: other bytes than were sent.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      maxAttempts: maxRetries + 1,
      requestHandler: { connectionTimeout: Math.min(timeoutMs, CONNECT_MS), socketTimeout: timeoutMs },
    };
  }
}

function loadSdk(): S3Sdk {
  // Not import(): it fails in a Jest without --experimental-vm-modules, where users test their pipelines.
  return require("@aws-sdk/client-s3") as S3Sdk;
}

function withoutUser(endpoint: string): string {
  const url = new URL(endpoint);
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

function without(text: string, secret: string | undefined): string {
  return secret ? text.replaceAll(secret, "***") : text;
}
