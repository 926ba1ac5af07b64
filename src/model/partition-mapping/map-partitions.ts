import { DefinitionError, InternalError } from "../../base/errors.js";
import { IndexSet } from "../partitions/index-set.js";
import { allOf, MultiSpace, type TimeSpace, type PartitionSpace } from "../partitions/partition-space.js";
import {
  dimensionNames,
  samePartitions,
  type MultiPartitions,
  type PartitionsDefinition,
  type SinglePartitions,
} from "../partitions/partitions-definition.js";
import type { BoundMapping } from "./bound-mapping.js";
import { CustomMapper } from "./custom-mapper.js";
import { DimensionMapper, type DimensionLink } from "./dimension-mapper.js";
import { ConstantMapper, IdentityMapper, StaticMapper } from "./key-mappers.js";
import type { PartitionMapper } from "./partition-mapper.js";
import type { PartitionMapping, TimeWindowMapping } from "./partition-mapping.js";
import { ShiftMapper } from "./shift-mapper.js";
import { LatestTimeWindowMapper, TimeWindowMapper } from "./time-window-mapper.js";

type Divided = PartitionsDefinition | null;

/** The mapping of a dependency that names none. */
export function defaultMapping(up: Divided, down: Divided): PartitionMapping {
  if (up === null || down === null) return { kind: "all" };
  if (up.kind === "time" && down.kind === "time") return { kind: "time-window" };
  if (up.kind === "multi" ? down.kind !== "multi" : down.kind === "multi") {
    const [multi, single] = up.kind === "multi" ? [up, down as SinglePartitions] : [down as MultiPartitions, up as SinglePartitions];
    if (fittingDimensions(multi, single).length > 0) return { kind: "multi-to-single" };
  }
  return { kind: "identity" };
}

/**
 * Looks whether a mapping fits two definitions.
 * @throws {@link DefinitionError} `DEFINITION.PARTITION_MAPPING` with what does not fit
 */
export function checkMapping(mapping: PartitionMapping, up: Divided, down: Divided): void {
  if (up === null) return;
  switch (mapping.kind) {
    case "all":
    case "last":
    case "specific":
    case "custom":
      return;
    case "identity":
      if (down !== null && !sameShape(up, down))
        throw misfit(`is identity, but ${described(up)} and ${described(down)} have no keys in common`);
      return;
    case "static":
      return checkStatic(mapping.map, up, down);
    case "time-window":
    case "latest-time-window":
      if (down === null) return;
      if (up.kind !== "time" || down.kind !== "time") throw misfit(`is of time windows, but joins ${described(up)} and ${described(down)}`);
      if (up.timezone !== down.timezone) throw misfit(`joins windows in ${up.timezone} and in ${down.timezone}`);
      if (mapping.kind === "time-window") checkOffsets(mapping);
      return;
    case "multi-to-single":
      if (down !== null) singleLink(mapping.dimension, up, down);
      return;
    case "multi":
      if (up.kind !== "multi" || down?.kind !== "multi") throw misfit("is of dimensions, which one of the two does not have");
      for (const [name, { dimension, mapping: inner }] of Object.entries(mapping.dimensions)) {
        const [upDimension, downDimension] = [dimensionOf(up, name, "upstream"), dimensionOf(down, dimension, "downstream")];
        if (inner.kind !== "identity") checkMapping(inner, upDimension, downDimension);
      }
  }
}

/**
 * Puts a mapping to work between the partitions that exist; `null`: that side is not divided, and its set is `{0}`.
 * @param mapping - absent: the default of the pair; one of an author's own comes with its code, by `bindMapping`
 */
export function partitionMapper(
  mapping: PartitionMapping | BoundMapping | undefined,
  up: PartitionSpace | null,
  down: PartitionSpace | null,
): PartitionMapper {
  const given = mapping ?? defaultMapping(up?.definition ?? null, down?.definition ?? null);
  if (up === null) return new ConstantMapper(down, IndexSet.range(0, 1));
  switch (given.kind) {
    case "last":
      return new ConstantMapper(down, up.size === 0 ? IndexSet.empty() : IndexSet.range(up.size - 1, up.size));
    case "specific": {
      const indexes = given.keys.map((key) => up.indexOf(key));
      const lost = given.keys.filter((_, at) => indexes[at] === undefined);
      return new ConstantMapper(down, IndexSet.ofNumbers(indexes.filter((index) => index !== undefined)), lost);
    }
    case "all":
      return new ConstantMapper(down, allOf(up));
    case "custom": {
      const { id, code } = given as Partial<Extract<BoundMapping, { kind: "custom" }>>;
      if (!code) throw new InternalError(`The mapping ${id} is mapped without its code.`);
      return down === null ? new ConstantMapper(down, allOf(up)) : new CustomMapper(code, up, down);
    }
    default:
      return down === null ? new ConstantMapper(down, allOf(up)) : pairMapper(given, up, down);
  }
}

type PairMapping = Exclude<PartitionMapping | BoundMapping, { kind: "last" | "specific" | "all" | "custom" }>;

