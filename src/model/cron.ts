import { DefinitionError, messageOf } from "../base/errors.js";

/** Which wall times an expression names, as sets of numbers. */
export interface Cron {
  readonly expression: string;
  /** Minutes of the day at which it fires on a day that matches, ascending. */
  readonly minutesOfDay: readonly number[];
  /** The hour field admits all 24 hours: wall times that the clock skips are skipped, repeated ones fire twice. */
  readonly everyHour: boolean;
  /** Bit n: month n. */
  readonly months: number;
  /** Bit n: day n of the month. */
  readonly daysOfMonth: number;
  readonly lastDayOfMonth: boolean;
  /** Bit n: weekday n, 0 = Sunday. */
  readonly weekdays: number;
  /** The n-th weekday of the month; 0 = the last. */
  readonly nthWeekdays: readonly { readonly weekday: number; readonly nth: number }[];
  /** Both day fields restrict the days: one that matches either fires. */
  readonly eitherDay: boolean;
}

interface Field {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
}

const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const MINUTE: Field = { name: "minute", low: 0, high: 59 };
const HOUR: Field = { name: "hour", low: 0, high: 23 };
const DAY: Field = { name: "day of month", low: 1, high: 31 };
const MONTH: Field = { name: "month", low: 1, high: 12, names: MONTHS };
const WEEKDAY: Field = { name: "day of week", low: 0, high: 7, names: WEEKDAYS };
const ALIASES: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};
const LONGEST_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Reads five fields: minute, hour, day of month, month, day of week, each a list of `*`, `a`, `a-b` (may wrap: `FRI-MON`) with `/n`
 * (`a/n` = from a to the end). Names in any case; 0 and 7 = Sunday; `L` = last day of the month, `5#2` = second Friday, `L5` = last Friday,
 * `?` = `*` in a day field; aliases `@yearly` to `@hourly`.
 * @throws {@link DefinitionError} `DEFINITION.CRON` naming field and reason, also for a date that never comes
 */
