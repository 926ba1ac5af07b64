import { Definitions, env, FileParquetIOManager } from "millrace";
import { AppApi } from "./app-api.js";
import { Ingestion } from "./ingestion.js";
import { dailyIngest } from "./jobs.js";
import { Transform } from "./transform.js";

export default new Definitions({
  pipelines: [Ingestion, Transform],
  jobs: [dailyIngest],
  resources: [AppApi.with({ baseUrl: env("APP_BASE_URL"), apiKey: env("APP_API_KEY") })],
  io: FileParquetIOManager.with({}),
});
