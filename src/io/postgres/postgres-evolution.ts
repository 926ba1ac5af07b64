import type { PostgresType } from "../../postgres/column-kind.js";
import type { ColumnNature } from "./postgres-column.js";

/** What becomes of a column that is there already: it takes the values as it is, it is widened, or it is in the way. */
export type Evolution = "keep" | "widen" | "widen-if-exact" | "refuse";

/** What a column of one type becomes where values of another come. */
export function evolutionOf(nature: ColumnNature, from: PostgresType, to: PostgresType, whole: boolean): Evolution {
  if (nature === "null" || sameType(from, to)) return "keep";
  if (!nature.startsWith("declared:")) return byFoundKind(nature, from, whole);
  if (widens(to, from) === "widen") return "keep"; // narrower values fit
  return widens(from, to);
}

/** Values that were found take any column that can keep them exactly; each is held against it when it is written. */
function byFoundKind(nature: ColumnNature, from: PostgresType, whole: boolean): Evolution {
  const { kind } = from;
  switch (nature) {
    case "number":
      if (kind === "float8" || kind === "float4" || kind === "numeric") return "keep";
      if (kind !== "int2" && kind !== "int4" && kind !== "int8") return "refuse";
      return whole ? "keep" : kind === "int8" ? "widen-if-exact" : "widen";
    case "bigint":
      if (kind === "numeric") return "keep";
      if (kind !== "int2" && kind !== "int4" && kind !== "int8") return "refuse";
      return whole ? "keep" : "widen";
    case "string":
      return ["text", "date", "time", "numeric", "uuid"].includes(kind) ? "keep" : "refuse";
    case "date":
      return kind === "timestamp" || kind === "timestamptz" || kind === "date" ? "keep" : "refuse";
    case "json":
      return kind === "json" || kind === "jsonb" ? "keep" : "refuse";
    case "boolean":
      return kind === "bool" ? "keep" : "refuse";
    case "bytes":
      return kind === "bytea" ? "keep" : "refuse";
    default:
      return "refuse";
  }
}

const WHOLE_DIGITS: Readonly<Partial<Record<PostgresType["kind"], number>>> = { int2: 5, int4: 10, int8: 19 };

/** Whether every value of one type is one of the other. */
function widens(from: PostgresType, to: PostgresType): Evolution {
  const digits = WHOLE_DIGITS[from.kind];
  if (digits !== undefined) {
    const wider = WHOLE_DIGITS[to.kind];
    if (wider !== undefined) return wider >= digits ? "widen" : "refuse";
    if (to.kind === "float8") return from.kind === "int8" ? "widen-if-exact" : "widen";
    return to.kind === "numeric" && wholeDigits(to) >= digits ? "widen" : "refuse";
  }
  if (from.kind === "float4" && to.kind === "float8") return "widen";
  if (from.kind === "text" && to.kind === "text" && from.labels === undefined) return to.modifier < 0 && to.labels === undefined ? "widen" : "refuse"; // prettier-ignore
  if (from.kind === "numeric" && to.kind === "numeric")
    return to.modifier < 0 || (from.modifier >= 0 && scaleOf(to) >= scaleOf(from) && wholeDigits(to) >= wholeDigits(from)) ? "widen" : "refuse"; // prettier-ignore
  return "refuse";
}

function scaleOf({ modifier }: PostgresType): number {
  return (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
}

function wholeDigits(type: PostgresType): number {
  return type.modifier < 0 ? Infinity : (((type.modifier - 4) >> 16) & 0xffff) - scaleOf(type);
}

function sameType(a: PostgresType, b: PostgresType): boolean {
  return a.oid === b.oid && a.modifier === b.modifier;
}
