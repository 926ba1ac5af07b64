import { RequestError } from "../../src/base/errors.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import type { NonexistentPartitions } from "../../src/model/partition-mapping/partition-mapper.js";
import type { PlannedStep, RunPlan } from "../../src/model/run-plan.js";
import type { RunDivision } from "../../src/planning/run-division.js";
import type { Bindings, ParameterBinding } from "../scan/bindings.js";

type InputBinding = Extract<ParameterBinding, { kind: "input" }>;

/**
 * Looks whether each input of a run can be given: `@Input` takes exactly one partition of a divided upstream, and what is needed exists.
 * @throws {@link RequestError} before anything of the run is written
 */
export function checkInputs(plan: RunPlan, division: RunDivision, { units }: Bindings): void {
  for (const step of plan.steps) {
    const code = units.get(step.unit)?.code;
    for (const parameter of code?.kind === "method" ? code.parameters : [])
      if (parameter.kind === "input") checkInput(step, parameter, division);
  }
}

function checkInput(step: PlannedStep, input: InputBinding, division: RunDivision): void {
  const set = division.of(step)?.set;
  const needed = division.neededBy(step, input.key, { set, mapping: input.mapping });
  if (!needed) return;
  const [lost] = needed.nonexistent;
  if (lost) {
    if (input.optional) return;
    throw nonexistent(step, input.key, lost);
  }
  if (input.partitions) return;
  const own = step.assets.includes(input.key) && set ? needed.partitions.difference(set) : needed.partitions; // not what the step itself is to give
  if (own.size === 1 || (own.size === 0 && input.optional)) return;
  if (own.size > 1) {
    throw new RequestError(
      "PLAN.SEVERAL_PARTITIONS",
      `"${step.key}" takes one value of "${input.key}" by @Input, but needs ${own.size} of its partitions${forRun(set?.size)}.`,
      {
        fix: `Take them by @InputPartitions as Partitions<V>${(set?.size ?? 0) > 1 ? ", or run one partition at a time" : ", or give the input a `mapping` to one"}.`,
      },
    );
  }
  throw new RequestError(
    "PLAN.NO_UPSTREAM_PARTITION",
    `"${step.key}" takes the value of "${input.key}" by @Input, but${named(step, division)} needs none of its partitions.`,
    {
      fix: "Give the input `optional: true`, which makes it undefined then, or another `mapping`.",
    },
  );
}

function forRun(count: number | undefined): string {
  return count === undefined || count === 1 ? "" : ` for the ${count} of this run`;
}

function named(step: PlannedStep, division: RunDivision): string {
  const chosen = division.of(step);
  const first = chosen?.set.nextFrom(0);
  if (!chosen || first === undefined) return " it";
  return chosen.set.size === 1 ? ` its partition "${chosen.space.keyAt(first)}"` : " this run";
}

function nonexistent(step: PlannedStep, upstream: AssetKey, { dimension, count, keyAt }: NonexistentPartitions): RequestError {
  const keys = Array.from({ length: Math.min(count, NAMED) }, (_, at) => `"${keyAt(at)}"`).join(", ");
  const of = dimension === undefined ? "" : ` in dimension "${dimension}"`;
  const what = count === 1 ? `partition ${keys}` : `${count} partitions (${keys}${count > NAMED ? ", …" : ""})`;
  return new RequestError(
    "PLAN.NONEXISTENT_PARTITION",
    `"${step.key}" needs ${what} of "${upstream}"${of}, which ${count === 1 ? "does" : "do"} not exist.`,
    {
      fix: "Run a partition whose upstream exists, give the mapping `allowNonexistentUpstream: true`, or make the input optional.",
    },
  );
}

const NAMED = 5;
