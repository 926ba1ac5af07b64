import { DAY_MS } from "./calendar.js";
import { nearest } from "./did-you-mean.js";
import { DefinitionError } from "./errors.js";

/** A change of a zone's offset from UTC. */
export interface Transition {
  readonly atMs: number;
  readonly beforeMs: number;
  readonly afterMs: number;
}

interface Year {
  readonly startOffsetMs: number;
  readonly transitions: readonly Transition[];
}

/** Two changes of one zone lie further apart than a probe: from 1970 to 2042 the least is a week (Boa Vista 2000, Gaza 2040). */
const PROBE_MS = 5 * DAY_MS;
const FIXED = new Set(["utc", "etc/utc", "gmt", "etc/gmt", "z"]);
const opened = new Map<string, TimeZone>();

/**
 * An IANA time zone. Wall times are numbers too: the milliseconds that UTC would show at that time.
 * Offsets come from the runtime's own tz data and are kept by year, so that a conversion takes well under a microsecond.
 */
export class TimeZone {
  readonly name: string;
  readonly #years = new Map<number, Year>();
  readonly #offset: Intl.DateTimeFormat | undefined;
  #last: { readonly fromMs: number; readonly toMs: number; readonly offsetMs: number } = { fromMs: 0, toMs: 0, offsetMs: 0 };

  private constructor(name: string) {
    this.name = name;
    if (!FIXED.has(name.toLowerCase())) this.#offset = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  }

  /** @throws {@link DefinitionError} `DEFINITION.TIME_ZONE` if the runtime knows no zone of that name */
  static of(name: string): TimeZone {
    const known = opened.get(name);
    if (known) return known;
    try {
      const zone = new TimeZone(name);
      opened.set(name, zone);
      return zone;
    } catch (cause) {
      const near = nearest(name, Intl.supportedValuesOf("timeZone"));
      throw new DefinitionError("DEFINITION.TIME_ZONE", `There is no time zone "${name}".`, {
        fix: near === undefined ? 'Give a name of the IANA database, e.g. "Europe/Berlin" or "UTC".' : `Did you mean "${near}"?`,
        cause,
      });
    }
  }

  /** Wall time minus UTC at an instant. */
  offsetMsAt(instantMs: number): number {
    if (!this.#offset) return 0;
    const last = this.#last;
    if (instantMs >= last.fromMs && instantMs < last.toMs) return last.offsetMs;
    const number = new Date(instantMs).getUTCFullYear();
    const year = this.#year(number);
    let fromMs = Date.UTC(number, 0, 1);
    let toMs = Date.UTC(number + 1, 0, 1);
    let offsetMs = year.startOffsetMs;
    for (const { atMs, afterMs } of year.transitions) {
      if (atMs > instantMs) {
        toMs = atMs;
        break;
      }
      fromMs = atMs;
      offsetMs = afterMs;
    }
    this.#last = { fromMs, toMs, offsetMs };
    return offsetMs;
  }

  wallMs(instantMs: number): number {
    return instantMs + this.offsetMsAt(instantMs);
  }

  /** The instants that show a wall time, in order: none in a gap, two where the clock was set back. */
  instantsOf(wallMs: number): number[] {
    if (!this.#offset) return [wallMs];
    const near = this.transitionsBetween(wallMs - 2 * DAY_MS, wallMs + 2 * DAY_MS);
    const offsets = near.length === 0 ? [this.offsetMsAt(wallMs)] : near.flatMap(({ beforeMs, afterMs }) => [beforeMs, afterMs]);
    return [...new Set(offsets.map((offsetMs) => wallMs - offsetMs))]
      .filter((instantMs) => this.wallMs(instantMs) === wallMs)
      .sort((a, b) => a - b);
  }

  /** The first instant whose wall time is this one or, in a gap, that ends the gap. */
  firstInstantOf(wallMs: number): number {
    return this.instantsOf(wallMs)[0] ?? this.#gapEnd(wallMs);
  }

  /** The last instant that shows this wall time or, in a gap, that ends the gap. */
  lastInstantOf(wallMs: number): number {
    return this.instantsOf(wallMs).at(-1) ?? this.#gapEnd(wallMs);
  }

  /** The instant of a wall time as people mean it: the first of two; in a gap, as far after its end as the wall time lies after its start. */
  instantOf(wallMs: number): number {
    const [first] = this.instantsOf(wallMs);
    if (first !== undefined) return first;
    const gap = this.#gap(wallMs);
    return wallMs - (gap?.beforeMs ?? this.offsetMsAt(wallMs));
  }

  /** The changes from `fromMs` up to and without `toMs`, in order. */
  transitionsBetween(fromMs: number, toMs: number): Transition[] {
    if (!this.#offset) return [];
    const found: Transition[] = [];
    const lastYear = new Date(toMs).getUTCFullYear();
    for (let year = new Date(fromMs).getUTCFullYear(); year <= lastYear; year++) {
      for (const transition of this.#year(year).transitions) {
        if (transition.atMs >= fromMs && transition.atMs < toMs) found.push(transition);
      }
    }
    return found;
  }

  #gapEnd(wallMs: number): number {
    return this.#gap(wallMs)?.atMs ?? wallMs - this.offsetMsAt(wallMs);
  }

  #gap(wallMs: number): Transition | undefined {
    const near = this.transitionsBetween(wallMs - 2 * DAY_MS, wallMs + 2 * DAY_MS);
    return near.find(({ atMs, beforeMs, afterMs }) => wallMs >= atMs + beforeMs && wallMs < atMs + afterMs);
  }

  #year(number: number): Year {
    const known = this.#years.get(number);
    if (known) return known;
    const startMs = Date.UTC(number, 0, 1);
    const endMs = Date.UTC(number + 1, 0, 1);
    const transitions: Transition[] = [];
    let fromMs = startMs;
    let beforeMs = this.#ask(startMs);
    const startOffsetMs = beforeMs;
    while (fromMs < endMs) {
      const toMs = Math.min(fromMs + PROBE_MS, endMs);
      const afterMs = this.#ask(toMs);
      if (afterMs !== beforeMs) transitions.push({ atMs: this.#change(fromMs, toMs, beforeMs), beforeMs, afterMs });
      [fromMs, beforeMs] = [toMs, afterMs];
    }
    // A change at midnight of New Year's Day UTC belongs to the year that it begins.
    if (transitions.at(-1)?.atMs === endMs) transitions.pop();
    const eveMs = this.#ask(startMs - 1);
    if (eveMs !== startOffsetMs) transitions.unshift({ atMs: startMs, beforeMs: eveMs, afterMs: startOffsetMs });
    const year = { startOffsetMs, transitions };
    this.#years.set(number, year);
    return year;
  }

  /** The first instant with another offset than `beforeMs`, to the second. */
  #change(fromMs: number, toMs: number, beforeMs: number): number {
    let low = fromMs / 1_000;
    let high = toMs / 1_000;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#ask(middle * 1_000) === beforeMs) low = middle;
      else high = middle;
    }
    return high * 1_000;
  }

  #ask(instantMs: number): number {
    const text = this.#offset?.format(instantMs) ?? "";
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
    if (!match?.[1]) return 0;
    const seconds = Number(match[2]) * 3_600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
    return (match[1] === "-" ? -seconds : seconds) * 1_000;
  }
}
