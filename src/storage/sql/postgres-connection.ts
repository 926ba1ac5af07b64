import { systemClock } from "../../base/clock.js";
import { StoreError } from "../../base/errors.js";
import { describeStore } from "../store-address.js";
import type { Bound, Connection, Prepared, Written } from "./dialect.js";
import { isConnectionLost, isPassing, isWorthAnotherTry, PostgresFault } from "./postgres-errors.js";
import { channelOf } from "./postgres-listener.js";
import { forSchema, numbered } from "./postgres-texts.js";
import type { Wire, WireResult, WireStatement } from "./wire.js";

/** So many statements wait at most before they are sent. */
const MOST_WAITING = 256;
/** A database that is restarted, or fails over, may take so long. */
const OUTAGE_MS = 300_000;
/** How often a transaction that others undid is tried again before its error is told. */
const MOST_TRIES = 12;
/** Names are locked by what they hash to: so many locks fit into the server's table of locks beside those of others. */
const LOCKS = 64;

/** A statement that was asked for; what it did is known once it was sent. */
class Waiting {
  result: WireResult | undefined;
  error: Error | undefined;

  constructor(readonly statement: WireStatement) {}
}

/**
 * A connection to Postgres on which statements wait until the result of one is asked for, and then go together: a transaction costs as many round
 * trips as it looks at results. What a transaction has come to when its connection is lost while it commits is asked afterwards, by its number.
 */
export class PostgresConnection implements Connection {
  readonly #wire: Wire;
  readonly #store: string;
  readonly #schema: string;
  readonly #prepared = new Map<string, Prepared>();
  #waiting: Waiting[] = [];
  /** The number of the transaction that is open, as soon as it is asked for. */
  #transaction: Waiting | undefined;

  constructor(wire: Wire, store: string, schema: string) {
    this.#wire = wire;
    this.#store = store;
    this.#schema = schema;
    this.#connect();
  }

  prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const text = numbered(forSchema(sql, this.#schema));
    const rows = <Row>(values: readonly Bound[]): Row[] => this.#resultOf(this.#enqueue(text, values)).rows as unknown as Row[];
    const made: Prepared = {
      run: (values) => this.#written(this.#enqueue(text, values)),
      get: <Row>(values: readonly Bound[]) => rows<Row>(values)[0],
      all: rows,
    };
    this.#prepared.set(sql, made);
    return made;
  }

  exec(sql: string): void {
    if (sql === "commit") return this.#commit();
    if (sql === "rollback") {
      this.#waiting = [];
      this.#transaction = undefined;
      return this.#send(this.#enqueue("rollback", []));
    }
    const statement = this.#enqueue(sql, []);
    if (sql === "begin") this.#transaction = this.#enqueue("select pg_current_xact_id()::text as id", []);
    // What failed within shows before whoever asked for it has gone on; what was undone needs not have been right.
    if (sql === "release message") this.#flush();
    if (sql === "rollback to message") this.#send(statement);
  }

  lock(names: readonly string[]): void {
    if (names.length === 0) return;
    const locks = [...new Set(names.map(lockOf))].sort((a, b) => a - b);
    const list = `{${locks.join(",")}}`;
    this.#enqueue(numbered(forSchema("select pg_advisory_xact_lock(hashtext('{schema}'), no) from unnest(?::int[]) as no", this.#schema)), [list]); // prettier-ignore
  }

  announce(runId: string): void {
    this.#enqueue("select pg_notify($1, $2)", [channelOf(this.#schema), runId]);
  }

  isLost(error: unknown): boolean {
    return isConnectionLost(error) || isWorthAnotherTry(error);
  }

  recover(error: unknown, tries: number): boolean {
    if (!this.isLost(error)) return false;
    if (!isConnectionLost(error)) return tries < MOST_TRIES;
    this.#reconnect(error as PostgresFault);
    return true;
  }

  close(): void {
    this.#wire.close();
  }

  #enqueue(sql: string, values: readonly Bound[]): Waiting {
    if (this.#waiting.length >= MOST_WAITING) this.#flush();
    const waiting = new Waiting({ sql, values });
    this.#waiting.push(waiting);
    return waiting;
  }

  #written(waiting: Waiting): Written {
    const rows = (): readonly object[] => this.#resultOf(waiting).rows;
    const idOf = (row: object | undefined): number => Number(Object.values(row ?? {})[0] ?? 0);
    const changes = (): number => this.#resultOf(waiting).changes;
    return {
      get changes() {
        return changes();
      },
      get lastInsertRowid() {
        return idOf(rows().at(-1));
      },
      get rowIds() {
        return rows().map(idOf);
      },
    };
  }

