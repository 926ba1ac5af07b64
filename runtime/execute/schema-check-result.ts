import type { SchemaWatch } from "../../src/model/asset-spec.js";
import { AssetCheckResult } from "../../src/model/results.js";
import { columnChangeText } from "../../src/model/schema-change.js";
import type { SchemaComparison } from "./recorded-schemas.js";

/** What a check of the columns says. */
export function schemaCheckResult(
  check: string,
  { allowAdded, severity }: SchemaWatch,
  comparison: SchemaComparison | undefined,
): AssetCheckResult {
  if (comparison === undefined)
    return new AssetCheckResult({
      check,
      passed: false,
      severity,
      description: "The materialization tells no columns: declare `schema`, or keep the rows with an IO manager that records them.",
    });
  if (comparison === "first")
    return new AssetCheckResult({ check, passed: true, description: "The first materialization that tells its columns." });
  const changes = comparison.filter(({ change }) => !(allowAdded && change === "added"));
  if (changes.length === 0) return new AssetCheckResult({ check, passed: true });
  return new AssetCheckResult({
    check,
    passed: false,
    severity,
    description: `The columns changed. ${changes.map(columnChangeText).join("; ")}`,
  });
}