export function parseCron(expression: string): Cron {
  const fields = (ALIASES[expression.trim().toLowerCase()] ?? expression).trim().split(/\s+/);
  const [minute, hour, day, month, weekday] = fields;
  if (fields.length !== 5 || !minute || !hour || !day || !month || !weekday) {
    const found = expression.trim() === "" ? "nothing" : `${fields.length} field${fields.length === 1 ? "" : "s"}`;
    throw refusal(expression, `has ${found}, not five (minute, hour, day of month, month, day of week)`);
  }
  const read = (text: string, field: Field): number[] => valuesOf(expression, text, field);
  const hours = read(hour, HOUR);
  const days = partsOf(day === "?" ? "*" : day).filter((part) => part.toUpperCase() !== "L");
  const weekdayParts = partsOf(weekday === "?" ? "*" : weekday);
  const plainWeekdays = weekdayParts.filter((part) => !/^L|#/i.test(part));
  const cron: Cron = {
    expression,
    minutesOfDay: crossed(hours, read(minute, MINUTE)),
    everyHour: hours.length === 24,
    months: bits(read(month, MONTH)),
    daysOfMonth: days.length === 0 ? 0 : bits(read(days.join(), DAY)),
    lastDayOfMonth: days.length < partsOf(day).length,
    weekdays: plainWeekdays.length === 0 ? 0 : bits(read(plainWeekdays.join(), WEEKDAY).map((value) => value % 7)),
    nthWeekdays: weekdayParts.filter((part) => !plainWeekdays.includes(part)).map((part) => nthWeekday(expression, part)),
    eitherDay: !/^[*?]$/.test(day) && !/^[*?]$/.test(weekday),
  };
  if (!comesOnce(cron, weekday)) throw refusal(expression, "names a date that never comes");
  return cron;
}

/** Whether an expression fits the grammar of {@link parseCron}. */
export function isCron(expression: string): boolean {
  try {
    parseCron(expression);
    return true;
  } catch (error) {
    if (error instanceof DefinitionError) return false;
    throw error;
  }
}

function refusal(expression: string, reason: string): DefinitionError {
  return new DefinitionError("DEFINITION.CRON", `The cron expression "${expression}" ${reason}.`, {
    fix: 'Write five fields, e.g. "30 2 * * 1-5" for 02:30 from Monday to Friday.',
  });
}

function partsOf(text: string): string[] {
  return text.split(",");
}

/**
 * The numbers that a field names, ascending. Each part is first held against the grammar, which is stricter than the library's, and ranges
 * that wrap are cut in two, which it does not read; the library then resolves names, ranges and steps.
 * @remarks A field that is `*` or one number needs no library, and neither do daily, weekly and monthly windows: it takes 60 ms to load.
 */
function valuesOf(expression: string, text: string, field: Field): number[] {
  const parts = partsOf(text).map((part) => rewritten(expression, part, field));
  return (parts.length === 1 ? plainValues(text, field) : undefined) ?? readByLibrary(expression, parts, field);
}

/** Of `*` or one number within the field; `undefined` for anything else. */
function plainValues(part: string, { low, high }: Field): number[] | undefined {
  if (part === "*") return Array.from({ length: high + 1 - low }, (_, at) => low + at);
  const number = /^\d+$/.test(part) ? Number(part) : Number.NaN;
  return number >= low && number <= high ? [number] : undefined;
}

function readByLibrary(expression: string, parts: readonly string[], field: Field): number[] {
  const asked = { minute: "*", hour: "*", "day of month": "*", month: "*", "day of week": "*", [field.name]: parts.join() };
  const line = [asked.minute, asked.hour, asked["day of month"], asked.month, asked["day of week"]].join(" ");
  try {
    const { CronExpressionParser } = require("cron-parser") as typeof import("cron-parser");
    const { fields } = CronExpressionParser.parse(line);
    const read = {
      minute: fields.minute,
      hour: fields.hour,
      "day of month": fields.dayOfMonth,
      month: fields.month,
      "day of week": fields.dayOfWeek,
    };
    return [...read[field.name as keyof typeof read].values].map(Number).sort((a, b) => a - b);
  } catch (error) {
    throw refusal(expression, `cannot be read: ${messageOf(error)} (field ${field.name})`);
  }
}

function rewritten(expression: string, part: string, field: Field): string {
  const value = field.names ? `\\d+|${field.names.join("|")}` : "\\d+";
  const match = new RegExp(`^(?:\\*|(${value})(?:-(${value}))?)(?:/0*([1-9]\\d*))?$`, "i").exec(part);
  if (!match) throw refusal(expression, `has "${part}" as its ${field.name}, which is no value, range or step`);
  const [from, to] = [numberOf(match[1], field), numberOf(match[2], field)];
  if (from === undefined || to === undefined || to > from || Math.max(from, to) > field.high) return part;
  return from === to ? String(from) : wrapped(from, to, Number(match[3] ?? 1), field).join();
}

/** Every `step`-th number of a range that goes over the end of its field: `22-2` is 22, 23, 0, 1, 2. */
function wrapped(from: number, to: number, step: number, field: Field): number[] {
  const size = field === WEEKDAY ? 7 : field.high + 1 - field.low;
  const first = field === WEEKDAY ? from % 7 : from;
  const span = to < first ? to + size - first : to - first;
  const numbers: number[] = [];
  for (let at = 0; at <= span; at += step) numbers.push(((first + at - field.low) % size) + field.low);
  return numbers;
}

function numberOf(text: string | undefined, field: Field): number | undefined {
  if (text === undefined) return undefined;
  const index = field.names?.indexOf(text.toUpperCase()) ?? -1;
  return index < 0 ? Number(text) : index + field.low;
}

function nthWeekday(expression: string, part: string): { weekday: number; nth: number } {
  const match = /^(?:L([0-7])|([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#([1-5]))$/i.exec(part);
  const weekday = numberOf(match?.[1] ?? match?.[2], WEEKDAY);
  if (!match || weekday === undefined) throw refusal(expression, `has "${part}" as its day of week: write 5#2 (1 to 5) or L5`);
  return { weekday: weekday % 7, nth: Number(match[3] ?? 0) };
}

function crossed(hours: readonly number[], minutes: readonly number[]): number[] {
  return hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
}

function bits(numbers: readonly number[]): number {
  return numbers.reduce((mask, number) => mask | (1 << number), 0);
}

/** Days that no month of the expression has are refused, unless a weekday fires as well. */
function comesOnce(cron: Cron, weekday: string): boolean {
  if (cron.lastDayOfMonth || !/^[*?]$/.test(weekday)) return true;
  return LONGEST_MONTH.some((length, index) => ((cron.months >>> (index + 1)) & 1) === 1 && (cron.daysOfMonth & ((2 << length) - 2)) !== 0);
}
