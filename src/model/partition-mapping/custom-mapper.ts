import { DefinitionError, messageOf } from "../../base/errors.js";
import { IndexSet } from "../partitions/index-set.js";
import type { PartitionSpace } from "../partitions/partition-space.js";
import type { CustomMapping, MappedSpaces } from "./custom-mapping.js";
import { nonexistentKeys, type NeededUpstream, type PartitionMapper } from "./partition-mapper.js";

/** Asks an author's own mapping, once for each partition. */
export class CustomMapper implements PartitionMapper {
  readonly #code: CustomMapping;
  readonly #spaces: MappedSpaces;

  constructor(code: CustomMapping, upstream: PartitionSpace, downstream: PartitionSpace) {
    this.#code = code;
    this.#spaces = { upstream, downstream };
  }

  upstreamOf(downstream: IndexSet): NeededUpstream {
    const { upstream } = this.#spaces;
    const { found, lost } = this.#mapped("upstreamOf", downstream, this.#spaces.downstream, upstream);
    return { partitions: found, nonexistent: nonexistentKeys([...lost]) };
  }

  downstreamOf(upstream: IndexSet): IndexSet {
    return this.#mapped("downstreamOf", upstream, this.#spaces.upstream, this.#spaces.downstream).found;
  }

  #mapped(
    method: "upstreamOf" | "downstreamOf",
    set: IndexSet,
    from: PartitionSpace,
    to: PartitionSpace,
  ): { found: IndexSet; lost: ReadonlySet<string> } {
    const found: number[] = [];
    const lost = new Set<string>();
    for (const index of set) {
      for (const key of this.#ask(method, from.keyAt(index))) {
        const at = to.indexOf(key);
        if (at === undefined) lost.add(key);
        else found.push(at);
      }
    }
    return { found: IndexSet.ofNumbers(found), lost };
  }

  #ask(method: "upstreamOf" | "downstreamOf", key: string): readonly string[] {
    const name = `${this.#code.constructor.name}.${method}`;
    try {
      const keys: unknown = [...this.#code[method](key, this.#spaces)];
      if ((keys as unknown[]).every((each) => typeof each === "string")) return keys as string[];
    } catch (error) {
      throw new DefinitionError("DEFINITION.CUSTOM_MAPPING", `${name}("${key}") throws: ${messageOf(error)}`, {
        fix: "Return the keys; an empty list where there are none.",
        cause: error,
      });
    }
    throw new DefinitionError("DEFINITION.CUSTOM_MAPPING", `${name}("${key}") gives something that is no key.`, {
      fix: "Return keys as texts.",
    });
  }
}
