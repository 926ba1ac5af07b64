import { Command } from "commander";
import { systemClock } from "../../src/base/clock.js";
import { VERSION } from "../bootstrap/version.js";
import type { RunsFlags } from "./commands/runs.js";
import type { BackfillFlags } from "./commands/backfill.js";
import type { MaterializeFlags } from "./commands/materialize.js";
import { COMMAND_HELP, MAIN_HELP } from "./help-texts.js";

/** Options that every command takes. */
export interface CommonOptions {
  readonly file?: string;
  readonly json?: boolean;
}

const FILE = "the definitions module; default: what millrace.config.ts says";

/**
 * The command line as commander reads it; `exit` hears the code that a command ends with.
 * @remarks A command is loaded when it is called, by `require`: `import()` takes 10 ms to start Node's other loader.
 */
export function buildProgram(exit: (code: number) => void): Command {
  const program = new Command("millrace");
  program
    .description("Assets, checks and runs of a TypeScript data project.")
    .version(VERSION, "-V, --version", "the version of Millrace")
    .helpOption("-h, --help", "help; also for one command: millrace materialize --help")
    .helpCommand(false)
    .addHelpText("after", MAIN_HELP)
    .configureHelp({
      subcommandTerm: (command) => `${command.name()} ${command.usage().replace("[options] ", "").replace("[options]", "")}`.trim(),
    })
    .exitOverride()
    .showHelpAfterError("(millrace --help tells what can be written here)");
  const command = (line: string, description: string, file = "-f, --file <path>"): Command => {
    const made = program.command(line).description(description);
    return made
      .option(file, FILE)
      .option("--json", made.name() === "logs" ? "one JSON value a line on standard output" : "one JSON value on standard output")
      .addHelpText("after", COMMAND_HELP[made.name()] ?? "")
      .exitOverride();
  };
  addAssetCommands(command, exit);
  addPartitionCommands(command, exit);
  addRunCommands(command, exit);
  addStoreCommands(command, exit);
  return program;
}

type AddCommand = (line: string, description: string, file?: string) => Command;

function addAssetCommands(command: AddCommand, exit: (code: number) => void): void {
  command("materialize [selection]", "run what makes the selected assets, in this process")
    .option("--config <file>", "run configuration: a YAML or JSON file, or JSON in place")
    .option("--tag <key=value...>", "tags of the run")
    .option("--job <name>", "what the job selects, with its tags and configuration; in place of a selection")
    .option("--missing", "of divided assets only the partitions that are missing, in as many runs as it takes")
    .option("--failed", "of divided assets only the partitions that failed")
    .option("--stale", "only what is stale or missing; what would come out the same is reused")
    .option("--force", "with --stale: reuse nothing")
    .option("--partition <key>", "the partition to make of each divided asset")
    .option("--partitions <first...last>", "several partitions in one run: a range, or keys and ranges with commas")
    .action(async (selection: string | undefined, options: CommonOptions & MaterializeFlags) =>
      exit(await (require("./commands/materialize.js") as typeof import("./commands/materialize.js")).materialize(selection, options)),
    );
  command("list [selection]", "the assets, parents first, with their last materialization")
    .option("--stale", "only what is stale or missing, and why")
    .action(async (selection: string | undefined, options: CommonOptions & { stale?: boolean }) =>
      exit(await (require("./commands/list.js") as typeof import("./commands/list.js")).list(selection, options)),
    );
  command("show <key>", "one asset: what it is, what it needs, what became of it").action(async (key: string, options: CommonOptions) =>
    exit(await (require("./commands/show.js") as typeof import("./commands/show.js")).show(key, options)),
  );
  command("jobs", "the jobs, with what each of them runs").action(async (options: CommonOptions) =>
    exit(await (require("./commands/jobs.js") as typeof import("./commands/jobs.js")).jobs(options)),
  );
  command("check", "every problem of the definitions at once")
    .option("--strict", "warnings fail too")
    .option("--seed <n>", "try mappings of your own on the same pairs of partitions again")
    .action(async (options: CommonOptions & { strict?: boolean; seed?: string }) =>
      exit(await (require("./commands/check.js") as typeof import("./commands/check.js")).check(options)),
    );
}

