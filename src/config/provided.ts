import { declarationSite, type DeclarationSite } from "../base/declaration-site.js";
import type { Ctor } from "../model/asset-ref.js";

declare const value: unique symbol;

/** What a resource is bound under and found by: its class, or a name for something that has none. */
export type Token<T = unknown> = Ctor<T> | string | symbol;

/** A resource as it is bound: a configured class, or a value under a token. Made by `Resource.with({...})` and `provide(...)`. */
export type Provided<T = unknown> = (ConfiguredClass<T> | GivenObject<T>) & { readonly [value]?: T };

interface ConfiguredClass<T> {
  readonly kind: "provided";
  readonly token: Ctor<T>;
  /** As given, environment variables unread. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly object?: undefined;
  /** Where `.with` stands; absent: the class itself was listed. */
  readonly site?: DeclarationSite;
}

interface GivenObject<T> {
  readonly kind: "provided";
  readonly token: Token<T>;
  readonly object: unknown;
  readonly fields?: undefined;
  readonly site?: DeclarationSite;
}

/** Whether the thing is an entry of `resources`: made by `.with({...})` or `provide`. Holds across copies of the package. */
export function isProvided(thing: unknown): thing is Provided {
  return typeof thing === "object" && thing !== null && (thing as { kind?: unknown }).kind === "provided";
}

/**
 * An object in place of the resource of this class: a stub in a test, or something that is no resource class.
 * Under a string or a symbol, pipelines take it by `@inject(token)`.
 */
export function provide<T>(token: Ctor<T>, object: { [K in keyof T]: T[K] }): Provided<T>;
export function provide<T extends object>(token: string | symbol, object: T): Provided<T>;
export function provide(token: Token, object: object): Provided {
  return { kind: "provided", token, object, site: declarationSite(provide).of(`provide(${tokenName(token)})`) };
}

/** What a token is called in messages and in run configuration. */
export function tokenName(token: Token): string {
  return typeof token === "function" ? token.name : typeof token === "symbol" ? (token.description ?? "Symbol()") : token;
}
