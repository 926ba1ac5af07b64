/** `rawEvents` → `raw_events`, `getHTMLPage` → `get_html_page`: the key that a method's name gives. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}

/** Whether the text is an asset key: segments of letters, digits, `_`, `.`, `-`, joined by `/`. Keys become paths and table names. */
export function isAssetKey(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/.test(text);
}

/** Whether the text may name a group or a check. */
export function isName(text: string): boolean {
  return /^[A-Za-z0-9_]+$/.test(text);
}
