import { createConnection } from "node:net";
import type { ClientConfig, Pool, PoolClient } from "pg";
import { explained } from "./explain-error.js";
import { pg } from "./pg.js";
import { addressOf, driverSettings, type PostgresAddress, type PostgresSettings } from "./postgres-settings.js";

export type { PoolClient } from "pg";

/** What a canceled statement is given to end by itself, in milliseconds, before its connection is cut. */
const CANCEL_GRACE_MS = 2_000;

/** The number of a CancelRequest in the protocol. */
const CANCEL_CODE = 80877102;

/** Connections to one Postgres: opened when they are needed, kept for the next, stopped by a signal on the server too. */
export class PostgresPool {
  /** Where the connections go. */
  readonly address: PostgresAddress;
  readonly #config: ClientConfig;
  readonly #poolSize: number;
  #pool: Pool | undefined;

  constructor(settings: PostgresSettings) {
    this.#config = driverSettings(settings);
    this.address = addressOf(this.#config);
    this.#poolSize = settings.poolSize;
  }

  /**
   * Lends a connection to the work and takes it back. When the signal aborts, what runs on the server is canceled, the connection
   * is closed (which rolls back its transaction), and the signal's reason is thrown.
   * @throws {@link PostgresError} when no connection can be had; what the work throws
   */
  async lend<T>(signal: AbortSignal | undefined, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const { client, giveBack } = await this.borrow(signal);
    try {
      return await work(client);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      giveBack();
    }
  }

  /** A connection until it is given back, for work that is no function: see {@link lend}. A broken one is closed. */
  async borrow(signal: AbortSignal | undefined): Promise<{ client: PoolClient; giveBack: (broken?: boolean) => void }> {
    signal?.throwIfAborted();
    const client = await this.#connect(signal);
    let lost = false;
    const lose = (): void => void (lost = true);
    client.on("error", lose); // a connection that is lost while nobody waits for it
    const stop = (): void => this.#stop(client);
    signal?.addEventListener("abort", stop, { once: true });
    const giveBack = (broken = false): void => {
      signal?.removeEventListener("abort", stop);
      client.off("error", lose);
      client.release(broken || lost || (signal?.aborted ?? false) || transactionOpen(client));
    };
    return { client, giveBack };
  }

  /** The driver's error with the server's name in it. @param doing - what was being done, e.g. `COPY into shop.orders` */
  explained(error: unknown, doing?: string): unknown {
    const { password } = this.#config;
    return explained(error, { address: this.address, password: typeof password === "string" ? password : undefined, doing });
  }

  /** Closes all connections; those lent out, when they come back. */
  async end(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.end();
  }

  async #connect(signal: AbortSignal | undefined): Promise<PoolClient> {
    this.#pool ??= this.#opened();
    const connecting = this.#pool.connect();
    try {
      return await unlessAborted(connecting, signal);
    } catch (error) {
      if (signal?.aborted) {
        connecting.then((late) => late.release(), () => undefined); // prettier-ignore
        throw signal.reason;
      }
      throw this.explained(error, "connecting");
    }
  }

  #opened(): Pool {
    const { Client, Pool } = pg();
    const { connectionTimeoutMillis = 0, ...config } = this.#config;
    // The pool's own limit would count the wait for another's connection too, which may rightly be long.
    class PatientClient extends Client {
      constructor() {
        super({ ...config, connectionTimeoutMillis });
      }
    }
    const pool = new Pool({ ...config, Client: PatientClient, max: this.#poolSize, idleTimeoutMillis: 30_000, allowExitOnIdle: true });
    pool.on("error", () => undefined); // an idle connection was closed by the server: the pool opens another
    return pool;
  }

  /** Asks the server to cancel what the connection does, and cuts it when that takes too long. */
  #stop(client: PoolClient): void {
    const { connection, processID, secretKey } = client as unknown as DriverClient;
    requestCancel(this.address, processID, secretKey);
    const timer = setTimeout(() => connection.stream.destroy(), CANCEL_GRACE_MS);
    client.once("end", () => clearTimeout(timer));
    timer.unref();
  }
}

/** What the driver's types leave out. */
interface DriverClient {
  readonly connection: { readonly stream: { destroy(): void } };
  readonly processID: number;
  readonly secretKey: number | Buffer;
  getTransactionStatus?(): string | null;
}

/**
 * A CancelRequest goes over a connection of its own, unencrypted as libpq sends it; whether it helped shows in the statement. Who receives it
 * ends the connection: PgBouncer passes on nothing of a client that left first.
 */
function requestCancel({ host, port }: PostgresAddress, processId: number, secretKey: number | Buffer): void {
  const secret = Buffer.isBuffer(secretKey) ? secretKey : Buffer.alloc(4);
  if (!Buffer.isBuffer(secretKey)) secret.writeInt32BE(secretKey);
  const request = Buffer.alloc(12);
  request.writeInt32BE(12 + secret.length, 0);
  request.writeInt32BE(CANCEL_CODE, 4);
  request.writeInt32BE(processId, 8);
  const socket = createConnection(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
  socket.setTimeout(CANCEL_GRACE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.write(Buffer.concat([request, secret]));
  socket.unref();
}

function transactionOpen(client: PoolClient): boolean {
  const status = (client as unknown as DriverClient).getTransactionStatus?.();
  return status !== undefined && status !== null && status !== "I";
}

function unlessAborted<T>(waiting: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return waiting;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
    waiting.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
