import { backfillTests } from "./backfill-tests";
import { databases } from "./postgres-place";

describe("a backfill with its store on Postgres whose process is killed", () => {
  backfillTests(databases());
});
