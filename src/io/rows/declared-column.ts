import { types } from "node:util";
import { IOError } from "../../base/errors.js";
import { parseColumnType, type ColumnShape } from "../../model/column-type.js";
import type { TableColumn } from "../../model/metadata-value.js";
import { tableColumnsOf, type SchemaColumn } from "../../model/row-schema.js";
import type { Cell } from "./row-columns.js";
import { encodeTagged } from "../tagged-json.js";

/** A column of declared rows, which takes no value that it would not give back. */
export class DeclaredColumn {
  readonly shape: ColumnShape;
  /** The column as metadata tells it. */
  readonly told: TableColumn;
  private readonly cellOf: MakeCell;

  constructor(
    private readonly column: SchemaColumn,
    private readonly assetKey: string,
  ) {
    this.shape = parseColumnType(column.type);
    this.told = tableColumnsOf({ columns: [column] })[0] ?? { name: column.name };
    this.cellOf = cellMaker(this.shape, assetKey);
  }

  /** @throws {@link IOError} that names the column, the row and the value */
  cells(values: readonly unknown[], firstRow: number): Cell[] {
    const cells = new Array<Cell>(values.length);
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (value === null || value === undefined) {
        if (!this.column.nullable) throw this.unfit(value, firstRow + index);
        cells[index] = null;
        continue;
      }
      const cell = this.cellOf(value);
      if (cell === undefined) throw this.unfit(value, firstRow + index);
      cells[index] = cell;
    }
    return cells;
  }

  private unfit(value: unknown, rowNumber: number): IOError {
    const { name, type } = this.column;
    const where = `Column "${name}" of asset "${this.assetKey}"`;
    if (value === null || value === undefined)
      return new IOError("IO.ROW_SCHEMA", `${where} may not be null, but row ${rowNumber} has ${String(value)} there.`, {
        fix: `Give it a value, or declare the column nullable: ${JSON.stringify(`${type}?`)}.`,
      });
    return new IOError("IO.ROW_SCHEMA", `${where} is declared ${type}, but row ${rowNumber} has ${shown(value)}.`, {
      fix: "Give a value of that type, or declare another type.",
    });
  }
}

/** `undefined`: the value does not fit. */
type MakeCell = (value: unknown) => Cell | undefined;

const INT64_LIMIT = 2n ** 63n;
const TIME = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?$/;

function cellMaker(shape: ColumnShape, assetKey: string): MakeCell {
  switch (shape.kind) {
    case "string":
      return (value) => (typeof value === "string" ? value : undefined);
    case "boolean":
      return (value) => (typeof value === "boolean" ? value : undefined);
    case "int32":
      return (value) => (typeof value === "number" && (value | 0) === value && !Object.is(value, -0) ? value : undefined);
    case "int64":
      return (value) => (Number.isSafeInteger(value) && !Object.is(value, -0) ? (value as number) : undefined);
    case "float64":
      return (value) => (typeof value === "number" ? value : undefined);
    case "bigint":
      return (value) => (typeof value === "bigint" && value < INT64_LIMIT && value >= -INT64_LIMIT ? value : undefined);
    case "decimal":
      return decimalMaker(shape.precision, shape.scale);
    case "date":
      return (value) => (isDay(value) ? value : undefined);
    case "time":
      return (value) => (typeof value === "string" && TIME.test(value) ? value : undefined);
    case "timestamp":
    case "timestamptz":
      return (value) => (types.isDate(value) && !Number.isNaN(value.getTime()) ? value.getTime() : undefined);
    case "bytes":
      return (value) => (types.isUint8Array(value) ? value : undefined);
    case "json":
      return (value) => encodeTagged(value, assetKey);
    case "list":
      return listMaker(cellMaker(shape.of, assetKey));
    case "struct":
      return structMaker(shape.fields.map(({ name, of }) => [name, cellMaker(of, assetKey)] as const));
  }
}

/** The cell has as many digits behind the point as are declared. */
function decimalMaker(precision: number, scale: number): MakeCell {
  return (value) => {
    const [, sign = "", whole = "", fraction = ""] = (typeof value === "string" ? /^(-?)0*(\d*)(?:\.(\d+))?$/.exec(value) : null) ?? [];
    if (!/\d/.test(typeof value === "string" ? value : "") || (`${whole}${fraction}` === "" && !/0/.test(value as string)))
      return undefined;
    const digits = fraction.replace(/0+$/, "");
    if (whole.length > precision - scale || digits.length > scale) return undefined;
    return `${sign}${whole === "" ? "0" : whole}${scale === 0 ? "" : `.${digits.padEnd(scale, "0")}`}`;
  };
}

/** Parts of lists and structs may be null. */
function listMaker(item: MakeCell): MakeCell {
  return (value) => (Array.isArray(value) ? partsOf(value, () => item) : undefined);
}

function structMaker(fields: readonly (readonly [string, MakeCell])[]): MakeCell {
  const names = new Set(fields.map(([name]) => name));
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    if (!Object.keys(value).every((name) => names.has(name))) return undefined;
    const parts = fields.map(([name]) => (Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null));
    return partsOf(parts, (index) => fields[index]?.[1]);
  };
}

function partsOf(values: readonly unknown[], makerAt: (index: number) => MakeCell | undefined): Cell[] | undefined {
  const parts: Cell[] = [];
  for (const [index, value] of values.entries()) {
    const part = value === null || value === undefined ? null : makerAt(index)?.(value);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return parts;
}

function isDay(value: unknown): value is string {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const ms = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value);
}

const SHOWN_CHARS = 60;

function shown(value: unknown): string {
  if (typeof value === "bigint") return `the bigint ${value}n`;
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${Object.is(value, -0) ? "-0" : String(value)}`;
  if (typeof value === "string") return `the text ${cut(JSON.stringify(value))}`;
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? "an invalid Date" : `the Date ${value.toISOString()}`;
  if (types.isUint8Array(value)) return `${value.byteLength} bytes`;
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  return `${Array.isArray(value) ? "the list" : "the object"} ${cut(JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? `${item}n` : item)))}`;
}

function cut(text: string): string {
  return text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)}…`;
}
