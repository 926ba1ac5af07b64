import "reflect-metadata";
import { container as shared, inject as foreignInject, injectable, singleton } from "tsyringe";
import { Asset, ConfigurableResource, Own, Pipeline, Secret, env, inject, provide, ref } from "../../../runtime/entries/index.js";
import { materialize } from "../../../runtime/entries/testing.js";
import { RunContainer } from "../../../runtime/execute/run-container.js";
import { ScanError } from "../../../runtime/scan/scan-error.js";

class Unbound extends ConfigurableResource {}
class Plain {}
@injectable()
class Injectable {}
@singleton()
class Everywhere {}

const CLOCK = Symbol("CLOCK");

describe("the container of a run", () => {
  it.each([Unbound, Plain, Injectable, Everywhere])("never constructs what nobody bound, whatever the class: %p", (type) => {
    expect(() => new RunContainer().get(type)).toThrow(
      [`The resource ${type.name} is not part of this run.`, `  → Add ${type.name}.with({ … }) to the resources of your Definitions.`].join(
        "\n",
      ),
    );
  });

  it("does not see what a module registers for itself in the package's shared container", () => {
    shared.registerInstance("GREETING", "hello");
    try {
      expect(() => new RunContainer().get("GREETING")).toThrow("The resource GREETING is not part of this run.");
    } finally {
      shared.clearInstances();
      shared.reset();
    }
  });

  it("gives two runs nothing of each other", () => {
    const [one, other] = [new RunContainer(), new RunContainer()];
    one.bind(CLOCK, 1);
    expect([one.has(CLOCK), other.has(CLOCK)]).toEqual([true, false]);
  });
});

describe("injection", () => {
  it.each([Unbound, Plain, Injectable, Everywhere])("refuses a pipeline that needs a class that is not bound: %p", async (type) => {
    class Needs {
      constructor(readonly needed: object) {}
      @Asset() thing(): number {
        return 1;
      }
    }
    Reflect.defineMetadata("design:paramtypes", [type], Needs);
    Pipeline()(Needs);
    const refused = await materialize([Needs]).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ScanError);
    expect((refused as ScanError).problems.map(({ site: _site, ...problem }) => problem)).toEqual([
      {
        code: "DEFINITION.MISSING_RESOURCE",
        message: `The constructor of Needs needs the resource ${type.name}, which is not in Definitions.resources.`,
        fix: `Add to Definitions: resources: [${type === Unbound ? "Unbound.with({})" : `provide(${type.name}, …)`}].`,
      },
    ]);
  });

  it("hands plain objects to constructors and methods by their tokens, with our decorator and with the package's own", async () => {
    interface Clock {
      now(): number;
    }
    @Pipeline()
    class Timed {
      constructor(
        @inject(CLOCK) readonly clock: Clock,
        @foreignInject("ZONE") readonly zone: { name: string },
      ) {}
      @Asset() stamp(): string {
        return `${this.clock.now()} ${this.zone.name}`;
      }
      @Asset() later(@Own("stamp") stamp: string, @inject(CLOCK) clock: Clock): string {
        return `${stamp}, then ${clock.now() + 1}`;
      }
    }
    const resources = [provide(CLOCK, { now: () => 7 }), provide("ZONE", { name: "UTC" })];
    const result = await materialize([Timed], { resources });
    expect(result.value(ref(Timed, "later"))).toBe("7 UTC, then 8");
  });

  it("names a token that nobody bound, and the entry to add", async () => {
    @Pipeline()
    class Timed {
      constructor(@inject("ZONE") readonly zone: object) {}
      @Asset() stamp(@inject(CLOCK) _clock: object): number {
        return 1;
      }
    }
    const refused = (await materialize([Timed]).catch((error: unknown) => error)) as ScanError;
    expect(refused.problems.map(({ message, fix }) => [message, fix])).toEqual([
      [
        "The constructor of Timed needs the resource ZONE, which is not in Definitions.resources.",
        'Add to Definitions: resources: [provide("ZONE", …)].',
      ],
      [
        "Parameter 1 of Timed.stamp needs the resource CLOCK, which is not in Definitions.resources.",
        "Add to Definitions: resources: [provide(CLOCK, …)].",
      ],
    ]);
  });

  it("makes an instance for each attempt, with the same resources in all of them", async () => {
    class Api extends ConfigurableResource {
      @Secret() token = "";
    }
    const seen: { self: object; api: Api }[] = [];
    @Pipeline()
    class Flaky {
      constructor(readonly api: Api) {}
      @Asset({ retry: { maxRetries: 1, delay: 1 } }) flaky(): number {
        seen.push({ self: this, api: this.api });
        if (seen.length === 1) throw new Error("not yet");
        return 1;
      }
      @Asset({ deps: ["flaky"] }) other(): number {
        seen.push({ self: this, api: this.api });
        return 1;
      }
    }
    await materialize([Flaky], { resources: [Api.with({ token: env("TOKEN", "nothing") })] });
    expect(new Set(seen.map(({ self }) => self)).size).toBe(3);
    expect(new Set(seen.map(({ api }) => api)).size).toBe(1);
  });
});
