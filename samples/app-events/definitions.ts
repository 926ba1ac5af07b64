import { Definitions, env, S3ParquetIOManager } from "millrace";
import { AppApi } from "./app-api.js";
import { Ingestion } from "./ingestion.js";
import { dailyIngest } from "./jobs.js";
import { Transform } from "./transform.js";
import { Warehouse } from "./warehouse.js";

// Every address is read when a run starts; credentials of S3 come from AWS_*, as in every other tool.
export default new Definitions({
  pipelines: [Ingestion, Transform],
  jobs: [dailyIngest],
  resources: [AppApi.with({ baseUrl: env("APP_BASE_URL"), apiKey: env("APP_API_KEY") }), Warehouse.with({ dsn: env("WAREHOUSE_DSN") })],
  io: S3ParquetIOManager.with({
    bucket: env("S3_BUCKET", "my-datalake"),
    prefix: env("S3_PREFIX", "dagster"),
    endpoint: env("S3_ENDPOINT_URL", ""), // Amazon's own
  }),
});
