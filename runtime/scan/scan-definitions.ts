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
  const given: unknown =
    typeof exported === "function" && !/^class\b/.test(Function.prototype.toString.call(exported))
      ? await (exported as () => unknown)()
      : exported;
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

function isDefinitions(thing: unknown): thing is DefinitionsShape {
  return typeof thing === "object" && thing !== null && (thing as { [DEFINITIONS]?: unknown })[DEFINITIONS] === true;
}
