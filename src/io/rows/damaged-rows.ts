import { IOError, messageOf } from "../../base/errors.js";
import type { RowReadContext } from "./row-codec.js";
import { MalformedBytes } from "../parquet/thrift-compact.js";

/** The error of a file whose rows cannot be read, whatever is wrong with its bytes. */
export function damagedRows({ assetKey, address }: RowReadContext, path: string, cause: unknown): IOError {
  const named = address ?? path;
  const why = (cause instanceof MalformedBytes ? cause.what : messageOf(cause)).split("\n")[0]?.replaceAll(path, named);
  return new IOError("IO.CORRUPT", `The stored rows of asset "${assetKey}" cannot be read: ${named} is damaged: ${why}`, {
    fix: `Materialize "${assetKey}" again, or restore the file.`,
    cause,
  });
}
