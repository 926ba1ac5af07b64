import { openMemoryStore } from "../../../runtime/store/memory-store";
import { runStoreContract } from "../../contracts/run-store.contract";

describe("the store in memory", () => {
  runStoreContract(() => Promise.resolve(openMemoryStore()));
});
