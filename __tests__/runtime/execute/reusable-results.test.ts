import { ReusableResults } from "../../../runtime/execute/reusable-results.js";
import { InputVersions } from "../../../runtime/execute/input-versions.js";
import type { AssetSpec } from "../../../src/model/asset-spec.js";
import { RunDivision } from "../../../src/planning/run-division.js";
import type { EventPayload, EventRecord } from "../../../src/model/event.js";

const spec: AssetSpec = {
  key: "sum",
  unit: "sum",
  group: "default",
  owners: [],
  tags: {},
  kinds: [],
  metadata: {},
  deps: [{ key: "raw", kind: "load", when: "success" }],
  skippable: false,
  observable: false,
  partitions: null,
};
const made: EventPayload = { dataVersion: "s1", sourceVersion: "now", inputs: [{ key: "raw", dataVersion: "r1" }] };

function event(type: EventRecord["type"], payload: EventPayload): EventRecord {
  return { id: 1, runId: "r", seq: 1, type, atMs: 0, assetKey: "sum", payload };
}

/** Whether the latest result of "sum" is reused. */
function isReused(payload: EventPayload, { of = spec, raw = "r1" as string | null, check = {} as EventPayload } = {}): boolean {
  const latest = {
    assetKey: "sum",
    materialization: event("ASSET_MATERIALIZATION", payload),
    checks: check.check ? { [check.check.name]: event("ASSET_CHECK_EVALUATION", check) } : {},
  };
  const step = { key: "sum", unit: "sum", assets: ["sum"], checks: [], after: [] };
  const catalog = { assets: [of], checks: [], units: [] };
  const division = new RunDivision({ steps: [step] }, catalog, { asOf: { nowMs: 0 }, codes: new Map() });
  const inputs = new InputVersions({
    needs: () => undefined,
    upstream: () => ({ ...(raw === null ? {} : { dataVersion: raw }), eventId: 7, stored: true }),
    upstreamPartition: () => undefined,
  });
  const results = new ReusableResults({ catalog, division, sourceVersion: "now" }, { whole: [latest], divided: new Map() });
  return results.of(step, inputs) !== undefined;
}

const check = (blocking: boolean, passed: boolean): { check: EventPayload } => ({
  check: { check: { name: "some", passed, severity: "ERROR", blocking } },
});

it("reuses what read the same versions by the same code", () => {
  expect(isReused(made)).toBe(true);
});

it.each<[string, boolean]>([
  ["an input has another version", isReused(made, { raw: "r2" })],
  ["an input has no version any more", isReused(made, { raw: null })],
  ["its code has no version of its own, and some module changed", isReused({ ...made, sourceVersion: "then" })],
  ["it has got a code version", isReused(made, { of: { ...spec, codeVersion: "1" } })],
  [
    "it needs another upstream now",
    isReused(made, { of: { ...spec, deps: [...spec.deps, { key: "more", kind: "load", when: "success" }] } }),
  ],
  ["it was made from one upstream more", isReused({ ...made, inputs: [...(made.inputs ?? []), { key: "more", dataVersion: "r1" }] })],
  ["it does not tell what it read", isReused({ dataVersion: "s1", sourceVersion: "now" })],
  ["its asset is not to be reused", isReused(made, { of: { ...spec, reuse: false } })],
  ["it waits for a failure", isReused(made, { of: { ...spec, deps: [{ key: "raw", kind: "order", when: "failure" }] } })],
  ["a blocking check of it failed", isReused(made, check(true, false))],
])("does not when %s", (_, reused) => expect(reused).toBe(false));

it("reuses code of the same version though some module changed, and what only failed a check that blocks nothing", () => {
  expect(isReused({ ...made, codeVersion: "1", sourceVersion: "then" }, { of: { ...spec, codeVersion: "1" } })).toBe(true);
  expect([isReused(made, check(false, false)), isReused(made, check(true, true))]).toEqual([true, true]);
});
