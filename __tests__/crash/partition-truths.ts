import { IndexSet } from "../../src/model/partitions/index-set";
import type { EventType } from "../../src/model/event";
import { PartitionFold, type ChunkRow, type DeltaRow } from "../../src/storage/sql/partition-fold";
import { unpackSet, type StoredBytes } from "../../src/storage/sql/set-bytes";
import { differs } from "./truths";

interface EventRow {
  readonly id: number;
  readonly run_no: number;
  readonly type: EventType;
  readonly asset_key: string;
  readonly partition_key: string | null;
  readonly partition_index: number | null;
}
interface RunRow {
  readonly no: number;
  readonly status: string;
  readonly divided: string | null;
  readonly partitions: StoredBytes | null;
  readonly backfill_no: number | null;
}
/** The rows of a statement on the store of a life. */
export type All = <Row>(sql: string, ...values: unknown[]) => Row[];

interface Partition {
  readonly materializationId?: number;
  readonly materialized: boolean;
  readonly failed: boolean;
}

/** What is stored of partitions against a full fold of the events; none is in progress, since no process lives. */
export function partitionUntruths(all: All): string[] {
  const runs = all<RunRow>("select no, status, divided, partitions, backfill_no from run");
  const events = all<EventRow>("select id, run_no, type, asset_key, partition_key, partition_index from event where asset_key is not null order by id"); // prettier-ignore
  const assets = new Set(runs.flatMap(({ divided }) => (divided === null ? [] : (JSON.parse(divided) as string[]))));
  const asked = all<{ n: number }>("select coalesce(sum(run_count), 0) as n from backfill")[0]?.n;
  const driven = all<{ id: string }>("select id from backfill where driver is not null or status = 'CANCELING'");
  return [
    ...differs("Backfills that a process drives", driven, []),
    ...differs("Claims of partitions", all("select asset_key from partition_claim"), []),
    ...differs("Runs that backfills asked for", asked, runs.filter(({ backfill_no }) => backfill_no !== null).length),
    ...[...assets].flatMap((assetKey) => {
      const partitions = foldedEvents(assetKey, events, runs);
      const stored = PartitionFold.of(all<ChunkRow>("select * from partition_chunk where asset_key = ?", assetKey));
      for (const delta of all<DeltaRow>("select * from partition_delta where asset_key = ? order by id", assetKey)) stored.apply(delta);
      const numbers = (has: (partition: Partition) => boolean): number[] =>
          [...partitions].filter(([, partition]) => has(partition)).map(([index]) => index).sort((a, b) => a - b); // prettier-ignore
      const ids = all<{ id: number }>("select materialization_id as id from partition_latest where asset_key = ? order by 1", assetKey);
      return [
        ...differs(
          `Materialized partitions of ${assetKey}`,
          [...stored.set("MATERIALIZED")],
          numbers(({ materialized }) => materialized),
        ),
        ...differs(
          `Failed partitions of ${assetKey}`,
          [...stored.set("FAILED")],
          numbers(({ failed }) => failed),
        ),
        ...differs(`Newest materializations of ${assetKey}`, ids.map(({ id }) => id), [...partitions.values()].flatMap(({ materializationId }) => materializationId ?? []).sort((a, b) => a - b)), // prettier-ignore
      ];
    }),
  ];
}

function foldedEvents(assetKey: string, events: readonly EventRow[], runs: readonly RunRow[]): Map<number, Partition> {
  const partitions = new Map<number, Partition>();
  for (const event of events) {
    if (event.asset_key !== assetKey) continue;
    const run = runs.find(({ no }) => no === event.run_no);
    const whole = run?.partitions ? unpackSet(run.partitions) : IndexSet.empty();
    const about = event.partition_index === null ? (event.run_no === 0 ? [...partitions.keys()] : [...whole]) : [event.partition_index];
    for (const index of about) {
      if (event.type === "ASSET_MATERIALIZATION") partitions.set(index, { materializationId: event.id, materialized: true, failed: false });
      else if (event.type === "ASSET_FAILED_TO_MATERIALIZE")
        partitions.set(index, { materialized: false, ...partitions.get(index), failed: true });
      else if (event.type === "ASSET_WIPED") partitions.delete(index);
    }
  }
  return partitions;
}
