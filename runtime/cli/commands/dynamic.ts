import { RequestError } from "../../../src/base/errors.js";
import { checkPartitionKey } from "../../../src/model/partitions/define-partitions.js";
import { EXIT } from "../exit-codes.js";
import { countOf } from "../format.js";
import type { CommonOptions } from "../program.js";
import { withStore } from "../project.js";

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
  return withStore(options, async (store) => {
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
