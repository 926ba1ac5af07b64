import type { RecordBatch, Table } from "apache-arrow";
import { toArrow } from "./arrow-data.js";
import { loadArrow } from "./arrow-types.js";
import { chunksOf } from "./query-result.js";
import { Query } from "./query.js";
import type { Relation } from "./relation.js";

/** The result as a table of apache-arrow, copied column by column. Sums of whole numbers, which DuckDB gives 128 bits, are INT64. */
export async function arrowTableOf(relation: Relation<unknown>): Promise<Table> {
  const arrow = loadArrow();
  const query = await Query.open(relation);
  try {
    const result = await query.stream({ narrowed: true });
    const columns = result.columnTypes().map(toArrow);
    const names = result.deduplicatedColumnNames();
    const fields = columns.map(({ type }, position) => new arrow.Field(String(names[position]), type, true));
    const schema = new arrow.Schema(fields);
    const batches: RecordBatch[] = [];
    for await (const chunk of chunksOf(result)) {
      const children = columns.map(({ copy }, position) => copy(chunk.getColumnVector(position), chunk.rowCount));
      const data = arrow.makeData({ type: new arrow.Struct(fields), length: chunk.rowCount, nullCount: 0, children });
      batches.push(new arrow.RecordBatch(schema, data));
    }
    return new arrow.Table(schema, batches);
  } catch (error) {
    throw query.explained(error);
  } finally {
    await query.close();
  }
}
