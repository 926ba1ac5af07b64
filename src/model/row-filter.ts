/** What a column is compared with. */
export type FilterValue = string | number | bigint | boolean | Date;

/** What holds of a column's value, all of it together. Null is neither equal nor unequal nor less: only `isNull` tells of it. */
export interface ColumnCondition<V = FilterValue> {
  readonly eq?: V;
  readonly ne?: V;
  readonly lt?: V;
  readonly lte?: V;
  readonly gt?: V;
  readonly gte?: V;
  /** One of these; none, where the list is empty. */
  readonly in?: readonly V[];
  readonly isNull?: boolean;
}

type Comparable<V> = unknown extends V ? FilterValue : Extract<NonNullable<V>, FilterValue>;

/**
 * Which rows are taken: those of which every column named holds. A bare value means `eq`, a list `in`, `null` means `isNull`.
 * E.g. `{ currency: ["EUR", "USD"], amount: { gte: 10 }, canceledAt: null }`.
 */
export type RowFilter<Row = Readonly<Record<string, unknown>>> = {
  readonly [K in keyof Row]?: Comparable<Row[K]> | readonly Comparable<Row[K]>[] | null | ColumnCondition<Comparable<Row[K]>>;
};

/** The filter with every condition written out, column by column. */
export function conditionsOf(filter: RowFilter): ReadonlyMap<string, ColumnCondition> {
  const written = new Map<string, ColumnCondition>();
  for (const [column, condition] of Object.entries(filter)) if (condition !== undefined) written.set(column, conditionOf(condition));
  return written;
}

function conditionOf(given: unknown): ColumnCondition {
  if (given === null) return { isNull: true };
  if (Array.isArray(given)) return { in: given as FilterValue[] };
  return typeof given === "object" && !isDate(given) ? (given as ColumnCondition) : { eq: given as FilterValue };
}

/** Whether a row is taken, for who has no better way of choosing. */
export function rowPredicate(filter: RowFilter): (row: object) => boolean {
  const conditions = [...conditionsOf(filter)];
  return (row) => conditions.every(([column, condition]) => holds((row as Record<string, unknown>)[column], condition));
}

function holds(value: unknown, { isNull, in: among, ...compared }: ColumnCondition): boolean {
  const absent = value === null || value === undefined;
  if (isNull !== undefined && absent !== isNull) return false;
  const comparisons = Object.entries(compared) as [Comparison, FilterValue | undefined][];
  const asked = comparisons.some(([, with_]) => with_ !== undefined) || among !== undefined;
  if (absent) return !asked;
  return (
    comparisons.every(([comparison, with_]) => with_ === undefined || COMPARE[comparison](comparable(value), comparable(with_))) &&
    (among === undefined || among.some((one) => COMPARE.eq(comparable(value), comparable(one))))
  );
}

type Comparison = Exclude<keyof ColumnCondition, "in" | "isNull">;
type Plain = string | number | bigint | boolean;

const COMPARE: Readonly<Record<Comparison, (a: Plain, b: Plain) => boolean>> = {
  eq: (a, b) => a === b || (a <= b && a >= b && typeof a !== "string" && typeof b !== "string"),
  ne: (a, b) => !COMPARE.eq(a, b),
  lt: (a, b) => a < b,
  lte: (a, b) => a <= b,
  gt: (a, b) => a > b,
  gte: (a, b) => a >= b,
};

/** A bigint and a number compare as they are; a Date by its milliseconds. */
function comparable(value: unknown): Plain {
  return isDate(value) ? value.getTime() : (value as string | number | bigint | boolean);
}

function isDate(value: unknown): value is Date {
  return value instanceof Date;
}
