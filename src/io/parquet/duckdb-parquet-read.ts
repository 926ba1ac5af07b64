import type { DuckDBConnection, DuckDBType } from "@duckdb/node-api";
import type { DuckDB } from "../../duckdb/process-database.js";
import { parquetSource, sqlName } from "../../duckdb/sql-text.js";
import { parseColumnType } from "../../model/column-type.js";
import { rowPredicate } from "../../model/row-filter.js";
import { unknownColumn } from "../rows/cut-rows.js";
import { VectorReaders, type VectorReader } from "./duckdb-read-vector.js";
import { splitFilter, type FilteredColumn } from "./duckdb-row-filter.js";
import { bindings, typeOf } from "./duckdb-part-rows.js";
import type { ParquetDescription } from "./parquet-footer.js";
import type { RowReadContext } from "../rows/row-codec.js";
import { rowMaker } from "../rows/row-shape.js";
import { STORED_KEY, storedColumns, type StoredColumn } from "../rows/stored-columns.js";

/** A column of the file, and how it is read. */
interface ReadColumn extends FilteredColumn {
  readonly name: string;
  readonly read: VectorReader;
}

/** One reading of a Parquet file, which stays open and as it is while it lasts. */
export class ParquetRead {
  private readonly readers: VectorReaders;

  constructor(
    private readonly duckdb: DuckDB,
    private readonly connection: DuckDBConnection,
    private readonly context: RowReadContext,
  ) {
    this.readers = new VectorReaders(duckdb, bindings());
  }

  /** @param path - as DuckDB is to open it */
  async *batches(path: string, description: ParquetDescription): AsyncGenerator<object[]> {
    const columns = await this.columnsOf(path, description);
    const find = (name: string) => this.find(columns, name);
    const chosen = this.context.columns?.map(find) ?? [...columns.values()];
    const { sql, rest } = splitFilter(this.duckdb, this.context.where ?? {}, find);
    const wanted = new Set([...chosen, ...Object.keys(rest).map(find)]);
    const selected = wanted.size === 0 ? "NULL" : [...wanted].map((column) => column.sql).join(", ");
    const result = await this.connection.stream(`SELECT ${selected} FROM ${parquetSource(path)} WHERE ${sql}`);
    const make = rowMaker(chosen.map(({ name }) => name));
    const picks =
      Object.keys(rest).length === 0 ? undefined : { test: rowPredicate(rest), make: rowMaker([...wanted].map(({ name }) => name)) };
    // The next chunk is made while the rows of this one are.
    let next = result.fetchChunk();
    for (;;) {
      const chunk = await next;
      if (chunk === null || chunk.rowCount === 0) return;
      next = result.fetchChunk();
      next.catch(() => undefined); // thrown where it is awaited
      this.context.signal?.throwIfAborted();
      const { rowCount } = chunk;
      const values = [...wanted].map(({ read }, index) => read(bindings().data_chunk_get_vector(chunk.chunk, index), rowCount));
      const rows = make(rowCount, values);
      if (picks === undefined) yield rows;
      else {
        const tested = picks.make(rowCount, values);
        const taken = rows.filter((_, index) => picks.test(tested[index] as object));
        if (taken.length > 0) yield taken;
      }
    }
  }

  private async columnsOf(path: string, description: ParquetDescription): Promise<ReadonlyMap<string, ReadColumn>> {
    const described = await this.connection.run(`SELECT * FROM ${parquetSource(path)} LIMIT 0`);
    const text = description.keyValues.get(STORED_KEY);
    const stored = text === undefined ? undefined : storedColumns(text);
    const sqlNames = described.columnNames();
    const names = stored?.map(({ name }) => name) ?? distinct(description.columnNames, sqlNames);
    const types = described.columnTypes();
    return new Map(
      names.map((name, index) => [
        name,
        this.column(name, { sql: sqlName(sqlNames[index] ?? name), type: types[index] as DuckDBType, stored: stored?.[index] }),
      ]),
    );
  }

  private column(name: string, { sql, type, stored }: { sql: string; type: DuckDBType; stored: StoredColumn | undefined }): ReadColumn {
    const declared = stored ? undefined : this.context.schema?.columns.find((column) => column.name === name);
    const shape = stored?.shape ?? (declared ? parseColumnType(declared.type) : undefined);
    const readable = declared && shape ? typeOf(this.duckdb, shape) : this.readers.readable(type);
    return {
      name,
      type: readable,
      sql: readable.toString() === type.toString() ? sql : `CAST(${sql} AS ${readable.toString()})`,
      read: this.readers.of(readable, shape),
      wholeMs: stored !== undefined,
      comparable:
        shape === undefined ||
        !(
          ["json", "bytes", "list", "struct"].includes(shape.kind) ||
          (shape.kind === "bigint" && readable.typeId === this.duckdb.DuckDBTypeId.VARCHAR)
        ),
    };
  }

  private find(columns: ReadonlyMap<string, ReadColumn>, name: string): ReadColumn {
    const column = columns.get(name);
    if (column === undefined) throw unknownColumn(name, [...columns.keys()], this.context.assetKey);
    return column;
  }
}

/** The names as the file has them; where two are the same, as DuckDB tells them apart. */
function distinct(names: readonly string[], told: readonly string[]): readonly string[] {
  return names.length === told.length && new Set(names).size === names.length ? names : told;
}
