import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Knex } from "knex";
import { ASSET_EVENTS } from "./asset-events.js";
import { backfillTexts } from "./backfill-statements.js";
import type { Connection, Dialect, Prepared } from "./dialect.js";
import { partitionTexts } from "./partition-statements.js";
import { RowInsert } from "./row-insert.js";
import { EVENT_COLUMNS, insert } from "./statement-texts.js";

const EVENT_INSERTED = ["run_no", "seq", "type", "at_ms", "step_key", "attempt", "asset_key", "partition_key", "partition_index", "payload", "attempt_no", "ordinal"]; // prettier-ignore
/** Not claimed, and not ended. */
const OPEN_STEP = "('WAITING', 'UP_FOR_RETRY')";
/** Claimed: READY until its user code starts. */
const CLAIMED_STEP = "('READY', 'RUNNING')";
const ENDED_RUN = "('SUCCESS', 'FAILURE', 'CANCELED')";
/** All but the set of its partitions, which no list needs. */
export const RUN_COLUMNS =
  "run.no, run.id, run.status, run.tags, run.selection, run.code_version, run.created_at_ms, run.started_at_ms, run.ended_at_ms, run.cancel_requested_at_ms, run.parent_run_id, run.root_run_id, run.epoch, run.plan, run.config, backfill.id as backfill_id";
const OWNED_RUN = "('STARTING', 'STARTED', 'CANCELING')";

/** Latest of a kind: only a later event replaces an earlier one. */
const latest = (column: string): string =>
  `insert into asset_latest (asset_key, ${column}) values (?, ?) on conflict (asset_key) do update set ${column} = excluded.${column}`;

/** Every statement of the store. */
function texts(dialect: Dialect) {
  return { ...runTexts(dialect), ...partitionTexts(dialect), ...backfillTexts(dialect) };
}

function runTexts(dialect: Dialect) {
  const { greater, forUpdate, forUpdateOfFree, returning } = dialect;
  const knex = dialect.knex();
  const events = knex("event").join("run", "run.no", "event.run_no").select(knex.raw(EVENT_COLUMNS));
  const head = knex("run")
    .select("no", "status", "epoch", "next_seq", "cancel_requested_at_ms", "lease_until_ms", "layout_no")
    .where("id", "?");
  const sql = (query: Knex.QueryBuilder): string => query.toSQL().sql;
  return {
    insertRun:
      insert(
        "run",
        "id",
        "status",
        "tags",
        "selection",
        "code_version",
        "created_at_ms",
        "parent_run_id",
        "root_run_id",
        "run_key",
        "plan",
        "config",
        "layout_no",
        "partitions",
        "divided",
        "backfill_no",
      ) + returning("no"),
    insertTag: insert("run_tag", "run_no", "key", "value"),
    insertStep: insert("step", "run_no", "key", "status", "assets"),
    insertAttempt: insert("attempt", "id", "run_no", "step_key", "number", "started_at_ms", "lease_until_ms"),
    insertEvent: insert("event", ...EVENT_INSERTED) + returning("id"),
    insertEventOnce: `${insert("event", ...EVENT_INSERTED)} on conflict (attempt_no, ordinal) where ordinal is not null do nothing${returning("id")}`,
    runOfKey: "select id from run where run_key = ?",
    runHead: sql(head),
    runHeadToWrite: sql(head) + forUpdate,
    runHeadIfFree: sql(head) + forUpdateOfFree,
    setNextSeq: "update run set next_seq = ? where no = ?",
    claimRun:
      "update run set status = 'STARTED', epoch = epoch + 1, owner = ?, lease_until_ms = ?, started_at_ms = ? where no = ? and status in ('NOT_STARTED', 'QUEUED')",
    endRun: "update run set status = ?, ended_at_ms = ? where no = ?",
    bumpEpoch: "update run set epoch = epoch + 1 where no = ?",
    cancelRun: "update run set status = ?, cancel_requested_at_ms = ?, ended_at_ms = ? where no = ?",
    renewLease: `update run set lease_until_ms = ${greater}(lease_until_ms, ?) where id = ? and epoch = ? and status not in ${ENDED_RUN}`,
    renewAttempts: `update attempt set lease_until_ms = ${greater}(lease_until_ms, ?) where run_no = (select no from run where id = ?) and outcome is null`,
    claimStep: `update step set status = ?, attempt = ?, started_at_ms = coalesce(started_at_ms, ?), ended_at_ms = null where run_no = ? and key = ? and attempt = ? and status in ${OPEN_STEP}`,
    startStep:
      "update step set status = 'RUNNING', started_at_ms = coalesce(started_at_ms, ?) where run_no = ? and key = ? and attempt = ? and status = 'READY'",
    endAttempt:
      "update attempt set outcome = ?, ended_at_ms = ? where id = ? and run_no = ? and step_key = ? and number = ? and outcome is null",
    endStep: `update step set status = ?, started_at_ms = coalesce(started_at_ms, ?), ended_at_ms = ? where run_no = ? and key = ? and attempt = ? and status in ${CLAIMED_STEP}`,
    moveStep: `update step set status = ?, ended_at_ms = ? where run_no = ? and key = ? and status in ${OPEN_STEP}`,
    moveOpenSteps: `update step set status = ?, ended_at_ms = ? where run_no = ? and status in ${OPEN_STEP}`,
    openSteps: `select key from step where run_no = ? and status in ${OPEN_STEP} order by no`,
    attemptOutcome: "select coalesce(outcome, 'RUNNING') as outcome from attempt where id = ?",
    currentAttempt: `select attempt.no, attempt.step_key, attempt.number from attempt join step on step.run_no = attempt.run_no and step.key = attempt.step_key and step.attempt = attempt.number where attempt.id = ? and attempt.run_no = ? and attempt.outcome is null and step.status in ${CLAIMED_STEP}`,
    runningAttempts:
      "select attempt.no, attempt.id, attempt.step_key, attempt.number, step.assets from attempt join step on step.run_no = attempt.run_no and step.key = attempt.step_key where attempt.run_no = ? and attempt.outcome is null",
    latestPlanned: latest("run_no"),
    latestMaterialization: latest("materialization_id"),
    latestObservation: latest("observation_id"),
    latestFailure: latest("failure_id"),
    latestCheck:
      "insert into check_latest (asset_key, name, event_id) values (?, ?, ?) on conflict (asset_key, name) do update set event_id = excluded.event_id",
    getRun: sql(knex("run").select(knex.raw(RUN_COLUMNS)).leftJoin("backfill", "backfill.no", "run.backfill_no").where("run.id", "?")),
    stepCounts: "select status, count(*) as n from step where run_no = ? group by status",
    steps:
      "select step.key, step.status, step.attempt, step.started_at_ms, step.ended_at_ms from step where run_no = (select no from run where id = ?) order by no",
    lastHeard:
      "select step_key, max(at_ms) as at_ms from event where run_no = (select no from run where id = ?) and step_key is not null group by step_key",
    events: sql(events.clone().where("run.id", "?").andWhere("event.seq", ">", "?").orderBy("event.seq")) + " limit ?",
    assetEvents: `select ${EVENT_COLUMNS} from event left join run on run.no = event.run_no where event.asset_key = ? and event.id < ? and event.type in ${ASSET_EVENTS} order by event.id desc limit ?`,
    partitionEvents: `select ${EVENT_COLUMNS} from event left join run on run.no = event.run_no where event.asset_key = ? and event.partition_key = ? and event.id < ? and event.type in ${ASSET_EVENTS} order by event.id desc limit ?`,
    eventById: `select ${EVENT_COLUMNS} from event join run on run.no = event.run_no where event.id = ?`,
    latestEvents: `select ${EVENT_COLUMNS} from event join run on run.no = event.run_no where event.id in (select materialization_id from asset_latest union all select observation_id from asset_latest union all select failure_id from asset_latest union all select event_id from check_latest)`,
    latestAll:
      "select asset_latest.asset_key, asset_latest.materialization_id, asset_latest.observation_id, asset_latest.failure_id, run.id as run_id from asset_latest left join run on run.no = asset_latest.run_no order by asset_latest.asset_key",
    latestOne:
      "select asset_latest.asset_key, asset_latest.materialization_id, asset_latest.observation_id, asset_latest.failure_id, run.id as run_id from asset_latest left join run on run.no = asset_latest.run_no where asset_latest.asset_key = ?",
    checksAll: "select asset_key, name, event_id from check_latest",
    checksOne: "select asset_key, name, event_id from check_latest where asset_key = ?",
    ownedRuns: `select id, status, epoch, owner, lease_until_ms from run where status in ${OWNED_RUN} order by no`,
    countRuns: "select status, count(*) as n from run group by status",
  };
}

