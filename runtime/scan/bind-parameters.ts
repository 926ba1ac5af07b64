import type { ParameterDeclaration, ParameterTypes, UnitDeclaration } from "../../decorators/declarations/declaration.js";
import { tokenName, type Token } from "../../src/config/provided.js";
import type { Ctor } from "../../src/model/asset-ref.js";
import type { AssetIndex } from "./asset-index.js";
import type { ParameterBinding } from "./bindings.js";
import { parameterNames } from "./method-source.js";
import type { PipelineClass } from "./pipeline-class.js";
import type { ScanProblem } from "./scan-error.js";

const CONFIG = Symbol.for("millrace/config");
const CONTEXT = Symbol.for("millrace/context");
const BUILT_IN = new Set<unknown>([
  Object,
  Array,
  String,
  Number,
  Boolean,
  BigInt,
  Symbol,
  Function,
  Promise,
  Map,
  Set,
  Date,
  RegExp,
  Error,
  Buffer,
  Uint8Array,
]);

/** What is asked while parameters are bound. */
export interface BindingScope {
  readonly index: AssetIndex;
  readonly resources: ReadonlyMap<Token, unknown>;
  readonly report: (problem: ScanProblem) => void;
}

/** How to get the compiler to write parameter types. */
export const METADATA_FIX =
  "Run it through millrace/register (`node --import millrace/register …`): tsx and esbuild write no parameter types. With a compiler of your own, set in tsconfig.json:\n" +
  '       "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": true, "verbatimModuleSyntax": false }';
const IMPORT_FIX =
  "If it is a class, import it without `type` (the lint rule consistent-type-imports and the setting verbatimModuleSyntax take such imports away); in tsconfig.json:\n" +
  '       "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": true, "verbatimModuleSyntax": false }';

/** How each parameter of a method gets its value; problems are reported, and their parameters left out. */
export function bindParameters(view: PipelineClass, unit: UnitDeclaration, scope: BindingScope): readonly ParameterBinding[] {
  const site = unit.site.toString.bind(unit.site);
  const method: unknown = (view.type.prototype as Record<string, unknown>)[unit.method];
  const inputs = view.inputs.get(unit.method) ?? new Map<number, ParameterDeclaration>();
  const arity = typeof method === "function" ? method.length : 0;
  const types = unit.parameterTypes;
  const count = Math.max(types?.length ?? 0, arity, ...[...inputs.keys()].map((index) => index + 1));
  const bindings: ParameterBinding[] = [];
  if (count === 0) return bindings;
  if (count > arity && parameterNames(method).some((name) => name.startsWith("..."))) {
    scope.report({
      code: "DEFINITION.REST_PARAMETER",
      message: `${view.name}.${unit.method} takes a rest parameter, whose values nothing tells.`,
      site: site(),
      fix: "Take each input as a parameter of its own.",
    });
    return bindings;
  }
  for (let index = 0; index < count; index++) {
    const input = inputs.get(index);
    const binding = input ? bindInput(view, input, types?.[index], scope) : bindByType(view, unit, index, types, method, scope);
    if (binding) bindings.push(binding);
  }
  for (const kind of ["config", "context"] as const) {
    if (bindings.filter((binding) => binding.kind === kind).length < 2) continue;
    scope.report({
      code: "DEFINITION.PARAMETER_TWICE",
      message: `${view.name}.${unit.method} takes two ${kind} parameters.`,
      site: site(),
      fix: `Keep one ${kind} parameter.`,
    });
  }
  return bindings;
}

function bindInput(
  view: PipelineClass,
  input: ParameterDeclaration,
  type: unknown,
  { index, resources, report }: BindingScope,
): ParameterBinding | undefined {
  if (input.from.kind === "token") return bindToken(view, input, input.from.token, { resources, report });
  const found = input.from.kind === "ref" ? index.findRef(input.from.ref) : index.findMethod(view.type, input.from.method, input.from.out);
  if ("key" in found)
    return { kind: "input", key: found.key, optional: input.optional, form: input.stream ? "stream" : type === Array ? "array" : "any" };
  report({ ...found, site: input.site.toString() });
  return undefined;
}

