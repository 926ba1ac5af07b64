/** The forms in which the rows of an asset travel. */
export type FormName = "rows" | "stream" | "batches" | "arrowTable" | "relation";

/** One form, as `@Input(ref, { as: arrowTable })` names it. */
export interface Form<Name extends FormName = FormName> {
  readonly form: Name;
}

/** All rows, in an array of objects. */
export const rows: Form<"rows"> = Object.freeze({ form: "rows" });
/** Rows one at a time, as an async iterable: in bounded memory. */
export const stream: Form<"stream"> = Object.freeze({ form: "stream" });
/** Rows column by column, as an async iterable of `ColumnBatch`: in bounded memory. */
export const batches: Form<"batches"> = Object.freeze({ form: "batches" });
/** All rows column by column, as a `Table` of apache-arrow. */
export const arrowTable: Form<"arrowTable"> = Object.freeze({ form: "arrowTable" });
/** A lazy query of DuckDB over the stored rows, as a `Relation`: nothing is loaded before it is asked for. */
export const relation: Form<"relation"> = Object.freeze({ form: "relation" });
