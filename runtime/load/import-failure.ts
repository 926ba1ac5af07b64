import { fileURLToPath } from "node:url";
import { existsSync, readFileSync } from "node:fs";
import { DefinitionError, MillraceError, messageOf } from "../../src/base/errors.js";
import { importCycleThrough, printCycle } from "./import-cycle.js";
import { isUserModule } from "./loaded-modules.js";

/** Looks at what an import threw; `undefined` when it is another kind of failure. */
type Explanation = (file: string, message: string, error: unknown) => DefinitionError | undefined;

/** Turns what importing a user's file threw into the error to show: what is wrong, where, and the edit to make. */
export function explainImportFailure(file: string, error: unknown): Error {
  if (isOurs(error)) return error;
  const message = messageOf(error);
  for (const explain of [syntax, usedTooEarly, topLevelAwait, missingExport, missingImport]) {
    const explained = explain(file, message, error);
    if (explained) return explained;
  }
  const [place] = placesOf(error);
  return new DefinitionError(
    "DEFINITION.MODULE_THREW",
    `${describe(error)}\n  thrown while ${file} was imported${place ? `, at ${place.path}:${place.line}` : ""}`,
    {
      fix: "Mend what throws there; a module that Millrace imports may not fail while it is imported.",
      cause: error,
    },
  );
}

/** Ours by its code, not by its class: an ES module may hold another copy of the package. */
function isOurs(error: unknown): error is Error {
  if (error instanceof MillraceError) return true;
  return error instanceof Error && "fix" in error && /^[A-Z]+\.[A-Z_]+$/.test(String((error as { code?: unknown }).code));
}

const syntax: Explanation = (file, message, error) => {
  // From the loader's thread our own error arrives as a plain one: the text is what remains of it.
  if (message.startsWith("Syntax error in ")) return new DefinitionError("DEFINITION.SYNTAX", message, { cause: error });
  if (!(error instanceof SyntaxError) || isAboutAwait(message) || isAboutExport(message)) return undefined;
  const place = /^(.+?):(\d+)\n/.exec(error.stack ?? "");
  return new DefinitionError("DEFINITION.SYNTAX", `Syntax error in ${place ? `${toPath(place[1] ?? "")}:${place[2]}` : file}: ${message}`, {
    cause: error,
  });
};

const usedTooEarly: Explanation = (file, message, error) => {
  const name =
    error instanceof ReferenceError ? /^(?:Cannot access '([\w$]+)' before initialization|([\w$]+) is not defined)$/.exec(message) : null;
  if (!name) return undefined;
  const symbol = name[1] ?? name[2] ?? "";
  // swc's CommonJS reads an import through a getter in the declaring file: the user is the frame below it.
  const [top, below] = placesOf(error);
  const place = top && below && below.path !== top.path && isDeclaredIn(top.path, symbol) && imports(below.path, symbol) ? below : top;
  const path = place?.path ?? file;
  const at = place ? `${path}:${place.line}` : path;
  const declared = isDeclaredIn(path, symbol);
  if (!declared && !imports(path, symbol)) return undefined;
  const cycle = declared ? undefined : importCycleThrough(path);
  if (name[2] && !cycle) return undefined;
  if (cycle) {
    return new DefinitionError(
      "DEFINITION.IMPORT_CYCLE",
      `"${symbol}" is used at ${at} before its module has run, because the imports form a cycle: ${printCycle(cycle)}.`,
      {
        fix: `Write ref(() => ${symbol}, …) where the decorator names ${symbol}, or move ${symbol} to a file that imports neither.`,
        cause: error,
      },
    );
  }
  return new DefinitionError("DEFINITION.USED_BEFORE_DECLARATION", `"${symbol}" is used at ${at} above its declaration.`, {
    fix: `Move the declaration of ${symbol} above its first use, or write ref(() => ${symbol}, …).`,
    cause: error,
  });
};

const topLevelAwait: Explanation = (file, message, error) => {
  const code = (error as { code?: unknown }).code;
  if (!isAboutAwait(message) && code !== "ERR_REQUIRE_ASYNC_MODULE") return undefined;
  return new DefinitionError(
    "DEFINITION.TOP_LEVEL_AWAIT",
    `${file} is CommonJS, or is required by a CommonJS file, where "await" cannot stand at the top level.`,
    {
      fix: `Export a function instead, export default async () => { … }, or set "type": "module" in package.json.`,
      cause: error,
    },
  );
};

const missingExport: Explanation = (file, message, error) => {
  if (!(error instanceof SyntaxError) || !isAboutExport(message)) return undefined;
  const [, from = "", name = ""] = /module '([^']+)' does not provide an export named '([^']+)'/.exec(message) ?? [];
  const place = /^(.+?):(\d+)\n/.exec(error.stack ?? "");
  return new DefinitionError(
    "DEFINITION.EXPORT_NOT_FOUND",
    `${place ? `${toPath(place[1] ?? "")}:${place[2]}` : file} names "${name}" of "${from}", which exports no such value.`,
    {
      fix: `Correct the name; or, when ${name} is only a type, write import type { ${name} }, or export type { ${name} } to pass it on.`,
      cause: error,
    },
  );
};

const missingImport: Explanation = (file, message, error) => {
  const code = (error as { code?: unknown }).code;
  if (code !== "MODULE_NOT_FOUND" && code !== "ERR_MODULE_NOT_FOUND") return undefined;
  const [first = ""] = message.split("\n");
  const missing = /'([^']+)'/.exec(first)?.[1] ?? "";
  const importer = / imported from (.+)$/.exec(first)?.[1] ?? (error as { requireStack?: string[] }).requireStack?.[0] ?? file;
  const isPackage = !/^[./]|^file:/.test(missing);
  return new DefinitionError("DEFINITION.IMPORT_NOT_FOUND", `${toPath(importer)} imports "${toPath(missing)}", which cannot be found.`, {
    fix: isPackage ? `Run npm install ${missing}, or correct the name.` : "Correct the path of the import, or create the file.",
    cause: error,
  });
};

function isAboutAwait(message: string): boolean {
  return message.startsWith("await is only valid in");
}

function isAboutExport(message: string): boolean {
  return message.includes("does not provide an export named");
}

/** The user's own error first: its class and message as Node would print them. */
function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : messageOf(error);
}

function isDeclaredIn(path: string, symbol: string): boolean {
  return matches(path, new RegExp(`(?:class|const|let|enum)\\s+${escape(symbol)}\\b`));
}

function imports(path: string, symbol: string): boolean {
  return matches(path, new RegExp(`import[^;]*\\b${escape(symbol)}\\b`));
}

function matches(path: string, pattern: RegExp): boolean {
  return existsSync(path) && pattern.test(readFileSync(path, "utf8"));
}

function escape(symbol: string): string {
  return symbol.replace(/\$/g, "\\$");
}

interface Place {
  readonly path: string;
  readonly line: number;
}

/** The frames of a stack that lie in the user's files, topmost first. */
function placesOf(error: unknown): Place[] {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return stack.split("\n").flatMap((frame) => {
    const [, place, line] = /^\s*at .*?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):(\d+):\d+\)?$/.exec(frame) ?? [];
    return place && isUserModule(toPath(place)) ? [{ path: toPath(place), line: Number(line) }] : [];
  });
}

function toPath(place: string): string {
  return place.startsWith("file:") ? fileURLToPath(place) : place;
}
