import { DAY_MS, civilDate, firstDayOfMonth, monthNumber, weekday } from "../base/calendar.js";
import { TimeZone } from "../base/time-zone.js";
import { parseCron, type Cron } from "./cron.js";

const MINUTE_MS = 60_000;

/** A month of a time zone: what ticks its days have. */
interface Month {
  readonly firstDay: number;
  /** For each day its pattern, see {@link CronTicks}; `ODD`: the clock changes near it, or an instant of it is left out. */
  readonly patterns: Uint8Array;
  /** Ticks before each day, and, last, of the whole month. */
  readonly before: Uint32Array;
  /** The ticks of the odd days, by day of the month (0 = the first). */
  readonly odd: ReadonlyMap<number, readonly number[]>;
}

/** Days of one month between which the clock does not change, and the instants that they hold. */
interface Stretch {
  readonly month: Month;
  readonly ticksBefore: number;
  readonly offsetMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Ticks that a {@link CronTicks} leaves out. */
export interface TicksLeftOut {
  readonly crons: readonly Cron[];
  readonly instantsMs: readonly number[];
}

const ODD = 255;
/** The pattern of a day without ticks. */
const NONE = 254;
/** Longer than any pattern of days takes to come back; an expression that has no tick for so many months has none at all. */
const LONGEST_SILENCE_MONTHS = 12 * 60;

/**
 * The instants of a cron expression in a time zone, numbered from the month that holds `anchorMs`. A month is counted, not iterated, and kept;
 * so the millionth tick costs what the first does.
 * @remarks An expression that admits all 24 hours fires at every instant whose wall time matches: times that the clock skips are skipped,
 * repeated ones fire twice. Any other fires once a matching wall time: at the end of the gap if there is none, at the second of two.
 */
export class CronTicks {
  readonly cron: Cron;
  readonly zone: TimeZone;
  readonly #without: readonly Cron[];
  readonly #withoutMs: readonly number[];
  readonly #anchorMonth: number;
  readonly #months = new Map<number, Month>();
  /** Minutes of the day at which a day of this pattern has ticks. Bit n of a pattern: the n-th expression that is left out falls on that day. */
  readonly #patterns: readonly number[][];
  /** Ticks before month n after the anchor; and, negated, from month −n up to the anchor. */
  readonly #after: number[] = [0];
  readonly #before: number[] = [0];

  constructor(cron: Cron | string, zone: TimeZone | string, options: { readonly anchorMs: number; readonly without?: TicksLeftOut }) {
    this.cron = typeof cron === "string" ? parseCron(cron) : cron;
    this.zone = typeof zone === "string" ? TimeZone.of(zone) : zone;
    this.#without = options.without?.crons ?? [];
    this.#withoutMs = options.without?.instantsMs ?? [];
    this.#anchorMonth = monthOf(Math.floor(this.zone.wallMs(options.anchorMs) / DAY_MS));
    this.#patterns = Array.from({ length: 1 << this.#without.length }, (_, pattern) => {
      const left = new Set(this.#without.flatMap(({ minutesOfDay }, bit) => ((pattern >>> bit) & 1 ? minutesOfDay : [])));
      return this.cron.minutesOfDay.filter((minute) => !left.has(minute));
    });
  }

  /** Number of the first tick at or after an instant. */
  indexAtOrAfter(instantMs: number): number {
    const day = this.#dayOf(instantMs);
    const month = monthOf(day);
    const { firstDay, before } = this.#month(month);
    const at = day - firstDay;
    return this.#ticksBefore(month) + (before[at] ?? 0) + this.#ticksBeforeInDay(month, at, instantMs);
  }

  /** The instant of the tick with this number; NaN if there is none, however far one looks. */
  tickAt(index: number): number {
    const month = this.#monthOfTick(index);
    if (month === undefined) return Number.NaN;
    const left = index - this.#ticksBefore(month);
    const { before, patterns } = this.#month(month);
    let at = 0;
    while (at < patterns.length - 1 && (before[at + 1] ?? 0) <= left) at++;
    return this.#tickOfDay(month, at, left - (before[at] ?? 0));
  }

