import { Failure } from "millrace";

/** What happened in the app, as the API tells it. Keys that do not belong to the type are absent, or null. */
export interface AppEvent {
  eventId: number;
  type: string;
  /** ISO 8601, UTC, with milliseconds. */
  occurredAt: string;
  receivedAtMs: number;
  userId?: string | null;
  /** Of `user_created`. */
  email?: string | null;
  name?: string | null;
  /** Of `order_placed`. */
  orderId?: number | null;
  amount?: number | null;
  currency?: string | null;
  quantity?: number | null;
  /** Of `page_view`. */
  path?: string | null;
  bytes?: number | null;
  isBot?: boolean | null;
}

/** An event of a day, in the partition of that day. */
export type DayEvent = AppEvent & { partition_date: string };

/** Who was created, once: what the API calls `userId` is the `id` here. */
export type User = Omit<AppEvent, "userId"> & { id: string | null };

/** An order that can be told from others, was placed by somebody, and costs something, be it nothing. */
export type Order = AppEvent;

/** @throws {@link Failure} for an event with an `id` beside its `userId`: users would have two columns of that name */
export function refuseSecondId(events: readonly AppEvent[]): void {
  const event = events.find((one) => Object.hasOwn(one, "id"));
  if (event === undefined) return;
  throw new Failure(
    `Event ${event.eventId} has a field "id" beside "userId", which clean_users renames to "id": there would be two columns "id". ` +
      "Give the API's field another name, or change the name that usersOf (samples/app-events/transform.ts) gives to userId.",
    { allowRetries: false },
  );
}
