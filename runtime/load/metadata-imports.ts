/**
 * Makes imports that only decorator metadata uses safe to link.
 *
 * A type annotation on a decorated member becomes `typeof Revenue === "undefined" ? Object : Revenue`, and keeps
 * `import { Revenue } from "./revenue.js"` alive. When `Revenue` is an interface, the module that declares it exports
 * no such name, and linking fails before any code runs. A namespace import links whatever the module exports.
 */
const importLine =
  /^import (?:([\w$]+)(?:, )?)?(?:\{ ([^}]*) \})?(?:\* as [\w$]+)? ?from ("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')( with \{.*\})?;$/gm;
const guard = /(?:typeof [\w$.]+ === "undefined" \|\| )*typeof [\w$.]+ === "undefined" \? Object : [\w$.]+/g;

/** Whether the code guards any type reference at all: without one there is nothing to rewrite. */
export function hasMetadataGuards(code: string): boolean {
  return code.search(guard) >= 0;
}

/**
 * The code with each metadata-only name read from a namespace import; lines keep their numbers.
 * @param code - ES module, compiled with metadata
 * @param withoutMetadata - the same source compiled without: the names it still imports are used as values
 */
export function relinkMetadataImports(code: string, withoutMetadata: string): string {
  const values = importedNames(withoutMetadata);
  const accessOf = new Map<string, string>();
  let count = 0;
  const relinked = code.replace(
    importLine,
    (line, defaultName: string | undefined, list: string | undefined, from: string, attributes = "") => {
      const names = specifiers(defaultName, list);
      const moved = names.filter(({ local }) => !values.has(local));
      if (moved.length === 0) return line;
      const namespace = freshName(code, () => `_metadata_${count++}`);
      for (const { imported, local } of moved)
        accessOf.set(local, imported.startsWith('"') ? `${namespace}[${imported}]` : `${namespace}.${imported}`);
      const kept = names.filter(({ local }) => values.has(local));
      const star = /\* as [\w$]+/.exec(line)?.[0];
      return [...keptImports(kept, star), `import * as ${namespace}`].map((clause) => `${clause} from ${from}${attributes};`).join(" ");
    },
  );
  if (accessOf.size === 0) return code;
  return relinked.replace(guard, (text) =>
    text.replace(/(typeof |: )([\w$]+)/g, (whole, before: string, name: string) =>
      accessOf.has(name) ? before + accessOf.get(name) : whole,
    ),
  );
}

function keptImports(kept: readonly Specifier[], star: string | undefined): string[] {
  const clauses = kept.length ? [`import { ${kept.map(({ imported, local }) => `${imported} as ${local}`).join(", ")} }`] : [];
  return star ? [...clauses, `import ${star}`] : clauses;
}

interface Specifier {
  readonly imported: string;
  readonly local: string;
}

function specifiers(defaultName: string | undefined, list: string | undefined): Specifier[] {
  const named = (list ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean)
    .map((item) => {
      const [imported = item, local = imported] = item.split(" as ");
      return { imported, local };
    });
  return defaultName ? [{ imported: "default", local: defaultName }, ...named] : named;
}

function importedNames(code: string): Set<string> {
  const found = [...code.matchAll(importLine)].flatMap((match) => specifiers(match[1], match[2]));
  return new Set(found.map(({ local }) => local));
}

function freshName(code: string, next: () => string): string {
  let name = next();
  while (code.includes(name)) name = next();
  return name;
}
