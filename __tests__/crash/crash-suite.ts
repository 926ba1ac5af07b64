import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { sqliteDialect } from "../../src/storage/sql/sqlite-dialect";
import { compileStatements } from "../../src/storage/sql/statements";

const repository = resolve(__dirname, "../..");
const register = pathToFileURL(join(repository, "dist/runtime/entries/register.mjs")).href;

/** Where a process is killed: right before or right after the nth time that it does this. */
export interface KillPoint {
  readonly label: string;
  readonly nth: number;
  readonly side: "before" | "after";
}

/** Where lives are lived: what kind of store, and how a process that uses it is killed. */
export interface Place {
  /** The store's statements by name, as its driver gets them. */
  readonly statements: Readonly<Record<string, string>>;
  /** Preloaded into the process that is killed. */
  readonly killSwitch: string;
  /** The moments worth a kill, of all that a whole life has reached. */
  points(hits: readonly string[]): KillPoint[];
  /** A folder for one life of the scenario's store. */
  newHome(): Promise<string>;
  forget(home: string): Promise<void>;
}

/** Stores that are files. */
export const FILES: Place = {
  statements: compileStatements(sqliteDialect),
  killSwitch: "kill-switch.cjs",
  points: killPoints,
  newHome: () => Promise.resolve(newFolder()),
  forget: (home) => Promise.resolve(rmSync(home, { recursive: true, force: true })),
};

export function newFolder(): string {
  return mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "millrace-crash-"));
}

/** Where the system has such a folder: a kill takes nothing from the page cache, so a disk would only cost time. */
const MEMORY = "/dev/shm";

/** Runs the scenario in a process of its own; how it ended, and what it did if that was asked for. */
export async function live(home: string, place: Place, point?: KillPoint, scenario = "scenario.ts"): Promise<Life> {
  const texts = join(home, "statements.json");
  const hits = join(home, "hits");
  writeFileSync(texts, JSON.stringify(Object.fromEntries(Object.entries(place.statements).map(([name, sql]) => [sql, name]))));
  const child = spawn(process.execPath, ["--import", register, join(__dirname, scenario), home], {
    cwd: repository,
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      NODE_OPTIONS: `--require ${join(__dirname, place.killSwitch)}`,
      CRASH_STATEMENTS: texts,
      ...(point ? { CRASH_AT: `${point.label}|${point.nth}|${point.side}` } : { CRASH_HITS: hits }),
    },
  });
  let errors = "";
  child.stderr.on("data", (text: Buffer) => (errors += text.toString()));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done) => child.on("close", (...end) => done(end)));
  return { code, signal, errors, hits: point ? [] : readFileSync(hits, "utf8").split("\n").slice(0, -1) };
}

export interface Life {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
  /** Labels in the order in which they were reached. */
  readonly hits: readonly string[];
}

/** Names of the statements that write. */
export function writingStatements(statements: Readonly<Record<string, string>>): string[] {
  return Object.keys(statements).filter((name) => /^(insert|update|delete|replace)\b/i.test(statements[name] ?? ""));
}

/** Of these names, those that no life ever reached. */
export function neverHit(names: readonly string[], hits: readonly string[]): string[] {
  const reached = new Set(hits.map((label) => label.split(" ")[0]));
  return names.filter((name) => !reached.has(name));
}

/** Before the first and after the last time of each thing that was reached; at a commit both at both. */
export function killPoints(hits: readonly string[]): KillPoint[] {
  const times = new Map<string, number>();
  for (const label of hits) if (!label.startsWith("commit with ")) times.set(label, (times.get(label) ?? 0) + 1);
  return [...times].flatMap(([label, last]): KillPoint[] => {
    const points: KillPoint[] = [{ label, nth: 1, side: "before" }, { label, nth: last, side: "after" }]; // prettier-ignore
    if (!label.startsWith("commit") || last === 1) return points;
    return [...points, { label, nth: 1, side: "after" }, { label, nth: last, side: "before" }];
  });
}

/**
 * This point and what stands for it in a life that does not reach it: how often something happens, and which statement is the last before a
 * commit, may differ by how the store's thread groups; the first time comes always, and so does a commit with the statement.
 */
export function standIns(point: KillPoint): readonly KillPoint[] {
  return [point, { ...point, nth: 1 }, { ...point, label: point.label.replace(/^commit after /, "commit with "), nth: 1 }];
}

/** Does this for each, as many at once as there are cores. */
export async function each<T, R>(items: readonly T[], body: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items.map((item, index) => ({ item, index }));
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (let next = left.shift(); next; next = left.shift()) results[next.index] = await body(next.item);
  });
  await Promise.all(workers);
  return results;
}
