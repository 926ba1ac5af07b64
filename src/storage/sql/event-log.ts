import { StoreError } from "../../base/errors.js";
import type { AssetKey } from "../../model/asset-spec.js";
import type { NewEvent } from "../../model/event.js";
import type { Bound } from "./dialect.js";
import { eventRow } from "./event-row.js";
import { changesPartitions, PartitionChanges } from "./partition-changes.js";
import type { Inserted } from "./row-insert.js";
import { unpackSet, type StoredBytes } from "./set-bytes.js";
import type { Statements } from "./statements.js";
import type { Transactions } from "./transactions.js";

/** The run that events are written to. */
export interface RunPlace {
  readonly no: number;
  readonly layout_no: number | null;
}

interface RunPartitionsRow {
  readonly partitions: StoredBytes;
  readonly divided: string;
}

interface DividedAssets {
  readonly assets: ReadonlySet<AssetKey>;
  readonly indexes: readonly number[];
}

type LatestName = Extract<keyof Statements, `latest${"Materialization" | "Partition" | "Observation" | "Failure" | "Planned" | "Check"}`>;
const NONE: Inserted = { ids: () => [] };
type Numbered = NewEvent & { readonly ordinal?: number };

/** Writes events with what is derived from them: the newest of each kind by asset and partition, and what became of partitions. */
export class EventLog {
  readonly #sql: Statements;
  readonly #transactions: Transactions;
  readonly #onChange: (assetKey: AssetKey) => void;

  /** @param onChange - is told the asset of each change of partitions that is stored */
  constructor(sql: Statements, transactions: Transactions, onChange: (assetKey: AssetKey) => void) {
    this.#sql = sql;
    this.#transactions = transactions;
    this.#onChange = onChange;
  }

  /** Writes events and moves the run's next sequence number. */
  append(run: RunPlace, seq: number, events: readonly NewEvent[]): Inserted {
    if (events.length === 0) return NONE;
    this.#lock(events);
    const inserted = this.#sql.insertEvent.run(events.map((event, index) => eventRow({ runNo: run.no, seq: seq + index }, event)));
    if (events.some(({ assetKey }) => assetKey !== undefined)) this.#derive(run, events, inserted.ids());
    this.#sql.setNextSeq.run([seq + events.length, run.no]);
    return inserted;
  }

  /** As {@link append}, but events with an ordinal once for the attempt. */
  appendOnce(run: RunPlace, seq: number, stream: { readonly attemptNo: number; readonly events: readonly Numbered[] }): void {
    if (stream.events.every(({ ordinal }) => ordinal === undefined)) {
      this.append(run, seq, stream.events);
      return;
    }
    let written = 0;
    this.#lock(stream.events);
    for (const event of stream.events) {
      const numbered = event.ordinal === undefined ? undefined : { attemptNo: stream.attemptNo, ordinal: event.ordinal };
      const inserted = this.#sql.insertEventOnce.run(eventRow({ runNo: run.no, seq: seq + written }, event, numbered));
      if (inserted.changes === 0) continue;
      written += 1;
      if (event.assetKey !== undefined) this.#derive(run, [event], [inserted.lastInsertRowid]);
    }
    this.#sql.setNextSeq.run([seq + written, run.no]);
  }

  /** Events of one asset get their ids in the order in which they are committed: the newest has the greatest, and no page of them misses one. */
  #lock(events: readonly NewEvent[]): void {
    this.#transactions.lock(() => events.flatMap(({ assetKey }) => assetKey ?? []));
  }

  #derive(run: RunPlace, events: readonly NewEvent[], ids: readonly number[]): void {
    const effects = new Effects(this.#sql, run);
    events.forEach((event, index) => effects.add(event, ids[index] ?? 0));
    effects.write(this.#onChange);
  }
}

/** What events of one run change beside the log. */
class Effects {
  readonly #sql: Statements;
  readonly #run: RunPlace;
  /** Rows to write, by statement and key. */
  readonly #latest = new Map<LatestName, Map<string, Bound[]>>();
  #changes: PartitionChanges | undefined;
  #divided: DividedAssets | undefined;

  constructor(sql: Statements, run: RunPlace) {
    this.#sql = sql;
    this.#run = run;
  }

  add(event: NewEvent, id: number): void {
    const { assetKey, partition } = event;
    if (assetKey === undefined) return;
    if (event.type === "ASSET_MATERIALIZATION") {
      this.#isLatest("latestMaterialization", [assetKey], id);
      if (partition) this.#isLatest("latestPartition", [assetKey, partition.key], id);
    } else if (event.type === "ASSET_OBSERVATION") this.#isLatest("latestObservation", [assetKey], id);
    else if (event.type === "ASSET_FAILED_TO_MATERIALIZE") this.#isLatest("latestFailure", [assetKey], id);
    else if (event.type === "ASSET_MATERIALIZATION_PLANNED") this.#isLatest("latestPlanned", [assetKey], this.#run.no);
    else if (event.type === "ASSET_CHECK_EVALUATION" && event.payload?.check)
      this.#isLatest("latestCheck", [assetKey, event.payload.check.name], id);
    if ((partition || this.#run.layout_no !== null) && changesPartitions(event)) this.#addChange({ ...event, assetKey });
  }

  write(onChange: (assetKey: AssetKey) => void): void {
    for (const [name, rows] of this.#latest) this.#sql[name].run([...rows.values()]);
    if (!this.#changes || this.#run.layout_no === null) return;
    for (const row of this.#changes.rows(this.#run.layout_no)) {
      this.#sql.insertDelta.run(row.values);
      onChange(row.assetKey);
    }
  }

  /** One row a key, which PostgreSQL wants of a statement: of two events the later counts. */
  #isLatest(name: LatestName, key: readonly string[], no: number): void {
    let rows = this.#latest.get(name);
    if (!rows) this.#latest.set(name, (rows = new Map()));
    rows.set(key.join("\n"), [...key, no]);
  }

  #addChange(event: NewEvent & { readonly assetKey: AssetKey }): void {
    if (this.#run.layout_no === null) {
      throw new StoreError("STORE.UNDIVIDED_RUN", `A run without partitions told of the partition "${event.partition?.key ?? ""}" of "${event.assetKey}".`, {
        fix: "Create the run with its partitions.",
      }); // prettier-ignore
    }
    if (!event.partition && !this.#partitions().assets.has(event.assetKey)) return;
    this.#changes ??= new PartitionChanges();
    this.#changes.add(event, () => this.#partitions().indexes);
  }

  #partitions(): DividedAssets {
    if (!this.#divided) {
      const row = this.#sql.runPartitions.get<RunPartitionsRow>([this.#run.no]);
      this.#divided = {
        assets: new Set(row ? (JSON.parse(row.divided) as string[]) : []),
        indexes: row ? [...unpackSet(row.partitions)] : [],
      };
    }
    return this.#divided;
  }
}
