import { dailyPartitions, monthlyPartitions, multiPartitions, staticPartitions, weeklyPartitions } from "millrace";

/** The half-year that the file holds: 182 days, the last with the only flight that left at its first midnight. */
export const days = dailyPartitions({ start: "2001-01-01", end: "2001-07-02" });

/** Sunday to Saturday, as far as all seven days are in the file. */
export const weeks = weeklyPartitions({ start: "2001-01-07", end: "2001-07-01" });

export const months = monthlyPartitions({ start: "2001-01-01", end: "2001-07-01" });

/** The regions of the US Census Bureau, and what lies outside of them. */
export const REGIONS = ["midwest", "northeast", "south", "west", "elsewhere"] as const;
export type Region = (typeof REGIONS)[number];

/** Every day for every region of origin. */
export const daysByRegion = multiPartitions({ day: days, region: staticPartitions(REGIONS) });

const STATES: Readonly<Record<Exclude<Region, "elsewhere">, string>> = {
  midwest: "IA IL IN KS MI MN MO ND NE OH SD WI",
  northeast: "CT MA ME NH NJ NY PA RI VT",
  south: "AL AR DC DE FL GA KY LA MD MS NC OK SC TN TX VA WV",
  west: "AK AZ CA CO HI ID MT NM NV OR UT WA WY",
};
const regions = new Map(
  Object.entries(STATES).flatMap(([region, states]) => states.split(" ").map((state): [string, Region] => [state, region as Region])),
);

/** The region of a state by its two letters. */
export function regionOf(state: string): Region {
  return regions.get(state) ?? "elsewhere";
}
