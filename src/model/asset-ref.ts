import type { AssetKey, EdgeWhen } from "./asset-spec.js";
import type { MappingOption } from "./partition-mapping/define-mappings.js";

declare const value: unique symbol;
declare const config: unique symbol;

/** The type of a class, abstract ones included. */
export type Ctor<T = unknown> = abstract new (...args: never[]) => T;

/** What a ref points at: a method of a class (and one of its outs), or a key. The class may be given late, for cycles of imports. */
export type RefTarget =
  { readonly pipeline: Ctor | (() => Ctor); readonly method: string; readonly out?: string } | { readonly key: AssetKey };

/**
 * A handle on one asset: the same value everywhere (inputs, deps, checks, selections, run config, results of a test).
 * `V` is what it stores, `C` the run configuration that its method takes (`never`: none; `unknown`: not known here). Its key is known once
 * the catalog is resolved.
 */
export interface AssetRef<V = unknown, C = unknown> {
  readonly kind: "asset-ref";
  readonly target: RefTarget;
  readonly [value]?: (v: V) => V;
  readonly [config]?: C;
}

/** The run configuration of the asset behind a ref. */
export type ConfigOfRef<R> = R extends { readonly [config]?: infer C } ? C : never;

/** An ordering-only dependency with options; made by `edge`. */
export interface Edge {
  readonly kind: "edge";
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- an edge takes a ref to anything
  readonly upstream: AssetRef<any> | string;
  readonly when: EdgeWhen;
  readonly mapping?: MappingOption;
}

/** What `deps` takes. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a ref to anything may be waited for
export type Dep = AssetRef<any> | Edge | string;
