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
