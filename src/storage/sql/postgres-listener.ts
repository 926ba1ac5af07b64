import type { Client } from "pg";
import type { PostgresAddress } from "../store-address.js";
import { driverOptions } from "./postgres-session.js";

const AGAIN_MS = 1_000;

/** The channel on which a store's transactions tell the runs that they canceled or ended. */
export function channelOf(schema: string): string {
  return `millrace_${schema}`;
}

/**
 * Hears what other processes tell of runs, on a session of its own; a lost one is made again.
 * @param told - is given the id of a run, or nothing when something may have been missed
 * @remarks Behind a pool that lends sessions by the transaction it hears nothing: whoever waits looks from time to time.
 */
export function listen(address: PostgresAddress, told: (runId: string) => void): void {
  const { Client: ClientOf } = require("pg") as typeof import("pg");
  const client = new ClientOf({ ...driverOptions(address), keepAlive: true, application_name: "millrace listens" });
  let isOver = false;
  const again = (): void => {
    if (!isOver) setTimeout(() => listen(address, told), AGAIN_MS).unref();
    isOver = true;
  };
  client.on("error", again);
  client.on("end", again);
  client.on("notification", ({ payload }) => told(payload ?? ""));
  void begin(client, address.schema).then(
    () => told(""),
    () => void client.end().catch(again),
  );
}

async function begin(client: Client, schema: string): Promise<void> {
  await client.connect();
  await client.query(`listen "${channelOf(schema)}"`);
}
