import { IOError } from "../../base/errors.js";
import { nearest } from "../../base/did-you-mean.js";
import { rowPredicate, type RowFilter } from "../../model/row-filter.js";
import { RowStream } from "../../model/row-stream.js";
import { ownField, setField } from "./row-fields.js";

/** Which part of the rows is wanted. */
export interface RowCut {
  readonly columns?: readonly string[];
  readonly where?: RowFilter;
}

/** The part of the rows that is wanted, for managers that load them whole. @throws {@link IOError} for a column that no row has */
export function cutRows(batches: () => AsyncIterable<readonly object[]>, { columns, where }: RowCut, assetKey: string): RowStream {
  const wanted = new Set([...(columns ?? []), ...Object.keys(where ?? {})]);
  const isTaken = where && rowPredicate(where);
  const cut = columns && rowCutter(columns);
  return new RowStream(async function* () {
    const unseen = new Set(wanted);
    const seen = new Set<string>();
    for await (const batch of batches()) {
      if (unseen.size > 0) for (const row of batch) learn(row, unseen, seen);
      const taken = isTaken ? batch.filter(isTaken) : batch;
      yield cut ? taken.map(cut) : taken;
    }
    if (seen.size > 0 && unseen.size > 0) throw unknownColumn([...unseen][0] ?? "", [...seen], assetKey);
  });
}

/** The error of a column that the stored rows do not have. */
export function unknownColumn(column: string, columns: readonly string[], assetKey: string): IOError {
  const near = nearest(column, columns);
  return new IOError(
    "IO.NO_COLUMN",
    `Asset "${assetKey}" has no column "${column}"; it has ${columns.map((name) => `"${name}"`).join(", ")}.`,
    {
      fix: near === undefined ? "Name one of these in `columns` and `where`." : `Did you mean "${near}"?`,
    },
  );
}

function learn(row: object, unseen: Set<string>, seen: Set<string>): void {
  for (const name of Object.keys(row)) {
    seen.add(name);
    unseen.delete(name);
  }
}

/** Takes these columns of a row, in their order; one that it lacks is null. */
export function rowCutter(columns: readonly string[]): (row: object) => object {
  return (row) => {
    const part: Record<string, unknown> = {};
    for (const name of columns) setField(part, name, ownField(row, name));
    return part;
  };
}
