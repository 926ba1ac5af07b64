import { dayNumber, civilDate, DAY_MS } from "../../base/calendar.js";
import { DefinitionError } from "../../base/errors.js";

interface Directive {
  readonly pattern: string;
  write(wallMs: number, offsetMs: number): string;
}

/** What a key says of its wall time; what the form leaves out is the lowest. */
export interface ParsedKey {
  readonly wallMs: number;
  /** Where the key names its offset from UTC. */
  readonly offsetMs?: number;
}

const two = (number: number): string => String(number).padStart(2, "0");
const date = (wallMs: number): { year: number; month: number; day: number } => civilDate(Math.floor(wallMs / DAY_MS));
const timeOfDay = (wallMs: number): Date => new Date(wallMs);

const DIRECTIVES: Readonly<Record<string, Directive>> = {
  Y: { pattern: "\\d{4,6}", write: (wallMs) => String(date(wallMs).year).padStart(4, "0") },
  y: { pattern: "\\d{2}", write: (wallMs) => two(date(wallMs).year % 100) },
  m: { pattern: "\\d{2}", write: (wallMs) => two(date(wallMs).month) },
  d: { pattern: "\\d{2}", write: (wallMs) => two(date(wallMs).day) },
  j: {
    pattern: "\\d{3}",
    write: (wallMs) => String(Math.floor(wallMs / DAY_MS) - dayNumber(date(wallMs).year, 1, 1) + 1).padStart(3, "0"),
  },
  H: { pattern: "\\d{2}", write: (wallMs) => two(timeOfDay(wallMs).getUTCHours()) },
  M: { pattern: "\\d{2}", write: (wallMs) => two(timeOfDay(wallMs).getUTCMinutes()) },
  S: { pattern: "\\d{2}", write: (wallMs) => two(timeOfDay(wallMs).getUTCSeconds()) },
  z: { pattern: "[+-]\\d{4}(?:\\d{2})?", write: (_wallMs, offsetMs) => offsetText(offsetMs) },
};

/** A form of keys in strftime's directives `%Y %y %m %d %j %H %M %S %z %%`, writing and reading. */
export class KeyFormat {
  readonly text: string;
  readonly namesOffset: boolean;
  readonly #parts: readonly (string | Directive)[];
  readonly #letters: readonly string[];
  readonly #pattern: RegExp;

  /** @throws {@link DefinitionError} `DEFINITION.PARTITION_KEY_FORMAT` for a directive that does not exist */
  constructor(text: string) {
    this.text = text;
    const pieces = text.match(/%.?|[^%]+/gs) ?? [];
    this.#letters = pieces.filter((piece) => piece.startsWith("%") && piece !== "%%").map((piece) => piece.slice(1));
    this.#parts = pieces.map((piece) => (piece === "%%" ? "%" : piece.startsWith("%") ? directive(text, piece.slice(1)) : piece));
    this.namesOffset = this.#letters.includes("z");
    const patterns = this.#parts.map((part) =>
      typeof part === "string" ? part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&") : `(${part.pattern})`,
    );
    this.#pattern = new RegExp(`^${patterns.join("")}([+-]\\d{4}(?:\\d{2})?)?$`);
  }

  write(wallMs: number, offsetMs: number): string {
    let key = "";
    for (const part of this.#parts) key += typeof part === "string" ? part : part.write(wallMs, offsetMs);
    return key;
  }

  /** What a key says, or `undefined` if it has not this form. */
  read(key: string): ParsedKey | undefined {
    const match = this.#pattern.exec(key);
    if (!match) return undefined;
    const of: Record<string, number | undefined> = {};
    this.#letters.forEach((letter, index) => {
      if (letter !== "z") of[letter] = Number(match[index + 1]);
    });
    const suffix = match[this.#letters.length + 1];
    const zone = this.namesOffset ? match[this.#letters.indexOf("z") + 1] : suffix;
    if (this.namesOffset && suffix !== undefined) return undefined;
    const year = of.Y ?? (of.y === undefined ? 1970 : of.y < 69 ? 2000 + of.y : 1900 + of.y);
    const day = of.j === undefined ? dayNumber(year, of.m ?? 1, of.d ?? 1) : dayNumber(year, 1, 1) + of.j - 1;
    const wallMs = day * DAY_MS + (((of.H ?? 0) * 60 + (of.M ?? 0)) * 60 + (of.S ?? 0)) * 1_000;
    return zone === undefined ? { wallMs } : { wallMs, offsetMs: offsetMsOf(zone) };
  }
}

/** `+0130`; with seconds where a zone of long ago has them. */
export function offsetText(offsetMs: number): string {
  const seconds = Math.abs(offsetMs) / 1_000;
  const text = two(Math.floor(seconds / 3_600)) + two(Math.floor((seconds % 3_600) / 60)) + (seconds % 60 === 0 ? "" : two(seconds % 60));
  return `${offsetMs < 0 ? "-" : "+"}${text}`;
}

function offsetMsOf(text: string): number {
  const seconds = Number(text.slice(1, 3)) * 3_600 + Number(text.slice(3, 5)) * 60 + Number(text.slice(5) || 0);
  return (text.startsWith("-") ? -seconds : seconds) * 1_000;
}

function directive(text: string, letter: string): Directive {
  const known = DIRECTIVES[letter];
  if (known) return known;
  throw new DefinitionError("DEFINITION.PARTITION_KEY_FORMAT", `The key format "${text}" uses "%${letter}", which has no meaning here.`, {
    fix: `Use ${Object.keys(DIRECTIVES)
      .map((each) => `%${each}`)
      .join(" ")} or %%.`,
  });
}
