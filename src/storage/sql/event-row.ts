import type { EventPayload, EventRecord, EventType, NewEvent } from "../../model/event.js";
import type { Bound } from "./dialect.js";

/** An event as it is read. */
export interface EventRow {
  readonly id: number;
  readonly seq: number;
  readonly type: EventType;
  readonly at_ms: number;
  readonly step_key: string | null;
  readonly attempt: number | null;
  readonly asset_key: string | null;
  readonly partition_key: string | null;
  readonly partition_index: number | null;
  readonly payload: string | null;
  readonly run_id: string;
}

/** The values of an event's row in the order in which they are inserted. */
export function eventRow(
  place: { readonly runNo: number; readonly seq: number },
  event: NewEvent,
  numbered?: { readonly attemptNo: number; readonly ordinal: number },
): Bound[] {
  return [
    place.runNo,
    place.seq,
    event.type,
    event.atMs,
    event.stepKey ?? null,
    event.attempt ?? null,
    event.assetKey ?? null,
    event.partition?.key ?? null,
    event.partition?.index ?? null,
    event.payload ? JSON.stringify(event.payload) : null,
    numbered?.attemptNo ?? null,
    numbered?.ordinal ?? null,
  ];
}

/** The event that a row holds. */
export function eventFrom(row: EventRow): EventRecord {
  return {
    id: row.id,
    runId: row.run_id,
    seq: row.seq,
    type: row.type,
    atMs: row.at_ms,
    ...(row.step_key === null ? {} : { stepKey: row.step_key }),
    ...(row.attempt === null ? {} : { attempt: row.attempt }),
    ...(row.asset_key === null ? {} : { assetKey: row.asset_key }),
    ...(row.partition_key === null ? {} : { partition: { key: row.partition_key, index: row.partition_index ?? 0 } }),
    ...(row.payload === null ? {} : { payload: JSON.parse(row.payload) as EventPayload }),
  };
}
