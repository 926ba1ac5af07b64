import type { EdgeWhen } from "../../../../src/model/asset-spec.js";
import type { RecordedVersions, StalenessAsset } from "../../../../src/planning/staleness/staleness.js";
import { StalenessIndex } from "../../../../src/planning/staleness/staleness-index.js";

export interface Shape {
  readonly deps?: readonly (string | { readonly key: string; readonly when: EdgeWhen })[];
  readonly codeVersion?: string;
  /** Not made here. */
  readonly external?: boolean;
}

export function asset(key: string, { deps = [], codeVersion, external = false }: Shape = {}): StalenessAsset {
  return {
    key,
    ...(external ? {} : { unit: key }),
    ...(codeVersion === undefined ? {} : { codeVersion }),
    deps: deps.map((dep) => (typeof dep === "string" ? { key: dep, kind: "load", when: "success" } : { ...dep, kind: "load" })),
  };
}

/** Assets and what each recorded when it was last made, as a run would record it. */
export class History {
  readonly assets = new Map<string, StalenessAsset>();
  readonly records = new Map<string, RecordedVersions>();

  define(...assets: readonly StalenessAsset[]): this {
    for (const each of assets) this.assets.set(each.key, each);
    return this;
  }

  /** Makes each in turn, with `version` as its data version or `KEY@1`. */
  make(keys: string, version?: string): this {
    for (const key of keys.split(" ")) {
      const { codeVersion, deps } = this.assets.get(key) as StalenessAsset;
      const inputs = deps.map((dep) => {
        const dataVersion = this.records.get(dep.key)?.dataVersion;
        return { key: dep.key, ...(dataVersion === undefined ? {} : { dataVersion }) };
      });
      this.records.set(key, { dataVersion: version ?? `${key}@1`, ...(codeVersion === undefined ? {} : { codeVersion }), inputs });
    }
    return this;
  }

  /** Observes it; `undefined`: without a data version. */
  observe(key: string, version: string | undefined): this {
    this.records.set(key, version === undefined ? {} : { dataVersion: version });
    return this;
  }

  index(): StalenessIndex {
    return new StalenessIndex([...this.assets.values()], (key) => this.records.get(key));
  }

  /** `key: status` of all, where it is not fresh. */
  notFresh(): Record<string, string> {
    const index = this.index();
    return Object.fromEntries([...this.assets.keys()].map((key) => [key, index.status(key)]).filter(([, status]) => status !== "fresh"));
  }
}
