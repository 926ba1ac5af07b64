import { openedDays, type BuiltBackfills } from "./opened-days";

const built = <Module>(path: string): Module => require(`../../dist/${path}`) as Module;
const product: BuiltBackfills = {
  ...built<typeof import("../../runtime/instance/open-store")>("runtime/instance/open-store.js"),
  ...built<typeof import("../../runtime/instance/process-identity")>("runtime/instance/process-identity.js"),
  ...built<typeof import("../../runtime/launch/session")>("runtime/launch/session.js"),
  ...built<typeof import("../../runtime/launch/backfills")>("runtime/launch/backfills.js"),
  ...built<typeof import("../../runtime/scan/scan-definitions")>("runtime/scan/scan-definitions.js"),
  ...built<typeof import("../../src/base/clock")>("src/base/clock.js"),
};

const DAYS = "key:orders or key:index";

/** A backfill from its request over its failure and its retry to its end, then one that is paused, resumed and canceled: `node backfill-scenario.ts HOME`. */
async function main(home: string): Promise<void> {
  const { store, backfills, mend } = await openedDays(home, product);
  const failed = await backfills.resume(await backfills.create(DAYS, await backfills.plan(DAYS), {}));
  mend();
  await backfills.retry(failed);
  const options = { maxConcurrentRuns: 1 };
  const other = await backfills.create("returns", await backfills.plan("returns", options), options);
  const paused = await backfills.resume(other, { onRunStart: () => void store.pauseBackfill(other.id) });
  await backfills.resume(paused, { onRunStart: () => void store.cancelBackfill(other.id, 1) });
  await store.close();
}

void main(process.argv[2] ?? "");
