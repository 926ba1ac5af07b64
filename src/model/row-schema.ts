import { DefinitionError } from "../base/errors.js";
import type { TableColumn } from "./metadata-value.js";
import { columnTypeText, parseColumnType, type ColumnType } from "./column-type.js";

/** A column of declared rows. */
export interface SchemaColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether a row may have null, or lack the field. */
  readonly nullable: boolean;
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** What the rows of an asset are: their columns, in order. Plain, frozen, JSON-able. */
export interface RowSchema {
  readonly columns: readonly SchemaColumn[];
}

/** A column as it is declared: its type, with `?` behind it where it may be null, or the type with what describes it. */
export type ColumnInput = ColumnType | (Partial<Omit<SchemaColumn, "name">> & { readonly type: ColumnType });

/** The schema of the columns, in the order given. @throws {@link DefinitionError} for a type that is none, naming its column */
export function rowSchema(columns: Readonly<Record<string, ColumnInput>>): RowSchema {
  return Object.freeze({ columns: Object.entries(columns).map(([name, input]) => schemaColumn(name, input)) });
}

function schemaColumn(name: string, input: ColumnInput): SchemaColumn {
  const { type, nullable, ...described } = typeof input === "string" ? { type: input } : input;
  const optional = type.endsWith("?");
  try {
    const text = columnTypeText(parseColumnType(optional ? type.slice(0, -1) : type));
    return Object.freeze({ name, type: text, nullable: nullable ?? optional, ...described });
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    throw new DefinitionError("SCHEMA.TYPE", `Column "${name}": ${error.message.split("\n")[0]}`, { fix: error.fix, cause: error });
  }
}

/** The columns as metadata tells them. */
export function tableColumnsOf({ columns }: RowSchema): TableColumn[] {
  return columns.map(({ name, type, nullable, description, tags }) => ({
    name,
    type,
    constraints: { nullable },
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags }),
  }));
}
