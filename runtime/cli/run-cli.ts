import { CommanderError } from "commander";
import pc from "picocolors";
import { InternalError, MillraceError } from "../../src/base/errors.js";
import { storedError } from "../execute/stored-error.js";
import { EXIT, exitCodeOf } from "./exit-codes.js";
import { errorText } from "./format.js";
import { buildProgram } from "./program.js";

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

/** Their cause is what user code threw; the cause of any other error says nothing that its message does not. */
const USER_CODE_THREW: readonly string[] = ["DEFINITION.MODULE_THREW", "CONFIG.NOT_LOADED"];

/** One error on standard error; with `--json` one value on standard output. Frames are told only of what user code threw, and of a fault of ours. */
function report(error: unknown, json: boolean): void {
  const { stack: _, cause, ...told } = storedError(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: cause === undefined ? told : { ...told, cause } })}\n`);
  else if (!(error instanceof MillraceError) || error instanceof InternalError)
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : errorText(storedError(error))}\n`);
  else {
    const frames = USER_CODE_THREW.includes(error.code) && cause?.code === undefined ? cause?.stack : undefined;
    process.stderr.write(`${pc.red(error.code)} ${error.message}\n${frames ? `${pc.dim(frames)}\n` : ""}`);
  }
}
