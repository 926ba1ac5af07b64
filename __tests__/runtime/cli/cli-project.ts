import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const repository = resolve(__dirname, "../../..");
export const main = join(repository, "dist/runtime/cli/main.js");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly env?: Record<string, string>;
  /** From the project's root. */
  readonly cwd?: string;
}

/** A process of the command line that goes on. */
export interface Live {
  readonly pid: number;
  /** Resolves when it has printed the text, and rejects when it ends without. */
  printed(text: string): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Stops reading what it prints, as `head` does. */
  closeOutput(): void;
  readonly ended: Promise<Ended>;
}

/** A project in a temporary folder that has Millrace installed; its commands run the built package in processes of their own. */
export class CliProject {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), "millrace-cli-")));
  readonly #children = new Set<ChildProcessWithoutNullStreams>();

  constructor(files: Readonly<Record<string, string>> = {}) {
    mkdirSync(join(this.root, "node_modules"));
    symlinkSync(repository, join(this.root, "node_modules/millrace"));
    this.write({ "package.json": JSON.stringify({ name: "shop", type: "commonjs" }), ...files });
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, name)), { recursive: true });
      writeFileSync(join(this.root, name), text);
    }
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  /** Runs a command to its end. */
  run(args: readonly string[], options: CallOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  /** The one JSON value that a command prints. */
  async json<T = unknown>(args: readonly string[], options: CallOptions = {}): Promise<T> {
    const { stdout, stderr } = await this.run([...args, "--json"], options);
    if (stderr !== "") throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }

  start(args: readonly string[], { env = {}, cwd = "" }: CallOptions = {}): Live {
    const child = spawn(process.execPath, [main, ...args], { cwd: join(this.root, cwd), env: this.#environment(env) });
    this.#children.add(child);
    child.stdin.end();
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<Ended>((done) => {
      child.on("close", (code, signal) => {
        this.#children.delete(child);
        done({ code, signal, stdout, stderr });
      });
    });
    const printed = (text: string): Promise<void> =>
      new Promise((done, fail) => {
        const look = (): void => {
          if (stdout.includes(text) || stderr.includes(text)) done();
        };
        child.stdout.on("data", look);
        child.stderr.on("data", look);
        child.on("close", () => fail(new Error(`It ended without ${JSON.stringify(text)}:\n${stdout}${stderr}`)));
        look();
      });
    return { pid: child.pid ?? 0, printed, signal: (signal) => void child.kill(signal), closeOutput: () => child.stdout.destroy(), ended };
  }

  #environment(env: Record<string, string>): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(MILLRACE_|FORCE_COLOR|NODE_OPTIONS)/.test(name));
    return { ...Object.fromEntries(inherited), NO_COLOR: "1", MILLRACE_FSYNC: "NORMAL", TZ: "UTC", ...env };
  }

  /** The text with what differs from run to run replaced: this folder, ids, times, durations. */
  plain(text: string): string {
    return text
      .replaceAll(this.root, "ROOT")
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, "RUN")
      .replace(/\b(?=\d*[a-f])[0-9a-f]{12}\b|(?<=[Rr]un )[0-9a-f]{12}\b/g, "RUN_ID_12___")
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "DAY AND TIME")
      .replace(/\b\d+(\.\d)? (ms|s)\b/g, "TIME");
  }

  remove(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Events with each PUBLISH right behind the start of its attempt: log lines are stored after 50 ms, before or after it. */
export function inOrder<E extends { readonly type: string; readonly seq: number }>(events: readonly E[]): Omit<E, "seq">[] {
  const place = (event: E, index: number): number =>
    event.type === "PUBLISH" ? events.findIndex(({ type }) => type === "STEP_START") + 0.5 : index;
  return events
    .map((event, index) => ({ event, place: place(event, index) }))
    .sort((a, b) => a.place - b.place)
    .map(({ event: { seq: _, ...rest } }) => rest);
}

/** A JSON value with ids, times and hashes replaced by their kind; everything else as it is. */
export function normalized(value: unknown, root = ""): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, field: unknown) => {
      if (typeof field === "number" && /Ms$/.test(key)) return "ms";
      if (typeof field === "number" && /^(id|eventId)$/.test(key)) return "event";
      if (typeof field === "number" && key === "seq") return "place";
      if (typeof field === "string" && /^(runId|id|lastRunId|parentRunId|rootRunId)$/.test(key)) return "run";
      if (typeof field === "string" && /^(dataVersion|codeVersion|sourceVersion)$/.test(key) && /^[0-9a-f]{32,}$/.test(field))
        return "hash";
      return typeof field === "string" && root !== "" ? field.replaceAll(root, "ROOT") : field;
    }),
  );
}

/** A small shop: raw_orders → clean_orders (a blocking check) → report; `broken` fails and keeps `after` from running. */
export const SHOP = `
import { Asset, AssetCheck, AssetCheckResult, AssetContext, Definitions, Input, Own, Pipeline, ref } from "millrace";

type Order = { id: number; amount: number };

@Pipeline({ group: "sales" })
export class Shop {
  @Asset({ kinds: ["json"], description: "Orders as the shop gives them.", owners: ["team:sales"], tags: { env: "prod" }, codeVersion: "1" })
  rawOrders(context: AssetContext): Order[] {
    context.log.info("fetching", { page: 1 });
    console.log("2 orders");
    context.addOutputMetadata({ rows: 2 });
    return [{ id: 1, amount: 20 }, { id: 2, amount: -1 }];
  }
  @Asset()
  cleanOrders(@Own("rawOrders") orders: Order[]): Order[] {
    return orders.filter((order) => order.amount >= 0);
  }
  @AssetCheck({ asset: ref(Shop, "cleanOrders"), blocking: true })
  hasOrders(@Input(Shop, "cleanOrders") orders: Order[]): AssetCheckResult {
    return new AssetCheckResult({ passed: orders.length > 0, description: orders.length + " left" });
  }
}

@Pipeline({ group: "later" })
export class Later {
  @Asset()
  broken(@Input(Shop, "cleanOrders") orders: Order[]): number {
    if (process.env.MENDED === "yes") return orders.length;
    throw new Error("no column price");
  }
  @Asset()
  after(@Own("broken") count: number): number {
    return count;
  }
}

export default new Definitions({ pipelines: [Later, Shop] });
`;
