/** One known place: where it is in the generated text and in the source; both count from 0, columns in UTF-16 units. */
export interface Mapping {
  readonly line: number;
  readonly column: number;
  readonly sourceLine: number;
  readonly sourceColumn: number;
}

/** A mapping as a map's text holds it: `sourceIndex` -1 says that the text from here on has no source. */
interface Segment extends Mapping {
  readonly sourceIndex: number;
  readonly nameIndex?: number;
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * A source map (version 3, of one source) that knows more places; one that is known already keeps what it says.
 * @param json - the map as a compiler gives it
 */
export function addMappings(json: string, added: readonly Mapping[]): string {
  const map = JSON.parse(json) as { mappings: string };
  const segments = decode(map.mappings);
  const known = new Set(segments.map(({ line, column }) => `${line}:${column}`));
  const fresh = added.filter(({ line, column }) => !known.has(`${line}:${column}`));
  const all = [...segments, ...fresh.map((mapping) => ({ ...mapping, sourceIndex: 0 }))];
  all.sort((a, b) => a.line - b.line || a.column - b.column);
  return JSON.stringify({ ...map, mappings: encode(all) });
}

function decode(mappings: string): Segment[] {
  const segments: Segment[] = [];
  let [sourceIndex, sourceLine, sourceColumn, nameIndex] = [0, 0, 0, 0];
  mappings.split(";").forEach((text, line) => {
    let column = 0;
    for (const [dColumn = 0, dSource, dLine = 0, dColumnOfSource = 0, dName] of text.split(",").filter(Boolean).map(numbers)) {
      column += dColumn;
      sourceIndex += dSource ?? 0;
      sourceLine += dLine;
      sourceColumn += dColumnOfSource;
      nameIndex += dName ?? 0;
      const segment = { line, column, sourceLine, sourceColumn, sourceIndex: dSource === undefined ? -1 : sourceIndex };
      segments.push(dName === undefined ? segment : { ...segment, nameIndex });
    }
  });
  return segments;
}

function encode(segments: readonly Segment[]): string {
  const lines: string[][] = [];
  const last = { line: -1, column: 0, sourceIndex: 0, sourceLine: 0, sourceColumn: 0, nameIndex: 0 };
  for (const segment of segments) {
    if (segment.line !== last.line) last.column = 0;
    const { line, column, ...rest } = segment;
    let text = vlq(column - last.column);
    Object.assign(last, { line, column });
    if (segment.sourceIndex >= 0) {
      text += vlq(segment.sourceIndex - last.sourceIndex) + vlq(segment.sourceLine - last.sourceLine);
      text += vlq(segment.sourceColumn - last.sourceColumn);
      if (segment.nameIndex !== undefined) text += vlq(segment.nameIndex - last.nameIndex);
      Object.assign(last, rest);
    }
    (lines[line] ??= []).push(text);
  }
  return Array.from(lines, (texts) => texts?.join(",") ?? "").join(";");
}

/** The signed numbers of one segment: base 64, five bits a digit, the lowest first. */
function numbers(text: string): number[] {
  const found: number[] = [];
  let [value, shift] = [0, 0];
  for (const char of text) {
    const digit = digits.indexOf(char);
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    found.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return found;
}

function vlq(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += digits.charAt(rest > 0 ? digit | 32 : digit);
  } while (rest > 0);
  return text;
}
