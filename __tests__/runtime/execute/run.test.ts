import { IsInt, IsString, Min } from "class-validator";
import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  AssetContext,
  Config,
  ConfigurableResource,
  Failure,
  Input,
  MaterializeResult,
  MultiAsset,
  Output,
  Own,
  Pipeline,
  RetryRequested,
  Secret,
  edge,
  env,
  ref,
} from "../../../runtime/entries/index.js";
import { materialize } from "../../../runtime/entries/testing.js";

class Api extends ConfigurableResource {
  @IsString() baseUrl!: string;
  @IsString() @Secret() token!: string;
  readonly calls: string[] = [];
  static log: string[] = [];
  protected override setup(): void {
    Api.log.push("setup");
  }
  protected override teardown(): void {
    Api.log.push("teardown");
  }
}

class FetchConfig extends Config {
  @IsInt() @Min(1) limit = 3;
}

@Pipeline({ group: "sales" })
class Sales {
  constructor(private readonly api: Api) {}

  @Asset()
  orders(config: FetchConfig, context: AssetContext): { id: number }[] {
    context.log.info(`token ${this.api.token}`, { url: this.api.baseUrl });
    process.stdout.write(`printed ${this.api.token}\n`);
    context.addOutputMetadata({ limit: config.limit });
    return Array.from({ length: config.limit }, (_, id) => ({ id }));
  }

  @Asset({ checks: [{ name: "positive", blocking: true }] })
  total(@Own("orders") orders: { id: number }[]): MaterializeResult<number> {
    return new MaterializeResult({ value: orders.length, checks: [new AssetCheckResult({ passed: orders.length > 0 })] });
  }
}

const api = Api.with({ baseUrl: "http://here", token: env("API_TOKEN") });
const environment = { API_TOKEN: "s3cr3t-token" };

