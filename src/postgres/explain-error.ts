import { messageOf } from "../base/errors.js";
import { PostgresError, type PostgresFault } from "./postgres-error.js";
import type { PostgresAddress } from "./postgres-settings.js";

/** What is known beside the driver's error: where it happened, and what was being done. */
export interface Circumstances {
  readonly address: PostgresAddress;
  /** Never shown. */
  readonly password?: string | undefined;
  /** What was being done, e.g. `COPY into shop.orders`. */
  readonly doing?: string | undefined;
}

/** The fields of a message of the server, as the driver gives them. */
interface ServerMessage {
  readonly message?: string;
  readonly severity?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
}

/** One kind of fault: its code, what to do about it, and whether the same may succeed later. */
interface Explanation {
  readonly code: string;
  readonly fix: string;
  readonly allowRetries: boolean;
}

/** The driver's error as one that names the server, what was done and the edit to make. An error of ours passes through. */
export function explained(error: unknown, circumstances: Circumstances): unknown {
  if (error instanceof PostgresError) return error;
  const { address, doing } = circumstances;
  const told = error as ServerMessage | undefined;
  const isServers = typeof told?.severity === "string";
  const { code, fix, allowRetries } = isServers ? bySqlState(told, address) : byFailure(error, address);
  const { detail, hint } = isServers ? told : {};
  // Errors of the socket may be of another realm, and several at once have no message.
  const said = (error as Error | undefined)?.message ?? messageOf(error);
  const lines = [said || (told?.code ?? "no reason was given"), ...(detail ? [detail] : []), ...(hint ? [hint] : [])];
  const reason = lines.map((line) => line.replace(/\.$/, "")).join(". ");
  const message = `${shownAddress(address)}: ${doing === undefined ? "" : `${doing} failed: `}${reason}${rowOf(told)}.`;
  return new PostgresError(code, hidden(message, circumstances.password), {
    fix,
    allowRetries,
    cause: error,
    ...(isServers ? { fault: faultOf(told) } : {}),
  });
}

/** `Postgres at 127.0.0.1:5432, database "shop", user "loader"`. */
export function shownAddress({ host, port, database, user }: PostgresAddress): string {
  const place = host.startsWith("/") ? `${host} (port ${port})` : `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return `Postgres at ${place}, database "${database}", user "${user}"`;
}

/** Of a COPY the server tells the line; rows are counted from 0. */
function rowOf(told: ServerMessage | undefined): string {
  const line = /^COPY .*, line (\d+)/.exec(told?.where ?? "")?.[1];
  return line === undefined ? "" : ` (at row ${Number(line) - 1})`;
}

function faultOf({ code, schema, table, column, constraint }: ServerMessage): PostgresFault {
  return {
    ...(code === undefined ? {} : { sqlState: code }),
    ...(table === undefined ? {} : { table: schema === undefined ? table : `${schema}.${table}` }),
    ...(column === undefined ? {} : { column }),
    ...(constraint === undefined ? {} : { constraint }),
  };
}

function hidden(text: string, password: string | undefined): string {
  return password ? text.replaceAll(password, "***") : text;
}

/** Longer codes stand for themselves, shorter ones for their class. */
function bySqlState({ message = "", code = "", constraint, column = "" }: ServerMessage, address: PostgresAddress): Explanation {
  const { user, database } = address;
  switch (code) {
    case "28P01":
      return explain("POSTGRES.CREDENTIALS", `Correct the password of user "${user}", or the user.`);
    case "28000":
      return explain("POSTGRES.CREDENTIALS", `Allow user "${user}" to connect (pg_hba.conf), or set \`tls\` to what the server asks for.`);
    case "3D000":
      return explain("POSTGRES.NO_DATABASE", `Create the database "${database}", or correct its name.`);
    case "42P01":
      return explain("POSTGRES.NO_TABLE", "Create the table, correct its name, or name its schema.");
    case "3F000":
      return explain("POSTGRES.NO_SCHEMA", "Create the schema, or correct its name.");
    case "42703":
      return explain("POSTGRES.NO_COLUMN", "Correct the column's name, or add the column to the table.");
    case "42501":
      return explain("POSTGRES.DENIED", `Grant user "${user}" what the statement needs.`);
    case "23502":
      return explain("POSTGRES.CONSTRAINT", `Give column "${column}" a value in every row, or let it be null.`);
    case "40001":
    case "40P01":
      return explain("POSTGRES.CONFLICT", "Try the transaction again: another one was in its way.", true);
    case "55P03":
      return explain("POSTGRES.LOCKED", "Try again when the other transaction has ended.", true);
    case "57014":
      return explain("POSTGRES.TIMEOUT", "Make the statement cheaper, or give `statementTimeoutMs` a higher value.", true);
    case "53300":
      return explain("POSTGRES.TOO_MANY_CONNECTIONS", "Lower `poolSize`, or raise max_connections of the server.", true);
    case "08P01":
      return byProtocol(message, user);
    default:
      return byClass(code, constraint);
  }
}

function explain(code: string, fix: string, allowRetries = false): Explanation {
  return { code, fix, allowRetries };
}

/** A pooler in between knows fewer parameters than the server. */
function byProtocol(message: string, user: string): Explanation {
  const parameter = /unsupported startup parameter: (\w+)/.exec(message)?.[1];
  if (parameter === undefined) return lost();
  const inDatabase = `set it in the database instead (ALTER ROLE "${user}" SET ${parameter} = …)`;
  const left = parameter === "statement_timeout" ? "Leave out `statementTimeoutMs`" : `Leave out ${parameter}`;
  return explain("POSTGRES.POOLER", `${left}, which PgBouncer does not pass on, and ${inDatabase}.`);
}

function byClass(code: string, constraint: string | undefined): Explanation {
  switch (code.slice(0, 2)) {
    case "23": {
      const which = constraint === undefined ? "the constraint" : `the constraint "${constraint}"`;
      return explain("POSTGRES.CONSTRAINT", `Correct the rows, or change ${which}.`);
    }
    case "22":
      return explain("POSTGRES.VALUE", "Correct the value, or change the column's type.");
    case "53":
      return explain("POSTGRES.RESOURCES", "Give the server more room (disk, memory), and try again.", true);
    case "08":
    case "57":
      return lost();
    default:
      return explain("POSTGRES.STATEMENT", "Correct the statement.");
  }
}

/** The server did not answer at all. */
function byFailure(error: unknown, { host, port }: PostgresAddress): Explanation {
  const { code = "", message = "" } = (error ?? {}) as { code?: string; message?: string };
  if (
    /does not support SSL|SSL connection|certificate|self-signed/i.test(message) ||
    /^(ERR_TLS|CERT|DEPTH|UNABLE_TO|SELF_SIGNED|ERR_SSL)/.test(code)
  )
    return explain("POSTGRES.TLS", 'Set `tls` (or sslmode of the DSN) to what the server offers: "disable", "require" or "verify-full".');
  if (/password must be a string|SASL|no password/i.test(message))
    return explain("POSTGRES.CREDENTIALS", "Give a password: the server asks for one.");
  if (
    ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT", "ENOENT"].includes(code) ||
    /timeout/i.test(message)
  )
    return explain("POSTGRES.UNREACHABLE", `Check that a Postgres listens at ${host}:${port} and can be reached from here.`, true);
  if (/^(Connection|Client|Query) |closed|ended/.test(message) || code !== "") return lost();
  return explain("POSTGRES.STATEMENT", "Correct the statement or its values.");
}

function lost(): Explanation {
  return explain("POSTGRES.CONNECTION_LOST", "Try again; look into the server's log when it happens often.", true);
}
