import { join } from "node:path";
import Database from "libsql";

export type Row = Readonly<Record<string, string | number | null>>;

export interface Tables {
  readonly schema: readonly string[];
  readonly run: Row;
  readonly steps: readonly Row[];
  readonly attempts: readonly Row[];
  readonly events: readonly Row[];
}

/** The rows of the only run of a store. */
export function rowsOf(storePath: string): Tables {
  const db = new Database(storePath);
  const all = (sql: string): Row[] => db.prepare(sql).all() as Row[];
  try {
    return {
      schema: all("select sql from sqlite_master where sql is not null and name not like 'sqlite_%'").map(({ sql }) => String(sql)),
      run: all("select * from run")[0] ?? {},
      steps: all("select * from step order by no"),
      attempts: all("select * from attempt order by no"),
      events: all("select * from event order by id"),
    };
  } finally {
    db.close();
  }
}

/**
 * What the driver alone takes to write the same rows, prepared, on the same disk: the run with its plan in one commit, then each step's
 * start and end in one commit a step, in the order in which they ended.
 * @returns milliseconds
 */
export function replayMs(tables: Tables, folder: string, fsync: "FULL" | "NORMAL"): number {
  const db = new Database(join(folder, `replay-${fsync}.db`));
  try {
    for (const pragma of ["journal_mode=WAL", `synchronous=${fsync}`, "wal_autocheckpoint=20000", "cache_size=-65536"]) db.pragma(pragma);
    for (const sql of tables.schema) db.exec(sql);
    const { writeRun, writeStep } = writers(db, tables);
    const [before, byStep] = eventsByStep(tables);
    const attemptOf = new Map(tables.attempts.map((attempt) => [attempt.step_key, attempt]));
    const startMs = performance.now();
    writeRun(before);
    for (const [step, events] of byStep) writeStep(attemptOf.get(step) ?? {}, events);
    return performance.now() - startMs;
  } finally {
    db.close();
  }
}

export function eventsByStep({ events }: Tables): [Row[], Map<string, Row[]>] {
  const byStep = new Map<string, Row[]>();
  const others: Row[] = [];
  const ended = events.filter((event) => event.type === "STEP_SUCCESS").map((event) => String(event.step_key));
  for (const step of ended) byStep.set(step, []);
  for (const event of events) {
    const own = event.type === "ASSET_MATERIALIZATION_PLANNED" ? undefined : byStep.get(String(event.step_key));
    (own ?? others).push(event);
  }
  return [others, byStep];
}

function writers(db: Database.Database, { run, steps, attempts, events }: Tables) {
  const insert = (table: string, like: Row) => {
    const names = Object.keys(like);
    const statement = db.prepare(`insert into ${table} (${names.join(", ")}) values (${names.map(() => "?").join(", ")})`);
    return (row: Row): void => void statement.run(names.map((name) => row[name] ?? null));
  };
  const insertRun = insert("run", run);
  const insertStep = insert("step", steps[0] ?? {});
  const insertAttempt = insert("attempt", attempts[0] ?? {});
  const insertEvent = insert("event", events[0] ?? {});
  const latest = db.prepare(
    "insert into asset_latest (asset_key, materialization_id) values (?, ?) on conflict (asset_key) do update set materialization_id = excluded.materialization_id",
  );
  const startStep = db.prepare("update step set status = 'RUNNING', attempt = ?, started_at_ms = ? where run_no = ? and key = ?");
  const endStep = db.prepare("update step set status = 'SUCCESS', ended_at_ms = ? where run_no = ? and key = ?");
  const endAttempt = db.prepare("update attempt set outcome = ?, ended_at_ms = ? where id = ?");
  const nextSeq = db.prepare("update run set next_seq = ? where no = ?");
  const commit = (body: () => void): void => {
    db.exec("begin immediate");
    body();
    db.exec("commit");
  };
  return {
    writeRun: (planned: readonly Row[]): void =>
      commit(() => {
        insertRun(run);
        for (const step of steps) insertStep({ ...step, status: "WAITING", attempt: 0, started_at_ms: null, ended_at_ms: null });
        for (const event of planned) insertEvent(event);
      }),
    writeStep: (attempt: Row, own: readonly Row[]): void =>
      commit(() => {
        startStep.run([attempt.number, attempt.started_at_ms, attempt.run_no, attempt.step_key]);
        insertAttempt({ ...attempt, outcome: null, ended_at_ms: null });
        for (const event of own) {
          insertEvent(event);
          if (event.type === "ASSET_MATERIALIZATION") latest.run([event.asset_key, event.id]);
        }
        endAttempt.run([attempt.outcome, attempt.ended_at_ms, attempt.id]);
        endStep.run([attempt.ended_at_ms, attempt.run_no, attempt.step_key]);
        nextSeq.run([own.at(-1)?.seq, attempt.run_no]);
      }),
  };
}
