import {
  Asset,
  AssetContext,
  FileIOManager,
  Input,
  InputPartitions,
  MetadataValue,
  offset,
  OwnPartitions,
  PartitionedAssetContext,
  Partitions,
  Pipeline,
  ref,
  stream,
} from "millrace";
import { type Airport, Airports } from "./airports.js";
import { type DelaySummary, DelayTally, tallyOf } from "./delay-tally.js";
import { days, daysByRegion, months, regionOf, weeks } from "./divisions.js";
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

export interface WeekOnTime extends DelaySummary {
  /** The Sunday on which it begins. */
  week: string;
}

export interface RegionOnTime extends DelaySummary {
  day: string;
  region: string;
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

/** Smaller days say more of one late aircraft than of the airport. */
const MIN_FLIGHTS_A_DAY = 20;
const MIN_DAYS = 10;
const ANOMALY_SIGMAS = 3;

@Pipeline({ group: "metrics", owners: ["team:flights"], tags: { domain: "aviation", layer: "metric" } })
export class Metrics {
  @Asset({
    description: "How punctual the departures of each airport are in the month, the busiest first.",
    partitions: months,
    kinds: ["table"],
    codeVersion: "2",
  })
  async onTimeByAirport(
    @InputPartitions(cleanFlights) ofDays: Partitions<Flight[]>,
    @Input(Airports, "airports") airports: Airport[],
    context: AssetContext,
  ): Promise<AirportOnTime[]> {
    const tallies = new Map<string, DelayTally>();
    for await (const [, flights] of ofDays) for (const { origin, delay } of flights) tallyOf(tallies, origin).add(delay);

    const rows = airports
      .flatMap(({ iata, name, city, state }) => {
        const tally = tallies.get(iata);
        return tally ? [{ iata, name, city, state, ...tally.summary() }] : [];
      })
      .sort((a, b) => b.flights - a.flights);
    context.addOutputMetadata({ row_count: rows.length, preview: MetadataValue.table(rows.slice(0, 5)) });
    return rows;
  }

  @Asset({
    description: "How punctual each route is in the month, the busiest first.",
    partitions: months,
    kinds: ["table"],
    codeVersion: "2",
  })
  async onTimeByRoute(
    @InputPartitions(cleanFlights) ofDays: Partitions<Flight[]>,
    @Input(Flights, "routes") routes: Route[],
    @Input(Airports, "airports") airports: Airport[],
    context: AssetContext,
  ): Promise<RouteOnTime[]> {
    const tallies = new Map<string, DelayTally>();
    for await (const [, flights] of ofDays) {
      for (const { origin, destination, delay } of flights) tallyOf(tallies, `${origin}-${destination}`).add(delay);
    }

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

  @Asset({
    description: "How punctual the flights of a week are.",
    group: "weekly",
    partitions: weeks,
    kinds: ["table"],
    codeVersion: "1",
  })
  async onTimeByWeek(@InputPartitions(cleanFlights) ofDays: Partitions<Flight[]>, context: PartitionedAssetContext): Promise<WeekOnTime[]> {
    const tally = new DelayTally();
    for await (const [, flights] of ofDays) for (const { delay } of flights) tally.add(delay);
    const summary = tally.summary();
    context.addOutputMetadata({ flights: summary.flights, on_time_share: MetadataValue.float(summary.onTimeShare) });
    return [{ week: context.partitionKey, ...summary }];
  }

  @Asset({
    description: "How punctual the flights are that left one region on one day.",
    group: "regional",
    partitions: daysByRegion,
    kinds: ["table"],
    codeVersion: "1",
  })
  async onTimeByRegion(
    @Input(cleanFlights, { as: stream }) flights: AsyncIterable<Flight>,
    @Input(Airports, "airports") airports: Airport[],
    context: PartitionedAssetContext,
  ): Promise<RegionOnTime[]> {
    const { day = "", region = "" } = context.keysByDimension;
    const regions = new Map(airports.map(({ iata, state }) => [iata, regionOf(state)]));
    const tally = new DelayTally();
    for await (const { origin, delay } of flights) if (regions.get(origin) === region) tally.add(delay);
    const summary = tally.summary();
    context.addOutputMetadata({ flights: summary.flights });
    return summary.flights === 0 ? [] : [{ day, region, ...summary }];
  }

  @Asset({
    description: "How many flights have left since the first of January: yesterday's number and today's flights.",
    partitions: days,
    kinds: ["json"],
    codeVersion: "1",
    io: FileIOManager,
  })
  async flightsToDate(
    @Input(cleanFlights, { as: stream }) flights: AsyncIterable<Flight>,
    @Input(ref<number>("flights_to_date"), { mapping: offset(-1), optional: true }) before: number | undefined,
    context: PartitionedAssetContext,
  ): Promise<number> {
    let count = before ?? 0;
    for await (const _ of flights) count++;
    context.addOutputMetadata({ flights: count });
    return count;
  }

  @Asset({
    description: "The mean delay of each airport on the day, and of all airports together.",
    partitions: days,
    kinds: ["table"],
    codeVersion: "2",
  })
  async dailyDelays(
    @Input(cleanFlights, { as: stream }) flights: AsyncIterable<Flight>,
    context: PartitionedAssetContext,
  ): Promise<DailyDelay[]> {
    const tallies = new Map<string, DelayTally>();
    for await (const { origin, delay } of flights) {
      tallyOf(tallies, EVERYWHERE).add(delay);
      tallyOf(tallies, origin).add(delay);
    }
    const day = context.partitionKey;
    const rows = [...tallies].map(([airport, tally]) => {
      const { flights: count, meanDelay } = tally.summary();
      return { day, airport, flights: count, meanDelay };
    });
    context.addOutputMetadata({ row_count: rows.length });
    return rows;
  }

  @Asset({
    description: "Days of the month on which an airport, or all of them, was more than three sigma off its own mean day; the worst first.",
    partitions: months,
    kinds: ["table"],
    codeVersion: "2",
  })
  async delayAnomalies(@OwnPartitions("dailyDelays") ofDays: Partitions<DailyDelay[]>, context: AssetContext): Promise<DelayAnomaly[]> {
    const byAirport = new Map<string, DailyDelay[]>();
    for await (const [, delays] of ofDays) {
      for (const day of delays) {
        if (day.flights >= MIN_FLIGHTS_A_DAY) byAirport.set(day.airport, [...(byAirport.get(day.airport) ?? []), day]);
      }
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
