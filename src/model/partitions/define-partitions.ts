import { nearest } from "../../base/did-you-mean.js";
import { DefinitionError } from "../../base/errors.js";
import { TimeZone } from "../../base/time-zone.js";
import { parseCron } from "../cron.js";
import type { DynamicPartitions, MultiPartitions, SinglePartitions, StaticPartitions, TimePartitions } from "./partitions-definition.js";
import { TimeWindows, wallTimeMs } from "./time-windows.js";

/** What windows of time of every width have in common. */
export interface WindowOptions {
  /** Wall time, `"2025-01-31"` or `"2025-01-31T06:30"`: the first window starts at or after it. */
  readonly start: string;
  /** Wall time: no window ends after it. Default: windows go on. */
  readonly end?: string;
  /** IANA name. Default `UTC`. */
  readonly timezone?: string;
  /** A window exists when it has ended; `n` makes the next n exist as well, `-n` withholds the last n. Default 0. */
  readonly endOffset?: number;
  /** strftime of a window's start. Default `%Y-%m-%d`; of hourly ones `%Y-%m-%d-%H:%M`. */
  readonly fmt?: string;
  /** Windows that start at such a tick or wall time are left out. */
  readonly exclusions?: readonly (string | { readonly at: string })[];
}

const TIME_OFFSETS = ["minuteOffset", "hourOffset"];

/** One window an hour. */
export function hourlyPartitions(options: WindowOptions & { /** 0 to 59. */ readonly minuteOffset?: number }): TimePartitions {
  return timePartitions(`${options.minuteOffset ?? 0} * * * *`, options, "%Y-%m-%d-%H:%M", ["minuteOffset"]);
}

/** When in its day a window starts. */
export interface DayOffset {
  /** 0 to 23. Default 0. */
  readonly hourOffset?: number;
  /** 0 to 59. Default 0. */
  readonly minuteOffset?: number;
}

/** One window a day. */
export function dailyPartitions(options: WindowOptions & DayOffset): TimePartitions {
  return timePartitions(`${timeOf(options)} * * *`, options, "%Y-%m-%d", TIME_OFFSETS);
}

/** One window a week. */
export function weeklyPartitions(
  options: WindowOptions & DayOffset & { /** 0 = Sunday, the default. */ readonly dayOffset?: number },
): TimePartitions {
  return timePartitions(`${timeOf(options)} * * ${options.dayOffset ?? 0}`, options, "%Y-%m-%d", [...TIME_OFFSETS, "dayOffset"]);
}

/** One window a month. */
export function monthlyPartitions(
  options: WindowOptions & DayOffset & { /** Day of the month, default 1. */ readonly dayOffset?: number },
): TimePartitions {
  return timePartitions(`${timeOf(options)} ${options.dayOffset ?? 1} * *`, options, "%Y-%m-%d", [...TIME_OFFSETS, "dayOffset"]);
}

/** One window a year. */
export function yearlyPartitions(
  options: WindowOptions &
    DayOffset & {
      /** Day of the month, default 1. */ readonly dayOffset?: number;
      /** 1 to 12, default 1. */ readonly monthOffset?: number;
    },
): TimePartitions {
  return timePartitions(`${timeOf(options)} ${options.dayOffset ?? 1} ${options.monthOffset ?? 1} *`, options, "%Y-%m-%d", [
    ...TIME_OFFSETS,
    "dayOffset",
    "monthOffset",
  ]);
}

/** Windows between the ticks of a cron expression. */
export function cronPartitions(cron: string, options: WindowOptions): TimePartitions {
  return timePartitions(cron, options, "%Y-%m-%d");
}

/**
 * These keys, in this order.
 * @throws {@link DefinitionError} for a key that is empty, given twice, or holds `...` or a control character
 */
export function staticPartitions(keys: readonly string[]): StaticPartitions {
  const seen = new Set<string>();
  for (const key of keys) {
    checkPartitionKey(key);
    if (seen.has(key)) throw refused(`The partition key "${key}" is given twice.`, "Give each key once.");
    seen.add(key);
  }
  return { kind: "static", keys: [...keys] };
}

/** Keys that are added and deleted while the system runs, kept in the store under this name. */
export function dynamicPartitions(name: string): DynamicPartitions {
  if (name.trim() === "") throw refused("Dynamic partitions have no name.", "Give the name under which the store keeps their keys.");
  return { kind: "dynamic", name };
}

