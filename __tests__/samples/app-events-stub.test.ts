import { StubApi } from "./app-events-stub";

type Event = Record<string, unknown>;
interface Answer {
  readonly data: Event[];
  readonly total: number;
  readonly has_more: boolean;
}

const PATH = "/api/admin/events";
const running: StubApi[] = [];
async function stub(...args: string[]): Promise<StubApi> {
  const started = await StubApi.start(...args);
  running.push(started);
  return started;
}
afterAll(() => Promise.all(running.map((api) => api.stop())));

describe("the events of the stub", () => {
  let events: Event[];
  const ofType = (type: string): Event[] => events.filter((event) => event.type === type);
  const shareOf = (all: readonly Event[], fits: (event: Event) => boolean): number => all.filter(fits).length / all.length;

  beforeAll(async () => {
    events = ((await (await (await stub()).get(PATH)).json()) as Answer).data;
  });

  it("are the same bytes for the same seed, and others for another", async () => {
    const text = async (api: StubApi): Promise<string> => (await api.get(PATH)).text();
    const [first, again, other] = await Promise.all([stub("--seed", "7"), stub("--seed", "7"), stub("--seed", "8")].map(async (api) => text(await api))); // prettier-ignore
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("are 420 in order over six days, from the first millisecond to the last", () => {
    const times = events.map(({ occurredAt }) => occurredAt as string);
    expect(events).toHaveLength(420);
    expect(times).toEqual([...times].sort());
    expect([times[0], times.at(-1)]).toEqual(["2025-07-10T00:00:00.000Z", "2025-07-15T23:59:59.999Z"]);
    expect(new Set(times.map((time) => time.slice(0, 10))).size).toBe(6);
    expect(times.every((time) => new Date(time).toISOString() === time)).toBe(true);
    const waits = events.map(({ receivedAtMs, occurredAt }) => (receivedAtMs as number) - Date.parse(occurredAt as string));
    expect(Math.min(...waits) >= 0 && Math.max(...waits) <= 5_000).toBe(true);
    const ids = events.map(({ eventId }) => eventId as number);
    expect(ids[0]).toBe(3_000_000_000);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  });

  it("have the fields of their type and no others", () => {
    const shared = ["eventId", "type", "occurredAt", "receivedAtMs", "userId"];
    const own: Record<string, string[]> = {
      page_view: ["path", "bytes", "isBot"],
      order_placed: ["orderId", "amount", "currency", "quantity"],
      user_created: ["email", "name"],
    };
    for (const event of events) expect(Object.keys(event)).toEqual([...shared, ...(own[event.type as string] ?? [])]);
    expect(Object.keys(own).map((type) => shareOf(events, (event) => event.type === type))).toEqual([0.5, 0.3, 0.2]);
  });

  it("lack values as often as the specification says", () => {
    const isNull = (name: string) => (event: Event) => event[name] === null;
    expect(shareOf(events, isNull("userId"))).toBeCloseTo(0.05, 1);
    expect(ofType("user_created").filter(isNull("userId")).length).toBeGreaterThanOrEqual(2);
    for (const name of ["email", "name"]) expect(shareOf(ofType("user_created"), isNull(name))).toBeCloseTo(0.05, 2);
    for (const name of ["orderId", "amount"]) expect(shareOf(ofType("order_placed"), isNull(name))).toBeCloseTo(0.06, 2);
    expect(shareOf(ofType("page_view"), isNull("isBot"))).toBeCloseTo(0.05, 2);
  });

  it("have users who repeat, in sixty ids", () => {
    const created = ofType("user_created").flatMap(({ userId }) => (userId === null ? [] : [userId]));
    expect(new Set(created).size).toBeLessThan(created.length);
    expect(events.every(({ userId }) => userId === null || /^u-00([0-5]\d|60)$/.test(userId as string))).toBe(true);
  });

  it("have names and addresses of every kind that breaks programs", () => {
    const names = ofType("user_created").map(({ name }) => name as string);
    for (const odd of ["", "\\N", "null", "NaN", "  leading blanks", "tab\there", "two\nlines", "O'Brien, Pat", 'Robert "Bob" Tables'])
      expect(names).toContain(odd);
    const present = names.filter((name) => name !== null);
    expect(present.some((name) => /\p{Emoji_Presentation}/u.test(name))).toBe(true);
    expect(present.some((name) => /[\u{20000}-\u{2ffff}]/u.test(name))).toBe(true);
    expect(present.some((name) => name !== name.normalize("NFC"))).toBe(true);
    expect(ofType("user_created").some(({ email }) => /@.*[^\x00-\x7f]/.test((email as string) ?? ""))).toBe(true);
    expect(ofType("page_view").some(({ path }) => /[^\x00-\x7f]/.test(path as string))).toBe(true);
  });

  it("have amounts from refunds to billions, and numbers that 32 bits do not hold", () => {
    const amounts = ofType("order_placed").flatMap(({ amount }) => (amount === null ? [] : [amount as number]));
    for (const fits of [(x: number) => x === 0, (x: number) => x < 0, (x: number) => x === 0.1 + 0.2, (x: number) => x > 1e9])
      expect(amounts.filter(fits).length).toBeGreaterThanOrEqual(2);
    const orders = ofType("order_placed").flatMap(({ orderId }) => (orderId === null ? [] : [orderId as number]));
    expect(new Set(orders).size).toBe(orders.length);
    expect(Math.min(...orders)).toBeGreaterThanOrEqual(4_000_000_000);
    const bytes = ofType("page_view").map((event) => event.bytes as number);
    expect(bytes.every((count) => Number.isInteger(count) && count >= 0 && count < 2 ** 42)).toBe(true);
    expect(Math.max(...bytes)).toBeGreaterThan(2 ** 32);
  });
});

describe("the stub as an API", () => {
  let api: StubApi;
  beforeAll(async () => {
    api = await stub();
  });
  const asked = async (query: string): Promise<Answer> => (await (await api.get(`${PATH}${query}`)).json()) as Answer;
  const statusOf = async (path: string, key?: string): Promise<number> => (await api.get(path, key)).status;

  it("gives the events of a UTC day, at most as many as the limit, and tells whether there are more", async () => {
    const [all, day, cut, exact, none] = await Promise.all(
      ["", "?date=2025-07-15", "?limit=3", "?limit=420", "?date=2025-07-16&limit=10000"].map(asked),
    );
    expect(day?.data).toEqual(all?.data.filter(({ occurredAt }) => (occurredAt as string).startsWith("2025-07-15")));
    expect(day).toMatchObject({ total: day?.data.length, has_more: false });
    expect(cut).toEqual({ data: all?.data.slice(0, 3), total: 420, has_more: true });
    expect(exact).toEqual({ ...all, has_more: false });
    expect(none).toEqual({ data: [], total: 0, has_more: false });
  });

  it("refuses a malformed date or limit with 400, a missing or wrong key with 401, other paths with 404", async () => {
    const malformed = [
      "date=2025-7-15",
      "date=2025-02-30",
      "date=",
      "date=today",
      "limit=0",
      "limit=10001",
      "limit=1.5",
      "limit=",
      "limit=x",
    ];
    for (const query of malformed) expect({ query, status: await statusOf(`${PATH}?${query}`) }).toEqual({ query, status: 400 });
    expect(await statusOf(PATH, "")).toBe(401);
    expect(await statusOf(PATH, "demo-key2")).toBe(401);
    expect((await fetch(`${api.url}${PATH}`)).status).toBe(401);
    expect(await statusOf("/api/admin")).toBe(404);
    expect(await statusOf("/")).toBe(404);
  });

  it("fails as often as it is told, then answers", async () => {
    const [failing, limiting] = await Promise.all([
      stub("--fail-first", "2"),
      stub("--fail-first", "1", "--fail-with", "429", "--retry-after", "3"),
    ]);
    const statuses = async (one: StubApi): Promise<number[]> => {
      const found: number[] = [];
      for (let at = 0; at < 3; at++) found.push((await one.get(PATH)).status);
      return found;
    };
    expect((await limiting.get(PATH)).headers.get("retry-after")).toBe("3");
    expect(await statuses(failing)).toEqual([500, 500, 200]);
    expect(await statuses(limiting)).toEqual([200, 200, 200]);
  });
});
