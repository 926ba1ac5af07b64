import { InternalError } from "../../base/errors.js";
import type { AssetKey } from "../../model/asset-spec.js";
import type { Fsync, StoreInfo } from "../run-store.js";
import { BackfillLedger } from "./backfill-ledger.js";
import { describeStore } from "../store-address.js";
import type { Connection, Dialect } from "./dialect.js";
import { LayoutTable } from "./layout-table.js";
import { migrate, SCHEMA_VERSION } from "./migrate.js";
import { PartitionLedger } from "./partition-ledger.js";
import { RunLedger } from "./run-ledger.js";
import { RunReads } from "./run-reads.js";
import { statements } from "./statements.js";
import { Transactions } from "./transactions.js";

/** Changes of an asset's partitions between two looks at whether they should be folded. The first one is looked at too: processes may be short. */
const LOOK_EVERY = 64;

/** All of a store on one connection, synchronous: its ledgers share transactions. */
export class StoreLedger {
  readonly runs: RunLedger;
  readonly reads: RunReads;
  readonly partitions: PartitionLedger;
  readonly backfills: BackfillLedger;
  readonly #connection: Connection;
  readonly #transactions: Transactions;
  readonly #info: StoreInfo;
  readonly #changes = new Map<AssetKey, number>();
  readonly #toLookAt = new Set<AssetKey>();

  /** @throws {@link StoreError} when it cannot be opened, is damaged, or was written by a later version */
  constructor(dialect: Dialect, path: string, fsync: Fsync) {
    const connection = dialect.open(path, fsync);
    try {
      migrate(connection, dialect, path);
    } catch (error) {
      connection.close();
      throw dialect.explain(error, path);
    }
    const sql = statements(connection, dialect);
    const transactions = new Transactions(connection, dialect, path);
    const layouts = new LayoutTable(sql);
    this.#connection = connection;
    this.#transactions = transactions;
    this.#info = { schemaVersion: SCHEMA_VERSION, path: describeStore(path), fsync };
    this.runs = new RunLedger(sql, { dialect, transactions, layouts, onChange: (assetKey) => this.#count(assetKey) });
    this.reads = new RunReads(sql, connection, transactions);
    this.partitions = new PartitionLedger(sql, transactions, layouts);
    this.backfills = new BackfillLedger(sql, { transactions, layouts, dialect });
  }

  /** Runs several transactions as one: each is a savepoint within, and none is durable before the function returns. */
  group(body: () => void): void {
    this.#transactions.group(body);
  }

  /** Calls a method of a port by its name. */
  call(method: string, args: readonly unknown[]): unknown {
    if (method === "info") return this.info();
    for (const ledger of [this.runs, this.reads, this.partitions, this.backfills]) {
      const found = (ledger as unknown as Record<string, ((...given: readonly unknown[]) => unknown) | undefined>)[method];
      if (found) return found.apply(ledger, args as unknown[]);
    }
    throw new InternalError(`The store has no method "${method}".`);
  }

  /**
   * Folds the changes of partitions where many have come together, and numbers those anew that had to be translated for readers. For moments when nobody
   * waits.
   * @param reader - the ledger that reads for this one
   */
  tidy(reader: StoreLedger = this): void {
    for (const [assetKey, layout] of reader.partitions.takeTranslated()) this.partitions.renumberPartitions(assetKey, layout);
    for (const assetKey of this.#toLookAt) {
      this.#toLookAt.delete(assetKey);
      if (this.partitions.needsFold(assetKey)) this.partitions.foldPartitions(assetKey);
    }
  }

  info(): StoreInfo {
    return this.#info;
  }

  #count(assetKey: AssetKey): void {
    const count = this.#changes.get(assetKey) ?? 0;
    this.#changes.set(assetKey, count + 1);
    if (count % LOOK_EVERY === 0) this.#toLookAt.add(assetKey);
  }

  close(): void {
    this.#connection.close();
  }
}
