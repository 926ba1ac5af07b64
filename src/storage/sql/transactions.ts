import { MillraceError } from "../../base/errors.js";
import type { Connection, Dialect } from "./dialect.js";

/**
 * The transactions on one connection. Within a {@link Transactions.group} each is a savepoint of the transaction around them. One that a lost
 * connection or a deadlock undid is done again, by calling its function again.
 */
export class Transactions {
  readonly #connection: Connection;
  readonly #dialect: Dialect;
  readonly #store: string;
  #grouped = false;
  /** Why the transaction around a group is gone: what the driver said. */
  #groupLost: { readonly error: unknown } | undefined;

  constructor(connection: Connection, dialect: Dialect, store: string) {
    this.#connection = connection;
    this.#dialect = dialect;
    this.#store = store;
  }

  /** Runs several transactions as one: each is a savepoint within, and none is durable before the function returns. */
  group(body: () => void): void {
    this.#explained(() => {
      this.#grouped = true;
      this.#groupLost = undefined;
      try {
        this.#within(this.#dialect.beginWrite, () => {
          body();
          if (this.#groupLost) throw this.#groupLost.error;
        });
      } finally {
        this.#grouped = false;
      }
    });
  }

  /** All that the function writes, or nothing of it. */
  write<T>(body: () => T): T {
    return this.#grouped ? this.#savepoint(body) : this.#explained(() => this.#within(this.#dialect.beginWrite, body));
  }

  read<T>(body: () => T): T {
    return this.#explained(body);
  }

  /** Reads of one moment. */
  snapshot<T>(body: () => T): T {
    return this.#grouped ? body() : this.#explained(() => this.#within(this.#dialect.beginRead, body));
  }

  /** Keeps others from what has these names until the transaction ends. Once in a transaction: so two never wait for each other. */
  lock(names: () => readonly string[]): void {
    this.#connection.lock?.(names());
  }

  /** Tells other processes that this run was canceled or has ended, once the transaction is stored. */
  announce(runId: string): void {
    this.#connection.announce?.(runId);
  }

  #within<T>(begin: string, body: () => T): T {
    this.#connection.exec(begin);
    try {
      const result = body();
      this.#connection.exec("commit");
      return result;
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  #explained<T>(body: () => T): T {
    for (let tries = 1; ; tries++) {
      try {
        return body();
      } catch (error) {
        if (this.#recovers(error, tries)) continue;
        throw this.#dialect.explain(error, this.#store);
      }
    }
  }

  #recovers(error: unknown, tries: number): boolean {
    try {
      return !this.#grouped && (this.#connection.recover?.(error, tries) ?? false);
    } catch (hopeless) {
      throw this.#dialect.explain(hopeless, this.#store);
    }
  }

  #savepoint<T>(body: () => T): T {
    // Without the transaction around it a savepoint would commit by itself.
    if (this.#groupLost) throw this.#dialect.explain(this.#groupLost.error, this.#store);
    this.#connection.exec("savepoint message");
    try {
      const result = body();
      this.#connection.exec("release message");
      return result;
    } catch (error) {
      if (this.#connection.isLost?.(error)) this.#groupLost = { error };
      else this.#undoSavepoint(error);
      throw this.#dialect.explain(error, this.#store);
    }
  }

  #undoSavepoint(error: unknown): void {
    try {
      this.#connection.exec("rollback to message");
      this.#connection.exec("release message");
    } catch (gone) {
      this.#groupLost = { error: error instanceof MillraceError ? gone : error };
    }
  }

  #rollback(): void {
    try {
      this.#connection.exec("rollback");
    } catch {
      // The database has rolled back by itself (a full disk does that); the first error tells why.
    }
  }
}