/**
 * Every combination of two or more dimensions. A key is the dimensions' keys in the order of the dimensions' names, joined by `|`.
 * @throws {@link DefinitionError} for fewer than two dimensions, or a static key with one of `| , [ ]`
 */
export function multiPartitions(dimensions: Readonly<Record<string, SinglePartitions>>): MultiPartitions {
  const names = Object.keys(dimensions);
  if (names.length < 2) {
    throw refused(
      `Partitions of ${names.length} dimension${names.length === 1 ? "" : "s"} are no combinations.`,
      "Give two dimensions or more.",
    );
  }
  for (const [name, definition] of Object.entries(dimensions)) {
    for (const key of definition.kind === "static" ? definition.keys : []) {
      if (/[|,[\]]/.test(key)) {
        throw refused(
          `The key "${key}" of dimension "${name}" holds one of | , [ ], which join the keys of dimensions.`,
          "Choose another key.",
        );
      }
    }
  }
  return { kind: "multi", dimensions: { ...dimensions } };
}

/** @throws {@link DefinitionError} `DEFINITION.PARTITION_KEY` for a key that no partition may have */
export function checkPartitionKey(key: string): void {
  if (key === "") throw refused("A partition key is empty.", "Give it a character at least.");
  if (key.includes("...")) throw refused(`The partition key "${key}" holds "...", which stands for a range.`, "Choose another key.");

  if (/[\u0000-\u001f\u007f]/.test(key))
    throw refused(`The partition key ${JSON.stringify(key)} holds a control character.`, "Take it out.");
}

function refused(message: string, fix: string): DefinitionError {
  return new DefinitionError("DEFINITION.PARTITION_KEY", message, { fix });
}

function timeOf(options: DayOffset): string {
  return `${options.minuteOffset ?? 0} ${options.hourOffset ?? 0}`;
}

const WINDOW_OPTIONS = ["start", "end", "timezone", "endOffset", "fmt", "exclusions"];

function timePartitions(cron: string, options: WindowOptions, fmt: string, offsets: readonly string[] = []): TimePartitions {
  const known = [...WINDOW_OPTIONS, ...offsets];
  for (const name of Object.keys(options).filter((each) => !known.includes(each))) {
    const near = nearest(name, known);
    throw new DefinitionError("DEFINITION.PARTITION_OPTION", `These partitions have no option "${name}".`, {
      fix: near === undefined ? `Options are ${known.join(", ")}.` : `Did you mean "${near}"?`,
    });
  }
  const definition: TimePartitions = {
    kind: "time",
    cron,
    timezone: options.timezone ?? "UTC",
    start: options.start,
    ...(options.end === undefined ? {} : { end: options.end }),
    endOffset: options.endOffset ?? 0,
    fmt: options.fmt ?? fmt,
    exclusions: [...(options.exclusions ?? [])],
  };
  checkTime(definition);
  // The forms of the library itself name every window of their kinds.
  if (options.fmt !== undefined || offsets.length === 0) checkKeys(definition);
  return definition;
}

/** How many windows are tried for keys of their own. */
const TRIED_WINDOWS = 200;

function checkTime(definition: TimePartitions): void {
  if (!Number.isInteger(definition.endOffset)) {
    throw new DefinitionError("DEFINITION.PARTITION_TIME", `endOffset is ${definition.endOffset}, not a whole number of windows.`, {
      fix: "Give a whole number.",
    });
  }
  parseCron(definition.cron);
  TimeZone.of(definition.timezone);
  for (const exclusion of definition.exclusions) {
    if (typeof exclusion === "string") parseCron(exclusion);
    else wallTimeMs(exclusion.at);
  }
  TimeWindows.of(definition);
}

function checkKeys(definition: TimePartitions): void {
  const windows = TimeWindows.of(definition);
  for (let index = 0; index < TRIED_WINDOWS; index++) {
    if (Number.isNaN(windows.startMs(index))) return;
    const key = windows.keyAt(index);
    if (windows.indexOf(key) === index) continue;
    throw new DefinitionError(
      "DEFINITION.PARTITION_KEY_FORMAT",
      `The key format "${definition.fmt}" gives more than one window the key "${key}".`,
      {
        fix: 'Name more of the window\'s start, e.g. "%Y-%m-%d-%H:%M".',
      },
    );
  }
}
