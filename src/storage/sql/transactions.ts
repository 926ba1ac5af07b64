import { MillraceError } from "../../base/errors.js";
import type { Connection, Dialect } from "./dialect.js";

/**
 * The transactions on one connection. Within a {@link Transactions.group} each is a savepoint of the transaction around them.
 */
export class Transactions {
  readonly #connection: Connection;
  readonly #dialect: Dialect;
  readonly #path: string;
  #grouped = false;
  /** Why the transaction around a group is gone. */
  #groupLost: Error | undefined;

  constructor(connection: Connection, dialect: Dialect, path: string) {
    this.#connection = connection;
    this.#dialect = dialect;
    this.#path = path;
  }

  /** Runs several transactions as one: each is a savepoint within, and none is durable before the function returns. */
  group(body: () => void): void {
    this.#begin();
    this.#grouped = true;
    this.#groupLost = undefined;
    try {
      body();
      this.#assertGroup();
      this.#connection.exec("commit");
    } catch (error) {
      this.#rollback();
      throw this.#dialect.explain(error, this.#path);
    } finally {
      this.#grouped = false;
    }
  }

  /** All that the function writes, or nothing of it. */
  write<T>(body: () => T): T {
    if (this.#grouped) return this.#savepoint(body);
    this.#begin();
    try {
      const result = body();
      this.#connection.exec("commit");
      return result;
    } catch (error) {
      this.#rollback();
      throw this.#dialect.explain(error, this.#path);
    }
  }

  read<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw this.#dialect.explain(error, this.#path);
    }
  }

  #savepoint<T>(body: () => T): T {
    // Without the transaction around it a savepoint would commit by itself.
    this.#assertGroup();
    this.#connection.exec("savepoint message");
    try {
      const result = body();
      this.#connection.exec("release message");
      return result;
    } catch (error) {
      const explained = this.#dialect.explain(error, this.#path);
      try {
        this.#connection.exec("rollback to message");
        this.#connection.exec("release message");
      } catch (gone) {
        this.#groupLost = error instanceof MillraceError ? this.#dialect.explain(gone, this.#path) : explained;
      }
      throw explained;
    }
  }

  #assertGroup(): void {
    if (this.#groupLost) throw this.#groupLost;
  }

  #begin(): void {
    try {
      this.#connection.exec(this.#dialect.beginWrite);
    } catch (error) {
      throw this.#dialect.explain(error, this.#path);
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
