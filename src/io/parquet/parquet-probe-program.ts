import { open } from "node:fs/promises";
import { connect, loadDuckDB } from "../../duckdb/process-database.js";
import { ParquetRead } from "./duckdb-parquet-read.js";
import { readDescription } from "./parquet-footer.js";

/** Reads the file that the arguments name, tells its parent of every batch, and ends in good order whatever the file is. */
async function main(path: string): Promise<void> {
  try {
    const file = await open(path, "r");
    const { connection } = await connect(undefined);
    const read = new ParquetRead(loadDuckDB(), connection, { assetKey: "-" });
    for await (const _ of read.batches(path, await readDescription(file))) process.send?.("read");
  } catch {
    // The parent reads it again and tells the error.
  }
  process.exit(0);
}

void main(process.argv[2] ?? "");