  /** The instants of the ticks from one number up to and without another. */
  ticksBetween(from: number, to: number): Float64Array {
    const ticks = new Float64Array(Math.max(0, to - from));
    for (let at = 0, month = this.#monthOfTick(from); at < ticks.length && month !== undefined; month++) {
      let index = from + at - this.#ticksBefore(month);
      const { firstDay, before, patterns, odd } = this.#month(month);
      for (let day = 0; day < patterns.length && at < ticks.length; day++) {
        const end = before[day + 1] ?? 0;
        if (index >= end) continue;
        const midnightMs = patterns[day] === ODD ? Number.NaN : this.#midnightMs(firstDay + day);
        const times = patterns[day] === ODD ? odd.get(day) : this.#patterns[patterns[day] ?? 0];
        for (; index < end && at < ticks.length; index++) {
          const time = times?.[index - (before[day] ?? 0)] ?? Number.NaN;
          ticks[at++] = patterns[day] === ODD ? time : midnightMs + time * MINUTE_MS;
        }
      }
    }
    return ticks;
  }

  /** For each of these instants, which ascend, the number of the first tick at or after it. */
  indexesAtOrAfter(instantsMs: Float64Array): Float64Array {
    const indexes = new Float64Array(instantsMs.length);
    let stretch: Stretch | undefined;
    for (const [at, instantMs] of instantsMs.entries()) {
      if (!stretch || instantMs < stretch.fromMs || instantMs >= stretch.toMs) stretch = this.#stretchAround(instantMs);
      indexes[at] = stretch ? this.#indexWithin(stretch, instantMs) : this.indexAtOrAfter(instantMs);
    }
    return indexes;
  }

