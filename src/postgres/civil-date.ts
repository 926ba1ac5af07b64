/** Days from 1970-01-01 to 2000-01-01, where Postgres counts from. */
const EPOCH_DAYS = 10_957;
const DAY_MICROS = 86_400_000_000n;

/** Milliseconds from 1970 to 2000, where Postgres counts from. */
export const EPOCH_MS = EPOCH_DAYS * 86_400_000;

const DATE = /^(\d{4,7})-(\d\d)-(\d\d)( BC)?$/;
const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?$/;
const TIMESTAMP = /^(\d{4,7}-\d\d-\d\d)[T ]([\d:.]+?) ?(Z|[+-]\d\d(?::?\d\d)?)?( BC)?$/;

/** Days from 2000-01-01 to a date such as `2025-01-31`; `undefined`: there is no such date. */
export function daysOf(text: string): number | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year === 0 || month < 1 || month > 12 || day < 1) return undefined;
  const days = daysOfCivil(match[4] === undefined ? year : 1 - year, month, day);
  return dateOf(days) === `${match[1]?.replace(/^0+(?=\d{4})/, "")}-${match[2]}-${match[3]}${match[4] ?? ""}` ? days : undefined;
}

/** The date so many days from 2000-01-01, as Postgres writes it. */
export function dateOf(days: number): string {
  // After Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, eras have 400.
  const z = days + EPOCH_DAYS + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const shown = `${String(year > 0 ? year : 1 - year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  return year > 0 ? shown : `${shown} BC`;
}

/** Microseconds of a time of day such as `12:34:56.123456`; `undefined`: there is none. */
export function microsOfTime(text: string): number | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  const micros = (hours * 3600 + minutes * 60 + seconds) * 1_000_000 + Number((match[4] ?? "").padEnd(6, "0"));
  return minutes < 60 && seconds < 60 && micros <= 86_400_000_000 ? micros : undefined;
}

/** The time of day, as Postgres writes it. */
export function timeOf(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const fraction = micros % 1_000_000;
  const shown = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return fraction === 0 ? shown : `${shown}.${String(fraction).padStart(6, "0").replace(/0+$/, "")}`;
}

/** A moment as text, to the microsecond. */
export interface Moment {
  /** From 2000. */
  readonly micros: bigint;
  readonly hasZone: boolean;
}

/** The moment that a text such as `2025-01-31T12:34:56.123456+01:00` names; `undefined`: none. Without a zone it is read as UTC. */
export function momentOf(text: string): Moment | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const days = daysOf(`${match[1]}${match[4] ?? ""}`);
  const micros = microsOfTime(match[2] ?? "");
  if (days === undefined || micros === undefined) return undefined;
  const zone = match[3];
  return { micros: BigInt(days) * DAY_MICROS + BigInt(micros) - offsetMicros(zone), hasZone: zone !== undefined };
}

/** The moment so many microseconds from 2000, as ISO 8601 has it, to the microsecond. @param zone - `Z`, or nothing */
export function momentText(micros: bigint, zone: "Z" | ""): string {
  const ofDay = ((micros % DAY_MICROS) + DAY_MICROS) % DAY_MICROS;
  const [date = "", bc] = dateOf(Number((micros - ofDay) / DAY_MICROS)).split(" ");
  return `${date}T${timeOf(Number(ofDay))}${zone}${bc === undefined ? "" : " BC"}`;
}

function offsetMicros(zone: string | undefined): bigint {
  if (zone === undefined || zone === "Z") return 0n;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(":", "") || 0);
  return BigInt((zone.startsWith("-") ? -minutes : minutes) * 60) * 1_000_000n;
}

function daysOfCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468 - EPOCH_DAYS;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
