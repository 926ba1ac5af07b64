import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from "node:worker_threads";
import type { Fsync } from "../../src/storage/run-store.js";
import type { PostgresAddress } from "../../src/storage/store-address.js";
import { threadFile } from "./thread-file.js";
import { NO_ANSWER } from "../../src/storage/sql/postgres-errors.js";
import type { Wire, WireAnswer, WireFault, WireStatement } from "../../src/storage/sql/wire.js";

/** What the thread with the sessions is started with. */
export interface PostgresThreadData {
  readonly port: MessagePort;
  readonly address: PostgresAddress;
  readonly fsync: Fsync;
  /** Counts the answers. */
  readonly answered: Int32Array;
}

/** One request to it. */
export interface BridgeRequest {
  readonly id: number;
  readonly connection: number;
  readonly ask: "connect" | "exchange" | "close" | "listen";
  /** Is told what is heard; to `listen`, which is not answered. */
  readonly told?: MessagePort;
  readonly statements?: readonly WireStatement[];
}

/** Its answer. */
export interface BridgeAnswer {
  readonly id: number;
  readonly value: WireAnswer | WireFault | undefined;
}

/** Longer than a session takes to give up a server that is not heard of any more: then the thread itself is gone. */
const PATIENCE_MS = 120_000;

/**
 * Sessions with a server for code that waits for each answer, as the store's thread does: the driver waits for nothing, so it lives in a thread of its
 * own, and whoever asks sleeps until the answer is there.
 */
export class PostgresBridge {
  readonly #port: MessagePort;
  readonly #answered = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;
  #connections = 0;
  #requests = 0;

  constructor(address: PostgresAddress, fsync: Fsync) {
    const { port1, port2 } = new MessageChannel();
    const data: PostgresThreadData = { port: port2, address, fsync, answered: this.#answered };
    this.#worker = new Worker(threadFile("postgres-thread"), { workerData: data, transferList: [port2], execArgv: [] });
    this.#worker.unref();
    this.#port = port1;
    this.#port.unref();
  }

  /** A way to the server with a session of its own. */
  wire(): Wire {
    const connection = this.#connections++;
    return {
      exchange: (statements) => this.#ask({ connection, ask: "exchange", statements }) as WireAnswer,
      connect: () => this.#ask({ connection, ask: "connect" }) as WireFault | undefined,
      close: () => void this.#ask({ connection, ask: "close" }),
    };
  }

  /** Hears which runs other processes cancel or end. */
  listen(told: (runId: string) => void): void {
    const { port1, port2 } = new MessageChannel();
    port1.on("message", told);
    port1.unref();
    this.#port.postMessage({ id: 0, connection: -1, ask: "listen", told: port2 } satisfies BridgeRequest, [port2]);
  }

  /** Ends the thread, once its sessions are closed. */
  end(): void {
    this.#port.close();
    void this.#worker.terminate();
  }

  #ask(request: Omit<BridgeRequest, "id">): BridgeAnswer["value"] {
    const id = ++this.#requests;
    let before = Atomics.load(this.#answered, 0);
    this.#port.postMessage({ ...request, id } satisfies BridgeRequest);
    for (;;) {
      for (let received = receiveMessageOnPort(this.#port); received; received = receiveMessageOnPort(this.#port)) {
        const answer = received.message as BridgeAnswer;
        if (answer.id === id) return answer.value; // and not one that came too late
      }
      if (Atomics.wait(this.#answered, 0, before, PATIENCE_MS) === "timed-out") return unanswered(request.ask);
      before = Atomics.load(this.#answered, 0);
    }
  }
}

function unanswered(ask: BridgeRequest["ask"]): WireAnswer | WireFault {
  const fault = { code: NO_ANSWER, message: "the thread with the connection does not answer" };
  return ask === "exchange" ? { results: [], fault } : fault;
}
