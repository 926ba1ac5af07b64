import {
  Asset,
  AssetContext,
  Failure,
  MetadataValue,
  ObservableAsset,
  ObserveResult,
  Own,
  OwnPartitions,
  PartitionedAssetContext,
  Partitions,
  Pipeline,
  type TableColumn,
  stream,
} from "millrace";
import { days, months } from "./divisions.js";
import { FlightData } from "./resources.js";

export interface Flight {
  /** The airport's local time, to the minute. */
  departure: Date;
  /** Minutes late; negative: early. */
  delay: number;
  /** Miles. */
  distance: number;
  origin: string;
  destination: string;
}

export interface Route {
  origin: string;
  destination: string;
  distance: number;
  flights: number;
}

const columns: readonly TableColumn[] = [
  { name: "departure", type: "timestamp", description: "Local time, to the minute", constraints: { nullable: false } },
  { name: "delay", type: "integer", description: "Minutes late; negative: early", constraints: { nullable: false } },
  { name: "distance", type: "integer", description: "Miles", constraints: { nullable: false } },
  { name: "origin", type: "varchar", description: "IATA code", constraints: { nullable: false } },
  { name: "destination", type: "varchar", description: "IATA code", constraints: { nullable: false } },
];

interface Extent {
  rows: number;
  first: Date;
  last: Date;
}

@Pipeline({ group: "flights", owners: ["team:flights"], tags: { domain: "aviation" } })
export class Flights {
  constructor(private readonly data: FlightData) {}

  @ObservableAsset({
    description: "The file as it was published: 3,000,000 flights of half a year.",
    kinds: ["parquet"],
    tags: { layer: "source" },
  })
  async flightsFile(): Promise<ObserveResult> {
    const { rows, first, last } = await this.data.row<Extent>(
      "select count(*)::integer as rows, min(date) as first, max(date) as last from flights",
    );
    return new ObserveResult({
      dataVersion: `${rows} rows to ${last.toISOString()}`,
      metadata: { row_count: rows, first_departure: MetadataValue.timestamp(first), last_departure: MetadataValue.timestamp(last) },
    });
  }

  @Asset({
    description: "The flights of one day in order of departure, as they were published: exact duplicates included.",
    partitions: days,
    kinds: ["duckdb", "parquet"],
    tags: { layer: "raw" },
    codeVersion: "2",
    deps: ["flights_file"],
  })
  async *rawFlights(context: PartitionedAssetContext): AsyncGenerator<Flight> {
    const { startMs, endMs } = context.partitionTimeWindow;
    const day = `from flights where date >= $from::timestamp and date < $to::timestamp`;
    const values = { from: timestamp(startMs), to: timestamp(endMs) };
    const sql = `select date as departure, delay::integer as delay, distance::integer as distance, origin, destination ${day} order by all`;

    const { rows } = await this.data.row<{ rows: number }>(`select count(*)::integer as rows ${day}`, values);
    context.addOutputMetadata({
      row_count: rows,
      preview: MetadataValue.table(await this.data.rows<Flight>(`${sql} limit 5`, values), columns),
    });
    yield* this.data.stream<Flight>(sql, values);
  }

  @Asset({
    description: "Each flight of the day once. Equal rows follow one another within their minute, so no more than a minute is remembered.",
    partitions: days,
    kinds: ["table"],
    tags: { layer: "clean" },
    codeVersion: "1",
    metadata: {
      schema: MetadataValue.tableSchema(columns),
      lineage: MetadataValue.columnLineage(Object.fromEntries(columns.map(({ name }) => [name, [{ asset: "raw_flights", column: name }]]))),
    },
  })
  async *cleanFlights(@Own("rawFlights", { as: stream }) flights: AsyncIterable<Flight>, context: AssetContext): AsyncGenerator<Flight> {
    const seen = new Set<string>();
    let minute = -Infinity;
    let kept = 0;
    let dropped = 0;
    for await (const flight of flights) {
      const departure = flight.departure.getTime();
      if (departure < minute) throw new Failure("Flights are not in order of departure.", { metadata: { departure: flight.departure } });
      if (departure > minute) seen.clear();
      minute = departure;
      const identity = `${flight.origin} ${flight.destination} ${flight.delay} ${flight.distance}`;
      if (seen.has(identity)) {
        dropped++;
        continue;
      }
      seen.add(identity);
      kept++;
      yield flight;
    }
    context.addOutputMetadata({ row_count: kept, duplicates_dropped: dropped });
  }

  @Asset({
    description: "Every pair of airports that is flown in the month, with its distance.",
    partitions: months,
    kinds: ["table"],
    tags: { layer: "dimension" },
    codeVersion: "1",
  })
  async routes(@OwnPartitions("cleanFlights") ofDays: Partitions<Flight[]>, context: AssetContext): Promise<Route[]> {
    const byPair = new Map<string, Route>();
    for await (const [, flights] of ofDays) {
      for (const { origin, destination, distance } of flights) {
        const pair = `${origin}-${destination}`;
        const route = byPair.get(pair);
        if (route) route.flights++;
        else byPair.set(pair, { origin, destination, distance, flights: 1 });
      }
    }
    const rows = [...byPair.values()].sort((a, b) => b.flights - a.flights || a.origin.localeCompare(b.origin));
    context.addOutputMetadata({ row_count: rows.length, preview: MetadataValue.table(rows.slice(0, 5)) });
    return rows;
  }
}

const timestamp = (ms: number): string => new Date(ms).toISOString().slice(0, 19);
