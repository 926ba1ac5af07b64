import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import ts from "typescript";

export const ROOT = join(__dirname, "../..");

/** One import, re-export, `import()` or `import("…").Type` of a file. */
export interface Import {
  /** The importing file, from the root, with `/`. */
  readonly from: string;
  /** The file it leads to, from the root; a package's name; or `unresolved:` and what was written. */
  readonly to: string;
  readonly external: boolean;
  /** Gone after compilation, needed to load the file, or loaded later by `import()` or `require()`. */
  readonly kind: "type" | "value" | "lazy";
  readonly line: number;
}

export interface SourceText {
  readonly path: string;
  readonly source: ts.SourceFile;
}

/** The TypeScript files below the folders, sorted by path. A folder that does not exist has none. */
export function sourcesIn(...folders: string[]): SourceText[] {
  return folders
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)))
    .filter((path) => /(?<!\.d)\.m?ts$/.test(path))
    .map((path) => path.split(sep).join("/"))
    .sort()
    .map((path) => parse(path, readFileSync(join(ROOT, path), "utf8")));
}

/** A file as it would be read from `path`; used to show that a rule refuses what it should. */
export function parse(path: string, text: string): SourceText {
  return { path, source: ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true) };
}

export function importsOf({ path, source }: SourceText): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, kind: Import["kind"]): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const line = source.getLineAndCharacterOfPosition(specifier.getStart(source)).line + 1;
    found.push({ from: path, kind, line, ...resolve(path, specifier.text) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node) ? "type" : "value");
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, isTypeOnlyExport(node) ? "type" : "value");
    else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference))
      add(node.moduleReference.expression, node.isTypeOnly ? "type" : "value");
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, "type");
    else if (ts.isCallExpression(node) && (node.expression.kind === ts.SyntaxKind.ImportKeyword || isRequire(node.expression)))
      add(node.arguments[0], "lazy");
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isRequire(expression: ts.Expression): boolean {
  return ts.isIdentifier(expression) && expression.text === "require";
}

function isTypeOnly({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false;
  if (importClause.isTypeOnly) return true;
  const names = importClause.namedBindings;
  if (importClause.name || !names || !ts.isNamedImports(names)) return false;
  return names.elements.length > 0 && names.elements.every((element) => element.isTypeOnly);
}

function isTypeOnlyExport({ isTypeOnly: all, exportClause }: ts.ExportDeclaration): boolean {
  if (all) return true;
  if (!exportClause || !ts.isNamedExports(exportClause)) return false;
  return exportClause.elements.length > 0 && exportClause.elements.every((element) => element.isTypeOnly);
}

function resolve(from: string, specifier: string): { to: string; external: boolean } {
  if (!specifier.startsWith(".")) {
    const parts = specifier.split("/");
    const name = specifier.startsWith("@")
      ? parts.slice(0, 2).join("/")
      : specifier.startsWith("node:")
        ? specifier
        : (parts[0] ?? specifier);
    return { to: name, external: true };
  }
  const target = join(ROOT, dirname(from), specifier);
  const candidates = [target.replace(/\.js$/, ".ts"), target.replace(/\.mjs$/, ".mts"), target.replace(/\.js$/, ".d.ts"), target];
  const file = candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
  if (!file) return { to: `unresolved:${specifier}`, external: false };
  return { to: relative(ROOT, file).split(sep).join("/"), external: false };
}

/** The cycles among the value imports, each spelled out: `a.ts → b.ts → a.ts`; one for each group of files that reach each other. */
export function valueCycles(imports: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to, kind, external } of imports) {
    if (kind === "value" && !external) next.set(from, [...(next.get(from) ?? []), to]);
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (file: string, path: string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) return void cycles.push([...path.slice(start), file].join(" → "));
    if (done.has(file)) return;
    for (const target of next.get(file) ?? []) walk(target, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) walk(file, []);
  return cycles;
}

export function show({ from, line, to }: Import): string {
  return `${from}:${line} imports ${to}`;
}
