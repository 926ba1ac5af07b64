import { IOError } from "../../base/errors.js";
import type { OutputContext } from "../../config/io-manager.js";
import { columnsOfTable, type TableColumnInfo } from "../../postgres/catalog-table.js";
import { CopyIn } from "../../postgres/copy-in.js";
import { misfit, writeHeader, writeTrailer } from "../../postgres/copy-rows.js";
import { CopyWriter } from "../../postgres/copy-writer.js";
import type { EncodeValue } from "../../postgres/encode-moment.js";
import { quoted, quotedTable, retyped, shownTable } from "../../postgres/identifier.js";
import { copyInSql, MESSAGE_BYTES, RowsFault } from "../../postgres/load-rows.js";
import type { PoolClient } from "../../postgres/postgres-pool.js";
import { type ColumnNature, encodeCell, encodeColumn, sqlTypeOf } from "./postgres-column.js";
import { evolutionOf } from "./postgres-evolution.js";
import type { PostgresPlace } from "./postgres-place.js";
import type { StoredColumn } from "./postgres-home.js";
import { BATCH_ROWS } from "../rows/row-codec.js";
import { type Cell, type RowColumn, RowColumns } from "../rows/row-columns.js";

/** What is filled, and whose it is. */
export interface StagingOptions {
  readonly staging: { readonly schema: string; readonly table: string };
  readonly place: PostgresPlace;
  readonly context: Pick<OutputContext, "assetKey" | "schema" | "signal" | "partitionKey">;
  /** Kept in memory by the server until the rows are moved, or the table itself is what will be published. */
  readonly unlogged: boolean;
}

/** A column on its way: what was found in the rows, and how it is written. */
interface StagedColumn {
  readonly name: string;
  nature: ColumnNature;
  whole: boolean;
  encode: EncodeValue;
  type: string;
}

/**
 * The rows of one attempt in a table of their own, which has the types that the rows will be published with. A column comes into being with
 * its first row, and changes its type when a later row asks for a wider one.
 */
export class PostgresStaging {
  rowCount = 0;
  readonly #client: PoolClient;
  readonly #options: StagingOptions;
  readonly #target: readonly TableColumnInfo[];
  readonly #found: RowColumns;
  readonly #out = new CopyWriter();
  #columns: StagedColumn[] = [];
  #copy: CopyIn | undefined;
  #fitted = "";

  constructor(client: PoolClient, target: readonly TableColumnInfo[], options: StagingOptions) {
    this.#client = client;
    this.#options = options;
    this.#target = target;
    this.#found = new RowColumns(options.context.assetKey);
  }

  /** The columns in the order of the rows. */
  get columns(): StoredColumn[] {
    return this.#columns.map(({ name, nature }) => ({ name, nature }));
  }

  /** Makes the table and fills it; within the caller's transaction. */
  async fill(batches: AsyncIterable<readonly object[]>): Promise<void> {
    const { staging, unlogged } = this.#options;
    await this.#client.query(`CREATE ${unlogged ? "UNLOGGED " : ""}TABLE ${quotedTable(staging)} ()`);
    try {
      await this.#take(batches);
    } catch (error) {
      await this.#copy?.fail("the rows could not be read or do not fit");
      throw error;
    }
  }

