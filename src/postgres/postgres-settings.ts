import type { ClientConfig } from "pg";
import { PostgresError } from "./postgres-error.js";
import { pg } from "./pg.js";
import { tlsOf } from "./tls-of-url.js";

/** How a Postgres is reached; what is absent comes from `dsn`, then from Postgres' own defaults. */
export interface PostgresSettings {
  /** `postgres://user:password@host:port/database?sslmode=…`. */
  readonly dsn?: string;
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  /** Whether the connection is encrypted, and whether the server's certificate is checked. */
  readonly tls?: "disable" | "require" | "verify-full";
  /** How many connections there are at most. */
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  /** No statement takes longer; absent: the server's own limit. */
  readonly statementTimeoutMs?: number;
  /** As the server's list of connections shows it. */
  readonly applicationName: string;
}

/** Where statements go, as errors name it: without password. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/** What the driver is told. @throws {@link PostgresError} `POSTGRES.DSN` for a DSN that is none */
export function driverSettings(settings: PostgresSettings): ClientConfig {
  const { dsn, host, port, database, user, password, tls, connectTimeoutMs, statementTimeoutMs, applicationName } = settings;
  const ssl = tls === undefined ? undefined : { disable: false, require: { rejectUnauthorized: false }, "verify-full": true }[tls];
  return {
    ...(dsn === undefined ? {} : partsOf(dsn)),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(database === undefined ? {} : { database }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(ssl === undefined ? {} : { ssl }),
    ...(statementTimeoutMs === undefined ? {} : { statement_timeout: statementTimeoutMs }),
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: applicationName,
    keepAlive: true,
  };
}

/** Where the driver will go; it fills in what nobody named. */
export function addressOf(config: ClientConfig): PostgresAddress {
  const { host, port, database, user } = new (pg().Client)(config);
  return { host, port, database: database ?? "", user: user ?? "" };
}

/** The parts of a DSN. The driver would read it too, but tells the whole of one that it cannot read. */
function partsOf(dsn: string): ClientConfig {
  const url = URL.canParse(dsn) ? new URL(dsn) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol))
    throw refusedDsn(
      "The DSN is no address of a Postgres.",
      "Give postgres://user:password@host:port/database, with %-escapes for special characters of user and password.",
    );
  const text = (part: string | null): string | undefined => (part === null || part === "" ? undefined : decoded(part));
  const { searchParams } = url;
  return {
    host: text(searchParams.get("host")) ?? text(url.hostname.replace(/^\[|\]$/g, "")),
    port: Number(searchParams.get("port") ?? url.port) || undefined,
    database: text(searchParams.get("dbname")) ?? text(url.pathname.slice(1)),
    user: text(searchParams.get("user")) ?? text(url.username),
    password: text(searchParams.get("password")) ?? text(url.password),
    options: searchParams.get("options") ?? undefined,
    ...tlsOf(searchParams, (why) => refusedDsn(`The DSN cannot be used: ${why}.`, "Correct what stands behind its `?`.")),
  };
}

function refusedDsn(message: string, fix: string): PostgresError {
  return new PostgresError("POSTGRES.DSN", message, { fix });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a "%" of its own
  }
}
