import { AssetContext, Input, MultiAsset, Pipeline } from "millrace";
import { eventColumns, userColumns } from "./columns.js";
import { type AppEvent, type Order, refuseSecondId, type User } from "./events.js";
import { Ingestion } from "./ingestion.js";
import { Warehouse } from "./warehouse.js";

@Pipeline({ group: "transform" })
export class Transform {
  /** Loads the warehouse before the lake: when that fails, nothing of this is stored, and `millrace retry` begins here. */
  @MultiAsset({
    kinds: ["pandas"],
    outs: {
      clean_users: {
        description: "Who was created: the first event of each user. One row without id stands for all who have none.",
        schema: userColumns,
      },
      clean_orders: { description: "Orders with a number, a user and an amount.", schema: eventColumns },
    },
  })
  async splitEvents(
    @Input(Ingestion, "rawEvents") events: AppEvent[],
    warehouse: Warehouse,
    context: AssetContext,
  ): Promise<{ clean_users: User[]; clean_orders: Order[] }> {
    const users = usersOf(events);
    const orders = ordersOf(events);
    context.log.info(`Users: ${users.length}, Orders: ${orders.length}`);
    const tables = { clean_users: { columns: userColumns, rows: users }, clean_orders: { columns: eventColumns, rows: orders } };
    await warehouse.replace(tables, context.signal);
    return { clean_users: users, clean_orders: orders };
  }
}

/** The first `user_created` of each user, `userId` as `id`; none is an id, too. */
export function usersOf(events: readonly AppEvent[]): User[] {
  refuseSecondId(events);
  const users = new Map<string | null, User>();
  for (const { userId, ...rest } of events) {
    const id = userId ?? null;
    if (rest.type === "user_created" && !users.has(id)) users.set(id, { ...rest, id });
  }
  return [...users.values()];
}

/** Each `order_placed` that has a number, a user and an amount. */
export function ordersOf(events: readonly AppEvent[]): Order[] {
  return events.filter(
    ({ type, orderId, userId, amount }) => type === "order_placed" && [orderId, userId, amount].every((value) => (value ?? null) !== null),
  );
}
