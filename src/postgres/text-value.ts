import { EPOCH_MS, momentOf } from "./civil-date.js";
import { BUILT_IN, type PostgresKind } from "./column-kind.js";
import { Unreadable, type ValueForms } from "./decode-value.js";

/** Reads a value as Postgres writes it in text. */
type ReadText = (text: string) => unknown;

/** The built-in arrays, by the number of the type of their elements. */
const ARRAYS: ReadonlyMap<number, number> = new Map([
  [199, 114],
  [1000, 16],
  [1001, 17],
  [1003, 19],
  [1005, 21],
  [1007, 23],
  [1009, 25],
  [1014, 1042],
  [1015, 1043],
  [1016, 20],
  [1021, 700],
  [1022, 701],
  [1115, 1114],
  [1182, 1082],
  [1183, 1083],
  [1185, 1184],
  [1231, 1700],
  [2951, 2950],
  [3807, 3802],
]);

/** How the values of a query are read, by the number of their type: the same values that {@link decoderOf} gives. */
export function textReaders(forms: ValueForms): { getTypeParser(oid: number): ReadText } {
  return {
    getTypeParser(oid) {
      const element = ARRAYS.get(oid);
      if (element !== undefined) return arrayOf(readerOf(BUILT_IN.get(element), forms));
      return readerOf(BUILT_IN.get(oid), forms);
    },
  };
}

function readerOf(kind: PostgresKind | undefined, forms: ValueForms): ReadText {
  switch (kind) {
    case "bool":
      return (text) => text === "t";
    case "int2":
    case "int4":
    case "float4":
    case "float8":
      return Number;
    case "int8":
      return forms.int8 === "bigint" ? BigInt : safeNumber;
    case "timestamp":
    case "timestamptz":
      return forms.timestamps === "text" ? (text) => isoText(text, kind) : dateOfText;
    case "json":
    case "jsonb":
      return (text) => JSON.parse(text) as unknown;
    case "bytea":
      return (text) => new Uint8Array(Buffer.from(text.slice(2), "hex"));
    default:
      return (text) => text;
  }
}

function safeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number;
  throw new Unreadable(`${text} is beyond the whole numbers that a number keeps exactly`, 'Ask for bigints: int8: "bigint".');
}

function dateOfText(text: string): Date {
  const micros = momentOf(text)?.micros;
  if (micros !== undefined) {
    const date = new Date(Math.floor(Number(micros) / 1000) + EPOCH_MS);
    if (!Number.isNaN(date.getTime())) return date;
  }
  throw new Unreadable(`${text} is no Date`, 'Ask for text: timestamps: "text".');
}

function isoText(text: string, kind: "timestamp" | "timestamptz"): string {
  const iso = text.replace(" ", "T");
  return kind === "timestamptz" ? iso.replace(/\+00(:?00)?$/, "Z") : iso;
}

/** Reads `{1,NULL,"a \"quoted\" one",{nested}}`. */
function arrayOf(read: ReadText): ReadText {
  return (text) => new ArrayText(text, read).list();
}

class ArrayText {
  private at: number;

  constructor(
    private readonly text: string,
    private readonly read: ReadText,
  ) {
    this.at = text.indexOf("{"); // bounds other than 1 come first: "[0:1]={1,2}"
  }

  list(): unknown[] {
    const items: unknown[] = [];
    for (this.at++; this.text[this.at] !== "}";) {
      items.push(this.item());
      if (this.text[this.at] === ",") this.at++;
    }
    this.at++;
    return items;
  }

  private item(): unknown {
    const first = this.text[this.at];
    if (first === "{") return this.list();
    if (first === '"') return this.read(this.quoted());
    let end = this.at;
    while (this.text[end] !== "," && this.text[end] !== "}") end++;
    const word = this.text.slice(this.at, end);
    this.at = end;
    return word === "NULL" ? null : this.read(word);
  }

  private quoted(): string {
    let unquoted = "";
    for (this.at++; this.text[this.at] !== '"'; this.at++) {
      if (this.text[this.at] === "\\") this.at++;
      unquoted += this.text[this.at];
    }
    this.at++;
    return unquoted;
  }
}
