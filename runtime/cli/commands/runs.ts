import pc from "picocolors";
import { RequestError } from "../../../src/base/errors.js";
import { RUN_STATUSES, type RunRecord, type RunStatus } from "../../../src/model/run.js";
import { EXIT } from "../exit-codes.js";
import { durationText, table, timeText } from "../format.js";
import { runOf, shortId, withStore } from "../project.js";
import type { CommonOptions } from "../run-cli.js";

/** `millrace runs [ID]` */
export function runs(
  id: string | undefined,
  options: CommonOptions & { readonly status?: string; readonly limit: string },
): Promise<number> {
  return withStore(options, async (store) => {
    if (id !== undefined) {
      const run = await runOf(store, id);
      const steps = await store.steps(run.id);
      if (options.json) process.stdout.write(`${JSON.stringify({ ...run, steps })}\n`);
      else {
        process.stdout.write(`${describe(run)}\n\n`);
        process.stdout.write(
          `${table(
            ["step", "status", "attempts", "took"],
            steps.map((step) => [step.key, paint(step.status), String(step.attempt), took(step.startedAtMs, step.endedAtMs)]),
          )}\n`,
        );
      }
      return EXIT.ok;
    }
    const status = options.status?.toUpperCase();
    if (status !== undefined && !(RUN_STATUSES as readonly string[]).includes(status))
      throw new RequestError("CLI.STATUS", `"${options.status}" is no state of a run.`, { fix: `Give one of ${RUN_STATUSES.join(", ")}.` });
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1)
      throw new RequestError("CLI.LIMIT", `--limit is ${options.limit}.`, { fix: "Give a whole number, 1 or more." });
    const found = await store.listRuns({ limit, ...(status === undefined ? {} : { statuses: [status as RunStatus] }) });
    if (options.json) process.stdout.write(`${JSON.stringify(found)}\n`);
    else if (found.length === 0) process.stdout.write("No runs yet. Try `millrace materialize`.\n");
    else
      process.stdout.write(
        `${table(
          ["run", "status", "started", "took", "selection"],
          found.map((run) => [
            shortId(run.id),
            paint(run.status),
            timeText(run.startedAtMs ?? run.createdAtMs),
            took(run.startedAtMs, run.endedAtMs),
            run.selection,
          ]),
        )}\n`,
      );
    return EXIT.ok;
  });
}

function describe(run: RunRecord): string {
  const tags = Object.entries(run.tags).map(([key, value]) => `${key}=${value}`);
  return [
    `Run ${run.id} ${paint(run.status)}`,
    `selection ${run.selection}`,
    `started ${timeText(run.startedAtMs ?? run.createdAtMs)}, took ${took(run.startedAtMs, run.endedAtMs)}`,
    ...(run.parentRunId === undefined ? [] : [`again after ${run.parentRunId}`]),
    ...(tags.length === 0 ? [] : [`tags ${tags.join(", ")}`]),
  ].join("\n");
}

function took(fromMs: number | undefined, toMs: number | undefined): string {
  return fromMs === undefined || toMs === undefined ? "" : durationText(toMs - fromMs);
}

function paint(status: string): string {
  if (status === "SUCCESS") return pc.green(status);
  if (status === "FAILURE") return pc.red(status);
  return status === "SKIPPED" || status === "NOT_RUN" ? pc.dim(status) : pc.yellow(status);
}
