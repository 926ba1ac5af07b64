import { StoreError } from "../../base/errors.js";
import { describeStore, postgresAddress } from "../store-address.js";
import type { Bound, Connection } from "./dialect.js";
import { RowInsert } from "./row-insert.js";
import { bytesOf, type StoredBytes } from "./set-bytes.js";
import { insert } from "./statement-texts.js";

/** Every table, with the column that the database numbers. */
const TABLES: readonly (readonly [table: string, numbered?: string])[] = [
  ["run", "no"],
  ["run_tag"],
  ["step", "no"],
  ["attempt", "no"],
  ["event", "id"],
  ["asset_latest"],
  ["check_latest"],
  ["partition_layout", "no"],
  ["partition_latest"],
  ["partition_delta", "id"],
  ["partition_chunk"],
  ["partition_claim"],
  ["dynamic_definition"],
  ["dynamic_partition"],
  ["backfill", "no"],
  ["backfill_target", "no"],
];
const PAGE = 1_000;
/** Of the row's place in the source, which is no column of the table. */
const PLACE = "place_in_source";

/** A store that is copied, and the one that it is copied into: both open and of this version's schema. */
export interface CopyOf {
  /** A file. */
  readonly from: Connection;
  readonly into: Connection;
  /** The address of `into`. */
  readonly store: string;
  /** Forgets what `into` holds; otherwise one that holds anything is refused. */
  readonly replace: boolean;
}

/**
 * Copies all rows of a store, with their numbers and the numbers that come next, in one transaction.
 * @returns how many rows each table has, on both sides
 * @throws {@link StoreError} `STORE.NOT_EMPTY`; `STORE.IN_USE` when a run of the source has not ended; `STORE.COPY_DIFFERS` when the counts are not
 * the same, and then nothing was copied
 */
export function copyStore({ from, into, store, replace }: CopyOf): Readonly<Record<string, number>> {
  from.exec("begin");
  into.exec("begin");
  try {
    refuseRunning(from);
    const filled = TABLES.filter(([table]) => countOf(into, table) > 0).map(([table]) => table);
    if (filled.length > 0 && !replace)
      throw new StoreError("STORE.NOT_EMPTY", `The store ${describeStore(store)} holds something already: rows of ${filled.join(", ")}.`, {
        fix: "Copy into an empty database or schema, or add --replace to forget what is there.",
      });
    for (const table of filled) into.exec(`delete from "${postgresAddress(store).schema}"."${table}"`);
    const counts = Object.fromEntries(TABLES.map(([table]) => [table, copyTable(from, into, table)]));
    for (const [table, numbered] of TABLES) if (numbered !== undefined) keepNumbers(from, into, { table, numbered });
    refuseDifferent(into, counts);
    into.exec("commit");
    return counts;
  } catch (error) {
    into.exec("rollback");
    throw error;
  } finally {
    from.exec("commit");
  }
}

function refuseRunning(from: Connection): void {
  const running = from.prepare("select id from run where status in ('STARTING', 'STARTED', 'CANCELING') limit 1").get<{ id: string }>([]);
  if (!running) return;
  throw new StoreError("STORE.IN_USE", `Run ${running.id} has not ended; what its process writes from now on would be lost.`, {
    fix: "Wait for it, or cancel it: `millrace cancel`. Stop every process that uses the store, then copy it.",
  });
}

function copyTable(from: Connection, into: Connection, table: string): number {
  const page = from.prepare(`select rowid as ${PLACE}, * from ${table} where rowid > ? order by rowid limit ${PAGE}`);
  let rows: RowInsert | undefined;
  let columns: readonly string[] = [];
  let count = 0;
  for (let after = -1; ;) {
    const some = page.all<Record<string, Bound | StoredBytes>>([after]);
    const [first, last] = [some[0], some.at(-1)];
    if (!first || !last) return count;
    if (!rows) {
      columns = Object.keys(first).filter((name) => name !== PLACE);
      rows = new RowInsert(into, insert(table, ...columns));
    }
    rows.run(some.map((row) => columns.map((name) => asBound(row[name] ?? null))));
    count += some.length;
    after = Number(last[PLACE]);
  }
}

/** The next row gets the number that it would have got in the source: none comes twice, also of rows that are gone. */
function keepNumbers(from: Connection, into: Connection, { table, numbered }: { readonly table: string; readonly numbered: string }): void {
  const last = from.prepare("select seq from sqlite_sequence where name = ?").get<{ seq: number }>([table])?.seq ?? 0;
  if (last > 0) into.prepare(`select setval(pg_get_serial_sequence('"{schema}"."${table}"', '${numbered}'), ?::bigint)`).get([last]);
}

function refuseDifferent(into: Connection, counts: Readonly<Record<string, number>>): void {
  const different = Object.entries(counts).filter(([table, count]) => countOf(into, table) !== count);
  if (different.length === 0) return;
  throw new StoreError(
    "STORE.COPY_DIFFERS",
    `The copy has not as many rows as the store: ${different.map(([table]) => table).join(", ")}.`,
    {
      fix: "Stop whatever writes to the database, and copy again.",
    },
  );
}

function countOf(connection: Connection, table: string): number {
  return connection.prepare(`select count(*) as n from ${table}`).get<{ n: number }>([])?.n ?? 0;
}

function asBound(value: Bound | StoredBytes): Bound {
  return value instanceof ArrayBuffer || Object.prototype.toString.call(value) === "[object ArrayBuffer]" ? bytesOf(value as ArrayBuffer) : (value as Bound); // prettier-ignore
}
