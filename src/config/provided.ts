import type { Ctor } from "../model/asset-ref.js";

declare const value: unique symbol;

/** A resource as it is bound: a configured class, or a value under a token. Made by `Resource.with({...})` and `provide(...)`. */
export interface Provided<T = unknown> {
  readonly kind: "provided";
  readonly token: Ctor<T>;
  /** Fields as given, environment variables unread; for a configured class. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The object itself; for `provide(token, object)`. */
  readonly object?: unknown;
  readonly [value]?: T;
}

export function isProvided(thing: unknown): thing is Provided {
  return typeof thing === "object" && thing !== null && (thing as { kind?: unknown }).kind === "provided";
}

/** An object in place of the resource of this class: a stub in a test, or something that is no resource class. */
export function provide<T>(token: Ctor<T>, object: { [K in keyof T]: T[K] }): Provided<T> {
  return { kind: "provided", token, object };
}
