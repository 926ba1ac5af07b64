import { StoreError } from "../../base/errors.js";
import type { AssetKey } from "../../model/asset-spec.js";
import type { NewEvent } from "../../model/event.js";
import type { StoredEventId } from "../run-store.js";
import { eventRow } from "./event-row.js";
import { changesPartitions, PartitionChanges } from "./partition-changes.js";
import { unpackSet, type StoredBytes } from "./set-bytes.js";
import type { Statements } from "./statements.js";

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

type Numbered = NewEvent & { readonly ordinal?: number };

/** Writes events with what is derived from them: the newest of each kind by asset and partition, and what became of partitions. */
export class EventLog {
  readonly #sql: Statements;
  readonly #onChange: (assetKey: AssetKey) => void;

  /** @param onChange - is told the asset of each change of partitions that is stored */
  constructor(sql: Statements, onChange: (assetKey: AssetKey) => void) {
    this.#sql = sql;
    this.#onChange = onChange;
  }

  /** Writes events and moves the run's next sequence number. */
  append(run: RunPlace, seq: number, events: readonly NewEvent[]): void {
    this.insert(run, seq, events);
    this.#sql.setNextSeq.run([seq + events.length, run.no]);
  }

  /** Writes events; the ids of materializations and observations. */
  insert(run: RunPlace, seq: number, events: readonly NewEvent[]): StoredEventId[] {
    const ids: StoredEventId[] = [];
    const effects = new Effects(this.#sql, run);
    events.forEach((event, index) => {
      const { lastInsertRowid: id } = this.#sql.insertEvent.run(eventRow({ runNo: run.no, seq: seq + index }, event));
      effects.add(event, id);
      if (event.assetKey === undefined || (event.type !== "ASSET_MATERIALIZATION" && event.type !== "ASSET_OBSERVATION")) return;
      ids.push({ type: event.type, assetKey: event.assetKey, ...(event.partition ? { partition: event.partition.key } : {}), id });
    });
    effects.write(this.#onChange);
    return ids;
  }

  /** Writes events of a stream, those with an ordinal once for each attempt. How many were written. */
  insertOnce(run: RunPlace, seq: number, stream: { readonly attemptNo?: number; readonly events: readonly Numbered[] }): number {
    let written = 0;
    const effects = new Effects(this.#sql, run);
    for (const event of stream.events) {
      const place = { runNo: run.no, seq: seq + written };
      const { attemptNo } = stream;
      const { changes, lastInsertRowid } =
        attemptNo === undefined || event.ordinal === undefined
          ? this.#sql.insertEvent.run(eventRow(place, event))
          : this.#sql.insertEventOnce.run(eventRow(place, event, { attemptNo, ordinal: event.ordinal }));
      if (changes === 0) continue;
      written += 1;
      effects.add(event, lastInsertRowid);
    }
    effects.write(this.#onChange);
    return written;
  }
}

/** What events of one run change beside the log. */
class Effects {
  readonly #sql: Statements;
  readonly #run: RunPlace;
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
      this.#sql.latestMaterialization.run([assetKey, id]);
      if (partition) this.#sql.latestPartition.run([assetKey, partition.key, id]);
    } else if (event.type === "ASSET_OBSERVATION") this.#sql.latestObservation.run([assetKey, id]);
    else if (event.type === "ASSET_FAILED_TO_MATERIALIZE") this.#sql.latestFailure.run([assetKey, id]);
    else if (event.type === "ASSET_MATERIALIZATION_PLANNED") this.#sql.latestPlanned.run([assetKey, this.#run.no]);
    else if (event.type === "ASSET_CHECK_EVALUATION" && event.payload?.check)
      this.#sql.latestCheck.run([assetKey, event.payload.check.name, id]);
    if ((partition || this.#run.layout_no !== null) && changesPartitions(event)) this.#addChange({ ...event, assetKey });
  }

  write(onChange: (assetKey: AssetKey) => void): void {
    if (!this.#changes || this.#run.layout_no === null) return;
    for (const row of this.#changes.rows(this.#run.layout_no)) {
      this.#sql.insertDelta.run(row.values);
      onChange(row.assetKey);
    }
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
