import "reflect-metadata";

export { materialize, TestRunFailedError, type TestRunOptions, type TestRunResult } from "../testing/materialize.js";
export { testCheckContext, testContext, TestContext, type TestContextOptions } from "../testing/test-context.js";
export { testPartitions } from "../testing/test-partitions.js";
export { ManualClock } from "../testing/manual-clock.js";
export { describeIOManager, inputContextFor, outputContextFor, type IOManagerSamples } from "../testing/io-manager-contract.js";
export type { StepCheckContext, StepContext } from "../execute/step-context.js";
export type { Clock } from "../../src/base/clock.js";
