import { MillraceError, StoreError, messageOf } from "../../base/errors.js";
import { describeStore, postgresAddress, type PostgresAddress } from "../store-address.js";

/** An error of the server (its five characters), of the driver or of the network (`ECONNREFUSED`). */
export class PostgresFault extends Error {
  override readonly name = "PostgresFault";

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The code of a session whose server was not heard of any more; the driver gives it none. */
export const NO_ANSWER = "NO_ANSWER";
const NETWORK = ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN", NO_ANSWER]; // prettier-ignore
/** The code of a server that does not encrypt; the driver gives it none. */
export const NO_TLS = "NO_TLS";
/** The server does not encrypt, or has a certificate that nobody vouches for, or that is another host's. */
const TLS = [NO_TLS, "ERR_TLS_", "ERR_SSL_", "CERT_", "DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_"];
/** The server ends the session, or takes none: shut down, restarted, starting, crashed, idle for too long, no more connections. */
const SERVER_GONE = ["57P01", "57P02", "57P03", "57P05", "25P03", "53300", "08"];
/** A plan of a schema that has changed, a statement that the session behind a pool does not know: a new session has neither. */
const SESSION_SPOILT = ["0A000", "26000"];

const codeOf = (error: unknown): string => (error instanceof PostgresFault ? error.code : "");
const isOf = (error: unknown, codes: readonly string[]): boolean => codes.some((code) => codeOf(error).startsWith(code));

/** Whether the session is gone, with the transaction that it was in. */
export function isConnectionLost(error: unknown): boolean {
  return isOf(error, NETWORK) || isOf(error, SERVER_GONE) || isOf(error, SESSION_SPOILT);
}

/** Whether a session that cannot be had now may be had soon. */
export function isPassing(error: unknown): boolean {
  return isOf(error, NETWORK) || isOf(error, SERVER_GONE);
}

/** Whether others undid the transaction: a deadlock, a serialization that failed. */
export function isWorthAnotherTry(error: unknown): boolean {
  return isOf(error, ["40P01", "40001"]);
}

export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === "23505";
}

type Told = readonly [code: string, sentence: string, fix: string];

/** What went wrong, as a sentence that names the server and never the password. */
export function explainPostgres(error: unknown, store: string): Error {
  if (error instanceof MillraceError) return error;
  const [code, sentence, fix] = told(error, postgresAddress(store), describeStore(store));
  return new StoreError(code, sentence, { fix, cause: error });
}

function told(error: unknown, at: PostgresAddress, store: string): Told {
  const said = messageOf(error);
  const is = (...codes: string[]): boolean => isOf(error, codes);
  if (is("28")) return ["STORE.ACCESS_DENIED", `Postgres at ${at.host}:${at.port} lets user "${at.user}" not into database "${at.database}": ${said}.`, "Correct user and password in MILLRACE_DATABASE_URL, or in `store` of millrace.config.ts."]; // prettier-ignore
  if (is("3D000")) return ["STORE.NO_DATABASE", `Postgres at ${at.host}:${at.port} has no database "${at.database}".`, `Make it (createdb -h ${at.host} -p ${at.port} ${at.database}), or name another one in MILLRACE_DATABASE_URL.`]; // prettier-ignore
  if (is("42501")) return ["STORE.NO_PRIVILEGE", `User "${at.user}" may not use the store ${store}: ${said}.`, "Give the user the privileges that docs/postgres.md lists, or run `millrace migrate` as a user that has them."]; // prettier-ignore
  if (is("53100")) return ["STORE.FULL", `The disk of the store ${store} is full.`, "Free some space and run the command again; what was reported as stored is still there."]; // prettier-ignore
  if (is("25006")) return ["STORE.READ_ONLY", `The store ${store} cannot be written: the server is read-only, as a standby is.`, "Name the primary in MILLRACE_DATABASE_URL."]; // prettier-ignore
  if (is("55P03", "57014")) return ["STORE.BUSY", `The store ${store} was busy for too long: ${said}.`, "Find the session that holds its locks (select * from pg_stat_activity) and end it."]; // prettier-ignore
  if (is("53300")) return ["STORE.NO_CONNECTION_LEFT", `Postgres at ${at.host}:${at.port} has no connection left for the store ${store}.`, "Raise max_connections, or put PgBouncer before it; each process of Millrace holds two."]; // prettier-ignore
  if (is("3F000", "42P01", "42703")) return ["STORE.NOT_MIGRATED", `The store ${store} lacks a table or a column: ${said}.`, "Run `millrace migrate`."]; // prettier-ignore
  if (is("XX001", "XX002")) return ["STORE.CORRUPT", `The store ${store} is damaged: ${said}.`, "Restore a backup (docs/postgres.md)."]; // prettier-ignore
  if (is(...TLS)) return ["STORE.TLS", `Postgres at ${at.host}:${at.port} cannot be reached over TLS: ${said}.`, "Set sslmode in MILLRACE_DATABASE_URL to what the server offers (docs/postgres.md), or name its certificate: sslrootcert=FILE."]; // prettier-ignore
  if (isConnectionLost(error)) return ["STORE.UNREACHABLE", `Postgres at ${at.host}:${at.port} cannot be reached (database "${at.database}", user "${at.user}"): ${said}.`, "Start it, or correct host and port in MILLRACE_DATABASE_URL."]; // prettier-ignore
  return ["STORE.FAILED", `The store ${store} failed: ${said}.`, "Run the command again; when it fails again, please report it with this message."]; // prettier-ignore
}
