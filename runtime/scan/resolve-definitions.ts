import type { DefinitionsShape, ExternalAsset } from "../../decorators/declarations/declaration.js";
import type { Json } from "../../src/base/canonical-json.js";
import { RequestError } from "../../src/base/errors.js";
import type { AssetRef, Ctor } from "../../src/model/asset-ref.js";
import { checkId } from "../../src/model/asset-spec.js";
import type { Catalog } from "../../src/model/catalog.js";
import { bindConstructor } from "./bind-constructor.js";
import { bindResources } from "./bind-resources.js";
import type { ResolvedDefinitions } from "./bindings.js";
import { CatalogDraft } from "./catalog-draft.js";
import { claimKey } from "./claim-key.js";
import { sealed } from "./declared-at.js";
import { deepFreeze } from "./deep-freeze.js";
import { describeAsset } from "./describe-asset.js";
import { draftAssetSet } from "./draft-asset-set.js";
import { draftPipeline } from "./draft-pipeline.js";
import { orderBy } from "./order-by.js";
import { readPipelines } from "./pipeline-class.js";
import { reportColumns } from "./report-columns.js";
import { reportCycles } from "./report-cycles.js";
import { reportIncompleteResources } from "./report-incomplete-resources.js";
import { reportMappings } from "./report-mappings.js";
import { resolveAssetSet } from "./resolve-asset-set.js";
import { resolveDependencies } from "./resolve-dependencies.js";
import { resolveJobs } from "./resolve-jobs.js";
import { resolveMethod } from "./resolve-method.js";
import { ScanError, type ScanProblem } from "./scan-error.js";

/** What the scan is given beside the definitions. */
export interface ResolveOptions {
  /** What went wrong while the modules were imported: reported together with the rest. */
  readonly moduleProblems?: readonly ScanProblem[];
  /** JSON schema of a config class, or of a resource's fields. @defaultValue none is written */
  readonly schemaOf?: (type: Ctor) => Json | undefined;
  /**
   * A resource that lacks a field is a problem too.
   * @defaultValue false: run configuration may give the field yet, and a run is refused if it does not
   */
  readonly completeResources?: boolean;
}

/**
 * The definitions as a catalog and the code behind it.
 * @throws {@link ScanError} with every problem that there is
 * @remarks Linear in assets and dependencies: 10,000 assets take well below half a second.
 */
export function resolveDefinitions(definitions: DefinitionsShape, options: ResolveOptions = {}): ResolvedDefinitions {
  const draft = new CatalogDraft(options.moduleProblems ?? []);
  const schemaOf = options.schemaOf ?? (() => undefined);
  const views = readPipelines(definitions.pipelines, draft);
  const resources = bindResources([...definitions.resources, ...draft.mountedResources], draft, schemaOf);
  const externals = definitions.assets.filter((entry) => entry.kind === "external-asset");

  // Every key is claimed before the first is looked up.
  const methods = views.flatMap((view) => draftPipeline(view, draft));
  const sets = definitions.assets.flatMap((entry) => (entry.kind === "asset-set" ? [draftAssetSet(entry, draft)] : []));
  for (const external of externals) claimKey(draft, external.key, external.site);

  const constructors = new Map(views.map((view) => [view, bindConstructor(view, draft)]));
  for (const external of externals) addExternal(external, draft);
  for (const method of methods) {
    const constructorTokens = constructors.get(method.from.view) ?? [];
    resolveMethod(method, { constructorTokens, schemaOf }, draft);
  }
  for (const set of sets) resolveAssetSet(set, draft);
  reportCycles(draft);
  reportMappings(draft);
  reportColumns(draft);
  if (options.completeResources) reportIncompleteResources(draft, definitions.io);
  const keysOf = keysIn(draft);
  const jobs = resolveJobs(definitions.jobs ?? [], keysOf, draft);
  if (draft.problems.length > 0) throw new ScanError(draft.problems);
  return resolved(draft, definitions, { resources, jobs, keysOf });
}

function addExternal(external: ExternalAsset, draft: CatalogDraft): void {
  const { site } = external;
  const asset = { key: external.key, fields: external.fields, skippable: false, checks: [] };
  const deps = resolveDependencies({ loads: [], deps: external.fields.deps ?? [], site }, draft);
  draft.assets.set(external.key, describeAsset(asset, { site, deps, observable: false }, draft));
}

function keysIn({ index }: CatalogDraft): ResolvedDefinitions["keysOf"] {
  return (ref) => {
    const found = index.findAll(ref as AssetRef | string);
    const keys = found.flatMap((each) => ("key" in each ? [each.key] : []));
    const [lost] = found.flatMap((each) => ("key" in each ? [] : [each]));
    if (!lost) return keys;
    throw new RequestError("REQUEST.UNKNOWN_REF", lost.message, { fix: lost.fix });
  };
}

function resolved(
  draft: CatalogDraft,
  { io, jobs: givenJobs = [] }: DefinitionsShape,
  { resources, jobs, keysOf }: Pick<Catalog, "resources" | "jobs"> & Pick<ResolvedDefinitions, "keysOf">,
): ResolvedDefinitions {
  const catalog = deepFreeze({
    assets: [...draft.assets.values()].map(sealed).sort(orderBy(({ key }) => key)),
    checks: [...draft.checks.values()].map(sealed).sort(orderBy(checkId)),
    units: draft.units.map(sealed).sort(orderBy(({ id }) => id)),
    resources: [...resources].sort(orderBy(({ name }) => name)),
    jobs,
  });
  const bindings = {
    units: draft.bindings,
    ioByAsset: draft.io,
    ...(io ? { defaultIo: io } : {}),
    resources: draft.resources,
    jobConfigs: new Map(givenJobs.flatMap(({ name, config }) => (config === undefined ? [] : [[name, config] as const]))),
    mappings: draft.mappings.byId,
  };
  return { catalog, bindings, warnings: draft.warnings, keysOf };
}
