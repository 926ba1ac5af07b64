import { Command, CommanderError } from "commander";
import pc from "picocolors";
import { MillraceError } from "../../src/base/errors.js";
import { storedError } from "../execute/stored-error.js";
import { EXIT, exitCodeOf } from "./exit-codes.js";
import { errorText } from "./format.js";

/** Options that every command takes. */
export interface CommonOptions {
  readonly file?: string;
  readonly json?: boolean;
}

const EPILOGUE = `
Examples:
  millrace materialize                     everything
  millrace materialize orders+             orders and all that is made from it
  millrace materialize "group:marts and not kind:dbt"
  millrace check                           problems of the definitions, all at once
  millrace show orders                     one asset: lineage, last materialization, checks
  millrace runs                            the latest runs; \`millrace logs ID\` for one

Exit codes: 0 done · 1 a run failed or check found problems · 2 wrong command line, selection or id ·
3 definitions · 4 configuration · 5 store · 70 a bug in Millrace · 130 canceled`;

/** Runs one command line and resolves to the exit code. */
export async function runCli(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const program = buildProgram((exit) => (code = exit));
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    report(error, argv.includes("--json"));
    return exitCodeOf(error);
  }
}

function report(error: unknown, json: boolean): void {
  const stored = storedError(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: stored })}\n`);
  else if (error instanceof MillraceError) {
    const cause = error.cause === undefined ? "" : `\n\n${errorText(storedError(error.cause))}`;
    process.stderr.write(`${pc.red(error.code)} ${error.message}${cause}\n`);
  } else process.stderr.write(`${errorText(stored, 12)}\n`);
}

function buildProgram(exit: (code: number) => void): Command {
  const program = new Command("millrace");
  program
    .description("Assets, checks and runs of a TypeScript data project.")
    .helpOption("-h, --help", "help for a command")
    .addHelpText("after", EPILOGUE)
    .exitOverride()
    .showHelpAfterError("(add --help for what can be written here)");
  const command = (line: string, description: string): Command =>
    program
      .command(line)
      .description(description)
      .option("-f, --file <path>", "the definitions module; default: what millrace.config.ts says")
      .option("--json", "one JSON value on standard output")
      .exitOverride();

  command("materialize [selection]", "run what makes the selected assets, in this process")
    .option("--config <file>", "run configuration: a YAML or JSON file, or JSON in place")
    .option("--tag <key=value...>", "tags of the run")
    .action(async (selection: string | undefined, options: CommonOptions & { config?: string; tag?: string[] }) =>
      exit(await (await import("./commands/materialize.js")).materialize(selection, options)),
    );
  command("list [selection]", "the assets, with group, kinds and last materialization").action(
    async (selection: string | undefined, options: CommonOptions) =>
      exit(await (await import("./commands/list.js")).list(selection, options)),
  );
  command("show <key>", "one asset: what it is, what it needs, what became of it").action(async (key: string, options: CommonOptions) =>
    exit(await (await import("./commands/show.js")).show(key, options)),
  );
  command("check", "every problem of the definitions at once")
    .option("--strict", "warnings fail too")
    .action(async (options: CommonOptions & { strict?: boolean }) => exit(await (await import("./commands/check.js")).check(options)));
  command("runs [id]", "the latest runs, or one run with its steps")
    .option("--status <status>", "only runs in this state")
    .option("--limit <n>", "at most so many", "20")
    .action(async (id: string | undefined, options: CommonOptions & { status?: string; limit: string }) =>
      exit(await (await import("./commands/runs.js")).runs(id, options)),
    );
  command("logs <id>", "the events of a run")
    .option("-w, --follow", "go on until the run ends")
    .action(async (id: string, options: CommonOptions & { follow?: boolean }) =>
      exit(await (await import("./commands/logs.js")).logs(id, options)),
    );
  command("retry <id>", "run again what did not succeed in a run")
    .option("--config <file>", "run configuration in place of the run's own")
    .action(async (id: string, options: CommonOptions & { config?: string }) =>
      exit(await (await import("./commands/retry.js")).retry(id, options)),
    );
  command("cancel <id>", "ask a run to stop, whichever process runs it").action(async (id: string, options: CommonOptions) =>
    exit(await (await import("./commands/cancel.js")).cancel(id, options)),
  );
  command("status", "store, versions, runs by state, what runs now").action(async (options: CommonOptions) =>
    exit(await (await import("./commands/status.js")).status(options)),
  );
  return program;
}
