import { createHash } from "node:crypto";
import { canonicalJson } from "../../src/base/canonical-json.js";
import type { InputVersion } from "../../src/model/event.js";

/**
 * The data version of a materialization whose method gave none: a hash of the asset's code version and of its inputs' data versions.
 * Without a code version the run stands in for it, so that every run yields a new version.
 */
export function derivedDataVersion(codeVersion: string | undefined, runId: string, inputs: readonly InputVersion[]): string {
  const versions = Object.fromEntries(inputs.map((input) => [nameOf(input), input.dataVersion ?? null]));
  return createHash("sha256")
    .update(canonicalJson({ code: codeVersion ?? `run:${runId}`, inputs: versions }))
    .digest("hex")
    .slice(0, 32);
}

function nameOf({ key, partition }: InputVersion): string {
  return partition === undefined ? key : `${key}\n${partition}`;
}
