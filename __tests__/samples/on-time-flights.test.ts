import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MetadataInput, PartitionedAssetContext } from "millrace";
import { testPartitions } from "millrace/testing";
import { type Airport, Airports } from "../../samples/on-time-flights/airports";
import { barChart } from "../../samples/on-time-flights/chart";
import { regionOf } from "../../samples/on-time-flights/divisions";
import { type Flight, Flights } from "../../samples/on-time-flights/flights";
import { type DailyDelay, EVERYWHERE, Metrics } from "../../samples/on-time-flights/metrics";
import { Quality } from "../../samples/on-time-flights/quality";
import { Report } from "../../samples/on-time-flights/report";
import { FlightData, ReportFolder } from "../../samples/on-time-flights/resources";

const january = `(select distinct * from flights where date < '2001-02-01')`;

const DAY_MS = 86_400_000;

function recordingContext(partitionKey = "2001-01-01"): { context: PartitionedAssetContext; metadata: Record<string, MetadataInput> } {
  const metadata: Record<string, MetadataInput> = {};
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const [day = "", region = ""] = partitionKey.split("|");
  const startMs = Date.parse(day);
  const context = {
    log: silent,
    addOutputMetadata: (added: object) => void Object.assign(metadata, added),
    partitionKey,
    keysByDimension: { day, region },
    partitionTimeWindow: { startMs, endMs: startMs + DAY_MS },
  };
  return { context: context as unknown as PartitionedAssetContext, metadata };
}

async function gather<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

async function* streamed<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows;
}

const flight = (changes: Partial<Flight> = {}): Flight => ({
  departure: new Date("2001-01-01T08:00:00Z"),
  delay: 5,
  distance: 100,
  origin: "SFO",
  destination: "LAX",
  ...changes,
});

