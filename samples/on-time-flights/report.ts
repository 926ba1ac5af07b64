import { Asset, AssetContext, Input, InputPartitions, MaterializeResult, MetadataValue, Partitions, Pipeline } from "millrace";
import { type AirportBirdstrikes, Airports } from "./airports.js";
import { barChart, escapeXml } from "./chart.js";
import { months } from "./divisions.js";
import { type AirportOnTime, type DailyDelay, type DelayAnomaly, EVERYWHERE, Metrics, type RouteOnTime } from "./metrics.js";
import { ReportFolder } from "./resources.js";

/** What is ranked must have been flown this often, so that a handful of flights tops no list. */
const MIN_AIRPORT_FLIGHTS = 2_000;
const MIN_ROUTE_FLIGHTS = 200;

interface Table {
  title: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

@Pipeline({ group: "reports", owners: ["team:flights"], tags: { domain: "aviation" } })
export class Report {
  @Asset({
    description: "The month on one page, as Markdown and as HTML with its pictures inside.",
    partitions: months,
    kinds: ["markdown", "html"],
    tags: { layer: "report" },
    codeVersion: "2",
  })
  async onTimeReport(
    @Input(Metrics, "onTimeByAirport") airports: AirportOnTime[],
    @Input(Metrics, "onTimeByRoute") routes: RouteOnTime[],
    @InputPartitions(Metrics, "dailyDelays") ofDays: Partitions<DailyDelay[]>,
    @Input(Metrics, "delayAnomalies") anomalies: DelayAnomaly[],
    @Input(Airports, "birdstrikesByAirport") birdstrikes: AirportBirdstrikes[],
    folder: ReportFolder,
    context: AssetContext,
  ): Promise<MaterializeResult> {
    const days = [...(await ofDays.toMap()).values()].flat();
    const month = days[0] ? monthName(days[0].day) : "no flights";
    const title = `On-time flights, ${month}`;
    const flights = airports.reduce((sum, airport) => sum + airport.flights, 0);
    const onTime = airports.reduce((sum, airport) => sum + airport.onTimeShare * airport.flights, 0) / flights;
    const summary = `${flights.toLocaleString("en-US")} flights from ${airports.length} airports; ${percent(onTime)} left less than 15 minutes late.`;
    const tables = [worstAirports(airports), worstRoutes(routes), anomalyTable(anomalies), strikeTable(birdstrikes)];
    const charts = { "delays-by-day.svg": delaysByDay(days, anomalies), "worst-airports.svg": worstAirportsChart(airports) };

    await Promise.all(Object.entries(charts).map(([name, svg]) => folder.write(name, svg)));
    const pictures = Object.keys(charts).map((name) => `![${name.replace(".svg", "").replaceAll("-", " ")}](${name})`);
    const md = [`# ${title}`, summary, ...pictures, ...tables.map(markdownTable)].join("\n\n") + "\n";
    const markdown = await folder.write("on-time-report.md", md);
    const html = await folder.write("on-time-report.html", htmlPage(title, summary, Object.values(charts), tables));
    context.log.info("report written", { html });

    return new MaterializeResult({
      metadata: {
        html: MetadataValue.path(html),
        markdown: MetadataValue.path(markdown),
        pictures: MetadataValue.json(Object.keys(charts)),
        flights,
        on_time_share: MetadataValue.float(Number(onTime.toFixed(4))),
        anomalies: anomalies.length,
        preview: MetadataValue.md([`# ${title}`, summary, markdownTable(worstAirports(airports))].join("\n\n")),
      },
    });
  }
}

function delaysByDay(days: readonly DailyDelay[], anomalies: readonly DelayAnomaly[]): string {
  const odd = new Set(anomalies.filter(({ airport }) => airport === EVERYWHERE).map(({ day }) => day));
  const bars = days
    .filter(({ airport }) => airport === EVERYWHERE)
    .map(({ day, meanDelay, flights }) => ({
      label: String(Number(day.slice(8))),
      value: meanDelay,
      marked: odd.has(day),
      title: `${day}: ${minutes(meanDelay)} over ${flights.toLocaleString("en-US")} flights`,
    }));
  return barChart("Mean delay by day, in minutes", bars);
}

function leastOnTime(airports: readonly AirportOnTime[]): AirportOnTime[] {
  return airports.filter(({ flights }) => flights >= MIN_AIRPORT_FLIGHTS).sort((a, b) => a.onTimeShare - b.onTimeShare);
}

function worstAirportsChart(airports: readonly AirportOnTime[]): string {
  const bars = leastOnTime(airports)
    .slice(0, 15)
    .map(({ iata, name, onTimeShare }) => ({ label: iata, value: (1 - onTimeShare) * 100, title: `${name}: ${percent(1 - onTimeShare)}` }));
  return barChart("Share of flights 15 minutes late or more, in percent", bars);
}

function worstAirports(airports: readonly AirportOnTime[]): Table {
  return {
    title: `Least punctual airports (${MIN_AIRPORT_FLIGHTS.toLocaleString("en-US")} flights or more)`,
    columns: ["Airport", "City", "Flights", "On time", "Mean delay", "P90"],
    rows: leastOnTime(airports)
      .slice(0, 10)
      .map((row) => [row.iata, `${row.city}, ${row.state}`, ...figures(row)]),
  };
}

function worstRoutes(routes: readonly RouteOnTime[]): Table {
  return {
    title: `Least punctual routes (${MIN_ROUTE_FLIGHTS} flights or more)`,
    columns: ["Route", "Cities", "Flights", "On time", "Mean delay", "P90"],
    rows: routes
      .filter(({ flights }) => flights >= MIN_ROUTE_FLIGHTS)
      .sort((a, b) => a.onTimeShare - b.onTimeShare)
      .slice(0, 10)
      .map((row) => [`${row.origin} → ${row.destination}`, `${row.originCity} → ${row.destinationCity}`, ...figures(row)]),
  };
}

function anomalyTable(anomalies: readonly DelayAnomaly[]): Table {
  return {
    title: "Days more than three sigma off",
    columns: ["Day", "Airport", "Flights", "Mean delay", "Sigmas"],
    rows: anomalies
      .slice(0, 10)
      .map(({ day, airport, flights, meanDelay, sigmas }) => [day, airport, String(flights), minutes(meanDelay), sigmas.toFixed(1)]),
  };
}

function strikeTable(birdstrikes: readonly AirportBirdstrikes[]): Table {
  return {
    title: "Bird strikes, 1990 to 2002",
    columns: ["Airport", "Strikes", "With damage", "Cost"],
    rows: birdstrikes
      .slice(0, 5)
      .map(({ iata, name, strikes, damaging, costUsd }) => [
        `${iata} ${name}`,
        String(strikes),
        String(damaging),
        `$${costUsd.toLocaleString("en-US")}`,
      ]),
  };
}

function figures(row: { flights: number; onTimeShare: number; meanDelay: number; p90Delay: number }): string[] {
  return [row.flights.toLocaleString("en-US"), percent(row.onTimeShare), minutes(row.meanDelay), `${row.p90Delay} min`];
}

function markdownTable({ title, columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [`## ${title}`, "", line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

const STYLE = `
  :root { color-scheme: light dark; --ink: #2e3440; --line: #e5e9f0; --page: #fff; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e5e9f0; --line: #3b4252; --page: #1b1f27; } }
  body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 780px; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.6rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
  .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  th, td { text-align: left; white-space: nowrap; padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); }
  .number { text-align: right; } th:last-child, td:last-child { padding-right: 0; }
  svg { width: 100%; height: auto; margin: 0.5rem 0; border-radius: 6px; }
`;

function htmlPage(title: string, summary: string, charts: readonly string[], tables: readonly Table[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title>
<style>${STYLE}</style>
<h1>${escapeXml(title)}</h1>
<p>${escapeXml(summary)}</p>
${charts.join("\n")}
${tables.map(htmlTable).join("\n")}
</html>
`;
}

function htmlTable({ title, columns, rows }: Table): string {
  const kinds = columns.map((_, index) =>
    rows.every((row) => /^[-$]?\d[\d.,]*( %| min)?$/.test(row[index] ?? "")) ? ' class="number"' : "",
  );
  const line = (tag: "th" | "td", row: readonly string[]): string =>
    `<tr>${row.map((cell, index) => `<${tag}${kinds[index]}>${escapeXml(cell)}</${tag}>`).join("")}</tr>`;
  const body = [line("th", columns), ...rows.map((row) => line("td", row))].join("\n");
  return `<h2>${escapeXml(title)}</h2>\n<div class="scroll"><table>\n${body}\n</table></div>`;
}

const monthName = (day: string): string => new Date(day).toLocaleDateString("en-US", { month: "long", year: "numeric", timeZone: "UTC" });
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const minutes = (value: number): string => `${value.toFixed(1)} min`;
