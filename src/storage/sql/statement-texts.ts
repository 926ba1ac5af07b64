/** The columns that an event is read from. */
export const EVENT_COLUMNS =
  "event.id, event.seq, event.type, event.at_ms, event.step_key, event.attempt, event.asset_key, event.partition_key, event.partition_index, event.payload, coalesce(run.id, '') as run_id";

/** By hand: knex sorts the columns of an insert, and values are bound in the order given here. */
export const insert = (table: string, ...names: string[]): string =>
  `insert into ${table} (${names.join(", ")}) values (${names.map(() => "?").join(", ")})`;
