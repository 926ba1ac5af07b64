import type { Ctor, Dep, AssetRef } from "../../src/model/asset-ref.js";
import type { BackfillPolicy } from "../../src/model/backfill-policy.js";
import type { FormName } from "../../src/model/form.js";
import type { SchemaWatch } from "../../src/model/asset-spec.js";
import type { RowSchema } from "../../src/model/row-schema.js";
import type { RowFilter } from "../../src/model/row-filter.js";
import type { MappingOption } from "../../src/model/partition-mapping/define-mappings.js";
import type { PartitionsDefinition } from "../../src/model/partitions/partitions-definition.js";
import type { MetadataInput } from "../../src/model/metadata.js";
import type { RetryPolicy } from "../../src/model/retry-policy.js";
import type { RunConfigInput } from "../../src/config/run-config.js";
import type { AssetSelection } from "../../src/graph/asset-selection.js";
import type { IOManager } from "../../src/config/io-manager.js";
import type { Provided, Token } from "../../src/config/provided.js";
import type { DeclarationSite } from "../../src/base/declaration-site.js";

/** What describes an asset, as the author gave it and as the decorator found it right; absent: not said here. */
export interface AssetFields {
  readonly key?: string;
  readonly keyPrefix?: string;
  readonly description?: string;
  readonly group?: string;
  readonly owners?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly kinds?: readonly string[];
  readonly deps?: readonly Dep[];
  readonly io?: Provided<IOManager>;
  readonly codeVersion?: string;
  /** As given; the scan writes the kinds of the values out. */
  readonly metadata?: Readonly<Record<string, MetadataInput>>;
  readonly partitions?: PartitionsDefinition;
  readonly backfillPolicy?: BackfillPolicy;
  readonly reuse?: boolean;
  readonly schema?: RowSchema;
}

/** A check that an asset's own computation reports, or one of several of a check's method. */
export interface CheckFields {
  readonly name: string;
  readonly blocking: boolean;
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, MetadataInput>>;
  readonly watches?: SchemaWatch;
}

/** How the computation is run. */
export interface UnitFields {
  readonly retry?: RetryPolicy;
  readonly timeoutMs?: number;
}

/** One out of a multi-asset, or one spec of `defineAssets`. */
export interface OutFields extends AssetFields {
  readonly skippable: boolean;
  readonly checks: readonly CheckFields[];
}

/** The types that the compiler wrote beside a method or a constructor; `undefined`: it wrote none. */
export type ParameterTypes = readonly unknown[] | undefined;

interface OfMethod {
  readonly method: string;
  readonly site: DeclarationSite;
}

/** What `@Pipeline` recorded of its class. */
export interface PipelineDeclaration {
  readonly kind: "pipeline";
  readonly site: DeclarationSite;
  readonly fields: AssetFields;
  readonly parameterTypes: ParameterTypes;
}
/** What `@Asset` recorded of its method. */
export interface AssetDeclaration extends OfMethod {
  readonly kind: "asset";
  readonly fields: AssetFields;
  readonly unit: UnitFields;
  readonly checks: readonly CheckFields[];
  readonly parameterTypes: ParameterTypes;
}
/** What `@ObservableAsset` recorded of its method. */
export interface ObservableDeclaration extends OfMethod {
  readonly kind: "observable";
  readonly fields: AssetFields;
  readonly unit: UnitFields;
  readonly parameterTypes: ParameterTypes;
}
/** What `@MultiAsset` recorded of its method. */
export interface MultiAssetDeclaration extends OfMethod {
  readonly kind: "multi-asset";
  readonly fields: AssetFields;
  readonly unit: UnitFields;
  /** In declared order. */
  readonly outs: ReadonlyMap<string, OutFields>;
  readonly canSubset: boolean;
  readonly parameterTypes: ParameterTypes;
}
/** What `@AssetCheck` recorded of its method. */
export interface CheckDeclaration extends OfMethod {
  readonly kind: "check";
  readonly asset: AssetRef | string;
  /** Absent: one check under the method's name. */
  readonly checks: readonly (Omit<CheckFields, "name"> & { readonly name?: string })[];
  readonly deps: readonly Dep[];
  readonly unit: UnitFields;
  readonly parameterTypes: ParameterTypes;
}
/** A parameter that gets an upstream's value, or what is bound under a token. */
export interface ParameterDeclaration extends OfMethod {
  readonly kind: "parameter";
  readonly index: number;
  readonly from:
    | { readonly kind: "ref"; readonly ref: AssetRef }
    | { readonly kind: "own"; readonly method: string; readonly out?: string }
    | { readonly kind: "token"; readonly token: Token };
  readonly optional: boolean;
  /** The form in which it is wanted; absent: rows whole, any other value as it was stored. */
  readonly as?: FormName;
  readonly columns?: readonly string[];
  readonly where?: RowFilter;
  /** Values of several partitions are taken. */
  readonly partitions: boolean;
  readonly mapping?: MappingOption;
}

/** What an annotated class says about itself. */
export type Declaration =
  PipelineDeclaration | AssetDeclaration | MultiAssetDeclaration | ObservableDeclaration | CheckDeclaration | ParameterDeclaration;
/** Declarations that stand for a computation. */
export type UnitDeclaration = AssetDeclaration | MultiAssetDeclaration | ObservableDeclaration | CheckDeclaration;

/** An asset that is known to the graph and made elsewhere. */
export interface ExternalAsset {
  readonly kind: "external-asset";
  readonly key: string;
  readonly fields: AssetFields;
  readonly site: DeclarationSite;
}

/** Assets of one function: the lower door of integrations. */
export interface AssetSet {
  readonly kind: "asset-set";
  readonly name?: string;
  /** Each with its full key. */
  readonly specs: readonly (OutFields & { readonly key: string })[];
  readonly checks: readonly (CheckFields & { readonly asset: AssetRef | string })[];
  readonly canSubset: boolean;
  readonly resources: readonly Token[];
  readonly unit: UnitFields;
  readonly run: (context: never) => unknown;
  readonly site: DeclarationSite;
}

/** A copy of a pipeline class under a prefix. */
export interface MountedPipeline {
  readonly kind: "mounted-pipeline";
  readonly pipeline: Ctor;
  readonly keyPrefix: string;
  /** Its own, in place of those of the definitions. */
  readonly resources: readonly Provided[];
  readonly site: DeclarationSite;
}

/** A selection with a name. */
export interface AssetJob {
  readonly kind: "asset-job";
  readonly name: string;
  readonly selection: string | AssetSelection;
  readonly description?: string;
  readonly partitions?: PartitionsDefinition;
  readonly config?: RunConfigInput;
  readonly tags: Readonly<Record<string, string>>;
  readonly site: DeclarationSite;
}

/** The brand of `Definitions`; a symbol of the whole process, so that two copies of the package know each other's. */
export const DEFINITIONS: unique symbol = Symbol.for("millrace/definitions") as never;

/** What a definitions module gives: the shape that the scan reads. */
export interface DefinitionsShape {
  readonly [DEFINITIONS]: true;
  readonly pipelines: readonly (Ctor | MountedPipeline)[];
  readonly assets: readonly (ExternalAsset | AssetSet)[];
  readonly resources: readonly Provided[];
  /** Absent: none. */
  readonly jobs?: readonly AssetJob[];
  readonly io?: Provided<IOManager>;
}