function pairMapper(mapping: PairMapping, up: PartitionSpace, down: PartitionSpace): PartitionMapper {
  switch (mapping.kind) {
    case "identity":
      return new IdentityMapper(up, down);
    case "static":
      return new StaticMapper(mapping.map, up, down);
    case "time-window":
      if (samePartitions(up.definition, down.definition)) return new ShiftMapper(mapping, up as TimeSpace);
      return new TimeWindowMapper(mapping, up as TimeSpace, down as TimeSpace);
    case "latest-time-window":
      return new LatestTimeWindowMapper(up as TimeSpace, down as TimeSpace);
    case "multi-to-single": {
      const { at, inner } = singleLink(mapping.dimension, up.definition, down.definition);
      const [upAt, downAt] = up instanceof MultiSpace ? [at, 0] : [0, at];
      const spaces = [
        up instanceof MultiSpace ? up.dimensions[at]?.space : up,
        down instanceof MultiSpace ? down.dimensions[at]?.space : down,
      ];
      return new DimensionMapper(up, down, [
        { up: upAt, down: downAt, mapper: partitionMapper(inner, spaces[0] ?? null, spaces[1] ?? null) },
      ]);
    }
    case "multi":
      return new DimensionMapper(up, down, links(mapping, up as MultiSpace, down as MultiSpace));
  }
}

function links(mapping: Extract<PairMapping, { kind: "multi" }>, up: MultiSpace, down: MultiSpace): DimensionLink[] {
  return Object.entries(mapping.dimensions).map(([name, { dimension, mapping: inner }]) => {
    const [upAt, downAt] = [
      up.dimensions.findIndex((each) => each.name === name),
      down.dimensions.findIndex((each) => each.name === dimension),
    ];
    return {
      up: upAt,
      down: downAt,
      mapper: partitionMapper(inner, up.dimensions[upAt]?.space ?? null, down.dimensions[downAt]?.space ?? null),
    };
  });
}

/**
 * Which dimension of the divided side the other side follows, and how.
 * @throws {@link DefinitionError} `DEFINITION.PARTITION_MAPPING` where none does, or several may
 */
export function singleLink(
  name: string | undefined,
  up: PartitionsDefinition,
  down: PartitionsDefinition,
): { at: number; dimension: string; inner: PartitionMapping } {
  if ((up.kind === "multi") === (down.kind === "multi")) throw misfit("needs several dimensions on one side and one on the other");
  const [multi, single] = up.kind === "multi" ? [up, down as SinglePartitions] : [down as MultiPartitions, up as SinglePartitions];
  const fitting = fittingDimensions(multi, single);
  const names = dimensionNames(multi);
  if (name !== undefined && !names.includes(name)) throw misfit(`names the dimension "${name}"; there are ${names.join(", ")}`);
  if (fitting.length === 0) throw misfit(`finds none of the dimensions ${names.join(", ")} divided like ${described(single)}`);
  if (name === undefined && fitting.length > 1) throw misfit(`may mean ${fitting.join(" or ")}: name the dimension`);
  const chosen = name ?? fitting[0] ?? "";
  const dimension = multi.dimensions[chosen] as SinglePartitions;
  if (!fitting.includes(chosen)) throw misfit(`names the dimension "${chosen}", which is not divided like ${described(single)}`);
  return {
    at: names.indexOf(chosen),
    dimension: chosen,
    inner: samePartitions(dimension, single) ? { kind: "identity" } : { kind: "time-window" },
  };
}

/** The dimensions divided like the single definition; if none is, those of time for windows of time. */
function fittingDimensions(multi: MultiPartitions, single: SinglePartitions): string[] {
  const names = dimensionNames(multi);
  const same = names.filter((name) => samePartitions(multi.dimensions[name] as SinglePartitions, single));
  if (same.length > 0 || single.kind !== "time") return same;
  return names.filter((name) => multi.dimensions[name]?.kind === "time");
}

function checkStatic(map: Readonly<Record<string, string | readonly string[]>>, up: PartitionsDefinition, down: Divided): void {
  if (up.kind !== "static" || down?.kind !== "static")
    throw misfit("lists keys, which only static partitions on both sides have for certain");
  for (const [upKey, downKeys] of Object.entries(map)) {
    if (!up.keys.includes(upKey)) throw misfit(`names the upstream partition "${upKey}", which does not exist`);
    const lost = (typeof downKeys === "string" ? [downKeys] : downKeys).find((key) => !down.keys.includes(key));
    if (lost !== undefined) throw misfit(`names the downstream partition "${lost}", which does not exist`);
  }
}

/** Windows of another rhythm have other keys, or the same keys for other windows. */
function sameShape(up: PartitionsDefinition, down: PartitionsDefinition): boolean {
  return up.kind === "time" && down.kind === "time" ? rhythm(up.cron) === rhythm(down.cron) : up.kind === down.kind;
}

/** Which fields of a cron expression are one number each: hourly, daily, weekly, monthly, … or none of these. */
function rhythm(cron: string): string {
  const fields = cron.split(" ").map((field) => (field === "*" ? "*" : /^\d+$/.test(field) ? "1" : "…"));
  return fields.includes("…") ? "…" : fields.join(" ");
}

function checkOffsets({ startOffset = 0, endOffset = 0 }: TimeWindowMapping): void {
  if (startOffset > endOffset) throw misfit(`starts after it ends: startOffset is ${startOffset}, endOffset ${endOffset}`);
}

function dimensionOf(definition: MultiPartitions, name: string, side: string): SinglePartitions {
  const dimension = definition.dimensions[name];
  if (dimension) return dimension;
  throw misfit(`names the ${side} dimension "${name}"; there are ${dimensionNames(definition).join(", ")}`);
}

function described(definition: PartitionsDefinition): string {
  switch (definition.kind) {
    case "time":
      return `windows of "${definition.cron}"`;
    case "static":
      return `${definition.keys.length} static keys`;
    case "dynamic":
      return `the dynamic keys "${definition.name}"`;
    case "multi":
      return `the dimensions ${dimensionNames(definition).join(", ")}`;
  }
}

function misfit(what: string): DefinitionError {
  return new DefinitionError("DEFINITION.PARTITION_MAPPING", `The partition mapping ${what}.`, {
    fix: "Give the dependency another `mapping`, or the assets partitions that fit.",
  });
}
