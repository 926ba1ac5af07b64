import type { ParameterBinding } from "../scan/bindings.js";
import type { Attempt } from "./attempt.js";
import { checkResults, givenByOut, givenFor, ONLY_OUT } from "./given-outputs.js";
import { loadInput, neededBy } from "./load-input.js";
import { OutputRecorder } from "./output-recorder.js";
import type { RunServices } from "./services.js";
import { AssetSetStepContext, StepCheckContext, StepContext, type StepFacts } from "./step-context.js";
import { callUserCode, StepAbandonedError } from "./user-code-boundary.js";

/** How an attempt ended; what it gave before is recorded. */
export interface AttemptResult {
  readonly thrown?: { readonly error: unknown };
  /** It went on past the grace period after its abort, and was left behind. */
  readonly abandoned?: boolean;
}

/**
 * Runs one attempt at a step: loads its inputs, calls the method, stores what it gives.
 * Never throws: what went wrong is the result; the outs that were given before are recorded all the same.
 */
export async function executeStep(services: RunServices, attempt: Attempt): Promise<AttemptResult> {
  const recorder = new OutputRecorder(services, attempt);
  try {
    await runAttempt(services, attempt, recorder);
    recorder.mustBeComplete();
    return {};
  } catch (error) {
    return error instanceof StepAbandonedError ? { thrown: { error: error.reason }, abandoned: true } : { thrown: { error } };
  }
}

async function runAttempt(services: RunServices, attempt: Attempt, recorder: OutputRecorder): Promise<void> {
  const { unit, binding, boundary, step } = attempt;
  const keyOfOut = binding.outKeys;
  const wanted = new Set(step.assets);
  const selectedOuts = new Set([...keyOfOut].filter(([, key]) => wanted.has(key)).map(([out]) => out));
  const facts: StepFacts = {
    assetKey: step.assets[0] ?? attempt.checkOf(step.checks[0] ?? "").asset,
    runId: attempt.runId,
    attemptId: attempt.attemptId,
    retryNumber: attempt.number - 1,
    runTags: attempt.runTags,
    selectedOuts,
    selectedChecks: new Set(step.checks.map((id) => attempt.checkOf(id).name)),
    log: attempt.log,
    signal: boundary.signal,
    ...(attempt.partitions ? { partitions: attempt.partitions } : {}),
  };
  if (unit.kind === "check") {
    const returned = await callMethod(services, attempt, new StepCheckContext(facts), recorder);
    recorder.checks(checkResults(returned, unit), undefined);
    return;
  }
  const context =
    binding.code.kind === "function" ? new AssetSetStepContext(facts, (token) => services.resources.get(token)) : new StepContext(facts);
  const returned = await callMethod(services, attempt, context, recorder);
  if (unit.kind === "observable") return recorder.observation(returned, context);
  if (unit.kind === "asset") return recorder.output(givenFor(ONLY_OUT, returned, unit), context);
  const outs = givenByOut(returned, unit);
  for (;;) {
    const next = await callUserCode(boundary, () => outs.next());
    if (next.done) return;
    try {
      await recorder.output(next.value, context);
    } catch (error) {
      await callUserCode(boundary, () => outs.return(undefined)).catch(() => undefined); // its `finally` runs; the first error counts
      throw error;
    }
  }
}

async function callMethod(
  services: RunServices,
  attempt: Attempt,
  context: StepContext | StepCheckContext,
  recorder: OutputRecorder,
): Promise<unknown> {
  const { code } = attempt.binding;
  if (code.kind === "function") return callUserCode(attempt.boundary, () => code.run(context));
  const values: unknown[] = [];
  for (const parameter of code.parameters) values.push(await valueOf(services, attempt, parameter, context, recorder));
  return callUserCode(attempt.boundary, () => {
    const pipeline = services.resources.pipeline(code.pipeline);
    return (pipeline as Record<string, (...args: unknown[]) => unknown>)[code.method]?.(...values);
  });
}

async function valueOf(
  services: RunServices,
  attempt: Attempt,
  parameter: ParameterBinding,
  context: unknown,
  recorder: OutputRecorder,
): Promise<unknown> {
  switch (parameter.kind) {
    case "context":
      return context;
    case "config":
      return services.configFor(attempt.unit.id, parameter.type);
    case "resource":
      return services.resources.get(parameter.token);
    case "input": {
      const value = await loadInput(services, attempt, parameter);
      if (isLoaded(attempt, parameter))
        recorder.event("LOADED_INPUT", parameter.key, { ioManager: services.resources.ioFor(parameter.key).constructor.name });
      return value;
    }
  }
}

/** Whether something was loaded, or will be when it is asked for. */
function isLoaded(attempt: Attempt, input: Extract<ParameterBinding, { kind: "input" }>): boolean {
  const { key } = input;
  const needed = neededBy(attempt, input);
  if (!needed) return attempt.upstream(key)?.stored === true;
  const { set, space } = needed;
  return set.size > 1 || [...set].some((index) => attempt.upstreamPartition(key, space.keyAt(index))?.stored);
}
