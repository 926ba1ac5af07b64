#!/usr/bin/env node
// Writes docs/errors.md from the source: every error code with its class, message and place. `--check` fails when it is stale.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "docs/errors.md");
const CODE = /^[A-Z][A-Z0-9_]*(\.[A-Z][A-Z0-9_]*)+$/;

const files = ["src", "decorators", "runtime"]
  .map((folder) => join(root, folder))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
  .sort();

const mentioned = new Map();
const entries = files.flatMap((path) => errorsOf(path));
if (entries.length === 0) {
  console.error("No error code was found in src, decorators or runtime: this check would check nothing.");
  process.exit(1);
}
const told = new Set(entries.map(({ code }) => code));
for (const [code, file] of mentioned)
  if (!told.has(code)) {
    console.error(
      `${file} mentions the code ${code}, but no message of it was found: write it where this tool finds it (errorsOf), or mend the code.`,
    );
    process.exit(1);
  }
const page = render(entries);

if (!process.argv.includes("--check")) {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, page);
  console.log(`docs/errors.md: ${new Set(entries.map(({ code }) => code)).size} codes`);
} else if (!existsSync(target) || readFileSync(target, "utf8") !== page) {
  console.error("docs/errors.md is stale. Run: node tools/errors.mjs");
  process.exitCode = 1;
}

/**
 * Every string in the shape of a code with the text that goes with it: the first argument of `new X(…)`, `super(…)` or of a function and the one after it,
 * the first two of a list, or `code` and `message` (or `text`) of an object.
 */
function errorsOf(path) {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022, true);
  const found = [];
  visit(source, undefined);
  return found;

  function visit(node, className) {
    const here = ts.isClassLike(node) && node.name ? node.name.text : className;
    if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.arguments?.length) {
      const position = node.arguments.findIndex((argument) => ts.isStringLiteralLike(argument));
      const first = node.arguments[position];
      if (first && position <= 1 && (CODE.test(first.text) || isInternal(node, first))) {
        found.push({
          code: first.text,
          by: node.expression.kind === ts.SyntaxKind.SuperKeyword ? (here ?? "?") : node.expression.getText(source),
          message: template(node.arguments[position + 1], source),
          file: relative(root, path).split(sep).join("/"),
        });
      }
    }
    if (ts.isStringLiteralLike(node) && CODE.test(node.text)) mentioned.set(node.text, relative(root, path));
    if (ts.isArrayLiteralExpression(node)) {
      const [first, second] = node.elements;
      if (isCode(first) && second !== undefined && !isCode(second)) add(first.text, functionAround(node), second);
    }
    if (ts.isObjectLiteralExpression(node)) {
      const valueOf = (...names) => node.properties.find(({ name }) => names.includes(name?.getText(source)))?.initializer;
      const message = valueOf("message", "text");
      if (message) for (const code of codesOf(valueOf("code"))) add(code, functionAround(node), message);
    }
    ts.forEachChild(node, (child) => visit(child, here));
  }

  function add(code, by, message) {
    found.push({ code, by, message: template(message, source), file: relative(root, path).split(sep).join("/") });
  }
}

function isCode(node) {
  return node !== undefined && ts.isStringLiteralLike(node) && CODE.test(node.text);
}

/** The codes that an expression may give. */
function codesOf(node) {
  if (node === undefined) return [];
  if (isCode(node)) return [node.text];
  return ts.isConditionalExpression(node) ? [...codesOf(node.whenTrue), ...codesOf(node.whenFalse)] : [];
}

function functionAround(node) {
  for (let up = node.parent; up; up = up.parent) if ((ts.isFunctionLike(up) || ts.isClassLike(up)) && up.name) return up.name.getText();
  return "";
}

function isInternal(node, first) {
  return node.expression.kind === ts.SyntaxKind.SuperKeyword && first.text === "INTERNAL";
}

/** The message as a reader meets it: `${name}` becomes `‹name›`; anything that is not a text becomes `‹expression›`. */
function template(node, source) {
  if (node === undefined) return "";
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map((span) => `‹${brief(span.expression.getText(source))}›${span.literal.text}`).join("");
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return template(node.left, source) + template(node.right, source);
  }
  return `‹${brief(node.getText(source))}›`;
}

function brief(expression) {
  const text = expression.replace(/\s+/g, " ");
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}

function render(all) {
  const cell = (text) =>
    text
      .replace(/\s*\n\s*/g, " ")
      .replaceAll("|", "\\|")
      .replace(/[*_<>`]/g, "\\$&");
  const byCode = groupBy(all);
  const rows = [...byCode.keys()].sort().flatMap((code) => {
    const unique = new Map(byCode.get(code).map((entry) => [`${entry.by} ${entry.message} ${entry.file}`, entry]));
    return [...unique.values()].map(({ by, message, file }) => `| \`${code}\` | ${cell(by)} | ${cell(message)} | [${file}](../${file}) |`);
  });
  return [
    "# Error codes",
    "",
    "Every error that Millrace throws on purpose carries a stable `code`. `‹…›` stands for a value of yours.",
    "The message that you see also names the edit to make. Generated by `node tools/errors.mjs`; do not edit.",
    "",
    "| code | thrown by | message | where |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function groupBy(all) {
  const groups = new Map();
  for (const entry of all) groups.set(entry.code, [...(groups.get(entry.code) ?? []), entry]);
  return groups;
}
