import { crashTests } from "./crash-tests";
import { databases } from "./postgres-place";

describe("a process with its store on Postgres that is killed", () => {
  crashTests(databases(), () => undefined);
});
