import { AssetContext, Failure, Input, MultiAsset, type Output, output, Pipeline } from "millrace";
import type { AppEvent, Order, User } from "./events.js";
import { Ingestion } from "./ingestion.js";

@Pipeline({ group: "transform" })
export class Transform {
  @MultiAsset({
    kinds: ["pandas"],
    outs: {
      clean_users: { description: "Who was created: the first event of each user. One row without id stands for all who have none." },
      clean_orders: { description: "Orders with a number, a user and an amount." },
    },
  })
  async *splitEvents(
    @Input(Ingestion, "rawEvents") events: AppEvent[],
    context: AssetContext,
  ): AsyncGenerator<Output<"clean_users", User[]> | Output<"clean_orders", Order[]>> {
    const users = usersOf(events);
    const orders = ordersOf(events);
    context.log.info(`Users: ${users.length}, Orders: ${orders.length}`);
    yield output("clean_users", users);
    yield output("clean_orders", orders);
  }
}

/** The first `user_created` of each user; no id is one id, too. */
export function usersOf(events: readonly AppEvent[]): User[] {
  const taken = events.find((event) => Object.hasOwn(event, "id"));
  if (taken) {
    throw new Failure(
      `Event ${taken.eventId} has a field "id" beside "userId": clean_users names userId "id", so there would be two columns of that name. ` +
        `Give one of them another name, in the API or in usersOf (samples/app-events/transform.ts).`,
      { allowRetries: false },
    );
  }
  const users = new Map<string | null, User>();
  for (const { userId, ...rest } of events) {
    const id = userId ?? null;
    if (rest.type === "user_created" && !users.has(id)) users.set(id, { ...rest, id });
  }
  return [...users.values()];
}

export function ordersOf(events: readonly AppEvent[]): Order[] {
  return events.filter(
    ({ type, orderId, userId, amount }) => type === "order_placed" && isGiven(orderId) && isGiven(userId) && isGiven(amount),
  );
}

const isGiven = (value: unknown): boolean => value !== null && value !== undefined;
