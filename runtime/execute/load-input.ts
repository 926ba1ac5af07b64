import { types } from "node:util";
import { ExecutionError } from "../../src/base/errors.js";
import type { InputContext, IOManager } from "../../src/config/io-manager.js";
import type { FormName } from "../../src/model/form.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import type { PartitionPoint } from "../../src/model/event.js";
import type { PlannedStep } from "../../src/model/run-plan.js";
import type { ChosenPartitions } from "../../src/planning/run-division.js";
import type { BuiltInType, ParameterBinding } from "../scan/bindings.js";
import type { Attempt, UpstreamValue } from "./attempt.js";
import { isAsyncIterable } from "../../src/io/rows/row-codec.js";
import { cutRows, type RowCut } from "../../src/io/rows/cut-rows.js";
import { rowsOf, toForm } from "../../src/io/rows/row-forms.js";
import { RowStream } from "../../src/model/row-stream.js";
import type { RunServices } from "./services.js";
import { StoredPartitions } from "./stored-partitions.js";
import { callUserCode } from "./user-code-boundary.js";

type InputBinding = Extract<ParameterBinding, { kind: "input" }>;

type NeedingStep = Pick<PlannedStep, "key" | "assets">;

/** An upstream that should be loaded was never materialized. */
export class NeverMaterializedError extends ExecutionError {
  constructor(key: AssetKey, step: NeedingStep) {
    const selection = step.assets.length === 1 ? step.assets[0] : `(${step.assets.join(" or ")})`;
    super("STEP.INPUT_MISSING", `Step "${step.key}" needs the value of "${key}", which was never materialized.`, {
      fix: `Run \`millrace materialize ${key}\` first, or select it too: \`millrace materialize "+${selection}"\`.`,
    });
  }
}

/** An upstream that should be loaded was materialized without a value. */
export class NothingStoredError extends ExecutionError {
  constructor(key: AssetKey, step: NeedingStep) {
    super("STEP.INPUT_NOT_STORED", `Step "${step.key}" needs the value of "${key}", whose last materialization stored none.`, {
      fix: `Let "${key}" return its value, or order after it only: \`deps: ["${key}"]\`.`,
    });
  }
}

/** A partition that should be loaded was never materialized, or stored nothing. */
export class PartitionNotStoredError extends ExecutionError {
  constructor({ key, partition }: { readonly key: AssetKey; readonly partition: string }, step: string, materialized: boolean) {
    const why = materialized ? "whose last materialization stored no value" : "which was never materialized";
    super("STEP.PARTITION_NOT_STORED", `Step "${step}" needs partition "${partition}" of "${key}", ${why}.`, {
      fix: materialized
        ? `Let "${key}" return its value, or order after it only: \`deps: ["${key}"]\`.`
        : `Run \`millrace materialize ${key} --partition "${partition}"\` first.`,
    });
  }
}

/** The upstream's value through its IO manager, in the form in which the parameter takes it. */
export async function loadInput(services: RunServices, attempt: Attempt, input: InputBinding): Promise<unknown> {
  const needed = neededBy(attempt, input);
  if (needed && input.partitions) return partitionsOf(needed, { services, attempt, input });
  if (needed) return loadOnly(needed, { services, attempt, input });
  const upstream = attempt.upstream(input.key);
  if (!upstream?.stored) {
    if (input.optional) return undefined;
    throw new (upstream?.eventId === undefined ? NeverMaterializedError : NothingStoredError)(input.key, attempt.step);
  }
  return loadValue({ services, attempt, input }, upstream, undefined);
}

/** The partitions of a divided upstream that the input takes: not those that the attempt itself is to give. */
export function neededBy({ needs, step, partitions }: Attempt, { key, mapping }: InputBinding): ChosenPartitions | undefined {
  const needed = needs(key, { mapping });
  return needed && partitions && step.assets.includes(key) ? { space: needed.space, set: needed.set.difference(partitions.set) } : needed;
}

interface Load {
  readonly services: RunServices;
  readonly attempt: Attempt;
  readonly input: InputBinding;
}

/** The value of the one partition that is needed; that it is one was seen when the run was launched. */
async function loadOnly({ space, set }: ChosenPartitions, load: Load): Promise<unknown> {
  const { attempt, input } = load;
  const index = set.nextFrom(0);
  if (index === undefined) return undefined;
  const partition = space.keyAt(index);
  const upstream = attempt.upstreamPartition(input.key, partition);
  if (upstream?.stored) return loadValue(load, upstream, { key: partition, index });
  if (input.optional) return undefined;
  throw new PartitionNotStoredError({ key: input.key, partition }, attempt.step.key, upstream !== undefined);
}

