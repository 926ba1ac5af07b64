import type { AssetRef, Ctor, Edge } from "../src/model/asset-ref.js";
import type { EdgeWhen } from "../src/model/asset-spec.js";
import type { MappingOption } from "../src/model/partition-mapping/define-mappings.js";
import type { ConfigOf, MethodName, OutName, OutOf, OutputOf } from "./value-of.js";

/** The handle on an asset: a method of a class, one of its outs, or a key whose value's type is declared here. */
export function ref<C, M extends MethodName<C>>(pipeline: Ctor<C> | (() => Ctor<C>), method: M): AssetRef<OutputOf<C, M>, ConfigOf<C, M>>;
export function ref<C, M extends MethodName<C>, O extends OutName<C, M>>(
  pipeline: Ctor<C> | (() => Ctor<C>),
  method: M,
  out: O,
): AssetRef<OutOf<C, M, O>, ConfigOf<C, M>>;
export function ref<V = unknown>(key: string): AssetRef<V>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the overloads above are the types
export function ref(first: any, method?: string, out?: string): any {
  if (typeof first === "string") return { kind: "asset-ref", target: { key: first } } satisfies AssetRef;
  return {
    kind: "asset-ref",
    target: { pipeline: first as Ctor, method: method ?? "", ...(out === undefined ? {} : { out }) },
  } satisfies AssetRef;
}

/** What an ordering-only dependency may say. */
export interface EdgeOptions {
  /** What the upstream must have come to. @defaultValue success */
  readonly when?: EdgeWhen;
  /** Which of the upstream's partitions are waited for. @defaultValue the rule of the two definitions */
  readonly mapping?: MappingOption;
}

/** An ordering-only dependency with options, for `deps`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- an edge takes a ref to anything
export function edge(upstream: AssetRef<any> | string, options: EdgeOptions = {}): Edge {
  const { when = "success", mapping } = options;
  return { kind: "edge", upstream, when, ...(mapping === undefined ? {} : { mapping }) };
}
