import { parseCron } from "../../../src/model/cron";
import { CronTicks, cronTicks } from "../../../src/model/cron-ticks";

const HELP = '\n  → Write five fields, e.g. "30 2 * * 1-5" for 02:30 from Monday to Friday.';

describe("a cron expression that cannot be meant", () => {
  it.each([
    ["", 'The cron expression "" has nothing, not five (minute, hour, day of month, month, day of week).'],
    ["* * * *", 'The cron expression "* * * *" has 4 fields, not five (minute, hour, day of month, month, day of week).'],
    ["1-5-9 * * * *", 'The cron expression "1-5-9 * * * *" has "1-5-9" as its minute, which is no value, range or step.'],
    ["0 0 * FOO *", 'The cron expression "0 0 * FOO *" has "FOO" as its month, which is no value, range or step.'],
    ["0 0 * * 5#6", 'The cron expression "0 0 * * 5#6" has "5#6" as its day of week: write 5#2 (1 to 5) or L5.'],
    ["0 0 31 4,6 *", 'The cron expression "0 0 31 4,6 *" names a date that never comes.'],
  ])("is refused with the reason: %j", (expression, message) => {
    expect(() => parseCron(expression)).toThrow(message + HELP);
  });

  it("names the value that is out of range", () => {
    expect(() => parseCron("75 * * * *")).toThrow(/The cron expression "75 \* \* \* \*" cannot be read: .*75.*0-59.* \(field minute\)\./);
  });
});

describe("ticks", () => {
  const first = (cron: string | string[], timezone: string, from: string, count: number): string[] => {
    const ticks = cronTicks(cron, Date.parse(from), { timezone });
    return Array.from({ length: count }, () => new Date(ticks.next().value as number).toISOString().slice(0, 16));
  };

  it("fire once at the end of a gap, and at the second of two equal wall times", () => {
    expect(first("30 2 * * *", "Europe/Berlin", "2023-03-25T12:00Z", 2)).toEqual(["2023-03-26T01:00", "2023-03-27T00:30"]);
    expect(first("30 2 * * *", "Europe/Berlin", "2023-10-28T12:00Z", 2)).toEqual(["2023-10-29T01:30", "2023-10-30T01:30"]);
  });

  it("fire at every instant that shows their minute when every hour is admitted", () => {
    expect(first("45 * * * *", "Europe/Berlin", "2023-10-28T23:00Z", 4)).toEqual([
      "2023-10-28T23:45",
      "2023-10-29T00:45",
      "2023-10-29T01:45",
      "2023-10-29T02:45",
    ]);
    expect(first("45 * * * *", "Europe/Berlin", "2023-03-26T00:00Z", 2)).toEqual(["2023-03-26T00:45", "2023-03-26T01:45"]);
  });

  it("merge several expressions, equal instants once", () => {
    expect(first(["0 0 * * *", "0 */12 * * *"], "UTC", "2024-01-01T00:00Z", 3)).toEqual([
      "2024-01-01T00:00",
      "2024-01-01T12:00",
      "2024-01-02T00:00",
    ]);
  });

  const ZONES = ["UTC", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo"];
  const CRONS = ["0 * * * *", "*/15 9-17 * * MON-FRI", "30 2 * * *", "0 0 L * *", "0 0 1 */3 *", "10 0 13 * 5", "0 22-2/2 * * 5#2"];

  it.each(ZONES.flatMap((zone) => CRONS.map((cron) => [cron, zone])))(
    "number %s in %s one after the other, forwards and backwards",
    (cron, zone) => {
      const anchorMs = Date.UTC(2011, 11, 15);
      const ticks = new CronTicks(cron, zone, { anchorMs });
      const from = ticks.indexAtOrAfter(anchorMs) - 150;
      const many = ticks.ticksBetween(from, from + 300);
      const numbers = Array.from(many, (_, at) => from + at);
      expect(numbers.map((number) => ticks.tickAt(number))).toEqual([...many]);
      expect(Array.from(many, (tickMs) => ticks.indexAtOrAfter(tickMs))).toEqual(numbers);
      expect(Array.from(many, (tickMs) => ticks.indexAtOrAfter(tickMs - 1))).toEqual(numbers);
      expect([...many].sort((x, y) => x - y)).toEqual([...new Set(many)]);
      expect([...ticks.indexesAtOrAfter(many)]).toEqual(numbers);
    },
  );

  it("say that there is none, rather than look for ever, where all are left out", () => {
    const ticks = new CronTicks("0 0 * * 1", "UTC", { anchorMs: 0, without: { crons: [parseCron("0 * * * 1")], instantsMs: [] } });
    expect(ticks.tickAt(0)).toBeNaN();
  });
});