describe("a run", () => {
  beforeEach(() => (Api.log = []));

  it("hands config, context, resources and inputs to methods, and keeps what they give", async () => {
    const result = await materialize([Sales], { resources: [api], env: environment, config: { assets: { orders: { limit: 5 } } } });
    expect(result.status).toBe("SUCCESS");
    expect(result.value(ref(Sales, "total"))).toBe(5);
    expect(result.checks).toEqual({ "total#positive": true });
    expect(Api.log).toEqual(["setup", "teardown"]);
  });

  it("masks secrets in log lines, output and events", async () => {
    const result = await materialize([Sales], { resources: [api], env: environment });
    const text = JSON.stringify(result.events);
    expect(text).toContain("token ••••");
    expect(text).toContain("printed ••••");
    expect(text).not.toContain(environment.API_TOKEN);
  });

  it("refuses a faulty configuration before anything is written, with every fault at once", async () => {
    await expect(
      materialize([Sales], { resources: [api], env: {}, config: { assets: { orders: { limit: 0, limt: 1 } } } }),
    ).rejects.toThrow(
      [
        "The configuration has 3 faults:",
        '  assets.orders.limt: there is no such field; did you mean "limit"?',
        "  resources.Api.token: the environment variable API_TOKEN is not set",
        "  assets.orders.limit: limit must not be less than 1 (it is 0)",
      ].join("\n"),
    );
  });

  it("does not run what hangs on a failure, goes on with the rest, and keeps the user's own error first", async () => {
    @Pipeline()
    class Broken {
      @Asset() bad(): number {
        throw new TypeError("no such column");
      }
      @Asset() below(@Own("bad") bad: number): number {
        return bad;
      }
      @Asset() beside(): number {
        return 1;
      }
      @Asset({ deps: [edge("bad", { when: "failure" })] }) rescue(): number {
        return 2;
      }
      @Asset({ deps: [edge("bad", { when: "always" })] }) report(): number {
        return 3;
      }
    }
    const result = await materialize([Broken], { raiseOnError: false });
    expect(Object.fromEntries(result.steps.map((step) => [step.key, step.status]))).toEqual({
      bad: "FAILURE",
      below: "NOT_RUN",
      beside: "SUCCESS",
      rescue: "SUCCESS",
      report: "SUCCESS",
    });
    expect(result.events.find((event) => event.type === "STEP_FAILURE")?.payload?.error).toMatchObject({
      name: "TypeError",
      message: "no such column",
    });
  });

  it("tries again by the policy, by request, and never against allowRetries: false", async () => {
    const tries = { policy: 0, request: 0, final: 0 };
    @Pipeline()
    class Flaky {
      @Asset({ retry: { maxRetries: 2, delay: 1 } }) policy(): number {
        if (++tries.policy < 3) throw new Error("not yet");
        return 1;
      }
      @Asset() request(): number {
        if (++tries.request < 2) throw new RetryRequested({ maxRetries: 3 });
        return 1;
      }
      @Asset({ retry: { maxRetries: 5 } }) final(): number {
        tries.final++;
        throw new Failure("never again", { allowRetries: false, metadata: { rows: 0 } });
      }
    }
    const result = await materialize([Flaky], { raiseOnError: false });
    expect(tries).toEqual({ policy: 3, request: 2, final: 1 });
    expect(Object.fromEntries(result.steps.map((step) => [step.key, `${step.status} ${step.attempt}`]))).toEqual({
      policy: "SUCCESS 3",
      request: "SUCCESS 2",
      final: "FAILURE 1",
    });
  });

  it("materializes the outs that a generator gave before it failed", async () => {
    @Pipeline()
    class Halves {
      @MultiAsset({ outs: { first: {}, second: {} }, canSubset: true })
      async *both(): AsyncGenerator<Output<"first", number> | Output<"second", number>> {
        yield new Output("first", 1);
        await Promise.resolve();
        throw new Error("in the middle");
      }
    }
    const result = await materialize([Halves], { raiseOnError: false });
    expect(result.status).toBe("FAILURE");
    expect(result.materialized).toEqual(["first"]);
    expect(result.value("first")).toBe(1);
  });

  it("skips what needs an out that was left out", async () => {
    @Pipeline()
    class Maybe {
      @MultiAsset({ outs: { given: {}, left: { skippable: true } } })
      some(): { given: number; left?: number } {
        return { given: 1 };
      }
      @Asset() below(@Input(ref<number>("left")) left: number): number {
        return left;
      }
    }
    const result = await materialize([Maybe]);
    expect(result.status).toBe("SUCCESS");
    expect(result.steps.find((step) => step.key === "below")?.status).toBe("SKIPPED");
  });

  it("keeps downstream from running when a blocking check fails, and lets it run after a warning", async () => {
    const outcome = async (severity: "ERROR" | "WARN"): Promise<Record<string, string>> => {
      @Pipeline()
      class Checked {
        @Asset() rows(): number {
          return 0;
        }
        @Asset() below(@Own("rows") rows: number): number {
          return rows;
        }
        @AssetCheck({ asset: "rows", blocking: true }) notEmpty(@Own("rows") rows: number): AssetCheckResult {
          return new AssetCheckResult({ passed: rows > 0, severity });
        }
      }
      const result = await materialize([Checked], { raiseOnError: false });
      return Object.fromEntries(result.steps.map((step) => [step.key, step.status]));
    };
    expect(await outcome("ERROR")).toEqual({ rows: "SUCCESS", "rows#not_empty": "FAILURE", below: "NOT_RUN" });
    expect(await outcome("WARN")).toEqual({ rows: "SUCCESS", "rows#not_empty": "SUCCESS", below: "SUCCESS" });
  });

  it("fails a step that throws a string, rejects with undefined, calls process.exit, or takes too long", async () => {
    @Pipeline()
    class Rude {
      @Asset() text(): number {
        throw "just text";
      }
      @Asset() nothing(): Promise<number> {
        return Promise.reject(undefined);
      }
      @Asset() exits(): number {
        process.exit(3);
      }
      @Asset({ timeout: "20ms" }) sleeps(): Promise<number> {
        return new Promise((resolve) => setTimeout(() => resolve(1), 5_000).unref());
      }
    }
    const result = await materialize([Rude], { raiseOnError: false });
    const messages = Object.fromEntries(
      result.events.flatMap((event) => (event.type === "STEP_FAILURE" ? [[event.stepKey, event.payload?.error?.message]] : [])),
    );
    expect(messages).toEqual({
      text: '"just text" was thrown, which is no Error',
      nothing: "undefined was thrown (or a promise rejected with it)",
      exits: 'Step "exits" called process.exit(3).\n  → Throw an error to fail, or return to end.',
      sleeps: 'Step "sleeps" did not end within 20 ms.\n  → Make it faster, let it heed `context.signal`, or give it a longer `timeout`.',
    });
  });

  it("cancels running steps, starts no other, and abandons those that do not heed it", async () => {
    const canceler = new AbortController();
    @Pipeline()
    class Long {
      @Asset() async heeds(context: AssetContext): Promise<number> {
        setTimeout(() => canceler.abort(), 20);
        await new Promise<void>((resolve) => context.signal.addEventListener("abort", () => resolve()));
        return 1;
      }
      @Asset() after(@Own("heeds") heeds: number): number {
        return heeds;
      }
    }
    const result = await materialize([Long], { signal: canceler.signal, raiseOnError: false });
    expect(result.status).toBe("CANCELED");
    expect(Object.fromEntries(result.steps.map((step) => [step.key, step.status]))).toEqual({ heeds: "CANCELED", after: "CANCELED" });
  });

  it("records code version, data version and the versions of its inputs with each materialization", async () => {
    @Pipeline()
    class Versions {
      @Asset({ codeVersion: "1" }) up(): MaterializeResult<number> {
        return new MaterializeResult({ value: 1, dataVersion: "v1" });
      }
      @Asset({ codeVersion: "2" }) down(@Own("up") up: number): number {
        return up;
      }
    }
    const result = await materialize([Versions]);
    const [up, down] = result.events.filter((event) => event.type === "ASSET_MATERIALIZATION");
    expect(up?.payload).toMatchObject({ codeVersion: "1", dataVersion: "v1", inputs: [] });
    expect(down?.payload).toMatchObject({ codeVersion: "2", inputs: [{ key: "up", dataVersion: "v1", eventId: up?.id }] });
    expect(down?.payload?.dataVersion).toMatch(/^[0-9a-f]{32}$/);
  });
});