function bindByType(
  view: PipelineClass,
  unit: UnitDeclaration,
  index: number,
  types: ParameterTypes,
  method: unknown,
  scope: BindingScope,
): ParameterBinding | undefined {
  const what = (): string => `Parameter "${parameterNames(method)[index] ?? index + 1}" of ${view.name}.${unit.method}`;
  const report = (code: string, message: string, fix: string): undefined => {
    scope.report({ code, message, site: unit.site.toString(), fix });
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
  const context = contextName(type);
  if (context !== undefined) {
    const wanted = unit.kind === "check" ? "CheckContext" : "AssetContext";
    if (unit.kind === "check" ? context !== "CheckContext" : context === "CheckContext")
      return report("DEFINITION.CONTEXT", `${what()} is a ${context}, which this method cannot have.`, `Take ${wanted}.`);
    if (context === "PartitionedAssetContext" && unit.kind !== "check" && unit.partitions === null) {
      return report(
        "DEFINITION.CONTEXT",
        `${what()} is a PartitionedAssetContext, but the asset has no partitions.`,
        "Take AssetContext, or give the asset partitions.",
      );
    }
    return { kind: "context" };
  }
  if ((type as unknown as Record<symbol, unknown>)[CONFIG] === true) return { kind: "config", type: type as unknown as Ctor };
  const token = type as unknown as Ctor;
  if (scope.resources.has(token)) return { kind: "resource", token };
  return report(
    "DEFINITION.MISSING_RESOURCE",
    `${what()} needs the resource ${type.name}, which is not in Definitions.resources.`,
    missingResourceFix(token),
  );
}

/** How to bind a class that is not bound. */
export function missingResourceFix(token: Token): string {
  return `${bindingOf(token)}; if it is the value of an asset, write @Input(Class, "method") before it.`;
}

function bindingOf(token: Token): string {
  const name = tokenName(token);
  return `Add ${typeof token === "function" ? `${name}.with({ … }) or ` : ""}provide(${typeof token === "string" ? JSON.stringify(name) : name}, …) to Definitions.resources`;
}

function bindToken(
  view: PipelineClass,
  { method, index, site }: ParameterDeclaration,
  token: Token,
  { resources, report }: Pick<BindingScope, "resources" | "report">,
): ParameterBinding | undefined {
  if (resources.has(token)) return { kind: "resource", token };
  const message = `Parameter ${index + 1} of ${view.name}.${method} needs the resource ${tokenName(token)}, which is not in Definitions.resources.`;
  report({ code: "DEFINITION.MISSING_RESOURCE", message, site: site.toString(), fix: `${bindingOf(token)}.` });
  return undefined;
}

/** The tokens that a pipeline's constructor takes, in order; problems are reported. */
export function bindConstructor(view: PipelineClass, scope: BindingScope): readonly Token[] {
  if (!view.declaration) {
    scope.report({
      code: "DEFINITION.NO_PIPELINE",
      message: `${view.name} is in Definitions.pipelines, but it has no @Pipeline().`,
      fix: `Write @Pipeline() before class ${view.name}.`,
    });
    return [];
  }
  const types = constructorTypes(view, scope);
  return types.flatMap((type, index) => {
    const token = type as Token;
    if (scope.resources.has(token)) return [token];
    const site = view.declaration?.site.toString();
    const named = typeof type === "string" || typeof type === "symbol";
    if (!named && (typeof type !== "function" || BUILT_IN.has(type))) {
      const name = typeof type === "function" ? type.name : String(type);
      scope.report({
        code: "DEFINITION.PARAMETER",
        message: `Parameter ${index + 1} of the constructor of ${view.name} has the type ${name} at run time, which is no resource.`,
        ...(site ? { site } : {}),
        fix: `Take resources by their class. ${IMPORT_FIX}`,
      });
    } else {
      scope.report({
        code: "DEFINITION.MISSING_RESOURCE",
        message: `The constructor of ${view.name} needs the resource ${tokenName(token)}, which is not in Definitions.resources.`,
        ...(site ? { site } : {}),
        fix: `${bindingOf(token)}.`,
      });
    }
    return [];
  });
}

function constructorTypes(view: PipelineClass, scope: BindingScope): readonly unknown[] {
  for (const level of view.chain) {
    const reflect = Reflect as { getOwnMetadata?: (key: string, holder: object) => unknown };
    const types = reflect.getOwnMetadata?.("design:paramtypes", level);
    if (Array.isArray(types)) return withTokens(types, level);
    if (level.length === 0) continue;
    const site = view.declaration?.site.toString();
    scope.report({
      code: "DEFINITION.NO_METADATA",
      message: `The constructor of ${level.name} takes parameters, but the compiler wrote no types for them.`,
      ...(site ? { site } : {}),
      fix: `Write @Pipeline() before class ${level.name}. ${METADATA_FIX}`,
    });
    return [];
  }
  return [];
}

/** The types with those that `@inject(token)` stands before replaced by the token. */
function withTokens(types: readonly unknown[], level: object): readonly unknown[] {
  const reflect = Reflect as { getOwnMetadata?: (key: string, holder: object) => unknown };
  const injected = (reflect.getOwnMetadata?.("injectionTokens", level) ?? {}) as Readonly<Record<number, { readonly token?: unknown }>>;
  return types.map((type, index) => injected[index]?.token ?? type);
}

function contextName(type: object): string | undefined {
  return (type as { [CONTEXT]?: string })[CONTEXT];
}
