import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type AssetContext, Partitions, type PartitionedAssetContext } from "millrace";
import { Airports } from "../samples/on-time-flights/airports.js";
import { REGIONS } from "../samples/on-time-flights/divisions.js";
import { Flights } from "../samples/on-time-flights/flights.js";
import { Metrics } from "../samples/on-time-flights/metrics.js";
import { Quality } from "../samples/on-time-flights/quality.js";
import { Report } from "../samples/on-time-flights/report.js";
import { FlightData, ReportFolder } from "../samples/on-time-flights/resources.js";
import { DuckDBParquetCodec } from "../dist/src/io/parquet/duckdb-parquet-codec.js";
import { inBatches } from "../dist/src/io/rows/row-codec.js";

const DAY_MS = 86_400_000;
const codec = new DuckDBParquetCodec();
const nothing = (): void => undefined;

/** What the sample makes of the half-year, as a script without Millrace: the same methods, the same files, one after another. */
export async function sampleByHand(folder: string): Promise<void> {
  const data = new FlightData();
  const [airports, flights, metrics, quality] = [new Airports(data), new Flights(data), new Metrics(), new Quality(data)];
  const file = (asset: string, key = "all"): string => join(folder, asset, `${key}.parquet`);
  const write = async (path: string, rows: readonly object[] | AsyncIterable<object>): Promise<void> => {
    mkdirSync(dirname(path), { recursive: true });
    await codec.write(inBatches(rows), path, { assetKey: path });
  };
  const stream = async function* <Row>(path: string): AsyncGenerator<Row> {
    for await (const batch of codec.read(path, { assetKey: path })) yield* batch as Row[];
  };
  const read = async <Row>(path: string): Promise<Row[]> => {
    const rows: Row[] = [];
    for await (const row of stream<Row>(path)) rows.push(row);
    return rows;
  };
  const several = <Row>(asset: string, keys: readonly string[]): Partitions<Row[]> =>
    new ReadByHand(keys, (key) => read<Row>(file(asset, key)));
  const metric = async (
    name: "onTimeByAirport" | "onTimeByRoute" | "delayAnomalies",
    key: string,
    rows: Promise<object[]>,
  ): Promise<void> => write(file(name, key), await rows);

  await flights.flightsFile();
  await quality.publishedRowsAreUnique();
  await write(file("airports"), await airports.airports(contextOf("all")));
  await write(file("birdstrikes"), await airports.birdstrikes(contextOf("all")));
  await write(
    file("birdstrikesByAirport"),
    await airports.birdstrikesByAirport(await read(file("birdstrikes")), await read(file("airports")), contextOf("all")),
  );

  const allDays = everyDay("2001-01-01", 182);
  const total = join(folder, "flightsToDate.json");
  for (const [at, day] of allDays.entries()) {
    const [raw, clean] = [file("raw", day), file("clean", day)];
    await write(raw, flights.rawFlights(contextOf(day)));
    await quality.rawFlightsHaveNoDuplicates(stream(raw));
    await quality.delaysArePlausible(stream(raw));
    await write(clean, flights.cleanFlights(stream(raw), contextOf(day)));
    await quality.cleanFlightsHaveNoDuplicates(stream(clean));
    await quality.everyAirportIsKnown(stream(clean), await read(file("airports")));
    const before = at === 0 ? undefined : Number(readFileSync(total, "utf8"));
    writeFileSync(total, String(await metrics.flightsToDate(stream(clean), before, contextOf(day))));
    await write(file("dailyDelays", day), await metrics.dailyDelays(stream(clean), contextOf(day)));
    for (const region of REGIONS) {
      const rows = await metrics.onTimeByRegion(stream(clean), await read(file("airports")), contextOf(day, { day, region }));
      await write(file("onTimeByRegion", `${day}-${region}`), rows);
    }
  }
  for (const week of everyDay("2001-01-07", 25, 7)) {
    const first = Date.parse(week);
    const ofWeek = allDays.filter((day) => Date.parse(day) >= first && Date.parse(day) < first + 7 * DAY_MS);
    await write(file("onTimeByWeek", week), await metrics.onTimeByWeek(several("clean", ofWeek), contextOf(week)));
  }
  for (const month of [1, 2, 3, 4, 5, 6].map((month) => `2001-0${month}-01`)) {
    const ofMonth = allDays.filter((day) => day.slice(0, 7) === month.slice(0, 7));
    const context = contextOf(month);
    await write(file("routes", month), await flights.routes(several("clean", ofMonth), context));
    await metric("onTimeByAirport", month, metrics.onTimeByAirport(several("clean", ofMonth), await read(file("airports")), context));
    quality.sharesAreShares(await read(file("onTimeByAirport", month)));
    const routes = metrics.onTimeByRoute(
      several("clean", ofMonth),
      await read(file("routes", month)),
      await read(file("airports")),
      context,
    );
    await metric("onTimeByRoute", month, routes);
    await metric("delayAnomalies", month, metrics.delayAnomalies(several("dailyDelays", ofMonth), context));
    await new Report().onTimeReport(
      await read(file("onTimeByAirport", month)),
      await read(file("onTimeByRoute", month)),
      several("dailyDelays", ofMonth),
      await read(file("delayAnomalies", month)),
      await read(file("birdstrikesByAirport")),
      new ReportFolder(),
      context,
    );
  }
}

class ReadByHand<Row> extends Partitions<Row[]> {
  constructor(
    readonly keys: readonly string[],
    readonly get: (key: string) => Promise<Row[]>,
  ) {
    super();
  }

  async toMap(): Promise<ReadonlyMap<string, Row[]>> {
    const all = new Map<string, Row[]>();
    for await (const [key, rows] of this) all.set(key, rows);
    return all;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly [string, Row[]]> {
    for (const key of this.keys) yield [key, await this.get(key)];
  }
}

/** The context's part that the sample's methods use. */
function contextOf(partitionKey: string, keysByDimension: Record<string, string> = {}): AssetContext & PartitionedAssetContext {
  const startMs = Date.parse(partitionKey);
  const context = {
    partitionKey,
    keysByDimension,
    partitionTimeWindow: { startMs, endMs: startMs + DAY_MS },
    addOutputMetadata: nothing,
    log: { info: nothing },
  };
  return context as unknown as AssetContext & PartitionedAssetContext;
}

function everyDay(first: string, count: number, step = 1): string[] {
  return Array.from({ length: count }, (_, at) => new Date(Date.parse(first) + at * step * DAY_MS).toISOString().slice(0, 10));
}