describe("on-time flights, January 2001", () => {
  const data = new FlightData();
  const flights = new Flights(data);
  const metrics = new Metrics();
  const keys = Array.from({ length: 31 }, (_, at) => `2001-01-${String(at + 1).padStart(2, "0")}`);
  const rawDays = new Map<string, Flight[]>();
  const cleanDays = new Map<string, Flight[]>();
  let raw: Flight[];
  let clean: Flight[];
  let airports: Airport[];
  let duplicatesDropped = 0;

  beforeAll(async () => {
    for (const key of keys) {
      const { context, metadata } = recordingContext(key);
      const rows = await gather(flights.rawFlights(context));
      expect(metadata.row_count).toBe(rows.length);
      rawDays.set(key, rows);
      const cleanMeta = recordingContext(key);
      cleanDays.set(key, await gather(flights.cleanFlights(streamed(rows), cleanMeta.context)));
      duplicatesDropped += cleanMeta.metadata.duplicates_dropped as number;
    }
    raw = [...rawDays.values()].flat();
    clean = [...cleanDays.values()].flat();
    airports = await new Airports(data).airports(recordingContext().context);
  }, 180_000);

  afterAll(async () => {
    await (data as unknown as { teardown(): Promise<void> }).teardown();
  });

  async function dailyDelays(): Promise<ReturnType<typeof testPartitions<DailyDelay[]>>> {
    const byDay = new Map<string, DailyDelay[]>();
    for (const [key, rows] of cleanDays) byDay.set(key, await metrics.dailyDelays(streamed(rows), recordingContext(key).context));
    return testPartitions(byDay);
  }

  it("reads the rows of each day, all of them and no others", () => {
    expect(raw).toHaveLength(508_239);
    for (const [key, rows] of rawDays) expect(rows.every(({ departure }) => departure.toISOString().startsWith(key))).toBe(true);
  });

  it("drops exactly the duplicates", () => {
    expect(clean).toHaveLength(508_204);
    expect(duplicatesDropped).toBe(35);
  });

  it("gives each airport the figures that SQL gives", async () => {
    const rows = await metrics.onTimeByAirport(testPartitions(cleanDays), airports, recordingContext().context);
    const expected = await data.rows<{ iata: string }>(`
      select origin as iata, count(*)::integer as flights, avg((delay < 15)::integer) as share, avg(delay) as mean, quantile_disc(delay, 0.9)::integer as p90
      from ${january} group by origin order by iata`);
    const actual = rows
      .map(({ iata, flights: count, onTimeShare, meanDelay, p90Delay }) => ({
        iata,
        flights: count,
        share: onTimeShare,
        mean: meanDelay,
        p90: p90Delay,
      }))
      .sort((a, b) => (a.iata < b.iata ? -1 : 1));
    expect(actual).toHaveLength(223);
    expect(rounded(actual)).toEqual(rounded(expected));
  });

  it("gives each route the figures that SQL gives", async () => {
    const routes = await flights.routes(testPartitions(cleanDays), recordingContext().context);
    const rows = await metrics.onTimeByRoute(testPartitions(cleanDays), routes, airports, recordingContext().context);
    const expected = await data.rows<{ route: string }>(`
      select origin || '-' || destination as route, count(*)::integer as flights, avg((delay < 15)::integer) as share, avg(delay) as mean, quantile_disc(delay, 0.9)::integer as p90
      from ${january} group by route order by route`);
    const actual = rows
      .map((row) => ({
        route: `${row.origin}-${row.destination}`,
        flights: row.flights,
        share: row.onTimeShare,
        mean: row.meanDelay,
        p90: row.p90Delay,
      }))
      .sort((a, b) => (a.route < b.route ? -1 : 1));
    expect(rounded(actual)).toEqual(rounded(expected));
  });

  it("finds the anomalies that SQL finds", async () => {
    const anomalies = await metrics.delayAnomalies(await dailyDelays(), recordingContext().context);
    const expected = await data.rows<{ key: string }>(`
      with legs as (select date, delay, origin as airport from ${january} union all select date, delay, '${EVERYWHERE}' from ${january}),
        days as (select strftime(date, '%Y-%m-%d') as day, airport, avg(delay) as mean from legs group by all having count(*) >= 20),
        scored as (select *, count(*) over w as n, (mean - avg(mean) over w) / stddev_samp(mean) over w as sigmas from days window w as (partition by airport))
      select airport || ' ' || day as key from scored where n >= 10 and abs(sigmas) > 3 order by key`);
    expect(anomalies.map(({ airport, day }) => `${airport} ${day}`).sort()).toEqual(expected.map(({ key }) => key));
    expect(anomalies.length).toBeGreaterThan(0);
  });

  it("gives each region of each day the figures that SQL gives", async () => {
    const day = "2001-01-06";
    const expected = await data.rows<{ iata: string; flights: number }>(
      `select origin as iata, count(*)::integer as flights from (select distinct * from flights where date >= '${day}' and date < '2001-01-07') group by all`,
    );
    const states = new Map(airports.map(({ iata, state }) => [iata, state]));
    for (const region of ["south", "elsewhere"]) {
      const [row] = await metrics.onTimeByRegion(
        streamed(cleanDays.get(day) ?? []),
        airports,
        recordingContext(`${day}|${region}`).context,
      );
      const flights = expected
        .filter(({ iata }) => regionOf(states.get(iata) ?? "") === region)
        .reduce((sum, each) => sum + each.flights, 0);
      expect(row).toMatchObject({ day, region, flights });
    }
  });

  it("counts on from yesterday", async () => {
    let before: number | undefined;
    for (const key of keys) before = await metrics.flightsToDate(streamed(cleanDays.get(key) ?? []), before, recordingContext(key).context);
    expect(before).toBe(508_204);
  });

  it("adds up a week", async () => {
    const week = new Map(keys.slice(6, 13).map((key) => [key, cleanDays.get(key) ?? []]));
    const [row] = await metrics.onTimeByWeek(testPartitions(week), recordingContext("2001-01-07").context);
    expect(row).toMatchObject({ week: "2001-01-07", flights: [...week.values()].flat().length });
  });

  it("reports the duplicates of a day, and of the whole file", async () => {
    const quality = new Quality(data);
    expect(await quality.rawFlightsHaveNoDuplicates(streamed(raw))).toMatchObject({
      passed: false,
      severity: "WARN",
      metadata: { duplicate_rows: 35, rows: 508_239 },
    });
    expect(await quality.publishedRowsAreUnique()).toMatchObject({
      passed: false,
      severity: "WARN",
      metadata: { duplicate_rows: 191, rows: 3_000_000 },
    });
  }, 180_000);

  it("passes the blocking checks and warns of outliers", async () => {
    const quality = new Quality(data);
    expect(await quality.cleanFlightsHaveNoDuplicates(streamed(clean))).toMatchObject({ passed: true });
    expect(await quality.everyAirportIsKnown(streamed(clean), airports)).toMatchObject({ passed: true });
    expect(await quality.delaysArePlausible(streamed(raw))).toMatchObject({ passed: false, severity: "WARN", metadata: { outliers: 72 } });
  }, 180_000);

  it("writes the report as Markdown and as one HTML page", async () => {
    const folder = new ReportFolder();
    folder.path = await mkdtemp(join(tmpdir(), "on-time-"));
    try {
      const context = recordingContext().context;
      const routes = await flights.routes(testPartitions(cleanDays), context);
      const byAirport = await metrics.onTimeByAirport(testPartitions(cleanDays), airports, context);
      const byRoute = await metrics.onTimeByRoute(testPartitions(cleanDays), routes, airports, context);
      const days = await dailyDelays();
      const anomalies = await metrics.delayAnomalies(days, context);
      const aviary = new Airports(data);
      const strikes = await aviary.birdstrikesByAirport(await aviary.birdstrikes(context), airports, context);
      const result = await new Report().onTimeReport(byAirport, byRoute, days, anomalies, strikes, folder, context);
      const markdown = join(folder.path, "on-time-report.md");
      expect(result.metadata).toMatchObject({ markdown: { type: "path", value: markdown }, flights: 508_204 });
      expect(await readFile(markdown, "utf8")).toContain("508,204 flights from 223 airports");
      const html = await readFile(join(folder.path, "on-time-report.html"), "utf8");
      expect(html.match(/<svg /g)).toHaveLength(2);
      expect(html).not.toMatch(/NaN|undefined/);
    } finally {
      await rm(folder.path, { recursive: true });
    }
  }, 180_000);
});

