import { InternalError } from "../../src/base/errors.js";
import type { AssetKey, AssetSpec, CheckSpec, UnitSpec } from "../../src/model/asset-spec.js";
import type { EventPayload, EventType, NewEvent } from "../../src/model/event.js";
import type { Attempt } from "./attempt.js";
import type { Running } from "./attempts-under-way.js";
import { outsideUserCode, type OutputSink } from "./captured-output.js";
import { executeStep, type AttemptResult } from "./execute-step.js";
import type { GivenBySteps } from "./given-by-steps.js";
import { OutputChannels } from "./output-channels.js";
import type { RunServices } from "./services.js";
import { stepLog } from "./step-context.js";
import type { StepReads } from "./step-reads.js";
import { ProcessExitError, StepTimeoutError } from "./user-code-boundary.js";

/** What the attempts of a run share. */
export interface AttemptWorld extends Pick<Attempt, "runId" | "runTags" | "sourceVersion"> {
  readonly services: RunServices;
  readonly specs: ReadonlyMap<AssetKey, AssetSpec>;
  readonly checks: ReadonlyMap<string, CheckSpec>;
  readonly units: ReadonlyMap<string, UnitSpec>;
  readonly given: GivenBySteps;
  readonly reads: StepReads;
}

/** Where what an attempt does is told. */
export interface AttemptListener {
  eventOf(type: EventType, payload: EventPayload): NewEvent;
  record(event: NewEvent): void;
  /** A line that it prints; the promise holds the printer up. */
  line(stream: "stdout" | "stderr", message: string): Promise<void> | undefined;
  /** @param isLast - no user code follows */
  mayPublish(key: AssetKey, isLast: boolean): Promise<boolean>;
}

/** Runs one attempt from what it is to give to the last line that it prints. Rejects only for a fault of ours. */
export async function runAttempt(world: AttemptWorld, running: Running, listener: AttemptListener): Promise<AttemptResult> {
  const { services, specs, checks, given, reads } = world;
  const { step, attemptId, number, controller } = running;
  const unit = world.units.get(step.unit);
  const binding = services.resolved.bindings.units.get(step.unit);
  if (!unit || !binding) throw new InternalError(`Step "${step.key}" has no code.`);
  const output = new OutputChannels(services.masker, (stream, line) => listener.line(stream, line));
  const wanted = given.wantedOf(running, unit);
  const partitions = given.partitionsOf(wanted);
  const reader = reads.of(step, partitions);
  await reads.learn(wanted, binding, reader.needs);
  const attempt: Attempt = {
    runId: world.runId,
    runTags: world.runTags,
    sourceVersion: world.sourceVersion,
    step: wanted,
    ...(partitions ? { partitions } : {}),
    ...reader,
    unit,
    binding,
    attemptId,
    number,
    boundary: {
      stepKey: step.key,
      sink: sinkOf(running, output),
      signal: controller.signal,
      clock: services.clock,
      graceMs: services.cancelGraceMs,
    },
    log: stepLog((payload) => listener.record(listener.eventOf("LOG", payload))),
    record: (event) => listener.record(event),
    specOf: (key) => specs.get(key) ?? missing(key),
    checkOf: (id) => checks.get(id) ?? missing(id),
    mayPublish: (key) => listener.mayPublish(key, unit.kind === "asset" && (partitions?.set.size ?? 1) === 1),
  };
  const over = limited(services, running, unit);
  try {
    return await executeStep(services, attempt);
  } finally {
    over?.abort();
    await output.settle();
  }
}

function sinkOf({ step, controller }: Running, output: OutputChannels): OutputSink {
  return {
    output,
    onExit: (code) => {
      const error = new ProcessExitError(`Step "${step.key}"`, code);
      outsideUserCode(() => controller.abort(error));
      throw error;
    },
  };
}

/** Aborts the attempt when its time is up; the controller that is given back ends that. */
function limited({ clock }: RunServices, { step, controller }: Running, { timeoutMs }: UnitSpec): AbortController | undefined {
  if (timeoutMs === undefined) return undefined;
  const over = new AbortController();
  void clock.sleep(timeoutMs, over.signal).then(() => {
    if (!over.signal.aborted) controller.abort(new StepTimeoutError(step.key, timeoutMs));
  });
  return over;
}

function missing(name: string): never {
  throw new InternalError(`"${name}" is not in the catalog.`);
}
