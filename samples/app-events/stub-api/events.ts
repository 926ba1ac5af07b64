import { SeededRandom } from "./seeded-random.js";
import { DOMAINS, NAMES, PATHS } from "./texts.js";

/** An event as the API gives it: keys that do not belong to its type are absent. */
export type ApiEvent = Readonly<Record<string, string | number | boolean | null>> & { readonly type: string; readonly occurredAt: string };

const FIRST_MS = Date.parse("2025-07-10T00:00:00.000Z");
const LAST_MS = Date.parse("2025-07-15T23:59:59.999Z");
const FIRST_EVENT_ID = 3_000_000_000;
const FIRST_ORDER_ID = 4_000_000_000;
const USERS = 60;
const COUNTS = { page_view: 210, order_placed: 126, user_created: 84 } as const;
type EventType = keyof typeof COUNTS;

/** All events, the oldest first: 420 over six days, the same for the same seed. */
export function eventsOf(seed: number): ApiEvent[] {
  const random = new SeededRandom(seed);
  const types = random.shuffled(Object.entries(COUNTS).flatMap(([type, count]) => Array<EventType>(count).fill(type as EventType)));
  const times = timesOf(types.length, random);
  const users = usersOf(types, random);
  const fields: Record<EventType, Iterator<Fields>> = {
    page_view: pageViews(COUNTS.page_view, random),
    order_placed: orders(COUNTS.order_placed, random),
    user_created: newUsers(COUNTS.user_created, random),
  };
  let eventId = FIRST_EVENT_ID;
  return types.map((type, at) => {
    const occurredAtMs = times[at] as number;
    const event = {
      eventId,
      type,
      occurredAt: new Date(occurredAtMs).toISOString(),
      receivedAtMs: occurredAtMs + random.between(0, 5_000),
      userId: users[at] ?? null,
      ...(fields[type].next().value as Fields),
    };
    eventId += random.between(1, 9);
    return event;
  });
}

type Fields = Record<string, string | number | boolean | null>;

/** Ascending, from the first millisecond to the last. */
function timesOf(size: number, random: SeededRandom): number[] {
  const between = Array.from({ length: size - 2 }, () => random.between(FIRST_MS, LAST_MS)).sort((a, b) => a - b);
  return [FIRST_MS, ...between, LAST_MS];
}

/** One in twenty has none; of those who were created, at least two. */
function usersOf(types: readonly EventType[], random: SeededRandom): (string | null)[] {
  const without = random.chosen(types.length, 0.05);
  const created = random.shuffled(types.flatMap((type, at) => (type === "user_created" ? [at] : []))).slice(0, 2);
  for (const at of created) without[at] = true;
  return types.map((_, at) => {
    const user = `u-${String(random.between(1, USERS)).padStart(4, "0")}`;
    return without[at] ? null : user;
  });
}

function* newUsers(size: number, random: SeededRandom): Generator<Fields> {
  const names = random.shuffled(Array.from({ length: size }, (_, at) => NAMES[at % NAMES.length] as string));
  const [nameless, unreachable] = [random.chosen(size, 0.05), random.chosen(size, 0.05)];
  for (let at = 0; at < size; at++) {
    const email = `user${random.between(1, 9_999)}@${DOMAINS[at % DOMAINS.length]}`;
    yield { email: unreachable[at] ? null : email, name: nameless[at] ? null : (names[at] as string) };
  }
}

function* orders(size: number, random: SeededRandom): Generator<Fields> {
  const amounts = amountsOf(size, random);
  const [unnumbered, unpriced] = [random.chosen(size, 0.06), random.chosen(size, 0.06)];
  for (let at = 0; at < size; at++) {
    yield {
      orderId: unnumbered[at] ? null : FIRST_ORDER_ID + at,
      amount: unpriced[at] ? null : (amounts[at] as number),
      currency: random.pick(["EUR", "USD", "GBP", "JPY"]),
      quantity: random.between(1, 9),
    };
  }
}

/** Mostly prices; some are nothing, some refunds, some what 0.1 + 0.2 comes to, some huge. */
function amountsOf(size: number, random: SeededRandom): number[] {
  const cents = (): number => random.between(1, 99_999) / 100;
  const odd: readonly [share: number, amount: () => number][] = [
    [0.03, () => 0],
    [0.03, () => -cents()],
    [0.03, () => 0.1 + 0.2],
    [0.02, () => 1e9 + random.between(1, 1e12) / 100],
  ];
  const amounts = odd.flatMap(([share, amount]) => Array.from({ length: Math.round(size * share) }, amount));
  while (amounts.length < size) amounts.push(cents());
  return random.shuffled(amounts);
}

function* pageViews(size: number, random: SeededRandom): Generator<Fields> {
  const undecided = random.chosen(size, 0.05);
  for (let at = 0; at < size; at++) {
    const bytes = random.between(0, 2 ** random.between(8, 42) - 1);
    const isBot = random.next() < 0.2;
    yield { path: random.pick(PATHS), bytes, isBot: undecided[at] ? null : isBot };
  }
}