function partitionsOf({ space, set }: ChosenPartitions, load: Load): StoredPartitions {
  const { attempt, input } = load;
  const keys = [...set].map((index) => space.keyAt(index));
  return new StoredPartitions(keys, {
    asset: input.key,
    signal: attempt.boundary.signal,
    load: async (key) => {
      const upstream = attempt.upstreamPartition(input.key, key);
      if (!upstream?.stored)
        throw new PartitionNotStoredError({ key: input.key, partition: key }, attempt.step.key, upstream !== undefined);
      return loadValue(load, upstream, { key, index: space.indexOf(key) ?? 0 });
    },
  });
}

async function loadValue(
  { services, attempt, input }: Load,
  upstream: UpstreamValue,
  partition: PartitionPoint | undefined,
): Promise<unknown> {
  const manager = services.resources.ioFor(input.key);
  const { columns, where } = input;
  const cut = columns !== undefined || where !== undefined;
  const form = input.as ?? upstream.form;
  const direct = form !== undefined && manager.loads.includes(form) && (!cut || manager.pushesDown);
  const { schema } = attempt.specOf(input.key);
  const context: InputContext = {
    assetKey: input.key,
    runId: attempt.runId,
    ...(partition ? { partitionKey: partition.key } : {}),
    ...(direct ? { form } : {}),
    ...(columns === undefined ? {} : { columns }),
    ...(where === undefined ? {} : { where }),
    ...(schema ? { schema } : {}),
    pointer: upstream.pointer,
    dataVersion: upstream.dataVersion,
    metadata: upstream.metadata ?? {},
    storageDir: services.storageDir,
    log: attempt.log,
    signal: attempt.boundary.signal,
  };
  const value = await callUserCode(attempt.boundary, () => manager.load(context));
  if (direct) return value;
  const rest = manager.pushesDown ? {} : { ...(columns === undefined ? {} : { columns }), ...(where === undefined ? {} : { where }) };
  return inForm(value, { input, manager, attempt, form, rest });
}

interface Handing {
  readonly input: InputBinding;
  readonly manager: IOManager;
  readonly attempt: Attempt;
  readonly form: FormName | undefined;
  /** What is left to cut. */
  readonly rest: RowCut;
}

/** The value in the form that the parameter takes. */
async function inForm(value: unknown, { input, manager, attempt, form, rest }: Handing): Promise<unknown> {
  const { boundary } = attempt;
  const isCut = rest.columns !== undefined || rest.where !== undefined;
  if (form !== undefined || isCut) {
    const batches = rowsOf(value);
    if (!batches) throw wrongType(input.key, "rows", value, manager, attempt);
    const of = { assetKey: input.key, signal: boundary.signal };
    return callUserCode(boundary, () => toForm(isCut ? cutRows(batches, rest, input.key) : value, form ?? "rows", of));
  }
  const whole = isAsyncIterable(value) ? await callUserCode(boundary, () => gather(value)) : value;
  if (input.array && !Array.isArray(whole)) throw wrongType(input.key, "an Array", whole, manager, attempt);
  // A parameter's type leaves null and undefined out: `Date | null` reads Date.
  if (input.type !== undefined && whole !== null && whole !== undefined && !isOf(input.type, whole))
    throw wrongType(input.key, `a ${input.type}`, whole, manager, attempt);
  return whole;
}

function isOf(type: BuiltInType, value: unknown): boolean {
  switch (type) {
    case "Map":
      return types.isMap(value);
    case "Set":
      return types.isSet(value);
    case "Date":
      return types.isDate(value);
    case "Uint8Array":
      return types.isUint8Array(value);
    default:
      return typeof value === type.toLowerCase();
  }
}

function wrongType(key: AssetKey, wanted: string, value: unknown, manager: IOManager, attempt: Attempt): ExecutionError {
  return new ExecutionError(
    "STEP.INPUT_TYPE",
    `Step "${attempt.step.key}" takes ${wanted} from "${key}", but ${manager.constructor.name} gave ${kindOf(value)}.`,
    {
      fix: `Materialize "${key}" again, or mend ${manager.constructor.name}.load().`,
    },
  );
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const name = (value as { constructor?: { name?: string } }).constructor?.name ?? "Object";
  return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
}

async function gather(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  if (rows instanceof RowStream) {
    for await (const batch of rows.batches()) for (const row of batch) all.push(row);
  } else {
    for await (const row of rows) all.push(row);
  }
  return all;
}
