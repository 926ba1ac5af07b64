import type { Config } from "../src/config/config.js";
import type { PartitionedAssetContext } from "../src/model/contexts.js";
import type { Partitions } from "../src/model/input-partitions.js";
import type { PartitionValues } from "../src/model/partition-values.js";
import type { MaterializeResult, Output } from "../src/model/results.js";

/* eslint-disable @typescript-eslint/no-explicit-any -- these types look into methods of any shape */
/** Any method. */
export type Method = (...args: any[]) => any;
/** `true` for `any` alone. */
export type IsAny<T> = 0 extends 1 & T ? true : false;
/** `unknown`, or why a method that takes a PartitionedAssetContext cannot stand on an asset that is not divided. */
export type NeedsPartitions<F extends Method> =
  Extract<Parameters<F>[number], PartitionedAssetContext> extends never
    ? unknown
    : { "PartitionedAssetContext needs": "partitions in the decorator" };
type IsNever<T> = [T] extends [never] ? true : false;
type One<A> = A extends MaterializeResult<infer V> ? (V extends void ? never : OfEach<V>) : A extends void ? never : OfEach<A>;
type OfEach<A> = A extends PartitionValues<infer V> ? One<V> : A;
/** What a method stores: promises, results and values by partition opened, void dropped; a union of forms gives the union of values. */
export type ValueOf<R> = IsAny<R> extends true ? any : One<Awaited<R>>;
type Result<C, M extends keyof C> = C[M] extends (...args: any[]) => infer R ? R : never;
/** The names of a class's methods. */
export type MethodName<C> = { [K in keyof C]: C[K] extends Method ? K : never }[keyof C] & string;
/** What a method stores. */
export type OutputOf<C, M extends keyof C> = ValueOf<Result<C, M>>;
/** The run configuration that a method takes; `never`: none. */
export type ConfigOf<C, M extends keyof C> = C[M] extends (...args: infer P) => any ? Extract<P[number], Config> : never;
type OutNameOf<Y> = Y extends Output<infer O, any> ? O : never;
type OutValueOf<Y, N> = Y extends Output<infer O, infer V> ? (N extends O ? V : never) : never;
/** What a multi-asset gives, as an object of its outs, also where it yields them one by one. */
type OutsOf<S> = S extends AsyncIterable<infer Y> ? { [N in OutNameOf<Y>]: OutValueOf<Y, N> } : S;
type Outs<C, M extends keyof C> = OutsOf<Awaited<Result<C, M>>>;
/** The names of a multi-asset's outs. */
export type OutName<C, M extends keyof C> = keyof Outs<C, M> & string;
/** What one out of a multi-asset stores. */
export type OutOf<C, M extends keyof C, O extends PropertyKey> =
  Outs<C, M> extends infer S ? (S extends unknown ? (O extends keyof S ? ValueOf<Exclude<S[O], undefined>> : never) : never) : never;

type ParamAt<T, K extends keyof T, I extends number> = T[K] extends (...args: infer P) => any ? P[I] : never;
/** Rows may be taken whole, or as a stream with `stream: true`, whatever the upstream gave. */
type Forms<U, S extends boolean> = S extends true
  ? U extends readonly (infer R)[] | AsyncIterable<infer R>
    ? AsyncIterable<R>
    : U
  : U extends readonly (infer R)[]
    ? U | R[]
    : U extends AsyncIterable<infer R>
      ? R[]
      : U;
type SomeFormFits<U, P, S extends boolean> = U extends unknown ? ([Extract<Forms<U, S>, P>] extends [never] ? false : true) : never;
/** Whether options ask for rows one at a time. */
export type Streams<Opt> = Opt extends { readonly stream: true } ? true : false;
/** What an input is given by its options. */
export type Taken<V, Opt> = Opt extends { readonly optional: true } ? V | undefined : V;

/** `unknown` when a parameter of type P can take what the upstream stores; else a type that tells both. */
export type Fits<U, P, S extends boolean = false> =
  IsAny<U> extends true
    ? { "upstream gives any: declare its return type": U }
    : IsNever<U> extends true
      ? { "upstream stores nothing: use deps": void }
      : false extends SomeFormFits<U, P, S>
        ? { "upstream gives": U; "parameter takes": P }
        : unknown;

/** The same for a parameter that takes `Partitions` of the upstream's values. */
export type FitsPartitions<U, P> = P extends Partitions<infer E> ? Fits<U, E> : { "take it as": Partitions<U> };

/** A parameter decorator that compares the upstream's type with this parameter's. */
export interface InputDecorator<U, S extends boolean = false> {
  <T, K extends keyof T & (string | symbol), I extends number>(target: T, key: K, index: I & Fits<U, ParamAt<T, K, I>, S>): void;
}
/** The same for several partitions of an upstream. */
export interface InputPartitionsDecorator<U> {
  <T, K extends keyof T & (string | symbol), I extends number>(target: T, key: K, index: I & FitsPartitions<U, ParamAt<T, K, I>>): void;
}
type OwnOf<T, M extends keyof T, O> = O extends string ? OutOf<T, M, O> : OutputOf<T, M>;
/** The same for an asset of this class. */
export interface OwnDecorator<M extends string, O extends string | undefined, Opt = unknown> {
  <T, K extends keyof T & (string | symbol), I extends number>(
    target: T,
    key: K,
    index: I & (M extends keyof T ? Fits<Taken<OwnOf<T, M, O>, Opt>, ParamAt<T, K, I>, Streams<Opt>> : { "this class has no method": M }),
  ): void;
}
/** The same for several partitions of an asset of this class. */
export interface OwnPartitionsDecorator<M extends string, O extends string | undefined> {
  <T, K extends keyof T & (string | symbol), I extends number>(
    target: T,
    key: K,
    index: I & (M extends keyof T ? FitsPartitions<OwnOf<T, M, O>, ParamAt<T, K, I>> : { "this class has no method": M }),
  ): void;
}