  /** The days around an instant, in its month, near which the clock does not change; `undefined` if it changes near that very day. */
  #stretchAround(instantMs: number): Stretch | undefined {
    const day = this.#dayOf(instantMs);
    const number = monthOf(day);
    const month = this.#month(number);
    let [low, high] = [day - month.firstDay, day - month.firstDay];
    if (month.patterns[low] === ODD) return undefined;
    while (low > 0 && month.patterns[low - 1] !== ODD) low--;
    while (high < month.patterns.length - 1 && month.patterns[high + 1] !== ODD) high++;
    const offsetMs = this.zone.offsetMsAt(instantMs);
    return {
      month,
      ticksBefore: this.#ticksBefore(number),
      offsetMs,
      fromMs: (month.firstDay + low) * DAY_MS - offsetMs,
      toMs: (month.firstDay + high + 1) * DAY_MS - offsetMs,
    };
  }

  #indexWithin({ month, ticksBefore, offsetMs }: Stretch, instantMs: number): number {
    const day = Math.floor((instantMs + offsetMs) / DAY_MS);
    const at = day - month.firstDay;
    const minutes = this.#patterns[month.patterns[at] ?? NONE];
    const before = minutes ? lowerBound(minutes, (instantMs + offsetMs - day * DAY_MS) / MINUTE_MS) : 0;
    return ticksBefore + (month.before[at] ?? 0) + before;
  }

  #tickOfDay(month: number, at: number, index: number): number {
    const { firstDay, patterns, odd } = this.#month(month);
    if (patterns[at] === ODD) return odd.get(at)?.[index] ?? Number.NaN;
    return this.#midnightMs(firstDay + at) + (this.#patterns[patterns[at] ?? 0]?.[index] ?? Number.NaN) * MINUTE_MS;
  }

  #ticksBeforeInDay(month: number, at: number, instantMs: number): number {
    const { firstDay, patterns, odd } = this.#month(month);
    const pattern = patterns[at] ?? NONE;
    if (pattern === NONE) return 0;
    if (pattern === ODD) return lowerBound(odd.get(at) ?? [], instantMs);
    return lowerBound(this.#patterns[pattern] ?? [], (instantMs - this.#midnightMs(firstDay + at)) / MINUTE_MS);
  }

  /** Midnight of a day without a change of the clock. */
  #midnightMs(day: number): number {
    return day * DAY_MS - this.zone.offsetMsAt(day * DAY_MS + DAY_MS / 2 - this.zone.offsetMsAt(day * DAY_MS));
  }

  /** The day whose part of time holds the instant: parts begin at the first instant of each day, and do not overlap. */
  #dayOf(instantMs: number): number {
    let day = Math.floor(this.zone.wallMs(instantMs) / DAY_MS);
    const { firstDay, patterns } = this.#month(monthOf(day));
    if (patterns[day - firstDay] !== ODD) return day;
    while (this.#startOf(day) > instantMs) day--;
    while (this.#startOf(day + 1) <= instantMs) day++;
    return day;
  }

  #startOf(day: number): number {
    return this.zone.firstInstantOf(day * DAY_MS);
  }

  #ticksBefore(month: number): number {
    const distance = month - this.#anchorMonth;
    if (distance >= 0) {
      for (let n = this.#after.length; n <= distance; n++)
        this.#after.push((this.#after[n - 1] ?? 0) + this.#countOf(this.#anchorMonth + n - 1));
      return this.#after[distance] ?? 0;
    }
    for (let n = this.#before.length; n <= -distance; n++)
      this.#before.push((this.#before[n - 1] ?? 0) + this.#countOf(this.#anchorMonth - n));
    return -(this.#before[-distance] ?? 0);
  }

  #monthOfTick(index: number): number | undefined {
    const sign = index >= 0 ? 1 : -1;
    const beyond = (month: number): boolean => (index >= 0 ? this.#ticksBefore(month) > index : this.#ticksBefore(month) <= index);
    let step = 1;
    while (!beyond(this.#anchorMonth + sign * step)) {
      const silent = this.#ticksBefore(this.#anchorMonth + sign * step) === this.#ticksBefore(this.#anchorMonth + sign * (step >> 1));
      if (silent && step >> 1 > LONGEST_SILENCE_MONTHS) return undefined;
      step *= 2;
    }
    let low = this.#anchorMonth + (index >= 0 ? 0 : -step);
    let high = this.#anchorMonth + (index >= 0 ? step : 0);
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#ticksBefore(middle) <= index) low = middle;
      else high = middle;
    }
    return low;
  }

  #countOf(month: number): number {
    const known = this.#months.get(month);
    if (known) return known.before.at(-1) ?? 0;
    // Most months are plain: no change of the clock, nothing left out. They are counted without being laid out.
    const firstDay = firstDayOfMonth(month);
    const nextDay = firstDayOfMonth(month + 1);
    const plain = this.#without.length === 0 && this.#withoutMs.length === 0 && !this.#changesNear(firstDay, nextDay);
    return plain ? bitCount(matchingDays(this.cron, month)) * this.cron.minutesOfDay.length : (this.#month(month).before.at(-1) ?? 0);
  }

  #changesNear(firstDay: number, nextDay: number): boolean {
    return this.zone.transitionsBetween((firstDay - 3) * DAY_MS, (nextDay + 3) * DAY_MS).length > 0;
  }

  #month(number: number): Month {
    const known = this.#months.get(number);
    if (known) return known;
    const month = this.#count(number);
    this.#months.set(number, month);
    return month;
  }

  #count(number: number): Month {
    const firstDay = firstDayOfMonth(number);
    const length = firstDayOfMonth(number + 1) - firstDay;
    const matching = matchingDays(this.cron, number);
    const without = this.#without.map((cron) => matchingDays(cron, number));
    const odd = new Map<number, readonly number[]>();
    for (const day of this.#oddDays(firstDay, length)) odd.set(day - firstDay, this.#oddTicks(day));
    const patterns = new Uint8Array(length);
    const before = new Uint32Array(length + 1);
    for (let at = 0; at < length; at++) {
      const pattern = odd.has(at)
        ? ODD
        : (matching >>> at) & 1
          ? without.reduce((mask, days, bit) => mask | (((days >>> at) & 1) << bit), 0)
          : NONE;
      patterns[at] = pattern;
      before[at + 1] = (before[at] ?? 0) + (odd.get(at)?.length ?? this.#patterns[pattern]?.length ?? 0);
    }
    return { firstDay, patterns, before, odd };
  }

  /** The days of a month near a change of the clock, or with an instant that is left out. */
  #oddDays(firstDay: number, length: number): Set<number> {
    const days = new Set<number>();
    const add = (from: number, to: number): void => {
      for (let day = Math.max(firstDay, from); day <= Math.min(firstDay + length - 1, to); day++) days.add(day);
    };
    for (const { atMs, beforeMs, afterMs } of this.zone.transitionsBetween((firstDay - 3) * DAY_MS, (firstDay + length + 3) * DAY_MS)) {
      add(Math.floor((atMs + Math.min(beforeMs, afterMs)) / DAY_MS) - 1, Math.floor((atMs + Math.max(beforeMs, afterMs)) / DAY_MS) + 1);
    }
    for (const instantMs of this.#withoutMs) {
      const day = Math.floor(this.zone.wallMs(instantMs) / DAY_MS);
      add(day, day);
    }
    return days;
  }

  #oddTicks(day: number): number[] {
    const ticks = this.#ticksOnOddDay(this.cron, day);
    const without = new Set(this.#withoutMs.concat(this.#without.flatMap((cron) => this.#ticksOnOddDay(cron, day))));
    return ticks.filter((tickMs) => !without.has(tickMs));
  }

  /** A wall time of the day before that falls in a gap may fire on this day. */
  #ticksOnOddDay(cron: Cron, day: number): number[] {
    const [fromMs, toMs] = [this.#startOf(day), this.#startOf(day + 1)];
    const ticks = [day - 1, day]
      .filter((each) => matches(cron, each))
      .flatMap((each) => cron.minutesOfDay.map((minute) => each * DAY_MS + minute * MINUTE_MS))
      .flatMap((wallMs) => (cron.everyHour ? this.zone.instantsOf(wallMs) : [this.zone.lastInstantOf(wallMs)]))
      .filter((tickMs) => tickMs >= fromMs && tickMs < toMs);
    return [...new Set(ticks)].sort((a, b) => a - b);
  }
}

