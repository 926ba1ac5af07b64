import {
  cronPartitions,
  dailyPartitions,
  dynamicPartitions,
  hourlyPartitions,
  IndexSet,
  monthlyPartitions,
  multiPartitions,
  openPartitions,
  staticPartitions,
  weeklyPartitions,
  type PartitionsDefinition,
  type PartitionSpace,
  type SinglePartitions,
} from "millrace/model";

/** A definition as the tables write it. */
export interface TableDefinition {
  readonly type: string;
  readonly cron?: string;
  readonly keys?: readonly string[];
  readonly name?: string;
  readonly dims?: Readonly<Record<string, TableDefinition>>;
  readonly [option: string]: unknown;
}

/** The product's definition, made through the functions that an author calls. */
export function definitionOf(table: TableDefinition): PartitionsDefinition {
  const { type, cron, keys, name, dims, ...options } = table;
  const windows = options as unknown as Parameters<typeof dailyPartitions>[0];
  switch (type) {
    case "hourly":
      return hourlyPartitions(windows);
    case "daily":
      return dailyPartitions(windows);
    case "weekly":
      return weeklyPartitions(windows);
    case "monthly":
      return monthlyPartitions(windows);
    case "cron":
      return cronPartitions(cron ?? "", windows);
    case "static":
      return staticPartitions(keys ?? []);
    case "dynamic":
      return dynamicPartitions(name ?? nameOf(keys));
    case "multi":
      return multiPartitions(
        Object.fromEntries(Object.entries(dims ?? {}).map(([dim, each]) => [dim, definitionOf(each) as SinglePartitions])),
      );
    default:
      throw new Error(`The table names partitions of type ${type}.`);
  }
}

/** Definitions without a name are one definition if they have the same keys. */
function nameOf(keys: readonly string[] | undefined): string {
  return `keys ${JSON.stringify(keys ?? [])}`;
}

/** The keys of a dynamic definition stand in the table's definition itself. */
export function dynamicKeysOf(...tables: readonly (TableDefinition | null)[]): (name: string) => readonly string[] {
  const all = tables.flatMap((table) => (table ? [table, ...Object.values(table.dims ?? {})] : []));
  return (name) => all.find((table) => table.type === "dynamic" && (table.name ?? nameOf(table.keys)) === name)?.keys ?? [];
}

export function spaceOf(table: TableDefinition, now: string): PartitionSpace {
  return openPartitions(definitionOf(table), { nowMs: Date.parse(now), dynamicKeys: dynamicKeysOf(table) });
}

/** A set of keys as the tables write it: up to eight keys, or maximal runs. */
export function keySetOf(space: PartitionSpace, set: IndexSet): unknown {
  if (set.size <= 8) return { count: set.size, keys: [...set].map((index) => space.keyAt(index)) };
  return { count: set.size, ranges: [...set.ranges()].map(([from, to]) => [space.keyAt(from), space.keyAt(to - 1)]) };
}

export function iso(instantMs: number): string {
  return new Date(instantMs).toISOString().replace(".000Z", "Z");
}
