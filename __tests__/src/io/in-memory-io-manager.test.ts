import { describeIOManager } from "../../../runtime/testing/io-manager-contract.js";
import { InMemoryIOManager } from "../../../src/io/in-memory-io-manager.js";

describeIOManager("InMemoryIOManager", () => new InMemoryIOManager(), { values: [{ total: 1 }, [1, 2, 3], null, new Map([["a", 1n]])] });
