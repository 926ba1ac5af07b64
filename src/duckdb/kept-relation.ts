import { newId } from "../base/ids.js";
import { connect } from "./process-database.js";
import { Query } from "./query.js";
import type { Relation } from "./relation.js";
import type { RelationSource } from "./relation-source.js";

/** Reads the relation into a table of DuckDB's memory, which is dropped when nobody has the source any more. Beyond the limit of memory it spills to disk. */
export async function keptInMemory(relation: Relation<unknown>): Promise<RelationSource> {
  const table = `memory.main.kept_${newId().replaceAll("-", "")}`;
  const query = await Query.open(relation);
  try {
    const { readings } = query;
    await query.connection.run(`CREATE TABLE ${table} AS SELECT * FROM (\n${query.sql}\n)`);
    const open = { sql: `SELECT * FROM ${table}`, readings, close: () => undefined };
    const source: RelationSource = { label: "kept", open: () => Promise.resolve(open) };
    kept.register(source, table);
    return source;
  } catch (error) {
    throw query.explained(error);
  } finally {
    await query.close();
  }
}

const kept = new FinalizationRegistry<string>((table) => {
  void connect(undefined).then(({ connection, close }) => connection.run(`DROP TABLE IF EXISTS ${table}`).finally(close));
});
