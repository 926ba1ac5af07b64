import { setImmediate } from "node:timers/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { IOError, isMillraceError, messageOf } from "../../base/errors.js";
import type { DuckDB } from "../../duckdb/process-database.js";
import { IllFormedColumn, PartRows } from "./duckdb-part-rows.js";
import { ParquetParts } from "./parquet-parts.js";
import { BATCH_ROWS, type RowWriteContext, type WrittenRows } from "../rows/row-codec.js";
import { RowColumns, tableColumnOf } from "../rows/row-columns.js";
import { VectorMemory } from "./vector-memory.js";

/** Rows of a part, and so of a row group: one is gathered, one on its way to DuckDB, and one or two are being compressed. */
const PART_ROWS = 20 * BATCH_ROWS;
/** What the values of a part take. */
const PART_BYTES = 64 * 2 ** 20;

/** One Parquet file on its way: rows are gathered to batches, and written part by part, by DuckDB's own threads, while the next ones come. */
export class ParquetWrite {
  private readonly rows: RowColumns;
  private readonly parts: ParquetParts;
  private gathered: object[] = [];
  private part: PartRows | undefined;
  private readonly freeMemory: VectorMemory[] = [];
  private rowCount = 0;

  constructor(
    duckdb: DuckDB,
    connections: readonly [DuckDBConnection, DuckDBConnection],
    private readonly path: string,
    private readonly context: RowWriteContext,
  ) {
    this.rows = new RowColumns(context.assetKey, context.schema);
    this.parts = new ParquetParts(duckdb, connections, { path, compression: context.compression ?? "snappy" });
  }

  /** Takes any number of rows. */
  async take(batch: readonly object[]): Promise<void> {
    if (this.gathered.length === 0 && batch.length === BATCH_ROWS) return this.stage(batch);
    for (let start = 0; start < batch.length;) {
      const end = Math.min(batch.length, start + BATCH_ROWS - this.gathered.length);
      for (let index = start; index < end; index++) this.gathered.push(batch[index] as object);
      start = end;
      if (this.gathered.length === BATCH_ROWS) await this.stage(this.gathered.splice(0));
    }
  }

  async finish(): Promise<WrittenRows> {
    if (this.gathered.length > 0) await this.stage(this.gathered);
    const { columns } = this.rows;
    await this.guard(async () => {
      this.part ??= this.newPart();
      await this.endPart();
      await this.parts.finish();
    });
    return { rowCount: this.rowCount, columns: columns.map(tableColumnOf) };
  }

  /** Leaves no file beside what is written. */
  async close(): Promise<void> {
    await this.parts.discard();
  }

  private async stage(batch: readonly object[]): Promise<void> {
    this.context.signal?.throwIfAborted();
    const cells = this.rows.take(batch, this.rowCount);
    const { columns } = this.rows;
    if (this.part && !this.part.takes(columns, PART_ROWS, PART_BYTES)) await this.guard(() => this.endPart());
    this.part ??= this.newPart();
    try {
      this.part.append(cells, batch.length);
    } catch (error) {
      throw error instanceof IllFormedColumn ? this.illFormed(error) : error;
    }
    this.rowCount += batch.length;
    if (this.parts.busy) await setImmediate();
  }

  private newPart(): PartRows {
    const memory = this.freeMemory.pop() ?? new VectorMemory();
    const part = new PartRows([...this.rows.columns], memory);
    void part.taken.then(() => this.freeMemory.push(memory.clear()));
    return part;
  }

  private async endPart(): Promise<void> {
    const { part } = this;
    if (part === undefined) return;
    this.part = undefined;
    await this.parts.add(part, this.rows.columns);
  }

  private async guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.context.signal?.aborted) throw this.context.signal.reason;
      if (isMillraceError(error)) throw error;
      throw this.failed(error);
    }
  }

  private illFormed({ column, index }: IllFormedColumn): IOError {
    return new IOError(
      "IO.ROW_NOT_STORABLE",
      `Column "${column}" of asset "${this.context.assetKey}" holds text with half a character (a lone surrogate) in row ${this.rowCount + index}.`,
      { fix: "Repair it with text.toWellFormed(), or keep it as bytes." },
    );
  }

  private failed(cause: unknown): IOError {
    const message = messageOf(cause).replaceAll("\n", " ");
    return new IOError("IO.WRITE_FAILED", `The rows of asset "${this.context.assetKey}" cannot be written to ${this.path}: ${message}`, {
      fix: "Check that the disk has room and that the folder may be written.",
      cause,
    });
  }
}
