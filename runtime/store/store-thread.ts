import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { systemClock } from "../../src/base/clock.js";
import { InternalError, MillraceError, messageOf } from "../../src/base/errors.js";
import type { StoreLedger } from "../../src/storage/sql/store-ledger.js";
import { openLedgers, type Ledgers } from "./open-ledgers.js";
import { CHANGED, LEASES, WRITES, type StoreAnswer, type StoreFault, type StoreRequest, type StoreThreadData } from "./store-messages.js";
import { fromWire, toWire } from "./wire-sets.js";

if (!parentPort) throw new InternalError("The store thread was loaded outside a worker.");
const port = parentPort;
const { path, fsync } = workerData as StoreThreadData;
const leases = new Map<string, NodeJS.Timeout>();
let closed = false;
const writes = new Set<string>(WRITES);
const aboutLeases = new Set<string>(LEASES);

function faultOf(error: unknown): StoreFault {
  if (!(error instanceof MillraceError)) return { code: "STORE.FAILED", message: messageOf(error) };
  return {
    code: error.code,
    message: error.message,
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    ...(error.cause === undefined ? {} : { cause: messageOf(error.cause) }),
  };
}

function open(): Ledgers | undefined {
  try {
    return openLedgers(path, fsync);
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
function serve(opened: Ledgers, requests: readonly StoreRequest[]): void {
  const { writer, reader } = opened;
  const toWrite = requests.filter((request) => writes.has(request.method));
  if (toWrite.length === 1 && toWrite[0]) port.postMessage(attempt(writer, toWrite[0]));
  else if (toWrite.length > 1) writeTogether(writer, toWrite);
  for (const request of requests) {
    if (writes.has(request.method)) continue;
    if (request.method === "close") return close(opened, request.id);
    if (request.method === "watch") {
      opened.watch((runId) => port.postMessage({ id: CHANGED, value: runId } satisfies StoreAnswer));
      continue;
    }
    port.postMessage(aboutLeases.has(request.method) ? lease(writer, request) : attempt(reader, request));
  }
  if (requests.some(({ method }) => writes.has(method) || method === "partitionStatus")) setImmediate(tidy, writer, reader);
}

/** After the answers: nobody waits for it, and what cannot be tidied now is tidied another time. */
function tidy(writer: StoreLedger, reader: StoreLedger): void {
  if (closed) return;
  try {
    writer.tidy(reader);
  } catch {
    // Another process held the lock for too long, or the disk is full: what waits for an answer will say so.
  }
}

function writeTogether(writer: StoreLedger, requests: readonly StoreRequest[]): void {
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

function attempt(ledger: StoreLedger, request: StoreRequest): StoreAnswer {
  try {
    const { id, method, args } = request;
    return { id, value: toWire(method, ledger.call(method, fromWire(method, args) as readonly unknown[])) };
  } catch (error) {
    return { id: request.id, error: faultOf(error) };
  }
}

/** Renews from this thread, so that a step that keeps the main thread busy does not look dead. */
function lease(writer: StoreLedger, request: StoreRequest): StoreAnswer {
  const [of, epoch, leaseMs] = request.args as [string, number, number];
  clearInterval(leases.get(of));
  leases.delete(of);
  if (request.method !== "dropLease") {
    const renew = (): void => {
      try {
        const untilMs = systemClock.nowMs() + leaseMs;
        const isBackfill = request.method === "keepBackfill";
        const isKept = isBackfill ? writer.backfills.renewBackfill(of, epoch, untilMs) : writer.runs.renewLease(of, epoch, untilMs);
        if (!isKept) clearInterval(timer);
      } catch {
        // Another process held the lock for too long; the next turn comes well before the lease ends.
      }
    };
    const timer = setInterval(renew, leaseMs / 3);
    leases.set(of, timer);
  }
  return { id: request.id };
}

function close(opened: Ledgers, id: number): void {
  for (const timer of leases.values()) clearInterval(timer);
  closed = true;
  opened.close();
  port.postMessage({ id } satisfies StoreAnswer);
  port.close();
}
