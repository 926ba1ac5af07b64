import { randomInt } from "node:crypto";
import pc from "picocolors";
import { systemClock } from "../../../src/base/clock.js";
import { RequestError } from "../../../src/base/errors.js";
import { loadDefinitions } from "../../bootstrap/load-definitions.js";
import { EXIT } from "../exit-codes.js";
import { countOf } from "../format.js";
import { settingsFor } from "../project.js";
import type { CommonOptions } from "../program.js";
import { ScanError } from "../../scan/scan-error.js";
import { type TriedMapping, tryMappings } from "../../scan/try-mappings.js";

/** `millrace check` */
export async function check(options: CommonOptions & { readonly strict?: boolean; readonly seed?: string }): Promise<number> {
  const seed = options.seed === undefined ? randomInt(2 ** 31) : seedOf(options.seed);
  const settings = await settingsFor(options);
  try {
    const { resolved } = await loadDefinitions(settings, { completeResources: true });
    const { tried, problems } = tryMappings(resolved, { seed, nowMs: systemClock.nowMs() });
    if (problems.length > 0) throw new ScanError(problems);
    const { assets, checks, units, resources } = resolved.catalog;
    const mappings = tried.length > 0 ? { seed, mappings: tried } : {};
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: true, problems: [], warnings: resolved.warnings, ...mappings })}\n`);
    else {
      for (const warning of resolved.warnings) process.stdout.write(`${pc.yellow("warning")} ${warning}\n`);
      for (const mapping of tried) process.stdout.write(`${pc.green("✓")} ${lineOf(mapping, seed)}\n`);
      process.stdout.write(
        `${pc.green("✓")} ${countOf(assets.length, "asset")}, ${countOf(checks.length, "check")}, ${countOf(units.length, "computation")}, ${countOf(resources.length, "resource")}: no problem found.\n`,
      );
    }
    return options.strict && resolved.warnings.length > 0 ? EXIT.failed : EXIT.ok;
  } catch (error) {
    if (!(error instanceof ScanError)) throw error;
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: false, problems: error.problems })}\n`);
    else process.stderr.write(`${error.message}\n`);
    return EXIT.failed;
  }
}

function lineOf({ id, upstream, downstream, pairs }: TriedMapping, seed: number): string {
  const mapping = `mapping ${id} from ${upstream} to ${downstream}`;
  return pairs === 0 ? `${mapping}: no pair of partitions to try` : `${mapping}: tried on ${pairs} pairs of partitions, seed ${seed}`;
}

function seedOf(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new RequestError("CLI.SEED", `"${text}" is no seed.`, {
    fix: "Write the whole number that `millrace check` told, e.g. --seed 42.",
  });
}
