import { rowSchema } from "millrace";

/** Of every event, in the order in which the API documents them. All may be null, so that every day's file has the same columns. */
const EVENT = {
  eventId: "int64?",
  type: "string?",
  occurredAt: "string?",
  receivedAtMs: "int64?",
  userId: "string?",
  email: "string?",
  name: "string?",
  orderId: "int64?",
  amount: "float64?",
  currency: "string?",
  quantity: "int64?",
  path: "string?",
  bytes: "int64?",
  isBot: "boolean?",
} as const;

export const eventColumns = rowSchema(EVENT);
export const dayEventColumns = rowSchema({ ...EVENT, partition_date: "string?" });

/** The same columns, `userId` as `id`. */
export const userColumns = rowSchema(
  Object.fromEntries(Object.entries(EVENT).map(([name, type]) => [name === "userId" ? "id" : name, type])),
);
