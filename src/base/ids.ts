import { v7 } from "uuid";

/** A new identifier (UUID version 7): unique everywhere, and in the order of its making, so that keys by it stay in order of time. */
export function newId(): string {
  return v7();
}
