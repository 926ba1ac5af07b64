import type { Form, FormName } from "../src/model/form.js";
import type { MappingOption } from "../src/model/partition-mapping/define-mappings.js";
import type { RowFilter } from "../src/model/row-filter.js";

/** Which rows of an upstream are taken, and in which form. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- without a type, rows may have any column
export interface TakeOptions<Row = any> {
  /** The form: `rows`, `stream`, `batches`, `arrowTable` or `relation`. @defaultValue rows whole, any other value as it was stored */
  readonly as?: Form;
  /** The columns that are loaded, in this order. @defaultValue all */
  readonly columns?: readonly (keyof Row & string)[];
  /** The rows that are loaded, e.g. `{ currency: "EUR", amount: { gte: 10 } }`. @defaultValue all */
  readonly where?: RowFilter<Row>;
  /** Which partitions of the upstream, e.g. `offset(-1)`, `lastPartition()` or `allPartitions()`. @defaultValue the rule of the two definitions */
  readonly mapping?: MappingOption;
}

/** The options as a declaration keeps them. */
export interface Take {
  readonly as?: FormName;
  readonly columns?: readonly string[];
  readonly where?: RowFilter;
  readonly mapping?: MappingOption;
}

/** The options without what is not said. */
export function takeOf({ as, columns, where, mapping }: TakeOptions): Take {
  return {
    ...(as === undefined ? {} : { as: as.form }),
    ...(columns === undefined ? {} : { columns: [...columns] }),
    ...(where === undefined ? {} : { where: { ...where } as RowFilter }),
    ...(mapping === undefined ? {} : { mapping }),
  };
}
