import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { systemClock } from "../../src/base/clock.js";
import { InternalError, MillraceError, messageOf } from "../../src/base/errors.js";
import { RunLedger } from "../../src/storage/sql/run-ledger.js";
import { sqliteDialect } from "../../src/storage/sql/sqlite-dialect.js";
import { WRITES, type StoreAnswer, type StoreFault, type StoreRequest, type StoreThreadData } from "./store-messages.js";

if (!parentPort) throw new InternalError("The store thread was loaded outside a worker.");
const port = parentPort;
const { path, fsync } = workerData as StoreThreadData;
const leases = new Map<string, NodeJS.Timeout>();
const writes = new Set<string>(WRITES);

function faultOf(error: unknown): StoreFault {
  if (!(error instanceof MillraceError)) return { code: "STORE.FAILED", message: messageOf(error) };
  return {
    code: error.code,
    message: error.message,
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    ...(error.cause === undefined ? {} : { cause: messageOf(error.cause) }),
  };
}

function open(): { writer: RunLedger; reader: RunLedger } | undefined {
  try {
    const writer = new RunLedger(sqliteDialect, path, fsync);
    return { writer, reader: new RunLedger(sqliteDialect, path, fsync) };
  } catch (error) {
    port.postMessage({ id: 0, error: faultOf(error) } satisfies StoreAnswer);
    port.close();
    return undefined;
  }
}

const ledgers = open();
if (ledgers) {
  port.on("message", (first: StoreRequest) => serve(ledgers, drain(first)));
  port.postMessage({ id: 0 } satisfies StoreAnswer);
}

/** All requests that have arrived by now. */
function drain(first: StoreRequest): StoreRequest[] {
  const requests = [first];
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) requests.push(next.message as StoreRequest);
  return requests;
}

/** Writes in one transaction and answers when it is durable; then the reads, which see them. */
function serve({ writer, reader }: { writer: RunLedger; reader: RunLedger }, requests: readonly StoreRequest[]): void {
  const toWrite = requests.filter((request) => writes.has(request.method));
  if (toWrite.length === 1 && toWrite[0]) port.postMessage(attempt(writer, toWrite[0]));
  else if (toWrite.length > 1) writeTogether(writer, toWrite);
  for (const request of requests) {
    if (writes.has(request.method)) continue;
    if (request.method === "close") return close(writer, reader, request.id);
    port.postMessage(request.method === "keepLease" || request.method === "dropLease" ? lease(writer, request) : attempt(reader, request));
  }
}

function writeTogether(writer: RunLedger, requests: readonly StoreRequest[]): void {
  let answers: StoreAnswer[] = [];
  try {
    writer.group(() => {
      answers = requests.map((request) => attempt(writer, request));
    });
  } catch (error) {
    answers = requests.map(({ id }) => ({ id, error: faultOf(error) }));
  }
  for (const answer of answers) port.postMessage(answer);
}

function attempt(ledger: RunLedger, request: StoreRequest): StoreAnswer {
  try {
    const method = (ledger as unknown as Record<string, (...args: readonly unknown[]) => unknown>)[request.method];
    if (!method) throw new InternalError(`The store has no method "${request.method}".`);
    return { id: request.id, value: method.apply(ledger, request.args as unknown[]) };
  } catch (error) {
    return { id: request.id, error: faultOf(error) };
  }
}

/** Renews from this thread, so that a step that keeps the main thread busy does not look dead. */
function lease(writer: RunLedger, request: StoreRequest): StoreAnswer {
  const [runId, epoch, leaseMs] = request.args as [string, number, number];
  clearInterval(leases.get(runId));
  leases.delete(runId);
  if (request.method === "keepLease") {
    const renew = (): void => {
      try {
        if (!writer.renewLease(runId, epoch, systemClock.nowMs() + leaseMs)) clearInterval(timer);
      } catch {
        // Another process held the lock for too long; the next turn comes well before the lease ends.
      }
    };
    const timer = setInterval(renew, leaseMs / 3);
    leases.set(runId, timer);
  }
  return { id: request.id };
}

function close(writer: RunLedger, reader: RunLedger, id: number): void {
  for (const timer of leases.values()) clearInterval(timer);
  reader.close();
  writer.close();
  port.postMessage({ id } satisfies StoreAnswer);
  port.close();
}
