import type { Table } from "apache-arrow";
import type { Config } from "../src/config/config.js";
import type { PartitionedAssetContext } from "../src/model/contexts.js";
import type { Relation } from "../src/duckdb/relation.js";
import type { ColumnBatch } from "../src/model/column-batch.js";
import type { Form, FormName } from "../src/model/form.js";
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
/** One row of what an asset stores, in whatever form it gave the rows; `never`: it stores no rows. */
export type RowOf<U> =
  U extends ColumnBatch<infer R>
    ? R
    : U extends Relation<infer R>
      ? R
      : U extends Table
        ? Record<string, unknown>
        : U extends readonly (infer R)[]
          ? R
          : U extends AsyncIterable<infer R>
            ? R extends ColumnBatch<infer Q>
              ? Q
              : R
            : never;
type CutRow<R, Opt> = Opt extends { readonly columns: readonly (infer C)[] } ? Pick<R, C & keyof R> : R;
/** What each form hands over of such rows. */
interface InForm<R> {
  rows: R[];
  stream: AsyncIterable<R>;
  batches: AsyncIterable<ColumnBatch<R>>;
  arrowTable: Table;
  relation: Relation<R extends object ? R : never>;
}
/** Without a form, rows are taken whole; a table and a relation as they are. */
type Whole<U, Opt> = U extends readonly (infer R)[]
  ? CutRow<R, Opt>[] | (Opt extends { readonly columns: unknown } ? never : U)
  : U extends AsyncIterable<unknown>
    ? CutRow<RowOf<U>, Opt>[]
    : U;
type FormOf<Opt> = Opt extends { readonly as: Form<infer F extends FormName> } ? F : undefined;
type Handed<U, Opt> =
  FormOf<Opt> extends infer F
    ? F extends FormName
      ? U extends undefined
        ? U
        : IsNever<RowOf<U>> extends true
          ? never
          : InForm<CutRow<RowOf<U>, Opt>>[F]
      : Whole<U, Opt>
    : never;
type SomeFormFits<U, P, Opt> = U extends unknown ? ([Extract<Handed<U, Opt>, P>] extends [never] ? false : true) : never;
/** What an input is given by its options. */
export type Taken<V, Opt> = Opt extends { readonly optional: true } ? V | undefined : V;
type ColumnsOf<Opt> =
  (Opt extends { readonly columns: readonly (infer C)[] } ? C : never) | (Opt extends { readonly where: infer W } ? keyof W : never);
type RowsOf<U> = RowOf<Exclude<U, undefined>>;
/** Columns that the options name and the rows do not have; of rows whose type names no field, none. */
type Strangers<U, Opt> =
  IsAny<RowsOf<U>> extends true ? never : IsNever<keyof RowsOf<U>> extends true ? never : Exclude<ColumnsOf<Opt>, keyof RowsOf<U>>;

/** `unknown` when a parameter of type P can take what the upstream stores; else a type that tells both. */
export type Fits<U, P, Opt = unknown> =
  IsAny<U> extends true
    ? { "upstream gives any: declare its return type": U }
    : IsNever<U> extends true
      ? { "upstream stores nothing: use deps": void }
      : IsNever<Strangers<U, Opt>> extends false
        ? { "upstream has no column": Strangers<U, Opt> }
        : false extends SomeFormFits<U, P, Opt>
          ? FormOf<Opt> extends FormName
            ? { "upstream gives": U; as: Handed<U, Opt>; "parameter takes": P }
            : { "upstream gives": U; "parameter takes": P }
          : unknown;

/** The same for a parameter that takes `Partitions` of the upstream's values. */
export type FitsPartitions<U, P, Opt = unknown> = P extends Partitions<infer E> ? Fits<U, E, Opt> : { "take it as": Partitions<U> };

/** A parameter decorator that compares the upstream's type with this parameter's. */
export interface InputDecorator<U, Opt = unknown> {
  <T, K extends keyof T & (string | symbol), I extends number>(target: T, key: K, index: I & Fits<U, ParamAt<T, K, I>, Opt>): void;
}
/** The same for several partitions of an upstream. */
export interface InputPartitionsDecorator<U, Opt = unknown> {
  <T, K extends keyof T & (string | symbol), I extends number>(
    target: T,
    key: K,
    index: I & FitsPartitions<U, ParamAt<T, K, I>, Opt>,
  ): void;
}
type OwnOf<T, M extends keyof T, O> = O extends string ? OutOf<T, M, O> : OutputOf<T, M>;
/** The same for an asset of this class. */
export interface OwnDecorator<M extends string, O extends string | undefined, Opt = unknown> {
  <T, K extends keyof T & (string | symbol), I extends number>(
    target: T,
    key: K,
    index: I & (M extends keyof T ? Fits<Taken<OwnOf<T, M, O>, Opt>, ParamAt<T, K, I>, Opt> : { "this class has no method": M }),
  ): void;
}
/** The same for several partitions of an asset of this class. */
export interface OwnPartitionsDecorator<M extends string, O extends string | undefined, Opt = unknown> {
  <T, K extends keyof T & (string | symbol), I extends number>(
    target: T,
    key: K,
    index: I & (M extends keyof T ? FitsPartitions<OwnOf<T, M, O>, ParamAt<T, K, I>, Opt> : { "this class has no method": M }),
  ): void;
}
