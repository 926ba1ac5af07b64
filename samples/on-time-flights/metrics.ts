import { Asset, AssetContext, Input, MetadataValue, Own, Pipeline, ref } from "millrace";
import { type Airport, Airports } from "./airports.js";
import { type DelaySummary, DelayTally, tallyOf } from "./delay-tally.js";
import { type Flight, Flights, type Route } from "./flights.js";

export interface AirportOnTime extends DelaySummary {
  iata: string;
  name: string;
  city: string;
  state: string;
}

export interface RouteOnTime extends DelaySummary {
  origin: string;
  destination: string;
  originCity: string;
  destinationCity: string;
  distance: number;
}

export interface DailyDelay {
  /** `2001-01-31`. */
  day: string;
  /** IATA code of the origin, or {@link EVERYWHERE}. */
  airport: string;
  flights: number;
  meanDelay: number;
}

export interface DelayAnomaly extends DailyDelay {
  /** How many standard deviations the day lies from the airport's own mean day. */
  sigmas: number;
}

/** Stands for all airports together. */
export const EVERYWHERE = "all";

const cleanFlights = ref(Flights, "cleanFlights");

const DAY_MS = 86_400_000;
/** Smaller days say more of one late aircraft than of the airport. */
const MIN_FLIGHTS_A_DAY = 20;
const MIN_DAYS = 10;
const ANOMALY_SIGMAS = 3;

@Pipeline({ group: "metrics", owners: ["team:flights"], tags: { domain: "aviation", layer: "metric" } })
export class Metrics {
  @Asset({ description: "How punctual the departures of each airport are, the busiest first.", kinds: ["table"], codeVersion: "1" })
  async onTimeByAirport(
    @Input(cleanFlights, { stream: true }) flights: AsyncIterable<Flight>,
    @Input(Airports, "airports") airports: Airport[],
    context: AssetContext,
  ): Promise<AirportOnTime[]> {
    const tallies = new Map<string, DelayTally>();
    for await (const { origin, delay } of flights) tallyOf(tallies, origin).add(delay);

    const rows = airports
      .flatMap(({ iata, name, city, state }) => {
        const tally = tallies.get(iata);
        return tally ? [{ iata, name, city, state, ...tally.summary() }] : [];
      })
      .sort((a, b) => b.flights - a.flights);
    context.addOutputMetadata({ row_count: rows.length, preview: MetadataValue.table(rows.slice(0, 5)) });
    return rows;
  }

  @Asset({ description: "How punctual each route is, the busiest first.", kinds: ["table"], codeVersion: "1" })
  async onTimeByRoute(
    @Input(cleanFlights, { stream: true }) flights: AsyncIterable<Flight>,
    @Input(Flights, "routes") routes: Route[],
    @Input(Airports, "airports") airports: Airport[],
    context: AssetContext,
  ): Promise<RouteOnTime[]> {
    const tallies = new Map<string, DelayTally>();
    for await (const { origin, destination, delay } of flights) tallyOf(tallies, `${origin}-${destination}`).add(delay);

    const cities = new Map(airports.map(({ iata, city }) => [iata, city]));
    const rows = routes.flatMap(({ origin, destination, distance }) => {
      const tally = tallies.get(`${origin}-${destination}`);
      if (!tally) return [];
      const names = { originCity: cities.get(origin) ?? origin, destinationCity: cities.get(destination) ?? destination };
      return [{ origin, destination, ...names, distance, ...tally.summary() }];
    });
    context.addOutputMetadata({ row_count: rows.length, preview: MetadataValue.table(rows.slice(0, 5)) });
    return rows;
  }

  @Asset({ description: "The mean delay of each airport on each day, and of all airports together.", kinds: ["table"], codeVersion: "1" })
  async dailyDelays(@Input(cleanFlights, { stream: true }) flights: AsyncIterable<Flight>, context: AssetContext): Promise<DailyDelay[]> {
    const days = new Map<number, Map<string, DelayTally>>();
    for await (const { departure, origin, delay } of flights) {
      const dayNumber = Math.floor(departure.getTime() / DAY_MS);
      let tallies = days.get(dayNumber);
      if (!tallies) days.set(dayNumber, (tallies = new Map<string, DelayTally>()));
      tallyOf(tallies, EVERYWHERE).add(delay);
      tallyOf(tallies, origin).add(delay);
    }
    const rows = [...days].flatMap(([dayNumber, tallies]) => {
      const day = new Date(dayNumber * DAY_MS).toISOString().slice(0, 10);
      return [...tallies].map(([airport, tally]) => {
        const { flights: count, meanDelay } = tally.summary();
        return { day, airport, flights: count, meanDelay };
      });
    });
    context.addOutputMetadata({ row_count: rows.length, days: days.size });
    return rows;
  }

  @Asset({
    description: "Days on which an airport, or all of them, was more than three sigma off its own mean day; the worst first.",
    kinds: ["table"],
    codeVersion: "1",
  })
  async delayAnomalies(@Own("dailyDelays") days: DailyDelay[], context: AssetContext): Promise<DelayAnomaly[]> {
    const byAirport = new Map<string, DailyDelay[]>();
    for (const day of days) {
      if (day.flights >= MIN_FLIGHTS_A_DAY) byAirport.set(day.airport, [...(byAirport.get(day.airport) ?? []), day]);
    }
    const rows = [...byAirport.values()].flatMap(anomaliesOf).sort((a, b) => Math.abs(b.sigmas) - Math.abs(a.sigmas));
    context.addOutputMetadata({ row_count: rows.length, airports: byAirport.size - 1, preview: MetadataValue.table(rows.slice(0, 5)) });
    return rows;
  }
}

function anomaliesOf(days: readonly DailyDelay[]): DelayAnomaly[] {
  if (days.length < MIN_DAYS) return [];
  const mean = days.reduce((sum, day) => sum + day.meanDelay, 0) / days.length;
  const variance = days.reduce((sum, day) => sum + (day.meanDelay - mean) ** 2, 0) / (days.length - 1);
  if (variance === 0) return [];
  return days
    .map((day) => ({ ...day, sigmas: (day.meanDelay - mean) / Math.sqrt(variance) }))
    .filter(({ sigmas }) => Math.abs(sigmas) > ANOMALY_SIGMAS);
}
