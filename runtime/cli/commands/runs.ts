import { systemClock } from "../../../src/base/clock.js";
import { toMs } from "../../../src/base/duration.js";
import { RequestError } from "../../../src/base/errors.js";
import { RUN_STATUSES, type RunRecord, type RunStatus } from "../../../src/model/run.js";
import type { RunStore } from "../../../src/storage/run-store.js";
import { EXIT } from "../exit-codes.js";
import { durationText, errorText, indented, statusText, timeText } from "../format.js";
import type { CommonOptions } from "../program.js";
import { runOf, shortId, withStore } from "../project.js";
import { allEvents } from "../run-events.js";
import { partitionsText, selectionText } from "../selection-text.js";
import { table } from "../table.js";
import { tagsOf } from "../tags.js";

/** What `millrace runs` is told beside an id. */
export interface RunsFlags {
  readonly status?: string;
  readonly tag?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
}

/** `millrace runs [ID]` */
export function runs(id: string | undefined, options: CommonOptions & RunsFlags): Promise<number> {
  return withStore(options, async (store) => {
    process.stdout.write(await (id === undefined ? listing(store, options) : oneRun(store, await runOf(store, id), options.json === true)));
    return EXIT.ok;
  });
}

async function listing(store: RunStore, options: CommonOptions & RunsFlags): Promise<string> {
  const status = options.status?.toUpperCase();
  if (status !== undefined && !(RUN_STATUSES as readonly string[]).includes(status))
    throw new RequestError("CLI.STATUS", `"${options.status}" is no state of a run.`, { fix: `Give one of ${RUN_STATUSES.join(", ")}.` });
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1)
    throw new RequestError("CLI.LIMIT", `--limit is ${options.limit}.`, { fix: "Give a whole number, 1 or more." });
  const [tag] = Object.entries(tagsOf(options.tag === undefined ? [] : [options.tag])).map(([key, value]) => ({ key, value }));
  const found = await store.listRuns({
    limit,
    ...(status === undefined ? {} : { statuses: [status as RunStatus] }),
    ...(tag ? { tag } : {}),
    ...(options.since === undefined ? {} : { fromMs: instantOf("--since", options.since) }),
    ...(options.until === undefined ? {} : { toMs: instantOf("--until", options.until) }),
  });
  if (options.json) return `${JSON.stringify(found.map(({ plan: _, ...run }) => run))}\n`;
  if (found.length === 0) return noRuns(status, tag !== undefined || options.since !== undefined || options.until !== undefined);
  const rows = found.map((run) => [
    shortId(run.id),
    statusText(run.status),
    timeText(run.startedAtMs ?? run.createdAtMs),
    took(run.startedAtMs, run.endedAtMs),
    selectionText(run),
  ]);
  return `${table(["run", "status", "started", "took", "selection"], rows)}\n`;
}

function noRuns(status: string | undefined, isFiltered: boolean): string {
  if (isFiltered) return "No run is what was asked for.\n";
  return status === undefined ? "No runs yet. Try `millrace materialize`.\n" : `No run is ${status}.\n`;
}

/** An instant, or how long ago. */
function instantOf(flag: string, text: string): number {
  if (/^\d+(\.\d+)?\s*(ms|s|m|h|d)$/.test(text)) return systemClock.nowMs() - toMs(text, flag);
  const atMs = Date.parse(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(atMs)) return atMs;
  throw new RequestError("CLI.INSTANT", `${flag} is "${text}", which is no point in time.`, {
    fix: "Write a date or an instant (2026-01-31, 2026-01-31T12:00:00Z), or how long ago: 30m, 12h, 7d.",
  });
}

async function oneRun(store: RunStore, run: RunRecord, json: boolean): Promise<string> {
  const steps = await store.steps(run.id);
  if (json) return `${JSON.stringify({ ...run, steps })}\n`;
  const rows = steps.map((step) => [step.key, statusText(step.status), String(step.attempt), took(step.startedAtMs, step.endedAtMs)]);
  return `${heading(run)}\n\n${table(["step", "status", "attempts", "took"], rows)}\n${await failures(store, run)}`;
}

function heading(run: RunRecord): string {
  const tags = Object.entries(run.tags).map(([key, value]) => `${key}=${value}`);
  const ran = took(run.startedAtMs, run.endedAtMs);
  return [
    `Run ${run.id} ${statusText(run.status)}`,
    `selection ${run.selection}`,
    ...(partitionsText(run) === "" ? [] : [`partitions ${partitionsText(run)}`]),
    `started ${timeText(run.startedAtMs ?? run.createdAtMs)}${ran === "" ? "" : `, took ${ran}`}`,
    ...(run.parentRunId === undefined ? [] : [`again after ${run.parentRunId}`]),
    ...(tags.length === 0 ? [] : [`tags ${tags.join(", ")}`]),
  ].join("\n");
}

/** What the failed steps, and resources that could not be set up, threw. */
async function failures(store: RunStore, run: RunRecord): Promise<string> {
  if (run.status !== "FAILURE") return "";
  const failed = (await allEvents(store, run.id)).filter(({ type }) => type === "STEP_FAILURE" || type === "RESOURCE_INIT_FAILURE");
  return failed
    .flatMap(({ stepKey, payload }) =>
      payload?.error ? `\n${stepKey ?? payload.resource ?? ""}\n${indented(errorText(payload.error))}\n` : [],
    )
    .join("");
}

function took(fromMs: number | undefined, toMs: number | undefined): string {
  return fromMs === undefined || toMs === undefined ? "" : durationText(toMs - fromMs);
}
