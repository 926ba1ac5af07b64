import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { openStore } from "../../../runtime/store/store-proxy";
import { dailyPartitions } from "../../../src/model/partitions/define-partitions";
import { IndexSet } from "../../../src/model/partitions/index-set";
import { layoutOf } from "../../../src/model/partitions/partition-layout";
import { openPartitions } from "../../../src/model/partitions/partition-space";

const repository = resolve(__dirname, "../../..");
const register = pathToFileURL(join(repository, "dist/runtime/entries/register.mjs")).href;
const ROUNDS = 40;

class Racer {
  readonly child: ChildProcess;
  readonly #said: AsyncIterator<string>;

  constructor(home: string) {
    this.child = spawn(process.execPath, ["--import", register, join(__dirname, "backfill-racer.ts"), home], {
      cwd: repository,
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#said = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  tell(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  async hear(): Promise<string> {
    return JSON.parse(((await this.#said.next()).value as string | undefined) ?? "null") as string;
  }
}

test("of two processes that resume one backfill at once one drives it, the other is told which; each partition runs once", async () => {
  const home = mkdtempSync(join(tmpdir(), "millrace-race-"));
  const racers = [new Racer(home), new Racer(home)];
  try {
    const pids = await Promise.all(racers.map((racer) => racer.hear()));
    const store = await openStore({ path: join(home, ".millrace", "millrace.db") });
    const layout = layoutOf(openPartitions(dailyPartitions({ start: "2024-01-01", end: "2024-01-03" }), { nowMs: Date.UTC(2025, 0, 1) }));
    const target = { assetKey: "orders", layout, indexes: IndexSet.range(0, 2) };
    const options = { selection: "orders", order: "oldest", maxConcurrentRuns: 4, plannedRuns: 2 };
    const ids = Array.from({ length: ROUNDS }, (_, round) => `fill-${round}`);
    const drove = new Set<string>();
    for (const id of ids) {
      await store.createBackfill({ id, tags: {}, createdAtMs: 1, asked: "orders", options, targets: [target] });
      const heard = racers.map(async (racer, index) => ({ index, text: await racer.hear() }));
      for (const racer of racers) racer.tell(`resume ${id}`);
      const refused = await Promise.race(heard); // what is driven goes on until it is released
      const driver = pids[1 - refused.index] ?? "";
      drove.add(driver);
      expect(refused.text).toBe(
        `Process ${driver} on ${hostname()} drives backfill ${id}, which is RUNNING.\n  → Let it go on (\`millrace backfill show ${id}\`), or stop it: \`millrace backfill pause ${id}\`.`,
      );
      for (const racer of racers) racer.tell("release");
      expect((await heard[1 - refused.index])?.text).toBe("SUCCESS");
    }
    expect(drove.size).toBe(2); // or it was no race
    const made = readFileSync(join(home, "made"), "utf8").split("\n").slice(0, -1).sort();
    expect(made).toEqual(ids.flatMap((id) => [`${id} 2024-01-01`, `${id} 2024-01-02`]).sort());
    await store.close();
  } finally {
    for (const { child } of racers) child.stdin?.end();
    for (const { child } of racers) if (child.exitCode === null) await once(child, "exit");
    rmSync(home, { recursive: true, force: true });
  }
}, 120_000);
