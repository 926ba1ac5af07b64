import { Asset, AssetContext, MetadataValue, Own, Pipeline } from "millrace";
import { FlightData } from "./resources.js";

export interface Airport {
  iata: string;
  name: string;
  city: string;
  state: string;
  latitude: number;
  longitude: number;
}

export interface Birdstrike {
  airport: string;
  date: Date;
  species: string;
  damaging: boolean;
  costUsd: number;
}

export interface AirportBirdstrikes {
  iata: string;
  name: string;
  strikes: number;
  damaging: number;
  costUsd: number;
}

/** Both sources name airports in words: `DENVER INTL AIRPORT` and `Denver Intl` are one. */
const nameKey = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\(.*?\)|\b(international|intl|airport|arpt|regional|afb)\b/g, " ")
    .replace(/[^a-z0-9]+/g, " ")
    .trim();

@Pipeline({ group: "airports", owners: ["team:flights"], tags: { domain: "aviation" } })
export class Airports {
  constructor(private readonly data: FlightData) {}

  @Asset({
    description: "Airports of the United States by IATA code: the dimension of every metric.",
    kinds: ["duckdb", "csv"],
    tags: { layer: "dimension" },
    codeVersion: "1",
  })
  async airports(context: AssetContext): Promise<Airport[]> {
    const rows = await this.data.rows<Airport>("select iata, name, city, state, latitude, longitude from airports order by iata");
    context.addOutputMetadata({ row_count: rows.length, preview: MetadataValue.table(rows.slice(0, 5)) });
    return rows;
  }

  @Asset({
    description: "Aircraft that struck birds, 1990 to 2002, as reported to the FAA.",
    kinds: ["duckdb", "csv"],
    tags: { layer: "raw" },
    codeVersion: "1",
  })
  async birdstrikes(context: AssetContext): Promise<Birdstrike[]> {
    const rows = await this.data.rows<Birdstrike>(`
      select "Airport Name" as airport, "Flight Date"::timestamp as date, "Wildlife Species" as species,
             "Effect Amount of damage" <> 'None' as damaging, coalesce("Cost Total $", 0)::double as "costUsd"
      from birdstrikes order by date, airport`);
    context.addOutputMetadata({ row_count: rows.length, preview: MetadataValue.table(rows.slice(0, 5)) });
    return rows;
  }

  @Asset({
    description: "Bird strikes of each airport whose name is found in the dimension; match_share tells how many strikes that covers.",
    kinds: ["table"],
    tags: { layer: "metric" },
    codeVersion: "1",
  })
  async birdstrikesByAirport(
    @Own("birdstrikes") strikes: Birdstrike[],
    @Own("airports") airports: Airport[],
    context: AssetContext,
  ): Promise<AirportBirdstrikes[]> {
    const airportByName = new Map(airports.map((airport) => [nameKey(airport.name), airport]));
    const byIata = new Map<string, AirportBirdstrikes>();
    let matched = 0;
    for (const strike of strikes) {
      const airport = airportByName.get(nameKey(strike.airport));
      if (!airport) continue;
      matched++;
      const row = byIata.get(airport.iata) ?? { iata: airport.iata, name: airport.name, strikes: 0, damaging: 0, costUsd: 0 };
      row.strikes++;
      row.damaging += strike.damaging ? 1 : 0;
      row.costUsd += strike.costUsd;
      byIata.set(airport.iata, row);
    }
    const rows = [...byIata.values()].sort((a, b) => b.strikes - a.strikes || a.iata.localeCompare(b.iata));
    context.addOutputMetadata({
      row_count: rows.length,
      match_share: MetadataValue.float(strikes.length === 0 ? 0 : matched / strikes.length),
      preview: MetadataValue.table(rows.slice(0, 5)),
    });
    return rows;
  }
}
