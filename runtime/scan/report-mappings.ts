import { DefinitionError } from "../../src/base/errors.js";
import type { DependencySpec } from "../../src/model/asset-spec.js";
import { checkMapping, defaultMapping } from "../../src/model/partition-mapping/map-partitions.js";
import { mapsToSeveral } from "../../src/model/partition-mapping/maps-to-several.js";
import { leadsAway } from "../../src/model/partition-mapping/leads-away.js";
import type { PartitionsDefinition } from "../../src/model/partitions/partitions-definition.js";
import type { ParameterBinding } from "./bindings.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { siteOf } from "./declared-at.js";

type Divided = PartitionsDefinition | null;
type Input = Extract<ParameterBinding, { kind: "input" }>;

/** One side that needs an upstream: an asset, or a check by its id. */
interface Downstream {
  readonly name: string;
  /** Tells where it is declared. */
  readonly row: object;
  readonly partitions: Divided;
}

/** Reports every dependency whose partitions do not fit, and every input that takes one partition where several are needed, or the reverse. */
export function reportMappings(draft: CatalogDraft): void {
  const misfits = new Set<string>();
  for (const row of draft.assets.values())
    for (const dep of row.deps)
      if (!fits({ name: row.key, row, partitions: row.partitions }, dep, draft)) misfits.add(`${row.key}\n${dep.key}`);
  for (const row of draft.checks.values()) {
    const { asset, name, deps } = row;
    const partitions = draft.assets.get(asset)?.partitions ?? null;
    for (const dep of deps)
      if (!fits({ name: `${asset}#${name}`, row, partitions }, dep, draft)) misfits.add(`${asset}#${name}\n${dep.key}`);
  }
  for (const unit of draft.units) {
    const code = draft.bindings.get(unit.id)?.code;
    const name = unit.assets[0] ?? unit.checks[0];
    if (code?.kind !== "method" || name === undefined) continue;
    const partitions = draft.assets.get(unit.assets[0] ?? draft.checks.get(name)?.asset ?? "")?.partitions ?? null;
    for (const parameter of code.parameters)
      if (parameter.kind === "input" && (misfits.size === 0 || !misfits.has(`${name}\n${parameter.key}`)))
        reportForm({ name, row: unit, partitions }, parameter, draft);
  }
}

/** Whether the mapping of a dependency fits both sides; if not, that is reported. */
function fits(downstream: Downstream, { key, mapping }: DependencySpec, draft: CatalogDraft): boolean {
  const upstream = draft.assets.get(key);
  if (!upstream) return false;
  if (key === downstream.name && mapping === undefined) return false; // a circle, reported as one
  const site = siteOf(downstream.row);
  if (mapping !== undefined && upstream.partitions === null) {
    draft.report({
      code: "DEFINITION.PARTITION_MAPPING",
      message: `"${downstream.name}" names a mapping of the partitions of "${key}", which has none.`,
      site,
      fix: `Take the mapping out, or give "${key}" partitions.`,
    });
    return false;
  }
  try {
    checkMapping(mapping ?? defaultMapping(upstream.partitions, downstream.partitions), upstream.partitions, downstream.partitions);
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    const [what = ""] = error.message.split("\n");
    draft.report({
      code: error.code,
      message: `"${downstream.name}" needs "${key}", but their partitions do not fit. ${mapping ? what : what.replace("mapping", "mapping that holds when none is given")}`,
      site,
      fix: error.fix ?? "",
    });
    return false;
  }
  if (key === downstream.name && mapping && !leadsAway(mapping)) {
    draft.report({
      code: "DEFINITION.SELF_DEPENDENCY",
      message: `"${key}" needs itself by a mapping that leads a partition to itself.`,
      site,
      fix: "Map to earlier partitions, e.g. `mapping: offset(-1)`, with `optional: true` for the first.",
    });
    return false;
  }
  return true;
}

function reportForm({ name, row, partitions }: Downstream, { key, partitions: several, mapping }: Input, draft: CatalogDraft): void {
  const upstream: Divided | undefined = draft.assets.get(key)?.partitions;
  if (upstream === undefined) return;
  const site = siteOf(row);
  if (upstream === null && several) {
    draft.report({
      code: "DEFINITION.NOT_DIVIDED",
      message: `"${name}" takes the partitions of "${key}", which has none.`,
      site,
      fix: `Take its value with @Input, or give "${key}" partitions.`,
    });
  }
  if (upstream === null || several) return;
  if (!mapsToSeveral(mapping ?? defaultMapping(upstream, partitions), upstream, partitions)) return;
  draft.report({
    code: "DEFINITION.SEVERAL_PARTITIONS",
    message: `"${name}" takes "${key}" as one value, but ${partitions === null ? "is not divided and needs" : "each of its partitions needs"} several partitions of it.`,
    site,
    fix: "Take them with @InputPartitions as Partitions<…>, or name the one by a mapping, e.g. @Input(…, { mapping: lastPartition() }).",
  });
}
