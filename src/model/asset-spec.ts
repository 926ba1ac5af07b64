import type { Json } from "../base/canonical-json.js";
import type { BackfillPolicy } from "./backfill-policy.js";
import type { MetadataValue } from "./metadata-value.js";
import type { PartitionMapping } from "./partition-mapping/partition-mapping.js";
import type { PartitionsDefinition } from "./partitions/partitions-definition.js";
import type { RetryPolicy } from "./retry-policy.js";
import type { RowSchema } from "./row-schema.js";

/** Path segments joined by `/`, e.g. `sales/daily_orders`. The identity of an asset and of all its history. */
export type AssetKey = string;

/** When a dependency lets its downstream start: upstream succeeded (the default), failed, or merely ended. */
export type EdgeWhen = "success" | "always" | "failure";

/** One edge of the asset graph, seen from the downstream. */
export interface DependencySpec {
  readonly key: AssetKey;
  /** `load`: the value is handed to the method. `order`: only the order holds. */
  readonly kind: "load" | "order";
  readonly when: EdgeWhen;
  /** Which of the upstream's partitions each of this asset's needs; absent: the default of the two definitions. */
  readonly mapping?: PartitionMapping;
}

/** Which kind of partitions an asset has, in the words of a selection; `null`: none. */
export type PartitionsKind = null | "static" | "dynamic" | "time" | "multipartitions";

/** The kind of a definition, in the words of a selection. */
export function partitionsKind(definition: PartitionsDefinition | null): PartitionsKind {
  return definition?.kind === "multi" ? "multipartitions" : (definition?.kind ?? null);
}

/** What is known of an asset without its code: plain, frozen, JSON-able. */
export interface AssetSpec {
  readonly key: AssetKey;
  /** The computation that materializes or observes it; absent: external, known to the graph but not made here. */
  readonly unit?: string;
  /** Name of the out within a multi-asset. */
  readonly out?: string;
  readonly description?: string;
  /** Default `default`. */
  readonly group: string;
  readonly owners: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly kinds: readonly string[];
  readonly codeVersion?: string;
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  readonly deps: readonly DependencySpec[];
  /** The computation may end without giving it; then it is not materialized and its downstream is skipped. */
  readonly skippable: boolean;
  /** Observed (a data version or metadata is reported), never materialized. */
  readonly observable: boolean;
  /** How it is divided; `null`: not. The same for all assets of a unit. */
  readonly partitions: PartitionsDefinition | null;
  /** How a backfill puts its partitions into runs; absent: one run for each. */
  readonly backfillPolicy?: BackfillPolicy;
  /** Not made again when its code and all that it read are as they were. Absent: `true`. */
  readonly reuse?: boolean;
  /** The columns of its rows; absent: found in the rows. */
  readonly schema?: RowSchema;
  /** Where it is declared: `Class.method (file:line)`. */
  readonly site?: string;
}

/** What a check looks for in the columns that are recorded. */
export interface SchemaWatch {
  /** Columns may be added. */
  readonly allowAdded: boolean;
  readonly severity: "ERROR" | "WARN";
}

/** A check of an asset: what is known of it without its code. */
export interface CheckSpec {
  readonly asset: AssetKey;
  readonly name: string;
  /** The computation that evaluates it. */
  readonly unit: string;
  /** A failure with severity ERROR keeps the asset's downstream from starting in the same run. Default false. */
  readonly blocking: boolean;
  readonly description?: string;
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  /** Evaluated from the columns of this materialization and the last; absent: by the code of its unit. */
  readonly watches?: SchemaWatch;
  /** Assets it needs beside the checked one. */
  readonly deps: readonly DependencySpec[];
  readonly site?: string;
}

/** `asset#check`, the identity of a check. */
export function checkId(check: { readonly asset: AssetKey; readonly name: string }): string {
  return `${check.asset}#${check.name}`;
}

/** How a computation is told: by its place, else by its id. */
export function unitText({ site, id }: Pick<UnitSpec, "site" | "id">): string {
  return site ?? id;
}

/** One computation: the method (or function) behind one or several assets and checks. */
export interface UnitSpec {
  readonly id: string;
  readonly kind: "asset" | "multi-asset" | "observable" | "check";
  readonly assets: readonly AssetKey[];
  /** Check ids evaluated by this computation. */
  readonly checks: readonly string[];
  readonly canSubset: boolean;
  readonly retry?: RetryPolicy;
  /** Limit of one attempt in milliseconds; absent: none. */
  readonly timeoutMs?: number;
  /** Names of the resources it takes. */
  readonly resources: readonly string[];
  /** JSON schema of its run configuration; absent: it takes none. */
  readonly configSchema?: Json;
  readonly site?: string;
}
