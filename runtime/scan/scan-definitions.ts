import { DEFINITIONS, type DefinitionsShape } from "../../decorators/declarations/declaration.js";
import type { ResolvedDefinitions } from "./bindings.js";
import { type ResolveOptions, resolveDefinitions } from "./resolve-definitions.js";
import { ScanError } from "./scan-error.js";

/**
 * Resolves what a definitions module exports by default: `Definitions`, or a function (async or not) that returns them.
 * @param where - the module's path, for the message when it exports something else
 * @throws {@link ScanError} with every problem that there is
 */
export async function scanDefinitions(exported: unknown, where: string, options: ResolveOptions = {}): Promise<ResolvedDefinitions> {
  const given = await definitionsOf(exported);
  if (isDefinitions(given)) return resolveDefinitions(given, options);
  throw new ScanError([
    ...(options.moduleProblems ?? []),
    {
      code: "DEFINITION.NO_DEFINITIONS",
      message: `${where} does not export Definitions by default.`,
      fix: "Write `export default new Definitions({ pipelines: [ … ] });`, or a function that returns them.",
    },
  ]);
}

/** What the export is, or what the function that it is returns; a module stands for its default export. */
export async function definitionsOf(exported: unknown): Promise<unknown> {
  const given = defaultOf(exported);
  const isFunction = typeof given === "function" && !/^class\b/.test(Function.prototype.toString.call(given));
  return isFunction ? defaultOf(await (given as () => unknown)()) : given;
}

/** Through both wrappings: importing CommonJS from ESM puts the module, with a `default` of its own, under `default`. */
function defaultOf(exported: unknown): unknown {
  let given = exported;
  for (let depth = 0; depth < 2 && isWrapping(given); depth++) given = given.default;
  return given;
}

function isWrapping(thing: unknown): thing is { readonly default: unknown } {
  return typeof thing === "object" && thing !== null && !isDefinitions(thing) && "default" in thing;
}

function isDefinitions(thing: unknown): thing is DefinitionsShape {
  return typeof thing === "object" && thing !== null && (thing as { [DEFINITIONS]?: unknown })[DEFINITIONS] === true;
}
