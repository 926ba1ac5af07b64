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

/** One backfill from its request to its end: `node backfill-scenario.ts HOME`. */
async function main(home: string): Promise<void> {
  const { store, backfills } = await openedDays(home, product);
  await backfills.resume(await backfills.create("*", await backfills.plan("*"), {}));
  await store.close();
}

void main(process.argv[2] ?? "");
