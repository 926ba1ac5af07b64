#!/usr/bin/env node
import { EXIT } from "./exit-codes.js";
import { keepCompiledCode } from "../load/code-cache.js";

// Stands when the event loop runs empty before the command has ended, which no command may let happen.
process.exitCode = EXIT.internal;
// Whoever reads may go first (`millrace logs last | head`); the command goes on without a reader.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

keepCompiledCode(process.cwd());
const { runCli } = require("./run-cli.js") as typeof import("./run-cli.js"); // after it, so that its modules are kept, too

runCli(process.argv.slice(2)).then(leave, (error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  leave(EXIT.internal);
});

/** Ends the process when all is written, whatever user code has left open: a timer, a socket, a step that ignored its abort. */
function leave(code: number): void {
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}
