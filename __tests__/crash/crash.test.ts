import { FILES } from "./crash-suite";
import { crashTests } from "./crash-tests";
import { writeFigures } from "./figures";

describe("a process that is killed", () => {
  crashTests(() => FILES, writeFigures);
});
