import { AssetCheck, AssetCheckResult, Input, MetadataValue, Pipeline, ref, stream } from "millrace";
import { type Airport, Airports } from "./airports.js";
import { type Flight, Flights } from "./flights.js";
import { type AirportOnTime, Metrics } from "./metrics.js";
import { FlightData } from "./resources.js";

const rawFlights = ref(Flights, "rawFlights");
const cleanFlights = ref(Flights, "cleanFlights");

/** A flight that left more than an hour early or half a day late is more likely a slip of the pen. */
const PLAUSIBLE_DELAY = { min: -60, max: 720 };

@Pipeline()
export class Quality {
  constructor(private readonly data: FlightData) {}

  @AssetCheck({ description: "Warns of rows of the file that are equal in every column.", asset: ref(Flights, "flightsFile") })
  async publishedRowsAreUnique(): Promise<AssetCheckResult> {
    const { rows, duplicates } = await this.data.row<{ rows: number; duplicates: number }>(`
      select count(*)::integer as rows, (count(*) - count(distinct (date, delay, distance, origin, destination)))::integer as duplicates
      from flights`);
    return new AssetCheckResult({
      passed: duplicates === 0,
      severity: "WARN",
      description: `${count(duplicates)} of ${count(rows)} rows repeat another.`,
      metadata: { duplicate_rows: duplicates, rows },
    });
  }

  @AssetCheck({ description: "Warns of rows of the day that are equal in every column; clean_flights drops them.", asset: rawFlights })
  async rawFlightsHaveNoDuplicates(@Input(rawFlights, { as: stream }) flights: AsyncIterable<Flight>): Promise<AssetCheckResult> {
    const { rows, duplicates } = await countDuplicates(flights);
    return new AssetCheckResult({
      passed: duplicates === 0,
      severity: "WARN",
      description: `${count(duplicates)} of ${count(rows)} rows repeat another.`,
      metadata: { duplicate_rows: duplicates, rows },
    });
  }

  @AssetCheck({ description: "Warns of delays that are hardly true.", asset: rawFlights })
  async delaysArePlausible(@Input(rawFlights, { as: stream }) flights: AsyncIterable<Flight>): Promise<AssetCheckResult> {
    const { min, max } = PLAUSIBLE_DELAY;
    const extremes: Flight[] = [];
    for await (const flight of flights) if (flight.delay < min || flight.delay > max) extremes.push(flight);
    extremes.sort((a, b) => Math.abs(b.delay) - Math.abs(a.delay));
    return new AssetCheckResult({
      passed: extremes.length === 0,
      severity: "WARN",
      description: `${count(extremes.length)} flights are more than ${-min} minutes early or ${max} minutes late.`,
      metadata: { outliers: extremes.length, worst: MetadataValue.table(extremes.slice(0, 10)) },
    });
  }

  @AssetCheck({ description: "No row twice, or every share and mean is off.", asset: cleanFlights, blocking: true })
  async cleanFlightsHaveNoDuplicates(@Input(cleanFlights, { as: stream }) flights: AsyncIterable<Flight>): Promise<AssetCheckResult> {
    const { rows, duplicates } = await countDuplicates(flights);
    return new AssetCheckResult({ passed: rows > 0 && duplicates === 0, metadata: { rows, duplicate_rows: duplicates } });
  }

  @AssetCheck({
    description:
      "Every origin and destination is in the dimension; what is not would silently fall out of the metrics, so nothing downstream runs.",
    asset: cleanFlights,
    blocking: true,
  })
  async everyAirportIsKnown(
    @Input(cleanFlights, { as: stream }) flights: AsyncIterable<Flight>,
    @Input(Airports, "airports") airports: Airport[],
  ): Promise<AssetCheckResult> {
    const known = new Set(airports.map(({ iata }) => iata));
    const unknown = new Set<string>();
    for await (const { origin, destination } of flights) {
      if (!known.has(origin)) unknown.add(origin);
      if (!known.has(destination)) unknown.add(destination);
    }
    return new AssetCheckResult({ passed: unknown.size === 0, severity: "ERROR", metadata: { unknown_airports: [...unknown].sort() } });
  }

  @AssetCheck({ description: "A share is a share, and every flight is counted at one airport.", asset: ref(Metrics, "onTimeByAirport") })
  sharesAreShares(@Input(Metrics, "onTimeByAirport") airports: AirportOnTime[]): AssetCheckResult {
    const wrong = airports.filter(({ onTimeShare, flights }) => !(onTimeShare >= 0 && onTimeShare <= 1 && flights > 0));
    return new AssetCheckResult({ passed: wrong.length === 0, metadata: { wrong: MetadataValue.table(wrong.slice(0, 10)) } });
  }
}

const count = (n: number): string => n.toLocaleString("en-US");

/** Trusts no order: this is what proves the order-bound deduplication right. */
async function countDuplicates(flights: AsyncIterable<Flight>): Promise<{ rows: number; duplicates: number }> {
  const distinct = new Set<string>();
  let rows = 0;
  for await (const { departure, delay, distance, origin, destination } of flights) {
    rows++;
    distinct.add(`${departure.getTime()} ${delay} ${distance} ${origin} ${destination}`);
  }
  return { rows, duplicates: rows - distinct.size };
}
