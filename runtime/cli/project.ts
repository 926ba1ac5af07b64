import { systemClock } from "../../src/base/clock.js";
import { RequestError } from "../../src/base/errors.js";
import type { RunRecord } from "../../src/model/run.js";
import type { RunStore } from "../../src/storage/run-store.js";
import type { BackfillRecord } from "../../src/storage/backfill-store.js";
import type { Store } from "../../src/storage/store.js";
import { Session } from "../launch/session.js";
import { loadDefinitions } from "../bootstrap/load-definitions.js";
import { openProject } from "../bootstrap/open-project.js";
import { openProjectStore, type OpenedStore } from "../instance/open-store.js";
import { thisProcess } from "../instance/process-identity.js";
import { readSettings, type Settings } from "../instance/settings.js";
import type { CommonOptions } from "./program.js";

/** The settings of the project that the command is called in. */
export function settingsFor(options: CommonOptions): Promise<Settings> {
  return readSettings({ cwd: process.cwd(), env: process.env, ...(options.file === undefined ? {} : { definitions: options.file }) });
}

/** Runs `body` with the project's store, and closes it whatever happens. */
export async function withStore<T>(options: CommonOptions, body: (store: Store, settings: Settings) => Promise<T>): Promise<T> {
  const settings = await settingsFor(options);
  const opened = await openProjectStore(settings);
  const { store } = opened;
  try {
    await sayRepaired(opened);
    return await body(store, settings);
  } finally {
    await store.close();
  }
}

/** Runs `body` with the definitions loaded and the store open, and closes it whatever happens. */
export async function withSession<T>(options: CommonOptions, body: (session: Session, settings: Settings) => Promise<T>): Promise<T> {
  const settings = await settingsFor(options);
  const { loaded, opened } = await openProject(settings, () => loadDefinitions(settings));
  const { resolved, codeVersion } = loaded;
  const { store, storageDir } = opened;
  try {
    for (const warning of resolved.warnings) process.stderr.write(`warning: ${warning}\n`);
    await sayRepaired(opened);
    const session = new Session({
      resolved,
      store,
      storageDir,
      codeVersion,
      clock: systemClock,
      concurrency: settings.concurrency,
      cancelGraceMs: settings.cancelGraceMs,
      env: process.env,
      owner: thisProcess(),
    });
    return await body(session, settings);
  } finally {
    await store.close();
  }
}

async function sayRepaired({ store, repaired, repairedBackfills }: OpenedStore): Promise<void> {
  for (const id of repaired) {
    const run = await store.getRun(id);
    process.stderr.write(`Run ${id} was left by a process that is gone; it is now marked ${run?.status}.\n`);
  }
  for (const id of repairedBackfills) {
    const { status } = (await store.getBackfill(id)) ?? {};
    const now = status === "RUNNING" ? `go on with \`millrace backfill resume ${shortId(id)}\`` : `it is now ${status}`;
    process.stderr.write(`Backfill ${id} was left by a process that is gone; ${now}.\n`);
  }
}

/** The run of this id, or of the only id that begins or ends so. */
export async function runOf(store: RunStore, id: string): Promise<RunRecord> {
  const exact = await store.getRun(id);
  if (exact) return exact;
  const recent = await store.listRuns({ limit: 1_000 });
  if (id === "last" && recent[0]) return recent[0];
  if (recent.length === 0) throw new RequestError("RUN.UNKNOWN", "There is no run yet.", { fix: "Make one: `millrace materialize`." });
  const near = recent.filter((run) => run.id.startsWith(id) || run.id.endsWith(id));
  if (near.length === 1 && near[0]) return near[0];
  throw new RequestError("RUN.UNKNOWN", near.length === 0 ? `There is no run "${id}".` : `"${id}" fits ${near.length} runs.`, {
    fix: near.length === 0 ? "See `millrace runs`; the word `last` names the latest." : "Write more of the id.",
  });
}

/** The backfill of this id, or of the only id that begins or ends so. */
export async function backfillOf(store: Store, id: string): Promise<BackfillRecord> {
  const exact = await store.getBackfill(id);
  if (exact) return exact;
  const recent = await store.listBackfills({ limit: 1_000 });
  if (id === "last" && recent[0]) return recent[0];
  const near = recent.filter((each) => each.id.startsWith(id) || each.id.endsWith(id));
  if (near.length === 1 && near[0]) return near[0];
  throw new RequestError(
    "BACKFILL.UNKNOWN",
    near.length === 0 ? `There is no backfill "${id}".` : `"${id}" fits ${near.length} backfills.`,
    {
      fix: near.length === 0 ? "See `millrace backfill list`; the word `last` names the latest." : "Write more of the id.",
    },
  );
}

/** The end of a run id, which tells runs apart as well as all of it. */
export function shortId(id: string): string {
  return id.slice(-12);
}
