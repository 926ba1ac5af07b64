import { openProjectStore } from "../../runtime/instance/open-store";
import { thisProcess } from "../../runtime/instance/process-identity";
import { Backfills } from "../../runtime/launch/backfills";
import { Session } from "../../runtime/launch/session";
import { scanDefinitions } from "../../runtime/scan/scan-definitions";
import { systemClock } from "../../src/base/clock";
import { sqliteDialect } from "../../src/storage/sql/sqlite-dialect";
import { compileStatements } from "../../src/storage/sql/statements";
import { each, forget, killPoints, live, newHome, type KillPoint } from "./crash-suite";
import { openedDays } from "./opened-days";

const product = { openProjectStore, thisProcess, Session, Backfills, scanDefinitions, systemClock };
const statements = compileStatements(sqliteDialect);
const SCENARIO = "backfill-scenario.ts";
const PARTITIONS = ["2024-01-01", "2024-01-02", "2024-01-03"];

/** Goes on with what the dead process left, as a user does; what is wrong then. */
async function faultsAfter(home: string): Promise<string[]> {
  const { store, backfills } = await openedDays(home, product);
  try {
    const [left] = await store.listBackfills({ limit: 1 });
    const record = left ?? (await backfills.create("*", await backfills.plan("*"), {}));
    const { status } = record.status === "SUCCESS" ? record : await backfills.resume(record);
    const faults = status === "SUCCESS" ? [] : [`The backfill is ${status}.`];
    for (const assetKey of ["orders", "index"]) {
      const events = await store.assetEvents({ assetKey, limit: 1_000 });
      const made = events.flatMap(({ type, partition }) => (type === "ASSET_MATERIALIZATION" ? [partition?.key] : [])).sort();
      if (made.join() !== PARTITIONS.join()) faults.push(`"${assetKey}" was made of ${made.join() || "nothing"}.`);
    }
    return faults;
  } finally {
    await store.close();
  }
}

async function kill(wanted: KillPoint): Promise<string[]> {
  for (const point of [wanted, { ...wanted, nth: 1 }]) {
    const home = newHome();
    try {
      const { signal } = await live(home, statements, point, SCENARIO);
      if (signal !== "SIGKILL") continue;
      return (await faultsAfter(home)).map((fault) => `${point.side} ${point.label} #${point.nth}: ${fault}`);
    } finally {
      forget(home);
    }
  }
  return [`${wanted.label} was never reached again.`];
}

it("a backfill whose process is killed goes on: nothing is made twice, nothing is forgotten, wherever it was killed", async () => {
  const home = newHome();
  const whole = await live(home, statements, undefined, SCENARIO);
  expect(whole).toMatchObject({ code: 0, errors: "" });
  expect(await faultsAfter(home)).toEqual([]);
  forget(home);
  const points = killPoints(whole.hits).filter(({ label }) => !/^(create|drop|alter|insert into|pragma)/i.test(label)); // the crash suite kills within migrations
  expect(points.map(({ label }) => label)).toEqual(
    expect.arrayContaining(["insertBackfill", "insertBackfillTarget", "countBackfillRun", "moveBackfill"]),
  );
  expect((await each(points, kill)).flat()).toEqual([]);
}, 600_000);
