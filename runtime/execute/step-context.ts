import type { Token } from "../../src/config/provided.js";
import { AssetContext, CheckContext, type StepLog } from "../../src/model/contexts.js";
import type { EventPayload } from "../../src/model/event.js";
import { normalizeMetadata, toJson, type MetadataInput } from "../../src/model/metadata.js";
import type { MetadataValue } from "../../src/model/metadata-value.js";
import { DefinitionError } from "../../src/base/errors.js";

/** What both contexts are made from. */
export interface StepFacts {
  readonly assetKey: string;
  readonly runId: string;
  readonly attemptId: string;
  readonly retryNumber: number;
  readonly runTags: Readonly<Record<string, string>>;
  readonly selectedOuts: ReadonlySet<string>;
  readonly selectedChecks: ReadonlySet<string>;
  readonly log: StepLog;
  readonly signal: AbortSignal;
}

/** The context of an asset's method during a run. */
export class StepContext extends AssetContext {
  readonly assetKey: string;
  readonly runId: string;
  readonly attemptId: string;
  readonly retryNumber: number;
  readonly runTags: Readonly<Record<string, string>>;
  readonly selectedOuts: ReadonlySet<string>;
  readonly selectedChecks: ReadonlySet<string>;
  readonly log: StepLog;
  readonly signal: AbortSignal;
  readonly #metadata = new Map<string, Record<string, MetadataValue>>();

  constructor(facts: StepFacts) {
    super();
    this.assetKey = facts.assetKey;
    this.runId = facts.runId;
    this.attemptId = facts.attemptId;
    this.retryNumber = facts.retryNumber;
    this.runTags = facts.runTags;
    this.selectedOuts = facts.selectedOuts;
    this.selectedChecks = facts.selectedChecks;
    this.log = facts.log;
    this.signal = facts.signal;
  }

  addOutputMetadata(metadata: Readonly<Record<string, MetadataInput>>, out?: string): void {
    const [only, ...others] = this.selectedOuts;
    const name = out ?? (others.length === 0 ? only : undefined);
    if (name === undefined || !this.selectedOuts.has(name)) {
      throw new DefinitionError(
        "METADATA.OUT",
        `addOutputMetadata needs the name of an out: ${[...this.selectedOuts].join(", ")}${out === undefined ? "" : `, not "${out}"`}.`,
        {
          fix: `Write addOutputMetadata({...}, "${only ?? ""}").`,
        },
      );
    }
    this.#metadata.set(name, { ...this.#metadata.get(name), ...normalizeMetadata(metadata) });
  }

  /** What was added for an out. */
  metadataOf(out: string): Readonly<Record<string, MetadataValue>> {
    return this.#metadata.get(out) ?? {};
  }
}

/** The context of the function of `defineAssets`: it hands out the resources that the definition lists. */
export class AssetSetStepContext extends StepContext {
  readonly #resourceOf: (token: Token) => unknown;

  constructor(facts: StepFacts, resourceOf: (token: Token) => unknown) {
    super(facts);
    this.#resourceOf = resourceOf;
  }

  resource<T>(token: Token<T>): T {
    return this.#resourceOf(token) as T;
  }
}

/** The context of a check's method during a run. */
export class StepCheckContext extends CheckContext {
  readonly assetKey: string;
  readonly runId: string;
  readonly attemptId: string;
  readonly retryNumber: number;
  readonly runTags: Readonly<Record<string, string>>;
  readonly selectedChecks: ReadonlySet<string>;
  readonly log: StepLog;
  readonly signal: AbortSignal;

  constructor(facts: StepFacts) {
    super();
    this.assetKey = facts.assetKey;
    this.runId = facts.runId;
    this.attemptId = facts.attemptId;
    this.retryNumber = facts.retryNumber;
    this.runTags = facts.runTags;
    this.selectedChecks = facts.selectedChecks;
    this.log = facts.log;
    this.signal = facts.signal;
  }
}

/** A log that hands each line to `emit` as a payload. */
export function stepLog(emit: (payload: EventPayload) => void): StepLog {
  const at = (level: NonNullable<EventPayload["level"]>) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
    emit({ level, message, ...(fields ? { fields: plainFields(fields) } : {}) });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** A log line is no reason to fail: fields that refer to themselves are left out, and the line says so. */
function plainFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return toJson(fields) as Record<string, unknown>;
  } catch {
    return { "left out": "the fields refer to themselves" };
  }
}
