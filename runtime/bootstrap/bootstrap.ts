import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/base/clock.js";
import type { AssetSelection } from "../../src/graph/asset-selection.js";
import { RequestError } from "../../src/base/errors.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import type { Catalog } from "../../src/model/catalog.js";
import type { RunRecord } from "../../src/model/run.js";
import type { StalenessIndex } from "../../src/planning/staleness/staleness-index.js";
import type { Store } from "../../src/storage/store.js";
import { thisProcess } from "../instance/process-identity.js";
import { readSettings } from "../instance/settings.js";
import { codeVersion } from "../load/code-version.js";
import { scanDefinitions } from "../scan/scan-definitions.js";
import { jsonSchemaOf } from "../../src/config/json-schema.js";
import { loadDefinitions } from "./load-definitions.js";
import { openProject } from "./open-project.js";
import { Session, type MaterializeOptions, type MaterializeStaleOptions, type RunReport } from "../launch/session.js";
import type { BackfillOptions } from "../launch/backfill-options.js";
import type { BackfillResumption, BackfillWatch } from "../launch/backfill-driver.js";
import type { BackfillRecord } from "../../src/storage/backfill-store.js";
import { VERSION } from "./version.js";

/** How a main script starts Millrace. */
export interface BootstrapOptions {
  /** Serves `/health`, `/ready` and `/status`; port 0 takes a free one. @defaultValue no server */
  readonly http?: { readonly port: number; readonly host?: string; readonly allowedHosts?: readonly string[] };
  /** Where configuration is looked for. @defaultValue the folder of the definitions module, or the working directory */
  readonly cwd?: string;
}

/** Millrace, running in a main script. */
export interface Millrace {
  readonly catalog: Catalog;
  readonly store: Store;
  /** Address of the HTTP endpoint, when there is one. */
  readonly url?: string;
  /** Materializes what the selection names, in this process. */
  materialize(selection?: string | AssetSelection, options?: MaterializeOptions): Promise<RunReport>;
  /** Materializes what of the selection is stale or missing, and reuses what would come out the same; `undefined`: nothing is, and there is no run. */
  materializeStale(selection?: string | AssetSelection, options?: MaterializeStaleOptions): Promise<RunReport | undefined>;
  /** Which of these assets (default: all) are fresh, stale or missing, and why. */
  staleness(keys?: readonly AssetKey[]): Promise<StalenessIndex>;
  /** Runs again what did not succeed in an earlier run; what it needs of the rest is loaded through the IO managers. */
  retry(runId: string, options?: MaterializeOptions): Promise<RunReport>;
  /** Makes many partitions in as many runs as it takes, in this process. What a killed process left of it is gone on with by `millrace backfill resume`. */
  backfill(selection?: string | AssetSelection, options?: BackfillOptions & BackfillWatch): Promise<BackfillRecord>;
  /** Goes on with a backfill that was paused, or whose process is gone. */
  resumeBackfill(id: string, how?: BackfillResumption): Promise<BackfillRecord>;
  /** Makes what a backfill that has ended did not. */
  retryBackfill(id: string, how?: BackfillResumption): Promise<BackfillRecord>;
  /** Stops the endpoint and closes the store. */
  close(): Promise<void>;
}

/**
 * Opens the project behind a definitions module: its store, its definitions, and the HTTP endpoint if asked for.
 * @param definitions - address of the module (`new URL("./definitions.ts", import.meta.url)` or a path), so that other processes can import the
 * same code; given an object (`Definitions`, a function that returns them, or an imported module), everything stays in this process
 * @throws {@link DefinitionError}, {@link ConfigError}, {@link StoreError} with the edit to make
 */
export async function bootstrap(definitions: URL | string | object, options: BootstrapOptions = {}): Promise<Millrace> {
  const path = definitions instanceof URL ? fileURLToPath(definitions) : typeof definitions === "string" ? definitions : undefined;
  const settings = await readSettings({
    cwd: options.cwd ?? process.cwd(),
    env: process.env,
    ...(path === undefined ? {} : { definitions: path }),
  });
  const { loaded, opened } = await openProject(settings, async () =>
    path === undefined
      ? {
          resolved: await scanDefinitions(definitions, "The object given to bootstrap", { schemaOf: jsonSchemaOf }),
          codeVersion: codeVersion(settings.root),
        }
      : loadDefinitions(settings),
  );
  const { store, storageDir } = opened;
  try {
    const session = new Session({
      ...loaded,
      store,
      storageDir,
      clock: systemClock,
      concurrency: settings.concurrency,
      cancelGraceMs: settings.cancelGraceMs,
      env: process.env,
      owner: thisProcess(),
    });
    const { Backfills } = require("../launch/backfills.js") as typeof import("../launch/backfills.js");
    const backfills = new Backfills(session);
    const { catalog } = loaded.resolved;
    const server =
      options.http &&
      (await httpServer().startHttpServer({
        ...options.http,
        store,
        catalog,
        clock: systemClock,
        version: VERSION,
        startedAtMs: systemClock.nowMs(),
      }));
    return {
      catalog,
      store,
      ...(server ? { url: server.url } : {}),
      materialize: (selection, run) => session.materialize(selection, run),
      materializeStale: (selection, run) => session.materializeStale(selection, run),
      staleness: (keys) => session.staleness(keys),
      retry: async (runId, run) => session.retry(await endedRun(store, runId), run),
      backfill: async (selection = "*", options = {}) => {
        const text = session.textOf(selection);
        return backfills.resume(await backfills.create(text, await backfills.plan(text, options), options), options);
      },
      resumeBackfill: async (id, how) => backfills.resume(await backfills.get(id), how),
      retryBackfill: async (id, how) => backfills.retry(await backfills.get(id), how),
      close: async () => {
        await server?.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

// Required here, not above: every definitions module imports this package, and most of those that do serve nothing.
const httpServer = () => require("../server/http-server.js") as typeof import("../server/http-server.js");

async function endedRun(store: Store, runId: string): Promise<RunRecord> {
  const run = await store.getRun(runId);
  if (!run) throw new RequestError("RUN.UNKNOWN", `There is no run ${runId}.`, { fix: "Look for it with `millrace runs`." });
  return run;
}
