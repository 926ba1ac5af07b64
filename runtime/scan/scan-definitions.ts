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

/** What the export is, or what the function that it is returns. */
export async function definitionsOf(exported: unknown): Promise<unknown> {
  const isFunction = typeof exported === "function" && !/^class\b/.test(Function.prototype.toString.call(exported));
  return isFunction ? await (exported as () => unknown)() : exported;
}

function isDefinitions(thing: unknown): thing is DefinitionsShape {
  return typeof thing === "object" && thing !== null && (thing as { [DEFINITIONS]?: unknown })[DEFINITIONS] === true;
}
