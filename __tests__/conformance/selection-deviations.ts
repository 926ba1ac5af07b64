/** The wanted differences of the selection language: headings of docs/deviations.md. */
export const BARE_KEYS = "Selection: a key may stand without `key:`";
export const UNQUOTED_VALUES = "Selection: `.`, `-` and `@` need no quotes";
export const NO_LEGACY = "Selection: the old clause syntax is not read";

const TOKEN = /\s+|"[^"\\\r\n]*"|<null>|[0-9]+|[+:=()]|[a-zA-Z_*][a-zA-Z0-9_*/.@-]*|[^]/g;
const WORDS = /^(and|AND|or|OR|not|NOT|\*)$/;
const CALLABLE =
  /^(sinks|roots|key|owner|group|tag|kind|is|code_location|status|column|table_name|column_tag|changed_in_branch|partitions|automation_type|sensor|schedule|job)$/;

/**
 * The text with each bare key as `key:"…"` and each value with other characters in quotes, and the rules that this took.
 * The anchor's grammar reads the result as our grammar reads the text, or neither reads it.
 */
export function inStrictForm(text: string): { readonly text: string; readonly rules: readonly string[] } {
  const rules = new Set<string>();
  let before = "";
  const strict = (text.match(TOKEN) ?? []).map((token) => {
    if (/^\s/.test(token)) return token;
    const isValue = before === ":" || before === "=";
    before = token;
    if (!/^[a-zA-Z_*]/.test(token) || WORDS.test(token)) return token;
    if (isValue) return /[.@-]/.test(token) ? (rules.add(UNQUOTED_VALUES), `"${token}"`) : token;
    if (CALLABLE.test(token)) return token;
    rules.add(BARE_KEYS);
    return `key:"${token}"`;
  });
  return { text: strict.join(""), rules: [...rules] };
}
