import { ExecutionError } from "../../src/base/errors.js";
import { unitText, type UnitSpec } from "../../src/model/asset-spec.js";
import {
  isCheckResult,
  isMaterializeResult,
  isObserveResult,
  isOutput,
  type AssetCheckResult,
  type ObserveResult,
} from "../../src/model/results.js";
import { isAsyncIterable } from "../../src/io/rows/row-codec.js";
import { normalizeMetadata } from "../../src/model/metadata.js";
import type { MetadataValue } from "../../src/model/metadata-value.js";

/** What a method gave for one out. */
export interface Given {
  readonly out: string;
  readonly value: unknown;
  /** False for `void`, and for a result without a value: nothing is stored. */
  readonly hasValue: boolean;
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  readonly dataVersion?: string;
  readonly checks: readonly AssetCheckResult[];
}

/** The name of the only out of a single asset. */
export const ONLY_OUT = "result";

/** What one out was given, with results opened. */
export function givenFor(out: string, returned: unknown, unit: UnitSpec): Given {
  if (isMaterializeResult(returned)) {
    return {
      out,
      value: returned.value,
      hasValue: returned.hasValue && returned.value !== undefined,
      metadata: normalizeMetadata(returned.metadata),
      ...(returned.dataVersion === undefined ? {} : { dataVersion: returned.dataVersion }),
      checks: returned.checks,
    };
  }
  if (isObserveResult(returned)) {
    throw new ExecutionError("STEP.OBSERVATION", `${unitText(unit)} gave an ObserveResult, but it is declared to materialize.`, {
      fix: "Declare it with @ObservableAsset(), or return new MaterializeResult({ ... }).",
    });
  }
  refuseGenerator(returned, unit);
  return { out, value: returned, hasValue: returned !== undefined, metadata: {}, checks: [] };
}

/** What the method of a multi-asset gives, out by out, as soon as it gives it. */
export async function* givenByOut(returned: unknown, unit: UnitSpec): AsyncGenerator<Given> {
  if (isAsyncIterable(returned)) {
    for await (const item of returned) {
      if (!isOutput(item)) {
        throw new ExecutionError(
          "STEP.YIELDED_NO_OUTPUT",
          `${unitText(unit)} yielded ${typeof item === "object" ? "an object" : String(item)} that is no out.`,
          {
            fix: 'Yield `new Output("name", value)` for each out.',
          },
        );
      }
      yield givenFor(item.out, item.value, unit);
    }
    return;
  }
  if (returned === undefined || returned === null) return;
  refuseGenerator(returned, unit);
  if (typeof returned !== "object" || Array.isArray(returned)) {
    throw new ExecutionError(
      "STEP.NO_OUTS",
      `${unitText(unit)} returned ${Array.isArray(returned) ? "an array" : `a ${typeof returned}`}, not an object of its outs.`,
      {
        fix: "Return an object with a field for each out, e.g. { orders: [...], users: [...] }.",
      },
    );
  }
  for (const [out, value] of Object.entries(returned)) if (value !== undefined) yield givenFor(out, value, unit);
}

/** What an observing method reports: a data version alone, or an `ObserveResult`. */
export function observedBy(returned: unknown, unit: UnitSpec): Pick<ObserveResult, "dataVersion" | "metadata"> {
  if (isObserveResult(returned)) return returned;
  if (typeof returned === "string") return { dataVersion: returned, metadata: {} };
  throw new ExecutionError("STEP.NOTHING_OBSERVED", `${unitText(unit)} returned ${describe(returned)}, which is no observation.`, {
    fix: "Return the data version as text, or new ObserveResult({ dataVersion, metadata }).",
  });
}

function describe(returned: unknown): string {
  return returned === undefined ? "nothing" : returned === null ? "null" : `a ${typeof returned}`;
}

/** The results of a check's method: one, or several. */
export function checkResults(returned: unknown, unit: UnitSpec): readonly AssetCheckResult[] {
  const results = Array.isArray(returned) ? (returned as unknown[]) : [returned];
  if (results.length > 0 && results.every(isCheckResult)) return results;
  if (typeof returned === "boolean") {
    throw new ExecutionError("CHECK.RESULT", `${unitText(unit)} returned ${returned}, not a check result.`, {
      fix: `Return new AssetCheckResult({ passed: ${returned} }).`,
    });
  }
  throw new ExecutionError("CHECK.RESULT", `${unitText(unit)} returned ${describe(returned)}, not a check result.`, {
    fix: "Return new AssetCheckResult({ passed: ... }), or an array of them, one for each check.",
  });
}

function refuseGenerator(returned: unknown, unit: UnitSpec): void {
  if (Object.prototype.toString.call(returned) !== "[object Generator]") return;
  throw new ExecutionError("STEP.NOT_ASYNC", `${unitText(unit)} is a generator that is not async.`, {
    fix: "Write `async *` before its name.",
  });
}