  async #take(batches: AsyncIterable<readonly object[]>): Promise<void> {
    const { context } = this.#options;
    if (context.schema) await this.#fit(this.#declared());
    for await (const batch of ofTheUser(batches)) {
      for (let start = 0; start < batch.length; start += BATCH_ROWS) {
        context.signal.throwIfAborted();
        await this.#add(batch.length <= BATCH_ROWS ? batch : batch.slice(start, start + BATCH_ROWS));
      }
    }
    await this.#pause();
  }

  async #add(rows: readonly object[]): Promise<void> {
    const { schema } = this.#options.context;
    const cells = schema ? undefined : this.#found.take(rows, this.rowCount);
    if (cells) await this.#fit(this.#learned());
    this.#copy ??= await this.#begin();
    for (let row = 0; row < rows.length; row++) {
      if (cells) this.#writeCells(cells, row);
      else this.#writeFields(rows[row] as Record<string, unknown>);
      this.rowCount++;
      if (this.#out.at >= MESSAGE_BYTES) await this.#copy.write(this.#out.take());
    }
  }

  #writeCells(cells: readonly Cell[][], row: number): void {
    const columns = this.#columns;
    this.#out.int16(columns.length);
    for (let index = 0; index < columns.length; index++) this.#write(columns[index] as StagedColumn, (cells[index] as Cell[])[row] ?? null);
  }

  #writeFields(row: Record<string, unknown>): void {
    this.#out.int16(this.#columns.length);
    for (const column of this.#columns) this.#write(column, Object.hasOwn(row, column.name) ? row[column.name] : null);
  }

  #write(column: StagedColumn, value: unknown): void {
    if (value === null || value === undefined) return this.#out.int32(-1);
    const fault = column.encode(value, this.#out);
    if (fault === undefined) return;
    const place = { row: this.rowCount, table: shownTable(this.#options.place.table) };
    throw misfit({ name: column.name, type: column.type }, column.nature === "date" ? new Date(value as number) : value, fault, place);
  }

  #declared(): Omit<StagedColumn, "encode" | "type">[] {
    return (this.#options.context.schema?.columns ?? []).map(({ name, type }) => ({
      name,
      nature: `declared:${type}` as const,
      whole: true,
    }));
  }

  #learned(): Omit<StagedColumn, "encode" | "type">[] {
    return this.#found.columns.map((column) => ({ name: column.name, nature: column.kind ?? "null", whole: isWhole(column) }));
  }

  /** Brings the table to these columns, where they are not what it has. */
  async #fit(wanted: readonly Omit<StagedColumn, "encode" | "type">[]): Promise<void> {
    const fitted = wanted.map(({ nature, whole }) => `${nature}${whole ? "" : "!"}`).join();
    if (fitted === this.#fitted) return;
    this.#fitted = fitted;
    await this.#pause();
    const before = new Map(this.#columns.map((column) => [column.name, column]));
    const actions = wanted.flatMap((column) => {
      const sql = sqlTypeOf(column.nature, column.whole);
      const old = before.get(column.name);
      if (old === undefined) return [`ADD COLUMN ${quoted(column.name)} ${sql}`];
      const same = old.nature === column.nature && old.whole === column.whole;
      return same ? [] : [retyped(column.name, sql)];
    });
    await this.#alter(actions);
    const made = await this.#types();
    await this.#alter(await this.#towardsTarget(wanted, made));
    const types = await this.#types();
    this.#columns = wanted.map((column) => this.#staged(column, types.get(column.name) as TableColumnInfo));
  }

  async #alter(actions: readonly string[]): Promise<void> {
    if (actions.length > 0) await this.#client.query(`ALTER TABLE ${quotedTable(this.#options.staging)} ${actions.join(", ")}`);
  }

  async #types(): Promise<Map<string, TableColumnInfo>> {
    const columns = (await columnsOfTable(this.#client, this.#options.staging)) ?? [];
    return new Map(columns.map((column) => [column.name, column]));
  }

  /** Where a column of the published table takes the values as it is, they get its type. */
  async #towardsTarget(
    wanted: readonly { readonly name: string; readonly nature: ColumnNature; readonly whole: boolean }[],
    made: ReadonlyMap<string, TableColumnInfo>,
  ): Promise<string[]> {
    const actions: string[] = [];
    for (const { name, nature, whole } of wanted) {
      const [there, here] = [this.#target.find((column) => column.name === name), made.get(name)];
      if (there === undefined || here === undefined || there.sqlType === here.sqlType) continue;
      const evolution = evolutionOf(nature, there.type, here.type, whole);
      if (evolution === "widen-if-exact" && !(await this.#holdsNone(name, `abs(${quoted(name)}::numeric) > 9007199254740991`)))
        throw this.#changed(name, there.sqlType, here.sqlType);
      if (evolution === "keep") actions.push(retyped(name, there.sqlType));
      else if (evolution === "refuse" && !(await this.#holdsNone(name, `${quoted(name)} IS NOT NULL`)))
        throw this.#changed(name, there.sqlType, here.sqlType);
    }
    return actions;
  }

  async #holdsNone(name: string, condition: string): Promise<boolean> {
    const table = quotedTable(this.#options.place.table);
    const { rows } = await this.#client.query<{ held: boolean }>(`SELECT EXISTS (SELECT FROM ${table} WHERE ${condition}) AS held`);
    return rows[0]?.held === false;
  }

  #staged(column: Omit<StagedColumn, "encode" | "type">, made: TableColumnInfo): StagedColumn {
    const encode = this.#options.context.schema
      ? encodeColumn(column.nature, made.type, this.#options.context.assetKey)
      : encodeCell(column.nature, made.type);
    if (encode === undefined) throw this.#changed(column.name, made.sqlType, sqlTypeOf(column.nature, column.whole));
    return { ...column, encode, type: made.sqlType };
  }

  async #begin(): Promise<CopyIn> {
    const copy = await CopyIn.begin(this.#client, copyInSql(this.#options.staging, this.#columns.map(({ name }) => name), ", FREEZE true")); // prettier-ignore
    writeHeader(this.#out);
    return copy;
  }

  async #pause(): Promise<void> {
    const copy = this.#copy;
    this.#copy = undefined;
    if (copy === undefined) return;
    writeTrailer(this.#out);
    await copy.write(this.#out.take());
    await copy.end();
  }

  #changed(name: string, from: string, to: string): IOError {
    const { place, context } = this.#options;
    const table = shownTable(place.table);
    const sql = `ALTER TABLE ${quotedTable(place.table)} ${retyped(name, to)}`;
    return new IOError("IO.COLUMN_CHANGED", `Column "${name}" of table ${table} is ${from}, but asset "${context.assetKey}" gives ${to}.`, {
      fix: `Give "${name}" the type that it had, or change the column, which may lose values: ${sql}`,
      allowRetries: false,
    });
  }
}

function isWhole({ kind, wholeNumbers, fits64 }: RowColumn): boolean {
  return kind === "number" ? wholeNumbers : kind === "bigint" ? fits64 : true;
}

/** The same batches; what their source throws is told apart from what Postgres says. */
async function* ofTheUser(batches: AsyncIterable<readonly object[]>): AsyncGenerator<readonly object[]> {
  try {
    yield* batches;
  } catch (error) {
    throw new RowsFault(error);
  }
}
