import pc from "picocolors";
import { loadDefinitions } from "../../bootstrap/load-definitions.js";
import { EXIT } from "../exit-codes.js";
import { countOf } from "../format.js";
import { settingsFor } from "../project.js";
import type { CommonOptions } from "../program.js";
import { ScanError } from "../../scan/scan-error.js";

/** `millrace check` */
export async function check(options: CommonOptions & { readonly strict?: boolean }): Promise<number> {
  const settings = await settingsFor(options);
  try {
    const { resolved } = await loadDefinitions(settings, { completeResources: true });
    const { assets, checks, units, resources } = resolved.catalog;
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: true, problems: [], warnings: resolved.warnings })}\n`);
    else {
      for (const warning of resolved.warnings) process.stdout.write(`${pc.yellow("warning")} ${warning}\n`);
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
