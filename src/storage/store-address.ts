import { ConfigError } from "../base/errors.js";
import { tlsOf } from "../postgres/tls-of-url.js";

/** A store on Postgres, as its URL names it. */
export interface PostgresAddress {
  /** For the driver: without what only Millrace reads. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Where its tables are. @defaultValue millrace */
  readonly schema: string;
  /** Whether a process that opens it brings the schema up to date. @defaultValue true */
  readonly migrates: boolean;
}

/** Whether this names a database, not a file. */
export function isPostgres(store: string): boolean {
  return /^postgres(ql)?:\/\//i.test(store);
}

/**
 * What `postgres://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME&migrate=off&sslmode=require` says; what else stands behind `?` is the driver's.
 * @throws {@link ConfigError} `CONFIG.DATABASE_URL`, which never shows the password
 */
export function postgresAddress(store: string): PostgresAddress {
  const url = URL.canParse(store) ? new URL(store) : undefined;
  const schema = url?.searchParams.get("schema") ?? "millrace";
  const migrate = url?.searchParams.get("migrate") ?? "on";
  const wrong = problem(url, schema, migrate);
  if (!url || wrong !== undefined) throw refusedAddress(`is no URL of a Postgres database${wrong === undefined ? "" : `: ${wrong}`}`);
  tlsOf(url.searchParams, (why) => refusedAddress(`cannot be used: ${why}`));
  url.searchParams.delete("schema");
  url.searchParams.delete("migrate");
  const user = decodeURIComponent(url.username);
  return {
    url: url.href,
    host: url.hostname,
    port: Number(url.port || 5432),
    database: decodeURIComponent(url.pathname.slice(1)) || user,
    user,
    schema,
    migrates: migrate === "on",
  };
}

/** @param why - goes on after "The store's address" */
export function refusedAddress(why: string): ConfigError {
  return new ConfigError("CONFIG.DATABASE_URL", `The store's address ${why}.`, {
    fix: "Write postgres://USER:PASSWORD@HOST:PORT/DATABASE, with %40 for an @ in the password, %2F for a / and %3A for a :.",
  });
}

function problem(url: URL | undefined, schema: string, migrate: string): string | undefined {
  if (!url) return undefined;
  if (!isPostgres(url.href)) return `it begins with ${url.protocol}`;
  if (url.hostname === "") return "it names no host";
  if (url.username === "") return "it names no user";
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) return `schema=${schema} is no name of small letters, digits and _`;
  if (migrate !== "on" && migrate !== "off") return `migrate=${migrate} is neither on nor off`;
  return undefined;
}

/** The store as messages name it: the path of the file, or the database without a password. */
export function describeStore(store: string): string {
  if (!isPostgres(store)) return store;
  const { user, host, port, database, schema } = postgresAddress(store);
  return `postgres://${user}@${host}:${port}/${database} (schema ${schema})`;
}
