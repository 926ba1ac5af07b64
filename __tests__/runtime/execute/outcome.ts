import type { TestRunResult } from "../../../runtime/entries/testing.js";

/** `{ step: "STATUS attempts" }` */
export function statuses(result: TestRunResult): Record<string, string> {
  return Object.fromEntries(result.steps.map((step) => [step.key, `${step.status} ${step.attempt}`]));
}

/** The events of one step (or of all) as `TYPE asset`, in their order. */
export function told(result: TestRunResult, stepKey?: string): string[] {
  return result.events
    .filter((event) => stepKey === undefined || event.stepKey === stepKey)
    .map((event) => (event.assetKey === undefined ? event.type : `${event.type} ${event.assetKey}`));
}

/** Why each failed step failed: the whole message. */
export function failures(result: TestRunResult): Record<string, string> {
  return Object.fromEntries(
    result.events.flatMap((event) =>
      event.type === "STEP_FAILURE"
        ? [[event.stepKey ?? "", (event.payload?.error?.message ?? "").replace(/ \([^()]*?:\d+\)/g, " (FILE)")]]
        : [],
    ),
  );
}