/**
 * The ticks of one expression, or of several merged (equal instants once), from an instant on, that instant included.
 * @param options - `timezone`: an IANA name, default `UTC`
 * @throws {@link DefinitionError} for an expression or a time zone that does not exist
 */
export function* cronTicks(
  cron: string | readonly string[],
  fromMs: number,
  options: { readonly timezone?: string } = {},
): Generator<number> {
  const zone = TimeZone.of(options.timezone ?? "UTC");
  const streams = (typeof cron === "string" ? [cron] : cron).map((each) => {
    const ticks = new CronTicks(each, zone, { anchorMs: fromMs });
    const index = ticks.indexAtOrAfter(fromMs);
    return { ticks, index, nextMs: ticks.tickAt(index) };
  });
  while (streams.length > 0) {
    const nextMs = Math.min(...streams.map((stream) => stream.nextMs));
    for (const stream of streams) if (stream.nextMs === nextMs) stream.nextMs = stream.ticks.tickAt(++stream.index);
    yield nextMs;
  }
}

function matches(cron: Cron, day: number): boolean {
  const month = monthOf(day);
  return ((matchingDays(cron, month) >>> (day - firstDayOfMonth(month))) & 1) === 1;
}

/** Bit n: the n-th day of the month (0 = the first) matches. */
function matchingDays(cron: Cron, month: number): number {
  if (((cron.months >>> ((((month % 12) + 12) % 12) + 1)) & 1) === 0) return 0;
  const firstDay = firstDayOfMonth(month);
  const length = firstDayOfMonth(month + 1) - firstDay;
  const all = length === 31 ? 0x7fffffff : (1 << length) - 1;
  if (!cron.eitherDay && cron.daysOfMonth === EVERY_DAY && cron.weekdays === EVERY_WEEKDAY) return all;
  const ofMonth = ((cron.daysOfMonth >>> 1) | (cron.lastDayOfMonth ? 1 << (length - 1) : 0)) & all;
  const firstWeekday = weekday(firstDay);
  let ofWeek = 0;
  for (let at = 0; at < length; at++) ofWeek |= ((cron.weekdays >>> ((firstWeekday + at) % 7)) & 1) << at;
  for (const { weekday: day, nth } of cron.nthWeekdays) {
    const first = (day - firstWeekday + 7) % 7;
    const at = nth === 0 ? first + 7 * Math.floor((length - 1 - first) / 7) : first + 7 * (nth - 1);
    if (at < length) ofWeek |= 1 << at;
  }
  return cron.eitherDay ? ofMonth | ofWeek : ofMonth & ofWeek;
}

/** Every bit from 1 to 31. */
const EVERY_DAY = ~1;
const EVERY_WEEKDAY = 0x7f;

function bitCount(mask: number): number {
  let count = 0;
  for (let left = mask; left !== 0; left &= left - 1) count++;
  return count;
}

function monthOf(day: number): number {
  const { year, month } = civilDate(day);
  return monthNumber(year, month);
}

function lowerBound(ascending: readonly number[], wanted: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
