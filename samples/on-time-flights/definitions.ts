import { Definitions, FileParquetIOManager } from "millrace";
import { Airports } from "./airports.js";
import { Flights } from "./flights.js";
import { Metrics } from "./metrics.js";
import { Quality } from "./quality.js";
import { Report } from "./report.js";
import { FlightData, ReportFolder } from "./resources.js";

export default new Definitions({
  pipelines: [Airports, Flights, Metrics, Report, Quality],
  resources: [FlightData.with({}), ReportFolder.with({})],
  io: FileParquetIOManager.with({}), // every asset that returns rows is one Parquet file per materialization
});
