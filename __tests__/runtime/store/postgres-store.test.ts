import { openStore } from "../../../runtime/store/store-proxy";
import { backfillStoreContract } from "../../contracts/backfill-store.contract";
import { partitionStoreContract } from "../../contracts/partition-store.contract";
import { runStoreContract } from "../../contracts/run-store.contract";
import { PostgresServer } from "../../../tools/servers/postgres";

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

let schemas = 0;
/** A store of its own: a schema of the one database. */
const newStore = (): string => `${server.url}?schema=s${schemas++}`;

describe("the store on Postgres", () => {
  runStoreContract(() => openStore({ path: newStore() }));
  partitionStoreContract(() => openStore({ path: newStore() }));
  backfillStoreContract(() => openStore({ path: newStore() }));
});
