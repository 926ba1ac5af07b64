#!/usr/bin/env node
// Everything that can be said about the code without running it. All steps run; one summary; exit code 1 when any failed.
// `node tools/check.mjs types lint` runs only the steps named.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { typescript7 } from "./typescript-7.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const steps = [
  ["types", [typescript7(root), "-p", "tsconfig.json", "--noEmit"]],
  ["lint", ["node_modules/eslint/bin/eslint.js", "--max-warnings", "0", "."]],
  ["format", ["node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."]],
  ["architecture", ["node_modules/jest/bin/jest.js", "__tests__/architecture"]],
  ["docs/errors.md", ["tools/errors.mjs", "--check"]],
];
if (existsSync(join(root, "tools/schema.mjs"))) steps.push(["docs/schema.sql", ["tools/schema.mjs", "--check"]]);

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !steps.some(([step]) => step === name));
if (unknown.length > 0) {
  console.error(`Unknown step: ${unknown.join(", ")}. Steps: ${steps.map(([name]) => name).join(", ")}.`);
  process.exit(2);
}

const outcomes = [];
for (const [name, args] of steps) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const startMs = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  outcomes.push({ name, ok: status === 0, seconds });
  if (status !== 0) console.log(`── ${name} ──\n${`${stdout}${stderr}`.trim()}\n`);
}
for (const { name, ok, seconds } of outcomes) console.log(`${ok ? "ok    " : "FAILED"}  ${name} (${seconds} s)`);
const failed = outcomes.filter(({ ok }) => !ok).length;
console.log(failed === 0 ? `All ${outcomes.length} checks passed.` : `${failed} of ${outcomes.length} checks failed.`);
process.exitCode = failed === 0 ? 0 : 1;
