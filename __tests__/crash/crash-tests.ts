import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { openProjectStore } from "../../runtime/instance/open-store";
import { thisProcess } from "../../runtime/instance/process-identity";
import { repairBackfills, repairStore } from "../../runtime/instance/repair";
import { Session } from "../../runtime/launch/session";
import { scanDefinitions } from "../../runtime/scan/scan-definitions";
import { systemClock } from "../../src/base/clock";
import { JsonCodec } from "../../src/io/json-codec";
import { each, live, neverHit, standIns, writingStatements, type KillPoint, type Place } from "./crash-suite";
import type { Outcome } from "./figures";
import { openedShop, type Built } from "./opened-shop";
import { EXPECTED } from "./shop";
import { untruths } from "./truths";

const product: Built = { openProjectStore, repairStore, repairBackfills, thisProcess, Session, scanDefinitions, systemClock };
const SHOP = { limit: 10, tag: { key: "scenario", value: "shop" } } as const;

/** Opens what the dead process left, as the next command does; then makes the shop's run succeed. */
async function aftermath(home: string): Promise<Pick<Outcome, "repaired" | "retried" | "faults">> {
  const { store, storageDir, repaired, mendedFile, sessionOn } = await openedShop(home, product);
  try {
    const faults = untruths(home);
    writeFileSync(mendedFile, "");
    const [latest] = await store.listRuns(SHOP);
    const session = sessionOn(store);
    const retried = latest === undefined ? "materialized" : latest.status === "SUCCESS" ? "done" : "retried";
    if (retried === "materialized") await session.materialize("*", { tags: { scenario: "shop" } });
    if (retried === "retried" && latest) await session.retry(latest);
    const [last] = await store.listRuns(SHOP);
    if (last?.status !== "SUCCESS") faults.push(`The run ended ${last?.status ?? "nowhere"} although nothing was broken any more.`);
    return { repaired: repaired.length, retried, faults: [...faults, ...untruths(home), ...(await wrongValues(storageDir))] };
  } finally {
    await store.close();
  }
}

async function wrongValues(storageDir: string): Promise<string[]> {
  const codec = new JsonCodec();
  const values = await Promise.all(
    Object.keys(EXPECTED).map(
      async (assetKey) => [assetKey, await codec.read(join(storageDir, `${assetKey}.json`), { assetKey })] as const,
    ),
  );
  return values.flatMap(([key, value]) => (isDeepStrictEqual(value, EXPECTED[key]) ? [] : [`The value of "${key}" is wrong.`]));
}

/** What must hold of a process that is killed, wherever its store is. @param told - hears what came of all kills */
export function crashTests(
  place: () => Place,
  told: (outcomes: readonly Outcome[], hits: readonly string[], tookMs: number) => void,
): void {
  let hits: readonly string[] = [];

  beforeAll(async () => {
    const home = await place().newHome();
    const whole = await live(home, place());
    expect(whole).toMatchObject({ code: 0, errors: "" });
    expect(await aftermath(home)).toEqual({ repaired: 0, retried: "done", faults: [] });
    hits = whole.hits;
    await place().forget(home);
  }, 60_000);

  it("reaches every statement that writes", () => {
    const writing = writingStatements(place().statements);
    expect(writing.length).toBeGreaterThan(20); // or this test would look at nothing
    expect(neverHit([...writing, "begin", "commit", "rollback", "savepoint", "release", "publish"], hits)).toEqual([]);
    expect(neverHit(["insertRun", "archiveRun"], hits)).toEqual(["archiveRun"]);
  });

  it("leaves a store that the next command repairs truthfully, wherever it was killed", async () => {
    const startMs = performance.now();
    const outcomes = await each(place().points(hits), (point) => kill(place(), point));
    expect(outcomes.flatMap(({ point, faults }) => faults.map((fault) => `${point.side} ${point.label} #${point.nth}: ${fault}`))).toEqual(
      [],
    );
    told(outcomes, hits, performance.now() - startMs);
  }, 1_200_000);
}

async function kill(place: Place, wanted: KillPoint): Promise<Outcome> {
  let last = "";
  for (const point of standIns(wanted)) {
    const home = await place.newHome();
    try {
      const startMs = performance.now();
      const life = await live(home, place, point);
      last = `The last life ended by itself: ${life.code} ${life.errors}`;
      if (life.signal !== "SIGKILL") continue;
      return { ...outcome(point, startMs, []), ...(await aftermath(home)), tookMs: performance.now() - startMs };
    } catch (error) {
      return outcome(point, 0, [String((error as Error).stack)]);
    } finally {
      await place.forget(home);
    }
  }
  return outcome(wanted, 0, [`It was never reached again. ${last}`]);
}

const outcome = (point: KillPoint, startMs: number, faults: readonly string[]): Outcome => ({
  point,
  repaired: 0,
  retried: "done",
  faults: [...faults],
  tookMs: performance.now() - startMs,
});
