import type {
  AssetFields,
  AssetSet,
  CheckFields,
  DefinitionsShape,
  ExternalAsset,
  UnitDeclaration,
} from "../../decorators/declarations/declaration.js";
import { isAssetKey, snakeCase } from "../../decorators/declarations/names.js";
import type { Json } from "../../src/base/canonical-json.js";
import { RequestError, messageOf } from "../../src/base/errors.js";
import type { IOManager } from "../../src/config/io-manager.js";
import { tokenName, type Provided, type Token } from "../../src/config/provided.js";
import type { AssetRef, Ctor, Dep } from "../../src/model/asset-ref.js";
import {
  type AssetKey,
  type AssetSpec,
  type CheckSpec,
  type DependencySpec,
  type PartitionsKind,
  type UnitSpec,
  checkId,
} from "../../src/model/asset-spec.js";
import type { ResourceSpec } from "../../src/model/catalog.js";
import type { MetadataValue } from "../../src/model/metadata-value.js";
import { normalizeMetadata } from "../../src/model/metadata.js";
import { AssetIndex, type Found } from "./asset-index.js";
import { METADATA_FIX, bindConstructor, bindParameters, missingResourceFix } from "./bind-parameters.js";
import type { ParameterBinding, ResolvedDefinitions, UnitBinding, UnitCode } from "./bindings.js";
import { deepFreeze } from "./deep-freeze.js";
import { findCycles } from "./find-cycle.js";
import { type PipelineClass, readPipelineClass } from "./pipeline-class.js";
import { ScanError, type ScanProblem } from "./scan-error.js";

/** What the scan is given beside the definitions. */
export interface ResolveOptions {
  /** What went wrong while the modules were imported: reported together with the rest. */
  readonly moduleProblems?: readonly ScanProblem[];
  /** JSON schema of a config class, or of a resource's fields. @defaultValue none is written */
  readonly schemaOf?: (type: Ctor) => Json | undefined;
}

/** An asset before its dependencies are looked up. */
interface Draft {
  readonly key: AssetKey;
  readonly out?: string;
  readonly fields: AssetFields;
  readonly skippable: boolean;
  readonly checks: readonly CheckFields[];
}
interface UnitDraft {
  readonly id: string;
  readonly kind: UnitSpec["kind"];
  readonly site: string;
  readonly assets: readonly Draft[];
  readonly deps: readonly Dep[];
  readonly canSubset: boolean;
  readonly partitions: PartitionsKind;
  readonly from: { readonly view: PipelineClass; readonly declaration: UnitDeclaration } | { readonly set: AssetSet };
}

/**
 * The definitions as a catalog and the code behind it.
 * @throws {@link ScanError} with every problem that there is
 * @remarks Linear in assets and dependencies: 10,000 assets take well below half a second.
 */
export function resolveDefinitions(definitions: DefinitionsShape, options: ResolveOptions = {}): ResolvedDefinitions {
  return new Resolution(definitions, options).resolve();
}

class Resolution {
  readonly #problems: ScanProblem[];
  readonly #index = new AssetIndex();
  readonly #resources = new Map<Token, Provided>();
  readonly #io = new Map<AssetKey, Provided<IOManager>>();
  readonly #assets = new Map<AssetKey, AssetSpec>();
  readonly #checks = new Map<string, CheckSpec>();
  readonly #units: UnitSpec[] = [];
  readonly #bindings = new Map<string, UnitBinding>();
  readonly #report = (problem: ScanProblem): void => void this.#problems.push(problem);

  constructor(
    readonly definitions: DefinitionsShape,
    readonly options: ResolveOptions,
  ) {
    this.#problems = [...(options.moduleProblems ?? [])];
  }