function addPartitionCommands(command: AddCommand, exit: (code: number) => void): void {
  command(
    "backfill <selection> [id]",
    "make many partitions in as many runs as it takes; also: list, show, cancel, pause, resume, retry ID",
  )
    .option("--partitions <first...last>", "of the first of the assets; the others follow")
    .option("--missing", "only those that are missing")
    .option("--failed", "only those that failed")
    .option("--stale", "only those that are stale or missing; what would come out the same is reused")
    .option("--force", "with --stale: reuse nothing")
    .option("--order <order>", "oldest or newest first")
    .option("--max-concurrent <n>", "runs at once")
    .option("--stop-after <n>", "ask for no more runs after so many failed: 5, or 10% of all")
    .option("--dry-run", "only tell what it would do")
    .option("--config <file>", "run configuration of each of its runs; of resume and retry: the same again, where it held secrets")
    .option("--reason <text>", "why, to be kept with it")
    .option("--tag <key=value...>", "tags of its runs")
    .option("--limit <n>", "of list: at most so many", "20")
    .action(async (what: string, id: string | undefined, options: CommonOptions & BackfillFlags & { limit: string }) =>
      exit(await (require("./commands/backfill.js") as typeof import("./commands/backfill.js")).backfill(what, id, options)),
    );
  command("partitions <key>", "the partitions of an asset: how many are made, which are missing").action(
    async (key: string, options: CommonOptions) =>
      exit(
        await (require("./commands/partitions.js") as typeof import("./commands/partitions.js")).partitions(key, {
          ...options,
          nowMs: systemClock.nowMs(),
        }),
      ),
  );
  command("dynamic <name> [keys...]", "the keys of dynamic partitions")
    .option("--add", "add these keys")
    .option("--delete", "delete these keys; what was made of them stays")
    .action(async (name: string, keys: string[], options: CommonOptions & { add?: boolean; delete?: boolean }) =>
      exit(await (require("./commands/dynamic.js") as typeof import("./commands/dynamic.js")).dynamic(name, keys, options)),
    );
  command("wipe <key>", "forget what is known of an asset: it is missing until it is made again")
    .option("--partitions <keys>", "only these: a key, first...last, or several of these with commas")
    .option("--reason <text>", "why; kept with the event that tells of it")
    .option("--yes", "do not ask")
    .action(async (key: string, options: CommonOptions & { partitions?: string; reason?: string; yes?: boolean }) =>
      exit(
        await (require("./commands/wipe.js") as typeof import("./commands/wipe.js")).wipe(key, { ...options, nowMs: systemClock.nowMs() }),
      ),
    );
}

function addRunCommands(command: AddCommand, exit: (code: number) => void): void {
  command("runs [id]", "the latest runs, or one run with its steps")
    .option("--status <status>", "only runs in this state")
    .option("--tag <key=value>", "only runs with this tag")
    .option("--since <time>", "only runs created since: 2026-01-31, 2026-01-31T12:00:00Z, or how long ago: 12h, 7d")
    .option("--until <time>", "only runs created before")
    .option("--limit <n>", "at most so many", "20")
    .action(async (id: string | undefined, options: CommonOptions & RunsFlags) =>
      exit(await (require("./commands/runs.js") as typeof import("./commands/runs.js")).runs(id, options)),
    );
  command("logs <id>", "the events of a run", "--file <path>")
    .option("-f, --follow", "go on until the run ends")
    .action(async (id: string, options: CommonOptions & { follow?: boolean }) =>
      exit(await (require("./commands/logs.js") as typeof import("./commands/logs.js")).logs(id, options)),
    );
  command("retry <id>", "run again what did not succeed in a run")
    .option("--config <file>", "run configuration in place of the run's own")
    .action(async (id: string, options: CommonOptions & { config?: string }) =>
      exit(await (require("./commands/retry.js") as typeof import("./commands/retry.js")).retry(id, options)),
    );
  command("cancel <id>", "ask a run to stop, whichever process runs it").action(async (id: string, options: CommonOptions) =>
    exit(await (require("./commands/cancel.js") as typeof import("./commands/cancel.js")).cancel(id, options)),
  );
  command("status", "store, versions, runs by state, what runs now").action(async (options: CommonOptions) =>
    exit(await (require("./commands/status.js") as typeof import("./commands/status.js")).status(options)),
  );
}

function addStoreCommands(command: AddCommand, exit: (code: number) => void): void {
  command("migrate", "bring the store's schema up to this version")
    .option("--dry-run", "print the SQL and change nothing")
    .action(async (options: CommonOptions & { dryRun?: boolean }) =>
      exit(await (require("./commands/migrate.js") as typeof import("./commands/migrate.js")).migrate(options)),
    );
  command("store <copy>", "copy the store from its file into a Postgres database")
    .requiredOption("--to <url>", "the database: postgres://USER:PASSWORD@HOST:PORT/DATABASE")
    .option("--replace", "forget what the database holds already")
    .action(async (what: string, options: CommonOptions & { to: string; replace?: boolean }) =>
      exit(await (require("./commands/store-copy.js") as typeof import("./commands/store-copy.js")).storeCopy(what, options)),
    );
}
