import { partitionsKind, type AssetKey } from "../model/asset-spec.js";
import type { AssetGraph, GraphAsset } from "./asset-graph.js";
import type { AttributeNode } from "./selection-ast.js";
import { SelectionError } from "./selection-error.js";

/**
 * The assets that an attribute chooses, as a set of ids. `kind:<null>`, `partitions:<null>` and `job:<null>` choose assets that have none; every asset has a
 * group, and `owner:<null>` and `tag:<null>` choose nothing.
 * @param range - the assets that `tag`, `kind` and `group` choose among; `key`, `owner`, `is` and `partitions` see all
 */
export function assetsByAttribute(graph: AssetGraph, node: AttributeNode, range: Uint8Array): Uint8Array {
  const { attribute, value } = node;
  if (attribute === "key") return assetsByKey(graph, value ?? "");
  const jobs = graph.assetsOfJobs;
  if (attribute === "job" && jobs) return value === null ? assetsOfNoJob(graph, jobs, range) : assetsByJob(graph, jobs.get(value) ?? []);
  const matches = matcher(node);
  const ranged = attribute === "tag" || attribute === "kind" || attribute === "group";
  const chosen = new Uint8Array(graph.size);
  for (let id = 0; id < chosen.length; id++) if ((!ranged || range[id] === 1) && matches(graph.specAt(id))) chosen[id] = 1;
  return chosen;
}

/** The assets whose key is this one or fits the pattern, in which `*` stands for any characters, `/` too. */
export function assetsByKey(graph: AssetGraph, pattern: string): Uint8Array {
  const chosen = new Uint8Array(graph.size);
  if (!pattern.includes("*")) {
    const id = graph.idOf(pattern);
    if (id !== undefined) chosen[id] = 1;
    return chosen;
  }
  const fits = wildcard(pattern);
  for (let id = 0; id < chosen.length; id++) if (fits(graph.keyAt(id))) chosen[id] = 1;
  return chosen;
}

function assetsByJob(graph: AssetGraph, keys: readonly AssetKey[]): Uint8Array {
  const chosen = new Uint8Array(graph.size);
  for (const key of keys) {
    const id = graph.idOf(key);
    if (id !== undefined) chosen[id] = 1;
  }
  return chosen;
}

/** The assets of the range that no job runs. */
function assetsOfNoJob(graph: AssetGraph, jobs: ReadonlyMap<string, readonly AssetKey[]>, range: Uint8Array): Uint8Array {
  const inJobs = assetsByJob(graph, [...jobs.values()].flat());
  return range.map((isIn, id) => (isIn === 1 && inJobs[id] === 0 ? 1 : 0));
}

/** Whether a text fits a pattern in which `*` stands for any characters. Takes time in proportion to the text, whatever the pattern. */
export function wildcard(pattern: string): (text: string) => boolean {
  if (!pattern.includes("*")) return (text) => text === pattern;
  const parts = pattern.split("*");
  const head = parts[0] as string;
  const tail = parts[parts.length - 1] as string;
  const inner = parts.slice(1, -1).filter((part) => part !== "");
  return (text) => {
    if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
    const end = text.length - tail.length;
    let at = head.length;
    for (const part of inner) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}

function matcher({ attribute, value, equals }: AttributeNode): (asset: GraphAsset) => boolean {
  switch (attribute) {
    case "owner":
      return ({ owners = [] }) => value !== null && owners.includes(value);
    case "kind":
      return ({ kinds = [] }) => (value === null ? kinds.length === 0 : kinds.includes(value));
    case "group": {
      const fits = wildcard(value ?? "");
      return ({ group = "default" }) => value !== null && fits(group);
    }
    case "tag": {
      const wanted = equals ?? "";
      return ({ tags = {} }) => value !== null && Object.hasOwn(tags, value) && tags[value] === wanted;
    }
    case "partitions":
      return ({ partitions = null }) =>
        (typeof partitions === "string" ? partitions : partitionsKind(partitions)) === (value === "none" ? null : value);
    case "is":
      return isMatcher(value);
    default:
      throw new SelectionError("REQUEST.SELECTION_ATTRIBUTE", `Nothing is known here of the attribute ${attribute}: of assets.`, {
        fix: "Select by key, tag, owner, group, kind, is, partitions or check.",
      });
  }
}

function isMatcher(value: string | null): (asset: GraphAsset) => boolean {
  if (value === "external") return ({ unit }) => unit === undefined;
  if (value === "observable") return ({ observable = false }) => observable;
  return ({ unit, observable = false }) => unit !== undefined && !observable;
}
