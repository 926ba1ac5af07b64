import { declarationSite } from "../base/declaration-site.js";
import type { StepLog } from "../model/contexts.js";
import type { EnvVar } from "./env.js";
import type { Provided } from "./provided.js";
import { refuseUnknownFields } from "./unknown-fields-error.js";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any method is no field
type Method = (...args: any[]) => any;

/** The fields of a resource or config: its properties that are no methods; each may come from the environment. */
export type Fields<T> = {
  [K in keyof T as T[K] extends Method ? never : K]?: T[K] | EnvVar<NonNullable<T[K]>> | Provided<NonNullable<T[K]>>;
};

/** What a resource is told while it is set up. */
export interface ResourceContext {
  readonly runId: string;
  readonly log: StepLog;
  readonly signal: AbortSignal;
}

/** Something that pipelines use (an API, a warehouse, a client): validated, configured when a run starts, injected by its class. */
export abstract class ConfigurableResource {
  /** The class with values for its fields; those with defaults may be missing. @throws {@link UnknownFieldsError} for a field that it has not */
  static with<T extends ConfigurableResource>(this: new (...args: never[]) => T, fields: Fields<T>): Provided<T> {
    const site = declarationSite(ConfigurableResource.with).of(`${this.name}.with`);
    refuseUnknownFields(this, fields, site);
    return { kind: "provided", token: this, fields: fields as Record<string, unknown>, site };
  }

  /** Runs once per run before first use, after the resources that it holds. */
  protected setup(_context: ResourceContext): Promise<void> | void {}

  /** Runs once per run, in the reverse order, also after a failure. */
  protected teardown(): Promise<void> | void {}
}
