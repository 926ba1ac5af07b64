import type { AssetRef, Ctor, RefTarget } from "../../src/model/asset-ref.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import type { DeclarationSite } from "../../src/base/declaration-site.js";
import { nearest } from "../../src/base/did-you-mean.js";
import { snakeCase } from "../../decorators/declarations/names.js";
import type { PipelineClass } from "./pipeline-class.js";

/** What a ref led to: a key, or why it leads nowhere and what to do. */
export type Found = { readonly key: AssetKey } | { readonly message: string; readonly fix: string; readonly code: string };

/** Which key stands behind a method, an out, a ref, a text. */
export class AssetIndex {
  readonly #sites = new Map<AssetKey, DeclarationSite>();
  /** Class → method → out (or `result`) → key. */
  readonly #methods = new Map<unknown, { readonly view: PipelineClass; readonly outs: Map<string, ReadonlyMap<string, AssetKey>> }>();

  /** The classes that stand for a class as it is written: itself, or its copies. */
  readonly #copies = new Map<unknown, Ctor[]>();

  addClass(view: PipelineClass): void {
    this.#methods.set(view.type, { view, outs: new Map() });
    const copies = this.#copies.get(view.origin);
    if (copies) copies.push(view.type);
    else this.#copies.set(view.origin, [view.type]);
  }
  addMethod(view: PipelineClass, method: string, outs: ReadonlyMap<string, AssetKey>): void {
    this.#methods.get(view.type)?.outs.set(method, outs);
  }
  /** Notes the key's place; gives the place that has it already. */
  addKey(key: AssetKey, site: DeclarationSite): DeclarationSite | undefined {
    const first = this.#sites.get(key);
    if (first === undefined) this.#sites.set(key, site);
    return first;
  }
  has(key: AssetKey): boolean {
    return this.#sites.has(key);
  }

  /** The key of a full key's text. */
  findKey(key: string): Found {
    if (this.#sites.has(key)) return { key };
    const near = this.#nearKey(key);
    return {
      code: "DEFINITION.UNKNOWN_ASSET",
      message: `No asset has the key "${key}".${near === undefined ? "" : ` Did you mean "${near}"? It is declared at ${this.#sites.get(near)}.`}`,
      fix:
        near === undefined
          ? `Declare it, or list externalAsset({ key: "${key}" }) in Definitions.assets if it is made elsewhere.`
          : `Write "${near}", or list externalAsset({ key: "${key}" }) in Definitions.assets if it is made elsewhere.`,
    };
  }

  /** @param within - the class that refers to it: itself, it means the same copy */
  find(asset: AssetRef | string, within?: PipelineClass): Found {
    return typeof asset === "string" ? this.findKey(asset) : this.findRef(asset, within);
  }

  findRef(ref: AssetRef, within?: PipelineClass): Found {
    const { target } = ref;
    if ("key" in target) return this.findKey(target.key);
    const type = classOf(target, this.#copies);
    if (type === within?.origin) return this.findMethod(within.type, target.method, target.out);
    const found = this.findAll(ref);
    const [first] = found;
    return found.length > 1 && first && "key" in first ? mountedTwice(`${type.name}.${target.method}`, found) : (first as Found);
  }

  /** The same for each copy of a class that is mounted more than once; one at least. */
  findAll(asset: AssetRef | string): readonly Found[] {
    if (typeof asset === "string") return [this.findKey(asset)];
    const { target } = asset;
    if ("key" in target) return [this.findKey(target.key)];
    const type = classOf(target, this.#copies);
    return (this.#copies.get(type) ?? [type]).map((copy) => this.findMethod(copy, target.method, target.out));
  }

  findMethod(type: Ctor, method: string, out: string | undefined): Found {
    const entry = this.#methods.get(type);
    const name = type.name || "(anonymous class)";
    if (!entry) {
      const sub = [...this.#methods.values()].find(({ view }) => view.chain.includes(type));
      return {
        code: "DEFINITION.UNKNOWN_PIPELINE",
        message: `${name}.${method} is taken, but ${name} is not in Definitions.pipelines.`,
        fix: sub
          ? `Refer to ${sub.view.name}, which extends it and is listed, or list ${name} too.`
          : `Add ${name} to Definitions.pipelines.`,
      };
    }
    const outs = entry.outs.get(method);
    if (!outs) {
      const near = nearest(method, entry.outs.keys());
      return {
        code: "DEFINITION.NO_ASSET",
        message: `${name}.${method} is taken, but that is no asset.${near === undefined ? "" : ` Did you mean "${near}"?`}`,
        fix:
          near === undefined
            ? `Put @Asset() on ${name}.${method}, or take one of its assets: ${[...entry.outs.keys()].join(", ") || "it has none"}.`
            : `Write "${near}", or put @Asset() on ${name}.${method}.`,
      };
    }
    const single = outs.get("result");
    const isSingle = outs.size === 1 && single !== undefined && entry.view.units.get(method)?.kind !== "multi-asset";
    if (isSingle && out === undefined) return { key: single };
    if (isSingle) {
      return {
        code: "DEFINITION.NO_OUT",
        message: `Out "${out}" of ${name}.${method} is taken, but that is a single asset without outs.`,
        fix: "Leave the out away.",
      };
    }
    const names = [...outs.keys()].map((known) => `"${known}"`).join(", ");
    if (out === undefined) {
      return {
        code: "DEFINITION.MISSING_OUT",
        message: `${name}.${method} is taken without an out, but it makes several assets.`,
        fix: `Name one of its outs: ${names}.`,
      };
    }
    const key = outs.get(out);
    if (key !== undefined) return { key };
    return { code: "DEFINITION.NO_OUT", message: `${name}.${method} has no out "${out}".`, fix: `Name one of its outs: ${names}.` };
  }

  #nearKey(wanted: string): AssetKey | undefined {
    const snake = wanted.split("/").map(snakeCase).join("/");
    if (this.#sites.has(snake)) return snake;
    const last = snake.slice(snake.lastIndexOf("/") + 1);
    for (const key of this.#sites.keys()) if (key.slice(key.lastIndexOf("/") + 1) === last) return key;
    for (const { outs } of this.#methods.values()) {
      const key = [...(outs.get(wanted)?.values() ?? [])][0];
      if (key !== undefined) return key;
    }
    return nearest(snake, this.#sites.keys());
  }
}

function mountedTwice(name: string, found: readonly Found[]): Found {
  const keys = found.flatMap((each) => ("key" in each ? [each.key] : []));
  return {
    code: "DEFINITION.MOUNTED_TWICE",
    message: `${name} is taken, but its class is mounted more than once: it may be ${keys.map((key) => `"${key}"`).join(" or ")}.`,
    fix: `Name the key: ref("${keys[0]}").`,
  };
}

function classOf(target: Extract<RefTarget, { method: string }>, listed: ReadonlyMap<unknown, unknown>): Ctor {
  const given = target.pipeline;
  if (listed.has(given)) return given as Ctor;
  const isThunk = !Object.hasOwn(given, "prototype") || !/^class\b/.test(Function.prototype.toString.call(given));
  return isThunk ? (given as () => Ctor)() : (given as Ctor);
}
