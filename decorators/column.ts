import { recordColumn, type ColumnOptions } from "../src/config/row-class.js";
import type { ColumnType } from "../src/model/column-type.js";

/**
 * Makes a field of a row class a column, for `@Asset({ schema: Order })`. The type is the one given (`"decimal(12,2)"`, with `?` behind it where it
 * may be null), else it follows from the field's type: string, number (float64), boolean, bigint, Date (timestamptz) and Uint8Array (bytes).
 */
export function Column(options: ColumnType | ColumnOptions = {}): PropertyDecorator {
  return (prototype, field) => {
    const reflect = Reflect as { getOwnMetadata?: (key: string, target: object, field: string | symbol) => unknown };
    const type = reflect.getOwnMetadata?.("design:type", prototype, field);
    recordColumn(prototype, String(field), { options: typeof options === "string" ? { type: options } : options, type });
  };
}
