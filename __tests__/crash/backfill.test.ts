import { backfillTests } from "./backfill-tests";
import { FILES } from "./crash-suite";

describe("a backfill whose process is killed", () => {
  backfillTests(() => FILES);
});