  #resultOf(waiting: Waiting): WireResult {
    if (!waiting.result && !waiting.error) this.#flush();
    if (waiting.result) return waiting.result;
    throw waiting.error ?? new PostgresFault("XX000", "a statement was never sent");
  }

  /** Sends what waits. @throws the error of the first that failed */
  #flush(): void {
    const sent = this.#waiting;
    if (sent.length === 0) return;
    this.#waiting = [];
    const { results, fault } = this.#wire.exchange(sent.map(({ statement }) => statement));
    sent.forEach((waiting, index) => (waiting.result = results[index]));
    if (!fault) return;
    const error = new PostgresFault(fault.code, fault.message);
    for (const waiting of sent) if (!waiting.result) waiting.error = error;
    throw error;
  }

  /** Sends what waits, of which only this one matters. */
  #send(wanted: Waiting): void {
    const before = this.#waiting.filter((waiting) => waiting !== wanted);
    this.#waiting = before;
    try {
      this.#flush();
    } catch (error) {
      if (isConnectionLost(error)) throw error;
    }
    this.#waiting = [wanted];
    this.#flush();
  }

  #commit(): void {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    // Its number must be known before: who loses the connection now could not tell what came of it.
    const id = transaction && (this.#resultOf(transaction).rows[0] as { readonly id: string }).id;
    try {
      // What failed before must not end as a commit that the server answers with a rollback.
      const commit = this.#enqueue("commit", []);
      this.#flush();
      this.#resultOf(commit);
    } catch (error) {
      if (id === undefined || !isConnectionLost(error)) throw error;
      this.#reconnect(error as PostgresFault);
      if (!this.#isCommitted(id)) throw error;
    }
  }

  /** What became of a transaction whose session is lost; while its session goes on without us, that is not decided. */
  #isCommitted(id: string): boolean {
    for (;;) {
      const asked = this.#enqueue("select pg_xact_status($1::text::xid8) as status", [id]);
      try {
        const { status } = this.#resultOf(asked).rows[0] as { readonly status: string | null };
        if (status !== "in progress") return status === "committed";
      } catch (error) {
        if (!isConnectionLost(error)) return false; // a server that took over has not come to its number
        this.#reconnect(error as PostgresFault);
        continue;
      }
      pause(50);
    }
  }

  #reconnect(lost: PostgresFault): void {
    const untilMs = systemClock.nowMs() + OUTAGE_MS;
    for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 1_000)) {
      try {
        return this.#connect();
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (systemClock.nowMs() > untilMs)
          throw new StoreError("STORE.UNREACHABLE", `The store ${describeStore(this.#store)} was lost (${lost.message}) and did not come back within ${OUTAGE_MS / 60_000} minutes.`, {
            fix: "Start the database, then run the command again; what was reported as stored is still there.",
            cause: error,
          }); // prettier-ignore
      }
      pause(waitMs);
    }
  }

  #connect(): void {
    this.#waiting = [];
    this.#transaction = undefined;
    const fault = this.#wire.connect();
    if (fault) throw new PostgresFault(fault.code, fault.message);
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** FNV-1a. */
function lockOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % LOCKS;
}
