import type { Client, ClientConfig, CustomTypesConfig, QueryResult } from "pg";
import { tlsOf, withoutTls } from "../../postgres/tls-of-url.js";
import type { Fsync } from "../run-store.js";
import { type PostgresAddress, refusedAddress } from "../store-address.js";
import type { Bound } from "./dialect.js";
import { NO_ANSWER, NO_TLS } from "./postgres-errors.js";
import type { WireAnswer, WireFault, WireResult, WireStatement } from "./wire.js";

/** What the server ends of itself: a statement, a wait for a lock, a transaction whose process was suspended in the midst of it. */
const STATEMENT_TIMEOUT_MS = 60_000;
const LOCK_TIMEOUT_MS = 30_000;
const IDLE_IN_TRANSACTION_MS = 20_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** Longer than the server takes over any statement: then it is not heard of any more. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + LOCK_TIMEOUT_MS;

const asNumber = (text: string): number => Number(text);
const BY_TYPE: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => (text === "t" ? 1 : 0),
  17: (text) => new Uint8Array(Buffer.from(text.slice(2), "hex")),
  20: asNumber,
  21: asNumber,
  23: asNumber,
  1700: asNumber,
};
/** Numbers as numbers, yes and no as SQLite has them, bytes as bytes, all else as text. */
const TYPES = { getTypeParser: (oid: number) => BY_TYPE[oid] ?? ((text: string) => text) } as CustomTypesConfig;

/** A session of the driver, on which statements are sent together. */
export class PostgresSession {
  readonly #client: Client;
  /** The session is lent by a pool for one transaction at a time: nothing may be left in it. */
  readonly pooled: boolean;
  readonly #settings: readonly string[];
  readonly #names = new Map<string, string>();

  private constructor(client: Client, settings: readonly string[], pooled: boolean) {
    this.#client = client;
    this.#settings = settings;
    this.pooled = pooled;
  }

  static async open(address: PostgresAddress, fsync: Fsync): Promise<PostgresSession> {
    const { Client: ClientOf } = require("pg") as typeof import("pg");
    const options = { ...driverOptions(address), connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true, pipeline: true };
    const client = new ClientOf({ ...options, application_name: "millrace", types: TYPES });
    client.on("error", () => undefined); // the next exchange fails with it
    try {
      await client.connect();
      const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
      // A pool answers with a number of its own.
      const pooled = rows[0]?.pid !== (client as unknown as { readonly processID: number | null }).processID;
      const settings = settingsOf(fsync);
      if (!pooled) await client.query(settings.map((setting) => `set ${setting}`).join("; "));
      return new PostgresSession(client, settings, pooled);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  async exchange(statements: readonly WireStatement[]): Promise<WireAnswer> {
    const timer = setTimeout(() => this.#drop(), ANSWER_TIMEOUT_MS);
    try {
      // Not one after the other: each is on its way before the first is answered.
      const asked = statements.map((statement) => this.#send(statement));
      const settled = await Promise.allSettled(asked);
      const failed = settled.findIndex(({ status }) => status === "rejected");
      const results = (failed === -1 ? settled : settled.slice(0, failed)).map(
        (each) => (each as PromiseFulfilledResult<WireResult>).value,
      );
      return failed === -1 ? { results } : { results, fault: faultOf((settled[failed] as PromiseRejectedResult).reason) };
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }

  async #send({ sql, values }: WireStatement): Promise<WireResult> {
    const text = this.pooled && sql === "begin" ? `begin; ${this.#settings.map((setting) => `set local ${setting}`).join("; ")}` : sql;
    const isPlain = values.length === 0 && !sql.startsWith("select");
    const asked = isPlain
      ? this.#client.query(text)
      : this.#client.query({ text, values: values.map(asSent), ...(this.pooled ? {} : { name: this.#nameOf(text) }) });
    const result = (await asked) as unknown as QueryResult<object> | readonly QueryResult<object>[];
    const last = Array.isArray(result) ? (result.at(-1) as QueryResult<object>) : (result as QueryResult<object>);
    return { rows: last.rows, changes: last.rowCount ?? 0 };
  }

  #nameOf(text: string): string {
    let name = this.#names.get(text);
    if (name === undefined) this.#names.set(text, (name = `millrace_${this.#names.size}`));
    return name;
  }

  #drop(): void {
    (this.#client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

/** Where and how the driver connects. */
export function driverOptions({ url }: PostgresAddress): ClientConfig {
  return { connectionString: withoutTls(url), ...tlsOf(new URL(url).searchParams, refusedAddress) };
}

/** The error without the statement's values, which the driver's own holds. */
export function faultOf(error: unknown): WireFault {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const text = typeof message === "string" && message !== "" ? message : "the connection failed";
  return { code: typeof code === "string" ? code : /does not support SSL/.test(text) ? NO_TLS : NO_ANSWER, message: text };
}

function settingsOf(fsync: Fsync): string[] {
  return [
    `statement_timeout = ${STATEMENT_TIMEOUT_MS}`,
    `lock_timeout = ${LOCK_TIMEOUT_MS}`,
    `idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`,
    ...(fsync === "NORMAL" ? ["synchronous_commit = off"] : []),
  ];
}

function asSent(value: Bound): string | Buffer | null {
  return value === null || typeof value === "string" ? value : typeof value === "number" ? String(value) : Buffer.from(value);
}
