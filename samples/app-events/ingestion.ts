import { IsArray, IsString } from "class-validator";
import {
  Asset,
  AssetContext,
  Config,
  dailyPartitions,
  MetadataValue,
  type MetadataInput,
  PartitionedAssetContext,
  Pipeline,
} from "millrace";
import { AppApi } from "./app-api.js";
import { dayEventColumns, eventColumns } from "./columns.js";
import { type AppEvent, type DayEvent, refuseSecondId } from "./events.js";
import { markdownTable } from "./markdown-table.js";

export class ExportConfig extends Config {
  /** Export files that asked for the run; they are only recorded. */
  @IsArray() @IsString({ each: true }) keys: string[] = [];
}

@Pipeline({ group: "ingestion" })
export class Ingestion {
  constructor(private readonly api: AppApi) {}

  @Asset({ description: "Every event that the API tells of, in its order.", kinds: ["api"], schema: eventColumns })
  async rawEvents(config: ExportConfig, context: AssetContext): Promise<AppEvent[]> {
    const events = await this.api.allEvents(context.signal);
    refuseSecondId(events);
    const exported = config.keys.length > 0 ? { export_keys: MetadataValue.json(config.keys) } : {};
    context.addOutputMetadata({ ...described(events), ...exported });
    return events;
  }

  @Asset({
    description: "The events of one day, in the API's order.",
    kinds: ["api"],
    schema: dayEventColumns,
    partitions: dailyPartitions({ start: "2025-01-01" }),
  })
  async rawEventsPartitioned(context: PartitionedAssetContext): Promise<DayEvent[]> {
    const day = context.partitionKey;
    const events = await this.api.eventsOf(day, context.signal);
    context.log.info(`Fetched ${events.length} events for ${day}`);
    context.addOutputMetadata(described(events));
    return events.map((event) => ({ ...event, partition_date: day }));
  }
}

function described(events: readonly AppEvent[]): Record<string, MetadataInput> {
  const columns = [...new Set(events.flatMap((event) => Object.keys(event)))];
  return {
    row_count: MetadataValue.int(events.length),
    columns: MetadataValue.json(columns),
    preview: MetadataValue.md(markdownTable(columns, events.slice(0, 5))),
  };
}
