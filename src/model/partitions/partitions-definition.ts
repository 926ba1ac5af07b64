/** Windows of time between the ticks of a cron expression. Plain data, as the catalog holds it. */
export interface TimePartitions {
  readonly kind: "time";
  readonly cron: string;
  /** IANA name. */
  readonly timezone: string;
  /** Wall time, `YYYY-MM-DDTHH:MM`: the first window starts at the first tick at or after it. */
  readonly start: string;
  /** Wall time: no window ends after it. */
  readonly end?: string;
  /** `n > 0`: the next n windows exist as well; `n < 0`: the last n do not exist yet. */
  readonly endOffset: number;
  /** Form of a key: strftime of the window's start. */
  readonly fmt: string;
  /** Windows that start at such a tick, or at such a wall time, are left out. Their neighbours keep their width. */
  readonly exclusions: readonly (string | { readonly at: string })[];
}

/** A list of keys. */
export interface StaticPartitions {
  readonly kind: "static";
  readonly keys: readonly string[];
}

/** Keys that are added and deleted while the system runs; the store keeps them under this name. */
export interface DynamicPartitions {
  readonly kind: "dynamic";
  readonly name: string;
}

/** A division that has one dimension. */
export type SinglePartitions = TimePartitions | StaticPartitions | DynamicPartitions;

/** Every combination of the keys of two or more dimensions, in the order of the dimensions' names. */
export interface MultiPartitions {
  readonly kind: "multi";
  readonly dimensions: Readonly<Record<string, SinglePartitions>>;
}

/** How an asset is divided. */
export type PartitionsDefinition = SinglePartitions | MultiPartitions;

/** Names of the dimensions in the order of a key's parts: by code point. */
export function dimensionNames(definition: MultiPartitions): string[] {
  return Object.keys(definition.dimensions).sort(byCodePoint);
}

/** Whether both divide alike: the same partitions under the same keys. */
export function samePartitions(one: PartitionsDefinition, other: PartitionsDefinition): boolean {
  return one === other || fingerprint(one) === fingerprint(other);
}

const fingerprints = new WeakMap<PartitionsDefinition, string>();

/** A text that is equal for definitions that divide alike. */
export function fingerprint(definition: PartitionsDefinition): string {
  const known = fingerprints.get(definition);
  if (known !== undefined) return known;
  const text = JSON.stringify(canonical(definition));
  fingerprints.set(definition, text);
  return text;
}

function canonical(definition: PartitionsDefinition): unknown {
  switch (definition.kind) {
    case "time": {
      const { cron, timezone, start, end, endOffset, fmt, exclusions } = definition;
      return ["time", cron, timezone, start, end ?? null, endOffset, fmt, exclusions];
    }
    case "static":
      return ["static", definition.keys];
    case "dynamic":
      return ["dynamic", definition.name];
    case "multi":
      return ["multi", dimensionNames(definition).map((name) => [name, canonical(definition.dimensions[name] as SinglePartitions)])];
  }
}

function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
