/** The parameters of a method as its source names them: `["events", "config", "...rest"]`; read for error messages and to find rest parameters. */
export function parameterNames(method: unknown): readonly string[] {
  if (typeof method !== "function") return [];
  const source = Function.prototype.toString.call(method);
  const open = source.indexOf("(");
  const names: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open; at >= 0 && at < source.length; at++) {
    const letter = source[at] ?? "";
    if ("'\"`".includes(letter)) {
      at = endOfText(source, at);
    } else if ("([{".includes(letter)) {
      depth++;
    } else if (")]}".includes(letter)) {
      depth--;
    }
    if ((letter === "," && depth === 1) || (letter === ")" && depth === 0)) {
      const text = source.slice(start, at).trim();
      if (text !== "") names.push(/^(?:\.\.\.)?[\w$]+/.exec(text)?.[0] ?? text);
      start = at + 1;
      if (depth === 0) break;
    }
  }
  return names;
}

function endOfText(source: string, from: number): number {
  let at = from + 1;
  while (at < source.length && source[at] !== source[from]) at += source[at] === "\\" ? 2 : 1;
  return at;
}