describe("on-time flights, the edges", () => {
  it("refuses rows out of order, since it would miss duplicates", async () => {
    const later = flight({ departure: new Date("2001-01-01T09:00:00Z") });
    const cleaned = new Flights(new FlightData()).cleanFlights(streamed([later, flight()]), recordingContext().context);
    await expect(gather(cleaned)).rejects.toThrow("not in order of departure");
  });

  it("keeps equal flights of different minutes", async () => {
    const later = flight({ departure: new Date("2001-01-01T09:00:00Z") });
    const cleaned = new Flights(new FlightData()).cleanFlights(streamed([flight(), flight(), later]), recordingContext().context);
    expect(await gather(cleaned)).toEqual([flight(), later]);
  });

  it("blocks on an airport that the dimension lacks", async () => {
    const result = await new Quality(new FlightData()).everyAirportIsKnown(streamed([flight()]), []);
    expect(result).toMatchObject({ passed: false, severity: "ERROR", metadata: { unknown_airports: ["LAX", "SFO"] } });
  });

  it("draws bars below zero, and nothing as nothing", () => {
    expect(barChart("early & late", [{ label: "a", value: -3 }])).toContain("early &amp; late");
    expect(barChart("empty", [])).not.toContain("NaN");
  });
});

/** Sums in another order differ in the last digits. */
function rounded(rows: readonly object[]): object[] {
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, typeof cell === "number" ? Number(cell.toFixed(9)) : cell])),
  );
}
