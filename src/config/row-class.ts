import { getMetadataStorage } from "class-validator";
import { DefinitionError } from "../base/errors.js";
import type { Ctor } from "../model/asset-ref.js";
import { rowSchema, type ColumnInput, type RowSchema, type SchemaColumn } from "../model/row-schema.js";

/** What `@Column` says of a field; what is missing is taken from the field's type and its rules. */
export type ColumnOptions = Partial<Omit<SchemaColumn, "name">>;

const COLUMNS = Symbol.for("millrace/columns");

interface DeclaredColumn {
  readonly options: ColumnOptions;
  /** The field's type as the compiler wrote it. */
  readonly type: unknown;
}
type Columns = Map<string, DeclaredColumn>;

/** Records a field of a row class as a column, in the order of the fields. */
export function recordColumn(prototype: object, field: string, column: DeclaredColumn): void {
  const holder = prototype as { [COLUMNS]?: Columns };
  if (!Object.hasOwn(holder, COLUMNS)) holder[COLUMNS] = new Map<string, DeclaredColumn>(holder[COLUMNS] ?? []);
  holder[COLUMNS]?.set(field, column);
}

const BY_TYPE = new Map<unknown, string>([
  [String, "string"],
  [Number, "float64"],
  [Boolean, "boolean"],
  [BigInt, "bigint"],
  [Date, "timestamptz"],
  [Uint8Array, "bytes"],
  [Buffer, "bytes"],
]);
const BY_RULE = new Map<string, string>([
  ["isInt", "int64"],
  ["isNumber", "float64"],
  ["isString", "string"],
  ["isBoolean", "boolean"],
  ["isDate", "timestamptz"],
  ["isDateString", "string"],
  ["isUUID", "string"],
  ["isUuid", "string"],
  ["isUrl", "string"],
  ["isEmail", "string"],
  ["isArray", "json"],
  ["isObject", "json"],
]);

interface Rule {
  readonly propertyName: string;
  readonly type: string;
  readonly name?: string;
}

/**
 * The schema of the rows that a class describes: its fields with `@Column` or a validation rule, in their order. The type is `@Column`'s, else
 * that of a rule (`@IsInt()` is int64), else that of the field; `@IsOptional()` makes a column nullable.
 * @throws {@link DefinitionError} for a class without such fields, or a field whose type nothing tells
 */
export function schemaOfRowClass(type: Ctor<object>): RowSchema {
  const rules = getMetadataStorage().getTargetValidationMetadatas(type as never, "", false, false) as unknown as readonly Rule[];
  const declared = (type.prototype as { [COLUMNS]?: Columns })[COLUMNS] ?? new Map<string, DeclaredColumn>();
  const names = new Set([...declared.keys(), ...rules.map(({ propertyName }) => propertyName)]);
  if (names.size === 0)
    throw new DefinitionError(
      "SCHEMA.ROW_CLASS",
      `Class ${type.name} describes no rows: none of its fields has @Column or a validation rule.`,
      {
        fix: "Put @Column() before each field that is a column.",
      },
    );
  return rowSchema(
    Object.fromEntries(
      [...names].map((name) => [
        name,
        columnOf(
          type,
          name,
          declared.get(name),
          rules.filter((rule) => rule.propertyName === name),
        ),
      ]),
    ),
  );
}

function columnOf(type: Ctor<object>, name: string, declared: DeclaredColumn | undefined, rules: readonly Rule[]): ColumnInput {
  const ruled = rules.flatMap((rule) => BY_RULE.get(rule.name ?? rule.type) ?? [])[0];
  const written = declared?.type ?? designType(type, name);
  const columnType = declared?.options.type ?? ruled ?? BY_TYPE.get(written);
  if (columnType === undefined)
    throw new DefinitionError("SCHEMA.ROW_CLASS", `Nothing tells which type column "${name}" of class ${type.name} has.`, {
      fix: `Name it, e.g. @Column("string") or @Column({ type: "json" }), before the field.`,
    });
  const optional = rules.some((rule) => rule.type === "conditionalValidation");
  return { ...declared?.options, type: columnType, nullable: declared?.options.nullable ?? (columnType.endsWith("?") || optional) };
}

function designType(type: Ctor<object>, name: string): unknown {
  const reflect = Reflect as { getMetadata?: (key: string, target: object, field: string) => unknown };
  return reflect.getMetadata?.("design:type", type.prototype as object, name);
}
