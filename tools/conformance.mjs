#!/usr/bin/env node
// `DIR [--suite NAME]... [--json]` judges the conformance tables of a folder with __tests__/conformance/run.ts and the built product (`millrace/model`).
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(join(root, "package.json"));
require("millrace/register");
const { main } = require(join(root, "__tests__/conformance/run.ts"));
process.exitCode = main(process.argv.slice(2));
