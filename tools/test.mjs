#!/usr/bin/env node
// Runs jest with the arguments given. Last line: `N passed, N failed, N skipped`. In CI a skipped test is a failure.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = mkdtempSync(join(tmpdir(), "millrace-test-"));
const file = join(folder, "results.json");
const jest = join(root, "node_modules/jest/bin/jest.js");
// jest prints its report on stderr; --json would print the results on stdout as well, hence "ignore".
const { status, signal } = spawnSync(process.execPath, [jest, "--json", `--outputFile=${file}`, ...process.argv.slice(2)], {
  cwd: root,
  stdio: ["inherit", "ignore", "inherit"],
});
const results = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
rmSync(folder, { recursive: true, force: true });

// A suite that cannot be loaded has no tests to count, but it is a failure all the same.
const unloadable = results?.numRuntimeErrorTestSuites ?? 0;
const passed = results?.numPassedTests ?? 0;
const failed = results === undefined ? 1 : results.numFailedTests + unloadable;
const skipped = results === undefined ? 0 : results.numPendingTests + results.numTodoTests;
const inCi = Boolean(process.env.CI) && process.env.CI !== "false";

if (signal) console.error(`jest was ended by ${signal}.`);
if (unloadable > 0) console.error(`${unloadable} test files could not be loaded; each counts as failed.`);
if (passed + failed === 0) console.error("No test ran.");
if (inCi && skipped > 0) console.error("Skipped tests count as failures in CI.");
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = status !== 0 || failed > 0 || passed === 0 || (inCi && skipped > 0) ? 1 : 0;
