import { RequestError } from "../../../src/base/errors.js";
import { checkPartitionKey } from "../../../src/model/partitions/define-partitions.js";
import { nearest } from "../../../src/base/did-you-mean.js";
import type { Catalog } from "../../../src/model/catalog.js";
import { dynamicNames } from "../../../src/model/partitions/partition-layout.js";
import type { Store } from "../../../src/storage/store.js";
import { EXIT } from "../exit-codes.js";
import { countOf } from "../format.js";
import type { CommonOptions } from "../program.js";
import { withSession } from "../project.js";

/** `millrace dynamic NAME [KEYS...] [--add | --delete]` */
export function dynamic(
  name: string,
  keys: readonly string[],
  options: CommonOptions & { readonly add?: boolean; readonly delete?: boolean },
): Promise<number> {
  if (options.add === options.delete && keys.length > 0) {
    throw new RequestError("REQUEST.DYNAMIC_KEYS", `What is to become of ${keys.map((key) => `"${key}"`).join(", ")}?`, {
      fix: "Write --add or --delete.",
    });
  }
  for (const key of keys) checkPartitionKey(key);
  return withSession(options, async ({ store, resolved }) => {
    await refuseUnknown(name, resolved.catalog, store);
    const changed = options.add
      ? await store.addDynamicPartitions(name, keys)
      : options.delete
        ? await store.deleteDynamicPartitions(name, keys)
        : 0;
    const known = await store.dynamicPartitions(name);
    if (options.json) process.stdout.write(`${JSON.stringify({ name, changed, keys: known.keys })}\n`);
    else if (options.add) process.stdout.write(`Added ${countOf(changed, "key")}; "${name}" has ${known.keys.length} now.\n`);
    else if (options.delete)
      process.stdout.write(`Deleted ${countOf(changed, "key")}; "${name}" has ${known.keys.length} now. Their history stays.\n`);
    else process.stdout.write(known.keys.length === 0 ? `"${name}" has no key.\n` : `${known.keys.join("\n")}\n`);
    return EXIT.ok;
  });
}

/** A name that neither an asset nor the store has is a slip of the hand: keys that were added to it would be no asset's. */
async function refuseUnknown(name: string, { assets }: Catalog, store: Store): Promise<void> {
  const names = new Set(assets.flatMap(({ partitions }) => (partitions ? dynamicNames(partitions) : [])));
  if (names.has(name) || (await store.dynamicPartitions(name)).keys.length > 0) return;
  const near = nearest(name, names);
  throw new RequestError(
    "REQUEST.DYNAMIC_NAME",
    `No asset has dynamic partitions "${name}".${near === undefined ? "" : ` Did you mean "${near}"?`}`,
    {
      fix:
        names.size === 0
          ? `Give an asset \`partitions: dynamicPartitions("${name}")\` first.`
          : `There are ${[...names]
              .sort()
              .map((each) => `"${each}"`)
              .join(", ")}.`,
    },
  );
}