  resolve(): ResolvedDefinitions {
    const resources = this.#bindResources();
    const drafts: UnitDraft[] = [];
    const views = this.#readClasses();
    for (const view of views) drafts.push(...this.#draftClass(view));
    const externals = this.definitions.assets.filter((entry): entry is ExternalAsset => entry.kind === "external-asset");
    for (const set of this.definitions.assets) if (set.kind === "asset-set") drafts.push(this.#draftSet(set));
    for (const external of externals) this.#addKey(external.key, external.site.toString());

    const scope = { index: this.#index, resources: this.#resources, report: this.#report };
    const constructors = new Map(views.map((view) => [view, bindConstructor(view, scope)]));
    for (const external of externals) this.#addExternal(external);
    for (const draft of drafts) {
      if ("set" in draft.from) this.#addSet(draft, draft.from.set);
      else
        this.#addMethod(
          draft,
          draft.from.view,
          draft.from.declaration,
          bindParameters(draft.from.view, draft.from.declaration, scope),
          constructors.get(draft.from.view) ?? [],
        );
    }
    this.#findCycles();
    if (this.#problems.length > 0) throw new ScanError(this.#problems);

    const catalog = deepFreeze({
      assets: [...this.#assets.values()].sort(by(({ key }) => key)),
      checks: [...this.#checks.values()].sort(by(checkId)),
      units: this.#units.sort(by(({ id }) => id)),
      resources: resources.sort(by(({ name }) => name)),
    });
    const { io } = this.definitions;
    return {
      catalog,
      bindings: { units: this.#bindings, ioByAsset: this.#io, ...(io ? { defaultIo: io } : {}), resources: this.#resources },
      warnings: [],
      keysOf: (ref) => {
        const found = typeof ref === "string" ? this.#index.findKey(ref) : this.#index.findRef(ref as AssetRef);
        if ("key" in found) return [found.key];
        throw new RequestError("REQUEST.UNKNOWN_REF", found.message, { fix: found.fix });
      },
    };
  }

  #bindResources(): ResourceSpec[] {
    const specs: ResourceSpec[] = [];
    const names = new Set<string>();
    for (const provided of this.definitions.resources) {
      const name = tokenName(provided.token);
      if (names.has(name)) {
        this.#report({
          code: "DEFINITION.DUPLICATE_RESOURCE",
          message: `Two entries of Definitions.resources are bound under ${name}.`,
          fix: "Keep one; for two of a kind, make a subclass of each.",
        });
        continue;
      }
      names.add(name);
      this.#resources.set(provided.token, provided);
      const schema = provided.fields ? this.options.schemaOf?.(provided.token) : undefined;
      const needs = Object.values(provided.fields ?? {}).flatMap((field) => (isProvided(field) ? [tokenName(field.token)] : []));
      specs.push({ name, ...(schema === undefined ? {} : { configSchema: schema }), needs });
    }
    return specs;
  }

  #readClasses(): readonly PipelineClass[] {
    const views = new Map<Ctor, PipelineClass>();
    for (const type of this.definitions.pipelines) {
      if (views.has(type)) {
        this.#report({
          code: "DEFINITION.PIPELINE_TWICE",
          message: `${type.name} is in Definitions.pipelines twice.`,
          fix: "List it once.",
        });
        continue;
      }
      const view = readPipelineClass(type);
      views.set(type, view);
      this.#index.addClass(view);
    }
    return [...views.values()];
  }

