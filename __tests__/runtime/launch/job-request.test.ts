import {
  Asset,
  Config,
  ConfigurableResource,
  Definitions,
  Pipeline,
  configFor,
  defineAssetJob,
  ref,
  type RunConfigInput,
} from "../../../runtime/entries/index.js";
import { jobNamed, jobOptions, type JobRunOptions } from "../../../runtime/launch/job-request.js";
import { resolveDefinitions } from "../../../runtime/scan/resolve-definitions.js";

class Limit extends Config {
  limit = 1;
  since = "";
}
class Api extends ConfigurableResource {
  baseUrl = "";
}
@Pipeline()
class Sales {
  @Asset() orders(_config: Limit): number {
    return 1;
  }
}

const orders = ref(Sales, "orders");
const definitionsOf = (config?: RunConfigInput) =>
  resolveDefinitions(
    new Definitions({
      pipelines: [Sales],
      resources: [Api],
      jobs: [defineAssetJob({ name: "nightly", selection: "*", tags: { team: "data", size: "s" }, ...(config ? { config } : {}) })],
    }),
  );

it("lays the given tags and configuration over those of the job, field by field, in whatever form each is written", () => {
  const entries = [configFor(orders, { limit: 2, since: "job" }), configFor(Api, { baseUrl: "job" })];
  const written = { assets: { orders: { limit: 2, since: "job" } }, resources: { Api: { baseUrl: "job" } } };
  const tags = { team: "data", size: "xl", "millrace/job": "nightly" };
  const both = { assets: { orders: { limit: 3, since: "job" } }, resources: { Api: { baseUrl: "job" } } };
  for (const own of [entries, written]) {
    expect(jobOptions(definitionsOf(own), "nightly", { tags: { size: "xl" }, config: { assets: { orders: { limit: 3 } } } })).toEqual({
      tags,
      config: both,
    });
  }
  expect(jobOptions(definitionsOf(written), "nightly", { tags: { size: "xl" }, config: [configFor(orders, { limit: 3 })] })).toEqual({
    tags,
    config: both,
  });
  const added = [configFor(orders, { limit: 3 })];
  expect(jobOptions(definitionsOf(entries), "nightly", { config: added }).config).toEqual([...entries, ...added]);
  expect(jobOptions<JobRunOptions>(definitionsOf(entries), "nightly", {}).config).toBe(entries);
  expect(jobOptions(definitionsOf(), "nightly", { config: added }).config).toBe(added);
  expect(jobOptions<JobRunOptions>(definitionsOf(), "nightly", {})).toEqual({
    tags: { team: "data", size: "s", "millrace/job": "nightly" },
  });
});

it("names the nearest job where there is none of a name", () => {
  expect(() => jobNamed(definitionsOf(), "nightli")).toThrow(
    'There is no job "nightli". Did you mean "nightly"?\n  → Look at them with `millrace jobs`.',
  );
  expect(() => jobNamed(resolveDefinitions(new Definitions({})), "nightly")).toThrow(
    'There is no job "nightly".\n  → List one in Definitions.jobs, made by defineAssetJob.',
  );
});
