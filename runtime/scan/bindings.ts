import type { IOManager } from "../../src/config/io-manager.js";
import type { RunConfigInput } from "../../src/config/run-config.js";
import type { Provided, Token } from "../../src/config/provided.js";
import type { Ctor } from "../../src/model/asset-ref.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import type { CustomMapping } from "../../src/model/partition-mapping/custom-mapping.js";
import type { FormName } from "../../src/model/form.js";
import type { RowFilter } from "../../src/model/row-filter.js";
import type { PartitionMapping } from "../../src/model/partition-mapping/partition-mapping.js";
import type { Catalog } from "../../src/model/catalog.js";

/** Types that can be recognised in any value, also one from another realm. */
export type BuiltInType = "String" | "Number" | "Boolean" | "BigInt" | "Map" | "Set" | "Date" | "Uint8Array";

/** How one parameter of a method gets its value. */
export type ParameterBinding =
  | { readonly kind: "context" }
  | { readonly kind: "config"; readonly type: Ctor }
  | { readonly kind: "resource"; readonly token: Token }
  | {
      readonly kind: "input";
      readonly key: AssetKey;
      readonly optional: boolean;
      /** The form in which it is wanted; absent: rows gathered, any other value as it was stored. */
      readonly as?: FormName;
      readonly columns?: readonly string[];
      readonly where?: RowFilter;
      /** The parameter takes a `Partitions` of several such values. */
      readonly partitions: boolean;
      /** Without a form: whether the parameter's type says that it is an array. */
      readonly array: boolean;
      /** Which partitions of the upstream; absent: the default of the two definitions. The dependency of the assets has the same. */
      readonly mapping?: PartitionMapping;
      /** Name of the built-in type that the parameter declares, where it tells what fits. */
      readonly type?: BuiltInType;
    };

/** The code behind a unit. */
export type UnitCode =
  | {
      readonly kind: "method";
      readonly pipeline: Ctor;
      readonly method: string;
      readonly parameters: readonly ParameterBinding[];
      readonly constructorTokens: readonly Token[];
    }
  /** The lower door of integrations: one function that gives results. */
  | { readonly kind: "function"; readonly run: (context: unknown) => unknown; readonly resources: readonly Token[] };

/** What the catalog cannot hold of a unit. */
export interface UnitBinding {
  readonly unit: string;
  readonly code: UnitCode;
  /** Key of each out by its name; a single asset has the out `result`. */
  readonly outKeys: ReadonlyMap<string, AssetKey>;
}

/** The code behind a catalog's keys: only a process that has loaded it can run it. */
export interface Bindings {
  readonly units: ReadonlyMap<string, UnitBinding>;
  /** The IO manager of each asset that has one of its own (or its class's). */
  readonly ioByAsset: ReadonlyMap<AssetKey, Provided<IOManager>>;
  /** The IO manager of all others; absent: files below the instance's storage folder. */
  readonly defaultIo?: Provided<IOManager>;
  readonly resources: ReadonlyMap<Token, Provided>;
  /** Run configuration of the jobs that have one, by name, as their authors gave it. */
  readonly jobConfigs: ReadonlyMap<string, RunConfigInput>;
  /** Mappings of authors' own by the ids that the catalog names. */
  readonly mappings: ReadonlyMap<string, CustomMapping>;
}

/** A definitions module, resolved. */
export interface ResolvedDefinitions {
  readonly catalog: Catalog;
  readonly bindings: Bindings;
  /** Things to mend that do not stop a run. */
  readonly warnings: readonly string[];
  /** Key (or keys, when the class is mounted twice) behind a ref or a key's text. @throws {@link RequestError} that tells why there is none */
  keysOf(ref: unknown): readonly AssetKey[];
}
