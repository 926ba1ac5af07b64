import { AssetSelection, defineAssetJob } from "millrace";

/** Everything up to the warehouse, for one day. */
export const dailyIngest = defineAssetJob({
  name: "daily_ingest",
  description: "Fetches the events, all and those of the day, and loads users and orders into the warehouse.",
  selection: AssetSelection.groups("ingestion", "transform"),
  tags: { team: "data-eng" },
});
