import { type AssetSetSpec, defineAssets, Definitions, edge, InMemoryIOManager, output } from "../../../runtime/entries/index.js";
import { thisProcess } from "../../../runtime/instance/process-identity.js";
import { Session } from "../../../runtime/launch/session.js";
import { scanDefinitions } from "../../../runtime/scan/scan-definitions.js";
import { openMemoryStore } from "../../../runtime/store/memory-store.js";
import { systemClock } from "../../../src/base/clock.js";

test("a retry runs what failed and what hangs on that, not what was left out because of an omission", async () => {
  let broken = true;
  const asset = (key: string, deps: NonNullable<AssetSetSpec["deps"]>, body: () => string | undefined) =>
    defineAssets({
      specs: [{ key, deps, skippable: true }],
      run: async function* () {
        const value = body();
        if (value !== undefined) yield output(key, value);
      },
    });
  const assets = [
    asset("empty", [], () => undefined),
    asset("below_empty", ["empty"], () => "never"),
    asset("fails", [], () => {
      if (broken) throw new Error("broken");
      return "mended";
    }),
    asset("below_both", ["fails", "empty"], () => "never"),
    asset("below_fails", ["fails"], () => "after all"),
    asset("rescue", [edge("fails", { when: "failure" })], () => undefined),
    asset("below_rescue", ["rescue"], () => "never"),
  ];
  const store = openMemoryStore();
  const resolved = await scanDefinitions(new Definitions({ assets, io: InMemoryIOManager.with({}) }), "The definitions");
  const session = new Session({ resolved, store, storageDir: "", clock: systemClock, concurrency: 4, cancelGraceMs: 10, codeVersion: "v", env: {}, owner: thisProcess() }); // prettier-ignore
  const statuses = async (runId: string) => Object.fromEntries((await store.steps(runId)).map(({ key, status }) => [key, status]));

  const { runId } = await session.materialize();
  expect(await statuses(runId)).toEqual({ empty: "SUCCESS", below_empty: "SKIPPED", fails: "FAILURE", below_both: "SKIPPED", below_fails: "NOT_RUN", rescue: "SUCCESS", below_rescue: "SKIPPED" }); // prettier-ignore
  broken = false;
  const first = await store.getRun(runId);
  const again = await session.retry(first ?? (undefined as never));
  expect(again.status).toBe("SUCCESS");
  expect(await statuses(again.runId)).toEqual({ fails: "SUCCESS", below_fails: "SUCCESS" });
  await store.close();
});
