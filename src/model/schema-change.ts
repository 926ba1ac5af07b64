import type { TableColumn } from "./metadata-value.js";

/** What became of a column from one materialization of an asset to the next. */
export interface ColumnChange {
  readonly column: string;
  readonly change: "added" | "removed" | "type" | "nullability";
  /** Before and after, of a type (`int64`) or of nullability (`nullable`, `not null`). */
  readonly from?: string;
  readonly to?: string;
}

/** How the columns changed: those removed first, then the others in their new order. A change of their order is none. */
export function columnChanges(before: readonly TableColumn[], after: readonly TableColumn[]): ColumnChange[] {
  const earlier = new Map(before.map((column) => [column.name, column]));
  const names = new Set(after.map(({ name }) => name));
  const removed = before.filter(({ name }) => !names.has(name)).map(({ name }): ColumnChange => ({ column: name, change: "removed" }));
  return [...removed, ...after.flatMap((column) => changesOf(earlier.get(column.name), column))];
}

function changesOf(before: TableColumn | undefined, after: TableColumn): ColumnChange[] {
  const column = after.name;
  if (!before) return [{ column, change: "added", ...(after.type === undefined ? {} : { to: after.type }) }];
  const changes: ColumnChange[] = [];
  if (before.type !== after.type && before.type !== undefined && after.type !== undefined)
    changes.push({ column, change: "type", from: before.type, to: after.type });
  const [from, to] = [nullability(before), nullability(after)];
  if (from !== to && from !== undefined && to !== undefined) changes.push({ column, change: "nullability", from, to });
  return changes;
}

function nullability({ constraints }: TableColumn): string | undefined {
  if (constraints?.nullable === undefined) return undefined;
  return constraints.nullable ? "nullable" : "not null";
}

/** A change in one line, e.g. `amount: int64 → float64`. */
export function columnChangeText({ column, change, from, to }: ColumnChange): string {
  if (change === "added") return `${column}: added${to === undefined ? "" : ` (${to})`}`;
  return change === "removed" ? `${column}: removed` : `${column}: ${from} → ${to}`;
}
