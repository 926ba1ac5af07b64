import { openMemoryStore } from "../../../runtime/store/memory-store";
import { backfillStoreContract } from "../../contracts/backfill-store.contract";
import { partitionStoreContract } from "../../contracts/partition-store.contract";
import { runStoreContract } from "../../contracts/run-store.contract";

describe("the store in memory", () => {
  runStoreContract(() => Promise.resolve(openMemoryStore()));
  partitionStoreContract(() => Promise.resolve(openMemoryStore()));
  backfillStoreContract(() => Promise.resolve(openMemoryStore()));
});
