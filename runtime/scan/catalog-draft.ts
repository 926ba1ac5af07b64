import type { IOManager } from "../../src/config/io-manager.js";
import type { Provided, Token } from "../../src/config/provided.js";
import type { AssetKey, AssetSpec, CheckSpec, UnitSpec } from "../../src/model/asset-spec.js";
import { AssetIndex } from "./asset-index.js";
import type { UnitBinding } from "./bindings.js";
import { MappingCodes } from "./mapping-codes.js";
import type { DeclarationSite } from "../../src/base/declaration-site.js";
import type { ScanProblem } from "./scan-error.js";

/** A problem whose place is not written out yet. */
export type FoundProblem = Omit<ScanProblem, "site"> & { readonly site?: DeclarationSite | string | undefined };

/** What the scan has found so far: the parts of the catalog and of the bindings, and every problem. */
export class CatalogDraft {
  readonly index = new AssetIndex();
  readonly resources = new Map<Token, Provided>();
  /** Resources that a mounted pipeline has for itself, under tokens of their own. */
  readonly mountedResources: Provided[] = [];
  readonly io = new Map<AssetKey, Provided<IOManager>>();
  readonly assets = new Map<AssetKey, AssetSpec>();
  readonly checks = new Map<string, CheckSpec>();
  readonly units: UnitSpec[] = [];
  readonly mappings = new MappingCodes();
  readonly bindings = new Map<string, UnitBinding>();
  readonly problems: ScanProblem[];
  readonly warnings: string[] = [];
  readonly report = ({ site, ...problem }: FoundProblem): void =>
    void this.problems.push(site === undefined ? problem : { ...problem, site: String(site) });

  constructor(problems: readonly ScanProblem[]) {
    this.problems = [...problems];
  }
}
