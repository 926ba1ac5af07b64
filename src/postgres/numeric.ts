import type { CopyWriter } from "./copy-writer.js";

const DECIMAL = /^([+-])?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const SIGNS: Readonly<Record<string, number>> = { NaN: 0xc000, Infinity: 0xd000, "-Infinity": 0xf000 };
const NEGATIVE = 0x4000;
const MOST_DIGITS = 16_383;

/** A decimal number as Postgres keeps it: groups of four digits, the first of which counts 10000 to the power of `weight`. */
export interface Decimal {
  readonly groups: readonly number[];
  readonly weight: number;
  readonly sign: number;
  /** Digits behind the point, which a text shows. */
  readonly scale: number;
  /** Digits before the point, without leading zeros. */
  readonly wholeDigits: number;
  /** Digits behind the point, without trailing zeros. */
  readonly fractionDigits: number;
}

/** The number that a text writes: `12.30`, `-1e5`, `NaN`, `Infinity`; `undefined`: none, or one that Postgres cannot keep. */
export function parseDecimal(text: string): Decimal | undefined {
  const special = SIGNS[text];
  if (special !== undefined) return { groups: [], weight: 0, sign: special, scale: 0, wholeDigits: 0, fractionDigits: 0 };
  const match = DECIMAL.exec(text);
  if (match === null || (match[2] === "" && !match[3])) return undefined;
  const shift = Number(match[4] ?? 0);
  if (Math.abs(shift) > MOST_DIGITS) return undefined;
  const { whole, fraction } = shifted(match[2] ?? "", match[3] ?? "", shift);
  if (whole.length > 131_072 || fraction.length > MOST_DIGITS) return undefined;
  const fractionDigits = fraction.replace(/0+$/, "").length;
  return {
    ...grouped(whole, fraction),
    sign: match[1] === "-" ? NEGATIVE : 0,
    scale: fraction.length,
    wholeDigits: whole.length,
    fractionDigits,
  };
}

/** Writes the number behind its length. */
export function writeDecimal({ groups, weight, sign, scale }: Decimal, out: CopyWriter): void {
  out.reserve(12 + groups.length * 2);
  out.int32(8 + groups.length * 2);
  out.int16(groups.length);
  out.int16(weight);
  out.view.setUint16(out.at, groups.length === 0 && sign === NEGATIVE ? 0 : sign); // there is no minus zero
  out.at += 2;
  out.int16(scale);
  for (const group of groups) out.int16(group);
}

/** The number at this place, as Postgres writes it. */
export function readDecimal(view: DataView, at: number): string {
  const count = view.getInt16(at);
  const weight = view.getInt16(at + 2);
  const sign = view.getUint16(at + 4);
  const scale = view.getInt16(at + 6);
  if (sign >= 0xc000) return sign === 0xc000 ? "NaN" : sign === 0xd000 ? "Infinity" : "-Infinity";
  const group = (index: number): string =>
    index < 0 || index >= count ? "0000" : String(view.getInt16(at + 8 + index * 2)).padStart(4, "0");
  let whole = "";
  for (let index = 0; index <= weight; index++) whole += group(index);
  let fraction = "";
  for (let index = weight + 1; fraction.length < scale; index++) fraction += group(index);
  const shown = whole.replace(/^0+(?=\d)/, "") || "0";
  return `${sign === NEGATIVE ? "-" : ""}${shown}${scale === 0 ? "" : `.${fraction.slice(0, scale)}`}`;
}

/** Without exponent, and without leading zeros. */
function shifted(whole: string, fraction: string, shift: number): { whole: string; fraction: string } {
  if (shift > 0) [whole, fraction] = [whole + fraction.slice(0, shift).padEnd(shift, "0"), fraction.slice(shift)];
  if (shift < 0) {
    const padded = whole.padStart(-shift, "0");
    [whole, fraction] = [padded.slice(0, shift), padded.slice(shift) + fraction];
  }
  return { whole: whole.replace(/^0+/, ""), fraction };
}

function grouped(whole: string, fraction: string): { groups: number[]; weight: number } {
  const digits = whole.padStart(Math.ceil(whole.length / 4) * 4, "0") + fraction.padEnd(Math.ceil(fraction.length / 4) * 4, "0");
  const groups: number[] = [];
  for (let start = 0; start < digits.length; start += 4) groups.push(Number(digits.slice(start, start + 4)));
  let weight = Math.ceil(whole.length / 4) - 1;
  while (groups[0] === 0) {
    groups.shift();
    weight--;
  }
  while (groups.at(-1) === 0) groups.pop();
  return { groups, weight: groups.length === 0 ? 0 : weight };
}
