import { TimeZone } from "../../../src/base/time-zone";

const wall = (text: string): number => Date.parse(`${text}Z`);
const instants = (zone: string, text: string): string[] =>
  TimeZone.of(zone)
    .instantsOf(wall(text))
    .map((ms) => new Date(ms).toISOString());

describe("a time zone", () => {
  it("gives no instant for a wall time that the clock skips, and two for one that it shows twice", () => {
    expect(instants("Europe/Berlin", "2023-03-26T02:30")).toEqual([]);
    expect(instants("Europe/Berlin", "2023-10-29T02:30")).toEqual(["2023-10-29T00:30:00.000Z", "2023-10-29T01:30:00.000Z"]);
    expect(instants("Europe/Berlin", "2023-10-29T03:30")).toEqual(["2023-10-29T02:30:00.000Z"]);
  });

  it("ends a gap where the clock goes on, also a gap of half an hour and of a whole day", () => {
    const end = (zone: string, text: string): string => new Date(TimeZone.of(zone).lastInstantOf(wall(text))).toISOString();
    expect(end("Europe/Berlin", "2023-03-26T02:10")).toBe("2023-03-26T01:00:00.000Z");
    expect(end("Australia/Lord_Howe", "2023-10-01T02:15")).toBe("2023-09-30T15:30:00.000Z");
    expect(end("Pacific/Apia", "2011-12-30T12:00")).toBe("2011-12-30T10:00:00.000Z");
  });

  it("reads a wall time in a gap with the offset before the gap", () => {
    expect(new Date(TimeZone.of("Europe/Berlin").instantOf(wall("2023-03-26T02:30"))).toISOString()).toBe("2023-03-26T01:30:00.000Z");
  });

  it("knows two changes of one zone within a month", () => {
    const zone = TimeZone.of("Africa/Cairo");
    const changes = zone
      .transitionsBetween(Date.UTC(2010, 6, 1), Date.UTC(2010, 9, 15))
      .map(({ atMs }) => new Date(atMs).toISOString().slice(0, 10));
    expect(changes).toEqual(["2010-08-10", "2010-09-09", "2010-09-30"]);
  });

  it("knows two changes within a week", () => {
    const changes = TimeZone.of("America/Boa_Vista").transitionsBetween(Date.UTC(2000, 9, 1), Date.UTC(2000, 10, 1));
    expect(changes.map(({ atMs }) => new Date(atMs).toISOString().slice(0, 10))).toEqual(["2000-10-08", "2000-10-15"]);
  });

  it("agrees with the runtime's own formatter at every hour of a year", () => {
    const zone = TimeZone.of("America/St_Johns");
    const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone.name, dateStyle: "short", timeStyle: "short" });
    for (let ms = Date.UTC(2011, 0, 1, 0, 7); ms < Date.UTC(2012, 0, 1); ms += 3_600_000) {
      expect(new Date(zone.wallMs(ms)).toISOString().slice(0, 16).replace("T", " ")).toBe(format.format(ms));
    }
  });

  it("refuses a name that nothing has, and tells the nearest", () => {
    expect(() => TimeZone.of("Europe/Berlni")).toThrow('There is no time zone "Europe/Berlni".\n  → Did you mean "Europe/Berlin"?');
    expect(() => TimeZone.of("Mars")).toThrow(
      'There is no time zone "Mars".\n  → Give a name of the IANA database, e.g. "Europe/Berlin" or "UTC".',
    );
  });
});
