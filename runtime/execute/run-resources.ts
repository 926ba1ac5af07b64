import type { Clock } from "../../src/base/clock.js";
import type { ResourceContext } from "../../src/config/configurable-resource.js";
import type { OutputSink } from "./captured-output.js";
import { OutputChannels } from "./output-channels.js";
import type { PreparedResource } from "./prepare-run.js";
import type { RunEvents } from "./run-events.js";
import type { Masker } from "./services.js";
import { stepLog } from "./step-context.js";
import { storedError } from "./stored-error.js";
import { callUserCode, ProcessExitError, type Boundary } from "./user-code-boundary.js";

/** What the resources of a run are set up with. */
export interface ResourceWorld {
  readonly runId: string;
  readonly clock: Clock;
  readonly masker: Masker;
  readonly tell: RunEvents;
  /** How long a setup may go on after the run was canceled, in milliseconds. */
  readonly cancelGraceMs: number;
}

/** Methods that a resource keeps from its users. */
interface Lifecycle {
  setup(context: ResourceContext): Promise<void> | void;
  teardown(): Promise<void> | void;
}

/** The resources of one run: set up in their order, torn down in the reverse, whatever happens between. */
export class RunResources {
  readonly #world: ResourceWorld;
  readonly #output: OutputChannels;
  readonly #opened: PreparedResource[] = [];

  constructor(world: ResourceWorld) {
    this.#world = world;
    this.#output = new OutputChannels(world.masker, (stream, message) => {
      world.tell.soon("OUTPUT", { stream, message });
      return undefined;
    });
  }

  /** Sets them up one after the other, until one fails or the signal is aborted. @returns the one that failed */
  async open(resources: readonly PreparedResource[], signal: AbortSignal): Promise<PreparedResource | undefined> {
    for (const resource of resources) {
      if (signal.aborted) return undefined;
      if (!(await this.#open(resource, signal))) return signal.aborted ? undefined : resource;
    }
    return undefined;
  }

  /** Tears down all that was set up. Each failure is told, and keeps none of the others from it. */
  async close(): Promise<void> {
    for (const resource of this.#opened.splice(0).reverse()) {
      if (!resource.managed) continue;
      const fromMs = this.#world.clock.nowMs();
      try {
        await this.#call(resource, "teardown", new AbortController().signal, (instance) => instance.teardown());
      } catch (error) {
        this.#world.tell.soon("RESOURCE_TEARDOWN_FAILURE", {
          resource: resource.name,
          message: `Resource ${resource.name} could not be torn down.`,
          error: storedError(error),
          durationMs: this.#world.clock.nowMs() - fromMs,
        });
      }
    }
  }

  async #open(resource: PreparedResource, signal: AbortSignal): Promise<boolean> {
    const { clock, tell, runId } = this.#world;
    if (!resource.managed || !hasOwn(resource.instance, "setup")) return this.#opened.push(resource) > 0;
    const fromMs = clock.nowMs();
    await tell.now("RESOURCE_INIT_STARTED", { resource: resource.name });
    const log = stepLog((payload) => tell.soon("LOG", payload));
    try {
      await this.#call(resource, "setup", signal, (instance) => instance.setup({ runId, log, signal }));
    } catch (error) {
      await tell.now("RESOURCE_INIT_FAILURE", {
        resource: resource.name,
        message: `Resource ${resource.name} could not be set up; ${neededBy(resource)}.`,
        error: storedError(error),
        durationMs: clock.nowMs() - fromMs,
      });
      return false;
    }
    this.#opened.push(resource);
    await tell.now("RESOURCE_INIT_SUCCESS", { resource: resource.name, durationMs: clock.nowMs() - fromMs });
    return true;
  }

  async #call(
    resource: PreparedResource,
    phase: "setup" | "teardown",
    signal: AbortSignal,
    body: (instance: Lifecycle) => Promise<void> | void,
  ): Promise<void> {
    const where = `${phase} of resource ${resource.name}`;
    const sink: OutputSink = {
      output: this.#output,
      onExit: (code) => {
        throw new ProcessExitError(`The ${where}`, code);
      },
    };
    const boundary: Boundary = { stepKey: where, sink, signal, clock: this.#world.clock, graceMs: this.#world.cancelGraceMs };
    try {
      await callUserCode(boundary, () => body(resource.instance as unknown as Lifecycle));
    } finally {
      await this.#output.settle();
    }
  }
}

/** Whether the class has such a method of its own: most have none, and then there is nothing to tell. */
function hasOwn(instance: object, method: keyof Lifecycle): boolean {
  for (let at = Object.getPrototypeOf(instance) as object | null; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if ((at.constructor as { name?: string }).name === "ConfigurableResource") return false;
    if (Object.prototype.hasOwnProperty.call(at, method)) return true;
  }
  return false;
}

function neededBy(resource: PreparedResource): string {
  const steps = [...resource.steps];
  const shown = steps.slice(0, 5).map((step) => `"${step}"`);
  const more = steps.length - shown.length;
  const names = `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  return steps.length === 1 ? `step ${names} needs it` : `steps ${names} need it`;
}
