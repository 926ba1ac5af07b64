import type { Json } from "../base/canonical-json.js";
import type { AssetSpec, CheckSpec, UnitSpec } from "./asset-spec.js";
import type { JobSpec } from "./job.js";

/** What is known of a resource without its code. */
export interface ResourceSpec {
  /** The class or token name. */
  readonly name: string;
  readonly description?: string;
  /** JSON schema of its fields; absent for plain objects. */
  readonly configSchema?: Json;
  /** Names of the resources that it holds. */
  readonly needs: readonly string[];
}

/** All definitions as plain, frozen, JSON-able data: what the HTTP API, the UI, another process and a diff of two versions need. */
export interface Catalog {
  /** In order of key. */
  readonly assets: readonly AssetSpec[];
  /** In order of id. */
  readonly checks: readonly CheckSpec[];
  /** In order of id. */
  readonly units: readonly UnitSpec[];
  readonly resources: readonly ResourceSpec[];
  /** In order of name. */
  readonly jobs: readonly JobSpec[];
}
