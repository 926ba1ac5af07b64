import { IsString, Matches } from "class-validator";
import { Asset, AssetContext, Config, Failure, MetadataValue, Own, Pipeline, type TableColumn } from "millrace";
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

export class FlightsConfig extends Config {
  /** Which month of the half-year to read. */
  @IsString() @Matches(/^2001-0[1-6]$/, { message: "month must be from 2001-01 to 2001-06" }) month = "2001-01";
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

  @Asset({
    description: "The flights of one month in order of departure, as they were published: exact duplicates included.",
    kinds: ["duckdb", "parquet"],
    tags: { layer: "raw" },
    codeVersion: "1",
  })
  async *rawFlights(config: FlightsConfig, context: AssetContext): AsyncGenerator<Flight> {
    const month = `from flights where date >= $first::timestamp and date < $first::timestamp + interval 1 month`;
    const values = { first: `${config.month}-01` };
    const sql = `select date as departure, delay::integer as delay, distance::integer as distance, origin, destination ${month} order by all`;

    const extent = await this.data.row<Extent>(`select count(*)::integer as rows, min(date) as first, max(date) as last ${month}`, values);
    context.log.info("reading flights", { month: config.month, rows: extent.rows });
    context.addOutputMetadata({
      row_count: extent.rows,
      month: config.month,
      first_departure: MetadataValue.timestamp(extent.first),
      last_departure: MetadataValue.timestamp(extent.last),
      preview: MetadataValue.table(await this.data.rows<Flight>(`${sql} limit 5`, values), columns),
    });
    yield* this.data.stream<Flight>(sql, values);
  }

  @Asset({
    description: "Each flight once. Equal rows follow one another within their minute, so no more than a minute is remembered.",
    kinds: ["table"],
    tags: { layer: "clean" },
    codeVersion: "1",
    metadata: {
      schema: MetadataValue.tableSchema(columns),
      lineage: MetadataValue.columnLineage(Object.fromEntries(columns.map(({ name }) => [name, [{ asset: "raw_flights", column: name }]]))),
    },
  })
  async *cleanFlights(@Own("rawFlights", { stream: true }) flights: AsyncIterable<Flight>, context: AssetContext): AsyncGenerator<Flight> {
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
    description: "Every pair of airports that is flown, with its distance.",
    kinds: ["table"],
    tags: { layer: "dimension" },
    codeVersion: "1",
  })
  async routes(@Own("cleanFlights", { stream: true }) flights: AsyncIterable<Flight>, context: AssetContext): Promise<Route[]> {
    const byPair = new Map<string, Route>();
    for await (const { origin, destination, distance } of flights) {
      const pair = `${origin}-${destination}`;
      const route = byPair.get(pair);
      if (route) route.flights++;
      else byPair.set(pair, { origin, destination, distance, flights: 1 });
    }
    const rows = [...byPair.values()].sort((a, b) => b.flights - a.flights || a.origin.localeCompare(b.origin));
    context.addOutputMetadata({ row_count: rows.length, preview: MetadataValue.table(rows.slice(0, 5)) });
    return rows;
  }
}
