import { workerData, type MessagePort } from "node:worker_threads";
import { listen } from "../../src/storage/sql/postgres-listener.js";
import { faultOf, PostgresSession } from "../../src/storage/sql/postgres-session.js";
import type { WireAnswer, WireFault, WireStatement } from "../../src/storage/sql/wire.js";
import type { BridgeAnswer, BridgeRequest, PostgresThreadData } from "./postgres-bridge.js";

const { port, address, fsync, answered } = workerData as PostgresThreadData;
const sessions = new Map<number, PostgresSession>();

port.on("message", (request: BridgeRequest) => {
  const { told } = request;
  if (told) listen(address, (runId) => told.postMessage(runId));
  else void answer(port, request);
});

/** Whoever asked waits, and is woken when the answer lies in its port. */
async function answer(to: MessagePort, request: BridgeRequest): Promise<void> {
  to.postMessage({ id: request.id, value: await done(request) } satisfies BridgeAnswer);
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
}

async function done({ connection, ask, statements }: BridgeRequest): Promise<WireAnswer | WireFault | undefined> {
  if (ask === "exchange") return exchange(connection, statements ?? []);
  await sessions.get(connection)?.close();
  sessions.delete(connection);
  if (ask === "close") return undefined;
  try {
    sessions.set(connection, await PostgresSession.open(address, fsync));
    return undefined;
  } catch (error) {
    return faultOf(error);
  }
}

async function exchange(connection: number, statements: readonly WireStatement[]): Promise<WireAnswer> {
  const session = sessions.get(connection);
  return session ? session.exchange(statements) : { results: [], fault: faultOf(new Error("there is no session")) };
}
