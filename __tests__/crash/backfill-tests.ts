import { openProjectStore } from "../../runtime/instance/open-store";
import { thisProcess } from "../../runtime/instance/process-identity";
import { Backfills } from "../../runtime/launch/backfills";
import { Session } from "../../runtime/launch/session";
import { scanDefinitions } from "../../runtime/scan/scan-definitions";
import { systemClock } from "../../src/base/clock";
import { each, live, neverHit, standIns, writingStatements, type KillPoint, type Place } from "./crash-suite";
import { openedDays } from "./opened-days";

const product = { openProjectStore, thisProcess, Session, Backfills, scanDefinitions, systemClock };
const SCENARIO = "backfill-scenario.ts";
/** What another process does, or the store's thread after a while: within the scenario of `crash.test.ts`. */
const LEFT_TO_ANOTHER: ReadonlySet<string> = new Set(["repairBackfill", "renewBackfill"]);
const PARTITIONS = ["2024-01-01", "2024-01-02", "2024-01-03"];

/** Goes on with what the dead process left, as a user does; what is wrong then. */
async function faultsAfter(home: string): Promise<string[]> {
  const { store, backfills, mend } = await openedDays(home, product);
  try {
    const faults: string[] = [];
    const all = [...(await store.listBackfills({ limit: 2 }))].reverse();
    for (const { id, status, driver } of all)
      if (driver || status === "CANCELING") faults.push(`Backfill ${id} is ${status} and nobody drives it.`);
    const selection = "key:orders or key:index";
    const record = all[0] ?? (await backfills.create(selection, await backfills.plan(selection), {}));
    const resumed = record.status === "SUCCESS" || record.status === "FAILURE" ? record : await backfills.resume(record);
    const isRetried = resumed.retriedAfter !== undefined;
    mend();
    const { status } = resumed.status === "FAILURE" && !isRetried ? await backfills.retry(resumed) : resumed;
    if (status !== "SUCCESS")
      faults.push(`The backfill is ${status}${isRetried ? ", although it had been retried when it was killed" : ""}.`);
    if (all[1] && all[1].status !== "CANCELED") await backfills.resume(all[1]);
    for (const [assetKey, wanted] of Object.entries({
      orders: PARTITIONS,
      index: PARTITIONS,
      returns: all[1]?.status === "CANCELED" ? undefined : PARTITIONS,
    })) {
      const events = await store.assetEvents({ assetKey, limit: 1_000 });
      const made = events.flatMap(({ type, partition }) => (type === "ASSET_MATERIALIZATION" ? (partition?.key ?? "") : [])).sort();
      const isRight = wanted && (assetKey !== "returns" || all[1]) ? made.join() === wanted.join() : new Set(made).size === made.length;
      if (!isRight) faults.push(`"${assetKey}" was made of ${made.join() || "nothing"}.`);
    }
    return faults;
  } finally {
    await store.close();
  }
}

async function kill(place: Place, wanted: KillPoint): Promise<string[]> {
  for (const point of standIns(wanted)) {
    const home = await place.newHome();
    try {
      const { signal } = await live(home, place, point, SCENARIO);
      if (signal !== "SIGKILL") continue;
      return (await faultsAfter(home)).map((fault) => `${point.side} ${point.label} #${point.nth}: ${fault}`);
    } finally {
      await place.forget(home);
    }
  }
  return [`${wanted.label} was never reached again.`];
}

/** What must hold of a backfill whose process is killed, wherever its store is. */
export function backfillTests(place: () => Place): void {
  it("goes on: nothing is made twice, nothing is forgotten, wherever it was killed", async () => {
    const home = await place().newHome();
    const whole = await live(home, place(), undefined, SCENARIO);
    expect(whole).toMatchObject({ code: 0, errors: "" });
    expect(await faultsAfter(home)).toEqual([]);
    await place().forget(home);
    const points = place()
      .points(whole.hits)
      .filter(({ label }) => !/^(create|drop|alter|insert into|pragma)/i.test(label)); // the crash suite kills within migrations
    const ofBackfills = writingStatements(place().statements).filter((name) => /backfill/i.test(name) && !LEFT_TO_ANOTHER.has(name));
    expect(ofBackfills.length).toBeGreaterThan(6);
    expect(neverHit(ofBackfills, whole.hits)).toEqual([]);
    expect((await each(points, (point) => kill(place(), point))).flat()).toEqual([]);
  }, 1_200_000);
}
