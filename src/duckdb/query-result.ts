import type { DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import { ColumnBatch } from "../model/column-batch.js";
import type { TableColumn } from "../model/metadata-value.js";
import { ColumnReader } from "./column-values.js";
import { Query } from "./query.js";
import type { ColumnReading } from "./relation-source.js";
import type { Relation } from "./relation.js";

/** The result column by column, 2,048 rows at most at a time. What the query reads is open until the iteration ends or is left. */
export async function* columnBatches(relation: Relation<unknown>): AsyncGenerator<ColumnBatch> {
  const query = await Query.open(relation);
  try {
    const { readings } = query; // a stream may close what tells them
    yield* batchesOf(await query.stream(), readings);
  } catch (error) {
    throw query.explained(error);
  } finally {
    await query.close();
  }
}

/** What a statement gives, column by column; columns of the names in `readings`, in lower case, are read as they say. */
export async function* batchesOf(result: DuckDBResult, readings?: ReadonlyMap<string, ColumnReading>): AsyncGenerator<ColumnBatch> {
  const readers = result.deduplicatedColumnNames().map((name, position) => {
    return new ColumnReader(name, result.columnType(position), readings?.get(name.toLowerCase()));
  });
  for await (const chunk of chunksOf(result)) {
    const columns = readers.map((reader, position) => [reader.name, reader.values(chunk, position)] as const);
    yield new ColumnBatch(Object.fromEntries(columns), chunk.rowCount);
  }
}

/** The columns of the result and their types in DuckDB. */
export async function columnsOf(relation: Relation<unknown>): Promise<TableColumn[]> {
  const query = await Query.open(relation);
  try {
    const described = await query.connection.runAndReadAll(`DESCRIBE SELECT * FROM (\n${query.sql}\n)`);
    return described.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
  } catch (error) {
    throw query.explained(error);
  } finally {
    await query.close();
  }
}

/** The chunks of a result that streams; the next one is made while the last is taken. */
export async function* chunksOf(result: DuckDBResult): AsyncGenerator<DuckDBDataChunk> {
  let next = result.fetchChunk();
  try {
    for (;;) {
      const chunk = await next;
      if (chunk === null || chunk.rowCount === 0) return;
      next = result.fetchChunk();
      next.catch(() => undefined); // thrown where it is awaited
      yield chunk;
    }
  } finally {
    await next.catch(() => undefined);
  }
}