  #draftClass(view: PipelineClass): UnitDraft[] {
    for (const { declaration, why } of view.strays) {
      const name = `${view.name}.${declaration.method}`;
      this.#report(
        why === "twice"
          ? {
              code: "DEFINITION.DECORATED_TWICE",
              message: `${name} has two decorators that each make it a computation.`,
              site: declaration.site.toString(),
              fix: "Keep one of them.",
            }
          : {
              code: "DEFINITION.STRAY_INPUT",
              message: `A parameter of ${name} is annotated, but the method is no asset and no check.`,
              site: declaration.site.toString(),
              fix: "Put @Asset() on the method (an override must repeat it), or take the parameter's decorator away.",
            },
      );
    }
    const untyped = [...view.units.values()].filter((unit) => this.#lacksTypes(view, unit));
    if (untyped.length > 0) {
      this.#report({
        code: "DEFINITION.NO_METADATA",
        message: `The compiler wrote no parameter types for ${untyped.map((unit) => `${view.name}.${unit.method}`).join(", ")}.`,
        site: untyped[0]?.site.toString() ?? "",
        fix: METADATA_FIX,
      });
    }
    return [...view.units.values()].map((declaration) => this.#draftMethod(view, declaration));
  }

  #lacksTypes(view: PipelineClass, unit: UnitDeclaration): boolean {
    if (unit.parameterTypes !== undefined) return false;
    const method: unknown = (view.type.prototype as Record<string, unknown>)[unit.method];
    return typeof method === "function" && method.length > (view.inputs.get(unit.method)?.size ?? 0);
  }

  #draftMethod(view: PipelineClass, declaration: UnitDeclaration): UnitDraft {
    const site = declaration.site.toString();
    const common = { site, from: { view, declaration } };
    if (declaration.kind === "check")
      return { ...common, id: "", kind: "check", assets: [], deps: declaration.deps, canSubset: false, partitions: null };
    const fields: AssetFields = {
      ...view.fields,
      ...declaration.fields,
      tags: { ...view.fields.tags, ...declaration.fields.tags },
      deps: [],
    };
    const prefix = [view.fields.keyPrefix, declaration.fields.keyPrefix].filter((part) => part !== undefined);
    const own = snakeCase(declaration.method);
    const shared = { ...common, deps: declaration.fields.deps ?? [], partitions: declaration.partitions };
    if (declaration.kind === "multi-asset") {
      const assets = [...declaration.outs].map(([out, given]): Draft => ({
        key: [...prefix, given.key ?? snakeCase(out)].join("/"),
        out,
        fields: {
          ...fields,
          ...given,
          tags: { ...fields.tags, ...given.tags },
          ...(given.deps ? { deps: given.deps } : { deps: [] }),
          metadata: { ...fields.metadata, ...given.metadata },
        },
        skippable: given.skippable,
        checks: given.checks,
      }));
      this.#addKeys(assets, site);
      this.#index.addMethod(view, declaration.method, new Map(assets.map(({ out = "", key }) => [out, key])));
      return { ...shared, id: [...prefix, own].join("/"), kind: "multi-asset", assets, canSubset: declaration.canSubset };
    }
    const key = [...prefix, declaration.fields.key ?? own].join("/");
    const checks = declaration.kind === "asset" ? declaration.checks : [];
    const assets: Draft[] = [{ key, fields, skippable: false, checks }];
    this.#addKeys(assets, site);
    this.#index.addMethod(view, declaration.method, new Map([["result", key]]));
    return { ...shared, id: key, kind: declaration.kind, assets, canSubset: false };
  }

  #draftSet(set: AssetSet): UnitDraft {
    const site = set.site.toString();
    const assets = set.specs.map((spec): Draft => ({
      key: spec.key,
      out: spec.key,
      fields: spec,
      skippable: spec.skippable,
      checks: spec.checks,
    }));
    this.#addKeys(assets, site);
    const first = [...set.specs].map(({ key }) => key).sort()[0] ?? "";
    const id = set.name ?? (assets.length === 1 ? first : `${first}+${assets.length - 1}`);
    return { id, kind: "multi-asset", site, assets, deps: [], canSubset: set.canSubset, partitions: null, from: { set } };
  }

  #addKeys(assets: readonly Draft[], site: string): void {
    for (const { key } of assets) this.#addKey(key, site);
  }

  #addKey(key: AssetKey, site: string): void {
    if (!isAssetKey(key)) {
      this.#report({
        code: "DEFINITION.KEY",
        message: `${JSON.stringify(key)} is no asset key.`,
        site,
        fix: 'Give it a key of letters, digits, _, . and -, joined by /, e.g. key: "sales/daily_orders".',
      });
    }
    const first = this.#index.addKey(key, site);
    if (first === undefined) return;
    this.#report({
      code: "DEFINITION.DUPLICATE_ASSET_KEY",
      message: `Asset key "${key}" is declared by ${first} and by ${site}.`,
      site,
      fix: `Give one of them another key, e.g. @Asset({ key: "${key.slice(key.lastIndexOf("/") + 1)}_v2" }).`,
    });
  }

  #addExternal(external: ExternalAsset): void {
    const site = external.site.toString();
    const draft: Draft = { key: external.key, fields: external.fields, skippable: false, checks: [] };
    this.#assets.set(
      external.key,
      this.#specOf(draft, {
        site,
        deps: this.#dependencies([], external.fields.deps ?? [], new Map(), site),
        partitions: null,
        observable: false,
      }),
    );
  }

  #addMethod(
    draft: UnitDraft,
    view: PipelineClass,
    declaration: UnitDeclaration,
    parameters: readonly ParameterBinding[],
    constructorTokens: readonly Token[],
  ): void {
    const loads = parameters.flatMap((parameter) => (parameter.kind === "input" ? [parameter.key] : []));
    const config = parameters.find((parameter) => parameter.kind === "config");
    const schema = config && this.options.schemaOf?.(config.type);
    const tokens = [...constructorTokens, ...parameters.flatMap((parameter) => (parameter.kind === "resource" ? [parameter.token] : []))];
    const code: UnitCode = { kind: "method", pipeline: view.type, method: declaration.method, parameters, constructorTokens };
    const unit = { ...declaration.unit, resources: namesOf(tokens), ...(schema === undefined ? {} : { configSchema: schema }) };
    if (declaration.kind !== "check") return this.#addUnit(draft, loads, code, unit);

    const found = typeof declaration.asset === "string" ? this.#index.findKey(declaration.asset) : this.#index.findRef(declaration.asset);
    if (!("key" in found)) return this.#report({ ...found, site: draft.site });
    const checks = declaration.checks.map((check) => ({ ...check, name: check.name ?? snakeCase(declaration.method) }));
    const id = `${found.key}#${checks.map(({ name }) => name).join("+")}`;
    const deps = this.#dependencies(loads, declaration.deps, new Map(), draft.site).filter(({ key }) => key !== found.key);
    for (const check of checks) this.#addCheck(found.key, check, id, deps, draft.site);
    this.#units.push({
      id,
      kind: "check",
      assets: [],
      checks: checks.map(({ name }) => checkId({ asset: found.key, name })),
      canSubset: false,
      ...unit,
      site: draft.site,
    });
    this.#bindings.set(id, { unit: id, code, outKeys: new Map() });
  }

  #addSet(draft: UnitDraft, set: AssetSet): void {
    for (const token of set.resources) {
      if (this.#resources.has(token)) continue;
      this.#report({
        code: "DEFINITION.MISSING_RESOURCE",
        message: `It needs the resource ${tokenName(token)}, which is not in Definitions.resources.`,
        site: draft.site,
        fix: missingResourceFix(token).split(";")[0] + ".",
      });
    }
    const checks: string[] = [];
    for (const check of set.checks) {
      const found = typeof check.asset === "string" ? this.#index.findKey(check.asset) : this.#index.findRef(check.asset);
      if (!("key" in found)) {
        this.#report({ ...found, site: draft.site });
        continue;
      }
      this.#addCheck(found.key, check, draft.id, [], draft.site);
      checks.push(checkId({ asset: found.key, name: check.name }));
    }
    this.#addUnit(
      draft,
      [],
      { kind: "function", run: set.run as (context: unknown) => unknown, resources: set.resources },
      { ...set.unit, resources: namesOf(set.resources) },
      checks,
    );
  }

  #addUnit(
    draft: UnitDraft,
    loads: readonly AssetKey[],
    code: UnitCode,
    unit: Pick<UnitSpec, "retry" | "timeoutMs" | "resources" | "configSchema">,
    extraChecks: readonly string[] = [],
  ): void {
    const siblings = new Map(draft.assets.flatMap(({ out, key }) => (out === undefined ? [] : [[out, key] as const])));
    const checks = [...extraChecks];
    for (const asset of draft.assets) {
      const deps = this.#dependencies(loads, [...draft.deps, ...(asset.fields.deps ?? [])], siblings, draft.site);
      this.#assets.set(asset.key, {
        ...this.#specOf(asset, { site: draft.site, deps, partitions: draft.partitions, observable: draft.kind === "observable" }),
        unit: draft.id,
      });
      if (asset.fields.io) this.#io.set(asset.key, asset.fields.io);
      for (const check of asset.checks) {
        this.#addCheck(asset.key, check, draft.id, [], draft.site);
        checks.push(checkId({ asset: asset.key, name: check.name }));
      }
    }
    if (this.#bindings.has(draft.id) && draft.assets.every(({ key }) => this.#assets.get(key)?.unit === draft.id)) {
      const other = this.#units.find(({ id }) => id === draft.id);
      if (!other?.assets.some((key) => draft.assets.some((asset) => asset.key === key))) {
        this.#report({
          code: "DEFINITION.DUPLICATE_UNIT",
          message: `Two computations are named "${draft.id}": ${other?.site} and ${draft.site}.`,
          site: draft.site,
          fix: "Rename one of the methods, or give the class a keyPrefix.",
        });
      }
    }
    this.#units.push({
      id: draft.id,
      kind: draft.kind,
      assets: draft.assets.map(({ key }) => key),
      checks,
      canSubset: draft.canSubset,
      ...unit,
      site: draft.site,
    });
    const outKeys = new Map(draft.assets.map(({ out = "result", key }) => [out, key]));
    this.#bindings.set(draft.id, { unit: draft.id, code, outKeys });
  }

  #addCheck(asset: AssetKey, check: CheckFields, unit: string, deps: readonly DependencySpec[], site: string): void {
    const id = checkId({ asset, name: check.name });
    const first = this.#checks.get(id);
    if (first) {
      this.#report({
        code: "DEFINITION.DUPLICATE_CHECK",
        message: `Check "${check.name}" of asset "${asset}" is declared by ${first.site} and by ${site}.`,
        site,
        fix: `Give one of them another name, e.g. name: "${check.name}_v2".`,
      });
      return;
    }
    const description = check.description === undefined ? {} : { description: check.description };
    this.#checks.set(id, {
      asset,
      name: check.name,
      unit,
      blocking: check.blocking,
      ...description,
      metadata: this.#metadata(check.metadata, site),
      deps,
      site,
    });
  }

  #specOf(
    draft: Draft,
    of: {
      readonly site: string;
      readonly deps: readonly DependencySpec[];
      readonly partitions: PartitionsKind;
      readonly observable: boolean;
    },
  ): AssetSpec {
    const { fields, key } = draft;
    return {
      key,
      ...(draft.out === undefined ? {} : { out: draft.out }),
      ...(fields.description === undefined ? {} : { description: fields.description }),
      group: fields.group ?? "default",
      owners: [...(fields.owners ?? [])],
      tags: { ...fields.tags },
      kinds: [...(fields.kinds ?? [])],
      ...(fields.codeVersion === undefined ? {} : { codeVersion: fields.codeVersion }),
      metadata: this.#metadata(fields.metadata, of.site),
      deps: of.deps,
      skippable: draft.skippable,
      observable: of.observable,
      partitions: of.partitions,
      site: of.site,
    };
  }

  #metadata(metadata: AssetFields["metadata"], site: string): Readonly<Record<string, MetadataValue>> {
    if (!metadata) return {};
    try {
      // A copy, so that freezing the catalog does not freeze what the author holds.
      return structuredClone(normalizeMetadata(metadata));
    } catch (error) {
      const isCircular = error instanceof RangeError;
      const message = isCircular ? "The metadata refers to itself, which cannot be stored." : (messageOf(error).split("\n")[0] ?? "");
      this.#report({
        code: "METADATA.VALUE",
        message,
        site,
        fix: "Give text, a number, a boolean, a Date, plain data, or a value made by MetadataValue.",
      });
      return {};
    }
  }

  /** Loads, then orders; one entry for each upstream, in order of key. */
  #dependencies(
    loads: readonly AssetKey[],
    deps: readonly Dep[],
    siblings: ReadonlyMap<string, AssetKey>,
    site: string,
  ): readonly DependencySpec[] {
    const found = new Map<AssetKey, DependencySpec>();
    for (const key of loads) found.set(key, { key, kind: "load", when: "success" });
    for (const dep of deps) {
      const isEdge = typeof dep === "object" && dep.kind === "edge";
      const upstream = (isEdge ? dep.upstream : dep) as AssetRef | string;
      const lookup = this.#lookup(upstream, siblings);
      if (!("key" in lookup)) {
        this.#report({ ...lookup, site });
        continue;
      }
      found.set(lookup.key, {
        key: lookup.key,
        kind: found.get(lookup.key)?.kind ?? "order",
        when: isEdge ? dep.when : (found.get(lookup.key)?.when ?? "success"),
      });
    }
    return [...found.values()].sort(by(({ key }) => key));
  }

  #lookup(upstream: AssetRef | string, siblings: ReadonlyMap<string, AssetKey>): Found {
    if (typeof upstream !== "string") return this.#index.findRef(upstream);
    const sibling = siblings.get(upstream);
    return !this.#index.has(upstream) && sibling !== undefined ? { key: sibling } : this.#index.findKey(upstream);
  }

  #findCycles(): void {
    const parents = (key: string): readonly string[] => this.#assets.get(key)?.deps.map((dep) => dep.key) ?? [];
    const keys = [...this.#assets.keys()].sort();
    const cycles = findCycles(keys, parents);
    for (const cycle of cycles) {
      const site = this.#assets.get(cycle[0] ?? "")?.site;
      this.#report({
        code: "DEFINITION.CYCLE",
        message: `Assets depend on each other in a circle: ${[...cycle].reverse().join(" → ")}.`,
        ...(site === undefined ? {} : { site }),
        fix: "Take one of these dependencies away.",
      });
    }
    if (cycles.length > 0) return;
    // A computation that gives all its assets at once cannot wait for what needs one of them.
    const whole = new Map(
      this.#units
        .filter(({ canSubset, assets }) => !canSubset && assets.length > 1)
        .flatMap((unit) => unit.assets.map((key) => [key, unit] as const)),
    );
    if (whole.size === 0) return;
    const node = (key: string): string => whole.get(key)?.assets[0] ?? key;
    const next = (key: string): readonly string[] => {
      const members = whole.get(key)?.assets ?? [key];
      return [...new Set(members.flatMap(parents).map(node))].filter((parent) => parent !== key);
    };
    const label = (key: string): string => {
      const unit = whole.get(key);
      return unit ? `${unit.id} (${unit.assets.join(", ")})` : key;
    };
    for (const cycle of findCycles(new Set(keys.map(node)), next)) {
      const stuck = [...new Set(cycle)].flatMap((key) => whole.get(key) ?? []);
      const path = [...cycle].reverse().map(label).join(" → ");
      const [first] = stuck;
      this.#report({
        code: "DEFINITION.CYCLE",
        message: `A computation of several assets waits for what is made from one of them: ${path}.`,
        ...(first?.site === undefined ? {} : { site: first.site }),
        fix: `Give ${stuck.map(({ id }) => `"${id}"`).join(" or ")} \`canSubset: true\` so that it can be split, or make what waits by a method of its own.`,
      });
    }
  }
}

function by<T>(textOf: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => {
    const [left, right] = [textOf(a), textOf(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  };
}

function namesOf(tokens: readonly Token[]): readonly string[] {
  return [...new Set(tokens.map(tokenName))].sort();
}

function isProvided(thing: unknown): thing is Provided {
  return typeof thing === "object" && thing !== null && (thing as { kind?: unknown }).kind === "provided";
}
