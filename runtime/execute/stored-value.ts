import type { NewEvent } from "../../src/model/event.js";
import type { UpstreamValue } from "./attempt.js";

/** What a materialization (or observation) tells of the value. */
export function storedValue({ payload = {} }: NewEvent, eventId: number | undefined): UpstreamValue {
  const { dataVersion, pointer, metadata, ioManager, form } = payload;
  return {
    ...(dataVersion === undefined ? {} : { dataVersion }),
    ...(eventId === undefined ? {} : { eventId }),
    pointer,
    ...(metadata ? { metadata } : {}),
    ...(form === undefined ? {} : { form }),
    stored: ioManager !== undefined,
  };
}
