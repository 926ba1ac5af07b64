import { RequestError } from "../../base/errors.js";
import { dimensionNames, type MultiPartitions } from "./partitions-definition.js";

/**
 * The key of a combination.
 * @throws {@link RequestError} if a dimension is missing or unknown
 */
export function multiPartitionKey(definition: MultiPartitions, keys: Readonly<Record<string, string>>): string {
  const names = dimensionNames(definition);
  const wrong = [...names.filter((name) => keys[name] === undefined), ...Object.keys(keys).filter((name) => !names.includes(name))];
  if (wrong.length > 0) {
    throw new RequestError(
      "REQUEST.PARTITION_DIMENSIONS",
      `The partition ${JSON.stringify(keys)} does not fit the dimensions ${names.join(", ")}.`,
      {
        fix: "Give each dimension one key.",
      },
    );
  }
  return names.map((name) => keys[name]).join("|");
}

/** The dimension that comes first where partitions are shown as a grid: the one of time, else the first by name. */
export function primaryDimension(definition: MultiPartitions): string {
  const names = dimensionNames(definition);
  return timeDimension(definition) ?? names[0] ?? "";
}

/** The dimension of time, if exactly one is. */
export function timeDimension(definition: MultiPartitions): string | undefined {
  const ofTime = dimensionNames(definition).filter((name) => definition.dimensions[name]?.kind === "time");
  return ofTime.length === 1 ? ofTime[0] : undefined;
}

/** Tags of a run of one partition: `millrace/partition`, and `millrace/partition/DIMENSION` for each dimension. */
export function partitionTags(key: string, keysByDimension: Readonly<Record<string, string>> = {}): Record<string, string> {
  const dimensions = Object.entries(keysByDimension).map(([name, each]) => [`millrace/partition/${name}`, each]);
  return { "millrace/partition": key, ...Object.fromEntries(dimensions) };
}
