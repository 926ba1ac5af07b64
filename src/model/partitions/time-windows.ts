import { DefinitionError } from "../../base/errors.js";
import { TimeZone } from "../../base/time-zone.js";
import { parseCron } from "../cron.js";
import { CronTicks } from "../cron-ticks.js";
import { KeyFormat, offsetText } from "./key-format.js";
import type { TimePartitions } from "./partitions-definition.js";

/** A stretch of time: its start belongs to it, its end does not. */
export interface TimeWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The windows of a definition, numbered from its first one (0) on, whether they exist yet or not; earlier ones have negative numbers.
 * @remarks Number ↔ key ↔ window in the time of a binary search over months, whatever the number.
 */
export class TimeWindows {
  readonly definition: TimePartitions;
  readonly zone: TimeZone;
  readonly #format: KeyFormat;
  /** Starts of windows. */
  readonly #starts: CronTicks;
  /** Every tick, of windows that are left out as well: where windows end. */
  readonly #ticks: CronTicks;
  readonly #origin: number;
  readonly #endMs: number;

  private constructor(definition: TimePartitions) {
    this.definition = definition;
    this.zone = TimeZone.of(definition.timezone);
    this.#format = new KeyFormat(definition.fmt);
    const anchorMs = this.zone.instantOf(wallTimeMs(definition.start));
    this.#ticks = new CronTicks(definition.cron, this.zone, { anchorMs });
    const crons = definition.exclusions.filter((each) => typeof each === "string").map((each) => parseCron(each));
    const instantsMs = definition.exclusions
      .filter((each) => typeof each !== "string")
      .map(({ at }) => this.zone.instantOf(wallTimeMs(at)));
    this.#starts =
      definition.exclusions.length === 0
        ? this.#ticks
        : new CronTicks(this.#ticks.cron, this.zone, { anchorMs, without: { crons, instantsMs } });
    this.#origin = this.#starts.indexAtOrAfter(anchorMs);
    this.#endMs = definition.end === undefined ? Number.POSITIVE_INFINITY : this.zone.instantOf(wallTimeMs(definition.end));
  }

  /** The windows of a definition; made once for each definition. */
  static of(definition: TimePartitions): TimeWindows {
    let windows = made.get(definition);
    if (!windows) made.set(definition, (windows = new TimeWindows(definition)));
    return windows;
  }

  startMs(index: number): number {
    return this.#starts.tickAt(this.#origin + index);
  }

  endMs(index: number): number {
    if (this.#starts === this.#ticks) return this.#ticks.tickAt(this.#origin + index + 1);
    return this.#ticks.tickAt(this.#ticks.indexAtOrAfter(this.startMs(index)) + 1);
  }

  /** Starts of the windows from one number up to and without another. */
  startsBetween(from: number, to: number): Float64Array {
    return this.#starts.ticksBetween(this.#origin + from, this.#origin + to);
  }

  /** Ends of the windows from one number up to and without another. */
  endsBetween(from: number, to: number): Float64Array {
    if (this.#starts === this.#ticks) return this.startsBetween(from + 1, to + 1);
    const starts = this.startsBetween(from, to);
    return starts.map((startMs) => this.#ticks.tickAt(this.#ticks.indexAtOrAfter(startMs) + 1));
  }

  /** {@link firstFrom} for each of these instants, which ascend. */
  firstsFrom(instantsMs: Float64Array): Float64Array {
    return this.#starts.indexesAtOrAfter(instantsMs).map((index) => index - this.#origin);
  }

  /** {@link firstEndingAfter} for each of these instants, which ascend. */
  firstsEndingAfter(instantsMs: Float64Array): Float64Array {
    if (this.#starts === this.#ticks)
      return this.#ticks.indexesAtOrAfter(instantsMs.map((instantMs) => instantMs + 1)).map((index) => index - 1 - this.#origin);
    return instantsMs.map((instantMs) => this.firstEndingAfter(instantMs));
  }

  windowAt(index: number): TimeWindow {
    return { startMs: this.startMs(index), endMs: this.endMs(index) };
  }

  keyAt(index: number): string {
    const startMs = this.startMs(index);
    const offsetMs = this.zone.offsetMsAt(startMs);
    const key = this.#format.write(startMs + offsetMs, offsetMs);
    return this.#isSecond(startMs, offsetMs) ? key + offsetText(offsetMs) : key;
  }

  /** Number of the window with this key, `undefined` if no window has it. */
  indexOf(key: string): number | undefined {
    const parsed = this.#format.read(key);
    if (!parsed || Number.isNaN(parsed.wallMs)) return undefined;
    const { wallMs, offsetMs } = parsed;
    const instants = offsetMs === undefined ? this.zone.instantsOf(wallMs) : [wallMs - offsetMs];
    for (const instantMs of instants.length > 0 ? instants : [this.zone.firstInstantOf(wallMs)]) {
      const index = this.firstFrom(instantMs);
      if (!Number.isNaN(this.startMs(index)) && this.keyAt(index) === key) return index;
    }
    return undefined;
  }

  /** Number of the first window that starts at or after an instant. */
  firstFrom(instantMs: number): number {
    return this.#starts.indexAtOrAfter(instantMs) - this.#origin;
  }

  /** Number of the first window that ends after an instant. */
  firstEndingAfter(instantMs: number): number {
    const at = this.#ticks.indexAtOrAfter(instantMs + 1) - 1; // the tick at or before the instant
    return this.firstFrom(this.#ticks.tickAt(at));
  }

  /** Number of the window that holds an instant; `undefined` if none does. */
  indexAt(instantMs: number): number | undefined {
    const index = this.firstEndingAfter(instantMs);
    return this.startMs(index) <= instantMs ? index : undefined;
  }

  /** How many windows exist at an instant: they have ended, or lie at most `endOffset` windows ahead; and end no later than `end`. */
  countAt(nowMs: number): number {
    const { endOffset } = this.definition;
    const ended = this.#ticks.indexAtOrAfter(nowMs + 1) - 1; // the last tick up to now
    let lastEnd = ended + endOffset;
    if (this.#starts !== this.#ticks && endOffset !== 0) {
      const next = this.#starts.indexAtOrAfter(this.#ticks.tickAt(ended)) - 1; // the last window that has ended
      const lastStartMs = this.#starts.tickAt(next + endOffset);
      if (Number.isNaN(lastStartMs)) return 0; // the exclusions leave no window
      lastEnd = this.#ticks.indexAtOrAfter(lastStartMs) + 1;
    }
    if (this.#endMs !== Number.POSITIVE_INFINITY) lastEnd = Math.min(lastEnd, this.#ticks.indexAtOrAfter(this.#endMs + 1) - 1);
    return Math.max(0, this.firstFrom(this.#ticks.tickAt(lastEnd)));
  }

  /** The second of two equal wall times, which its key must tell from the first. */
  #isSecond(startMs: number, offsetMs: number): boolean {
    if (!this.#ticks.cron.everyHour || this.#format.namesOffset) return false;
    const instants = this.zone.instantsOf(startMs + offsetMs);
    return instants.length > 1 && instants[0] !== startMs;
  }
}

const made = new WeakMap<TimePartitions, TimeWindows>();

/** Reads `YYYY-MM-DD`, `YYYY-MM-DDTHH:MM` or `…:SS` as a wall time in milliseconds. */
export function wallTimeMs(text: string): number {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  const ms = match
    ? Date.parse(`${match[1]}-${match[2]}-${match[3]}T${match[4] ?? "00"}:${match[5] ?? "00"}:${match[6] ?? "00"}Z`)
    : Number.NaN;
  if (!Number.isNaN(ms) && new Date(ms).getUTCDate() === Number(match?.[3])) return ms;
  throw new DefinitionError("DEFINITION.PARTITION_TIME", `"${text}" is no wall time.`, {
    fix: 'Write "2025-01-31" or "2025-01-31T06:30", in the time zone of the partitions.',
  });
}
