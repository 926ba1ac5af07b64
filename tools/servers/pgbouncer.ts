import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port";
import type { PostgresServer } from "./postgres";

const NOBODY = 65534;

/** Whether the machine has PgBouncer; `.ci/run` installs Debian's. */
export function hasPgBouncer(): boolean {
  return spawnSync("pgbouncer", ["--version"], { stdio: "ignore" }).status === 0;
}

/** PgBouncer before a server, lending its few sessions by the transaction. */
export class PgBouncer {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly port: number;
  #said = "";

  private constructor(folder: string, port: number) {
    const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    this.#folder = folder;
    this.port = port;
    this.#process = spawn("pgbouncer", [join(folder, "pgbouncer.ini")], { ...asNobody, stdio: ["ignore", "ignore", "pipe"] });
    this.#process.stderr?.on("data", (text: Buffer) => (this.#said += text.toString()));
    this.#process.on("error", (error) => (this.#said += String(error)));
  }

  static async start(server: PostgresServer, sessions = 3): Promise<PgBouncer> {
    const folder = mkdtempSync(join(tmpdir(), "millrace-pgbouncer-"));
    const port = await freePort();
    const users = join(folder, "users.txt");
    writeFileSync(users, `"${server.user}" "${server.password}"\n`);
    const settings = { listen_addr: "127.0.0.1", listen_port: port, unix_socket_dir: "", auth_type: "scram-sha-256", auth_file: users, pool_mode: "transaction", default_pool_size: sessions, max_client_conn: 200 }; // prettier-ignore
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
    writeFileSync(
      join(folder, "pgbouncer.ini"),
      `[databases]\n* = host=${server.host} port=${server.port}\n[pgbouncer]\n${lines.join("\n")}\n`,
    );
    chmodSync(folder, 0o755);
    if (process.getuid?.() === 0) chownSync(folder, NOBODY, NOBODY);
    const bouncer = new PgBouncer(folder, port);
    for (let left = 200; !(await answers(server, bouncer.urlOf(server.url))); left--) {
      if (left > 0 && bouncer.#process.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 25));
      else {
        await bouncer.stop();
        throw new Error(`PgBouncer did not start:\n${bouncer.#said}`);
      }
    }
    return bouncer;
  }

  /** The way to a database of its server through it. */
  urlOf(url: string): string {
    const through = new URL(url);
    through.port = String(this.port);
    return through.href;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("close", resolve));
    if (this.#process.exitCode === null && this.#process.pid !== undefined) {
      this.#process.kill("SIGINT");
      setTimeout(() => this.#process.kill("SIGKILL"), 2_000).unref();
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function answers(server: PostgresServer, url: string): Promise<boolean> {
  return server.query("select 1", url).then(
    () => true,
    () => false,
  );
}
