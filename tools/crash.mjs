#!/usr/bin/env node
// Kills processes at every statement that writes, and writes what came of it into docs/reliability.md.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const jest = join(root, "node_modules/jest/bin/jest.js");
const env = { ...process.env, CRASH_FIGURES: "write" };
const { status } = spawnSync(process.execPath, [jest, "__tests__/crash", ...process.argv.slice(2)], { cwd: root, stdio: "inherit", env });
process.exitCode = status ?? 1;