/** Those that write several rows at once. */
const OF_ROWS = [
  "insertTag",
  "insertStep",
  "insertAttempt",
  "insertEvent",
  "latestPlanned",
  "latestMaterialization",
  "latestPartition",
  "latestObservation",
  "latestFailure",
  "latestCheck",
] as const;
type OfRows = (typeof OF_ROWS)[number];
const ofRows: ReadonlySet<string> = new Set(OF_ROWS);

type Name = keyof ReturnType<typeof texts>;
/** Every statement by its name, ready to run; those of several rows take them together. */
export type Statements = Readonly<Record<Exclude<Name, OfRows>, Prepared> & Record<OfRows, RowInsert>>;

const compiled = new WeakMap<Dialect, Readonly<Record<Name, string>>>();

/** The text of every statement in this dialect. The build writes it beside this file, so that no start waits for knex. */
export function compileStatements(dialect: Dialect): Readonly<Record<Name, string>> {
  return texts(dialect);
}

/** The file that the build writes for a dialect. */
export function builtStatementsFile(dialect: Dialect): string {
  return join(__dirname, `statements.${dialect.name}.json`);
}

function textsOf(dialect: Dialect): Readonly<Record<Name, string>> {
  const file = builtStatementsFile(dialect);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<Name, string>) : compileStatements(dialect);
}

/** The statements, compiled once per dialect and prepared on this connection when first used. */
export function statements(connection: Connection, dialect: Dialect): Statements {
  const sql = compiled.get(dialect) ?? textsOf(dialect);
  compiled.set(dialect, sql);
  const made = {} as Statements;
  for (const name of Object.keys(sql) as Name[]) {
    Object.defineProperty(made, name, {
      configurable: true,
      get: () => {
        const value = ofRows.has(name) ? new RowInsert(connection, sql[name]) : connection.prepare(sql[name]);
        Object.defineProperty(made, name, { value });
        return value;
      },
    });
  }
  return made;
}
