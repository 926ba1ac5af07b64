import type { ParameterDeclaration, ParameterTypes, UnitDeclaration } from "../../decorators/declarations/declaration.js";
import type { Token } from "../../src/config/provided.js";
import type { Ctor } from "../../src/model/asset-ref.js";
import { isPartitionsType } from "../../src/model/input-partitions.js";
import type { BuiltInType, ParameterBinding } from "./bindings.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { BUILT_IN, IMPORT_FIX } from "./compiler-metadata.js";
import { parameterNames } from "./method-source.js";
import { missingResource } from "./missing-resource.js";
import type { PipelineClass } from "./pipeline-class.js";

type InputBinding = Extract<ParameterBinding, { kind: "input" }>;

const CONFIG = Symbol.for("millrace/config");
const CONTEXT = Symbol.for("millrace/context");
const RECOGNISED = new Map<unknown, BuiltInType>([
  [String, "String"],
  [Number, "Number"],
  [Boolean, "Boolean"],
  [BigInt, "BigInt"],
  [Map, "Map"],
  [Set, "Set"],
  [Date, "Date"],
  [Uint8Array, "Uint8Array"],
  [Buffer, "Uint8Array"],
]);

/** How each parameter of a method gets its value; problems are reported, and their parameters left out. */
export function bindParameters(view: PipelineClass, unit: UnitDeclaration, scope: CatalogDraft): readonly ParameterBinding[] {
  const { site } = unit;
  const method: unknown = (view.type.prototype as Record<string, unknown>)[unit.method];
  const inputs = view.inputs.get(unit.method) ?? new Map<number, ParameterDeclaration>();
  const arity = typeof method === "function" ? method.length : 0;
  const types = unit.parameterTypes;
  let count = Math.max(types?.length ?? 0, arity);
  for (const index of inputs.keys()) count = Math.max(count, index + 1);
  const bindings: ParameterBinding[] = [];
  if (count === 0) return bindings;
  if (count > arity && parameterNames(method).some((name) => name.startsWith("..."))) {
    scope.report({
      code: "DEFINITION.REST_PARAMETER",
      message: `${view.name}.${unit.method} takes a rest parameter, whose values nothing tells.`,
      site,
      fix: "Take each input as a parameter of its own.",
    });
    return bindings;
  }
  for (let index = 0; index < count; index++) {
    const input = inputs.get(index);
    const binding = input ? bindInput(view, input, types?.[index], scope) : bindByType(view, unit, index, types, method, scope);
    if (binding) bindings.push(binding);
  }
  for (const kind of bindings.length > 1 ? (["config", "context"] as const) : []) {
    if (bindings.filter((binding) => binding.kind === kind).length < 2) continue;
    scope.report({
      code: "DEFINITION.PARAMETER_TWICE",
      message: `${view.name}.${unit.method} takes two ${kind} parameters.`,
      site,
      fix: `Keep one ${kind} parameter.`,
    });
  }
  return bindings;
}

function bindInput(
  view: PipelineClass,
  input: ParameterDeclaration,
  type: unknown,
  { index, resources, report, mappings }: CatalogDraft,
): ParameterBinding | undefined {
  if (input.from.kind === "token") return bindToken(view, input, input.from.token, { resources, report });
  const found =
    input.from.kind === "ref" ? index.findRef(input.from.ref, view) : index.findMethod(view.type, input.from.method, input.from.out);
  if ("key" in found) {
    const { optional, partitions, as } = input;
    const builtIn = as !== undefined || partitions ? undefined : RECOGNISED.get(type);
    const binding: { -readonly [K in keyof InputBinding]: InputBinding[K] } = {
      kind: "input",
      key: found.key,
      optional,
      partitions,
      array: !partitions && as === undefined && type === Array,
    };
    if (as !== undefined) binding.as = as;
    if (input.columns !== undefined) binding.columns = input.columns;
    if (input.where !== undefined) binding.where = input.where;
    if (builtIn !== undefined) binding.type = builtIn;
    if (input.mapping !== undefined) binding.mapping = mappings.dataOf(input.mapping);
    return binding;
  }
  report({ ...found, site: input.site });
  return undefined;
}

function bindByType(
  view: PipelineClass,
  unit: UnitDeclaration,
  index: number,
  types: ParameterTypes,
  method: unknown,
  scope: CatalogDraft,
): ParameterBinding | undefined {
  const what = (): string => `Parameter "${parameterNames(method)[index] ?? index + 1}" of ${view.name}.${unit.method}`;
  const report = (code: string, message: string, fix: string): undefined => {
    scope.report({ code, message, site: unit.site, fix });
    return undefined;
  };
  // One problem for the whole class: the cause is one.
  if (types === undefined) return undefined;
  const type = types[index];
  if (type === undefined || BUILT_IN.has(type)) {
    const name = typeof type === "function" ? type.name : String(type);
    return report(
      "DEFINITION.PARAMETER",
      `${what()} has the type ${name} at run time, which tells nothing about where its value comes from.`,
      `If it is the value of an asset, write @Own("method") or @Input(Class, "method") before it. ${IMPORT_FIX}`,
    );
  }
  if (typeof type !== "function")
    return report("DEFINITION.PARAMETER", `${what()} has no class as its type.`, "Take an input, a config, a resource or a context.");
  if (isPartitionsType(type))
    return report(
      "DEFINITION.PARAMETER",
      `${what()} is Partitions, but nothing tells of which asset.`,
      'Write @InputPartitions(Class, "method") before it.',
    );
  const context = contextName(type);
  if (context !== undefined) {
    const wanted = unit.kind === "check" ? "CheckContext" : "AssetContext";
    if (unit.kind === "check" ? context !== "CheckContext" : context === "CheckContext")
      return report(
        "DEFINITION.CONTEXT",
        `${what()} is ${context === "AssetContext" ? "an" : "a"} ${context}, which this method cannot have.`,
        `Take ${wanted}.`,
      );
    if (context === "PartitionedAssetContext" && unit.kind !== "check" && unit.fields.partitions === undefined) {
      return report(
        "DEFINITION.CONTEXT",
        `${what()} is a PartitionedAssetContext, but the asset has no partitions.`,
        "Take AssetContext, or give the asset partitions.",
      );
    }
    return { kind: "context" };
  }
  if ((type as unknown as Record<symbol, unknown>)[CONFIG] === true) return { kind: "config", type: type as unknown as Ctor };
  const token = view.ownTokens.get(type as unknown as Ctor) ?? (type as unknown as Ctor);
  if (scope.resources.has(token)) return { kind: "resource", token };
  scope.report(missingResource(what(), token, unit.site, '; if it is the value of an asset, write @Input(Class, "method") before it'));
  return undefined;
}

function bindToken(
  view: PipelineClass,
  { method, index, site }: ParameterDeclaration,
  token: Token,
  { resources, report }: Pick<CatalogDraft, "resources" | "report">,
): ParameterBinding | undefined {
  const own = view.ownTokens.get(token) ?? token;
  if (resources.has(own)) return { kind: "resource", token: own };
  report(missingResource(`Parameter ${index + 1} of ${view.name}.${method}`, token, site));
  return undefined;
}

function contextName(type: object): string | undefined {
  return (type as { [CONTEXT]?: string })[CONTEXT];
}
