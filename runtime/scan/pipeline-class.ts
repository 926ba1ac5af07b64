import type {
  AssetFields,
  MountedPipeline,
  ParameterDeclaration,
  PipelineDeclaration,
  UnitDeclaration,
} from "../../decorators/declarations/declaration.js";
import { ownDeclarations } from "../../decorators/declarations/slot.js";
import type { Ctor } from "../../src/model/asset-ref.js";
import type { Token } from "../../src/config/provided.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { copyOfClass, copyOfResource } from "./mounted-copy.js";

/** What a class and its bases declare, as it holds for this class. */
export interface PipelineClass {
  /** The class; of a copy: a class of its own, see `mounted-copy.ts`. */
  readonly type: Ctor;
  /** The class as it is written, and referred to. */
  readonly origin: Ctor;
  /** Resources of this copy alone, by the token under which its methods take them. */
  readonly ownTokens: ReadonlyMap<Token, Token>;
  readonly name: string;
  /** The classes from this one to its furthest base. */
  readonly chain: readonly Ctor[];
  /** `@Pipeline` of this class or the nearest base that has one. */
  readonly declaration: PipelineDeclaration | undefined;
  readonly fields: AssetFields;
  readonly units: ReadonlyMap<string, UnitDeclaration>;
  /** Inputs of each method by their position. */
  readonly inputs: ReadonlyMap<string, ReadonlyMap<number, ParameterDeclaration>>;
  /** Two decorators on one method, or inputs of a method that has none. */
  readonly strays: readonly { readonly declaration: UnitDeclaration | ParameterDeclaration; readonly why: "twice" | "no-unit" }[];
}

/** Reads a class. Declarations of bases hold for it; a method that it overrides and annotates anew is its own, an override without a decorator keeps the base's. */
export function readPipelineClass(type: Ctor): PipelineClass {
  const chain: Ctor[] = [];
  for (let at: unknown = type; typeof at === "function" && at !== Function.prototype; at = Object.getPrototypeOf(at))
    chain.push(at as Ctor);
  const units = new Map<string, UnitDeclaration>();
  const inputs = new Map<string, Map<number, ParameterDeclaration>>();
  const strays: PipelineClass["strays"][number][] = [];
  let fields: AssetFields = {};
  let declaration: PipelineDeclaration | undefined;
  for (const level of [...chain].reverse()) {
    for (const own of ownDeclarations(level)) {
      if (own.kind !== "pipeline") continue;
      declaration = own;
      fields = { ...fields, ...own.fields, ...(own.fields.tags ? { tags: { ...fields.tags, ...own.fields.tags } } : {}) };
    }
    const declared = ownDeclarations(level.prototype as object);
    const here = new Set<string>();
    for (const own of declared) {
      if (own.kind === "pipeline" || own.kind === "parameter") continue;
      if (here.has(own.method)) strays.push({ declaration: own, why: "twice" });
      here.add(own.method);
      units.set(own.method, own);
      inputs.set(own.method, new Map());
    }
    for (const own of declared) {
      if (own.kind !== "parameter") continue;
      if (here.has(own.method)) inputs.get(own.method)?.set(own.index, own);
      else strays.push({ declaration: own, why: "no-unit" });
    }
  }
  return {
    type,
    origin: type,
    ownTokens: new Map(),
    name: type.name || "(anonymous class)",
    chain,
    declaration,
    fields,
    units,
    inputs,
    strays,
  };
}

/** The classes that `Definitions` lists, each once, and the copies that it mounts, known to the index. */
export function readPipelines(pipelines: readonly (Ctor | MountedPipeline)[], draft: CatalogDraft): readonly PipelineClass[] {
  const listed = new Set<Ctor>();
  const views: PipelineClass[] = [];
  for (const entry of pipelines) {
    if (typeof entry !== "function") {
      views.push(readMounted(entry, draft));
      continue;
    }
    if (listed.has(entry)) {
      draft.report({
        code: "DEFINITION.PIPELINE_TWICE",
        message: `${entry.name} is in Definitions.pipelines twice.`,
        fix: `List it once, or give a copy of it other keys: mount(${entry.name}, { keyPrefix: "copy" }).`,
      });
      continue;
    }
    listed.add(entry);
    views.push(readPipelineClass(entry));
  }
  for (const view of views) draft.index.addClass(view);
  return views;
}

function readMounted({ pipeline, keyPrefix, resources }: MountedPipeline, draft: CatalogDraft): PipelineClass {
  const view = readPipelineClass(copyOfClass(pipeline, pipeline.name));
  const ownTokens = new Map<Token, Token>();
  for (const provided of resources) {
    const copy = copyOfResource(provided, keyPrefix);
    ownTokens.set(provided.token, copy.token);
    draft.mountedResources.push(copy);
  }
  const fields = { ...view.fields, keyPrefix: [keyPrefix, view.fields.keyPrefix].filter((part) => part !== undefined).join("/") };
  return { ...view, origin: pipeline, ownTokens, fields };
}
