import { Client } from "pg";
import { eventsByStep, type Row, type Tables } from "./_replay.js";

/** The rows of the only run of a store in this database. */
export async function rowsOfDatabase(url: string): Promise<Tables> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const all = async (sql: string): Promise<Row[]> => (await client.query<Row>(sql)).rows;
    return {
      schema: [],
      run: (await all("select * from millrace.run"))[0] ?? {},
      steps: await all("select * from millrace.step order by no"),
      attempts: await all("select * from millrace.attempt order by no"),
      events: await all("select * from millrace.event order by id"),
    };
  } finally {
    await client.end();
  }
}

/**
 * What the driver alone takes to write the same rows into the same tables, prepared: the run with its plan in one commit, then each step's start and end
 * in one commit a step, in the order in which they ended. The tables are emptied before.
 * @returns milliseconds
 */
export async function replayOnPostgresMs(tables: Tables, url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("set search_path to millrace");
    await client.query("truncate run, run_tag, step, attempt, event, asset_latest");
    const write = writer(client);
    const [before, byStep] = eventsByStep(tables);
    const attemptOf = new Map(tables.attempts.map((attempt) => [attempt.step_key, attempt]));
    const startMs = performance.now();
    await client.query("begin");
    await write.insert("run", tables.run);
    for (const step of tables.steps)
      await write.insert("step", { ...step, status: "WAITING", attempt: 0, started_at_ms: null, ended_at_ms: null });
    for (const event of before) await write.insert("event", event);
    await client.query("commit");
    for (const [step, events] of byStep) await writeStep(client, write, { attempt: attemptOf.get(step) ?? {}, events });
    return performance.now() - startMs;
  } finally {
    await client.end();
  }
}

type Writer = ReturnType<typeof writer>;

function writer(client: Client) {
  const names = new Map<string, string>();
  const run = (text: string, values: readonly unknown[]): Promise<unknown> => {
    const name = names.get(text) ?? `s${names.size}`;
    names.set(text, name);
    return client.query({ name, text, values: [...values] });
  };
  const insert = (table: string, row: Row): Promise<unknown> => {
    const columns = Object.keys(row);
    const places = columns.map((_, index) => `$${index + 1}`);
    return run(`insert into ${table} (${columns.join(", ")}) values (${places.join(", ")})`, Object.values(row));
  };
  return { run, insert };
}

async function writeStep(
  client: Client,
  { run, insert }: Writer,
  own: { readonly attempt: Row; readonly events: readonly Row[] },
): Promise<void> {
  const { attempt, events } = own;
  await client.query("begin");
  await run("update step set status = 'RUNNING', attempt = $1, started_at_ms = $2 where run_no = $3 and key = $4", [attempt.number, attempt.started_at_ms, attempt.run_no, attempt.step_key]); // prettier-ignore
  await insert("attempt", { ...attempt, outcome: null, ended_at_ms: null });
  for (const event of events) {
    await insert("event", event);
    if (event.type === "ASSET_MATERIALIZATION")
      await run("insert into asset_latest (asset_key, materialization_id) values ($1, $2) on conflict (asset_key) do update set materialization_id = excluded.materialization_id", [event.asset_key, event.id]); // prettier-ignore
  }
  await run("update attempt set outcome = $1, ended_at_ms = $2 where id = $3", [attempt.outcome, attempt.ended_at_ms, attempt.id]);
  await run("update step set status = 'SUCCESS', ended_at_ms = $1 where run_no = $2 and key = $3", [attempt.ended_at_ms, attempt.run_no, attempt.step_key]); // prettier-ignore
  await run("update run set next_seq = $1 where no = $2", [events.at(-1)?.seq, attempt.run_no]);
  await client.query("commit");
}
