/** The events that make the history of an asset, as a list in SQL. Indexes are made for this text: another list needs a migration. */
export const ASSET_EVENTS =
  "('ASSET_MATERIALIZATION', 'ASSET_OBSERVATION', 'ASSET_FAILED_TO_MATERIALIZE', 'ASSET_CHECK_EVALUATION', 'ASSET_WIPED')";
