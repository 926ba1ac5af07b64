import { Output } from "../src/model/results.js";

/** One out of a multi-asset, for an async generator: `yield output("orders", rows)`. */
export function output<O extends string, V>(out: O, value: V): Output<O, V> {
  return new Output(out, value);
}
