import {
  Asset,
  FileIOManager,
  IOManager,
  InMemoryIOManager,
  type InputContext,
  Input,
  type OutputContext,
  Own,
  Pipeline,
  provide,
  ref,
  stream,
} from "../../../runtime/entries/index.js";
import { Definitions } from "../../../runtime/entries/index.js";
import { materialize } from "../../../runtime/entries/testing.js";
import { ProjectOnDisk } from "./on-disk";
import { failures } from "./outcome";

const kept: string[] = [];
const values = new Map<string, unknown>();
abstract class Keeps extends IOManager {
  async store(value: unknown, { assetKey }: OutputContext): Promise<{ at: string }> {
    kept.push(`${this.constructor.name} ${assetKey}`);
    values.set(assetKey, value);
    return { at: assetKey };
  }
  async load({ assetKey, pointer }: InputContext): Promise<unknown> {
    kept.push(`${this.constructor.name} gives ${assetKey} from ${JSON.stringify(pointer)}`);
    return values.get(assetKey);
  }
}
class OfDefinitions extends Keeps {}
class OfClass extends Keeps {}
class OfAsset extends Keeps {}

describe("an IO manager", () => {
  beforeEach(() => {
    kept.length = 0;
    values.clear();
  });

  it("is the asset's own, else its class's, else that of Definitions; the one that stored also loads", async () => {
    @Pipeline()
    class Plain {
      @Asset() plain(): number {
        return 1;
      }
      @Asset({ io: OfAsset }) own(): number {
        return 2;
      }
    }
    @Pipeline({ io: OfClass })
    class Classy {
      @Asset() classy(@Input(Plain, "plain") plain: number, @Input(Plain, "own") own: number): number {
        return plain + own;
      }
      @Asset({ io: OfAsset.with({}) }) both(@Own("classy") classy: number): number {
        return classy;
      }
    }
    await materialize([Plain, Classy], { io: OfDefinitions.with({}), concurrency: 1 });
    expect(kept).toEqual([
      "OfAsset own",
      "OfDefinitions plain",
      'OfDefinitions gives plain from {"at":"plain"}',
      'OfAsset gives own from {"at":"own"}',
      "OfClass classy",
      'OfClass gives classy from {"at":"classy"}',
      "OfAsset both",
    ]);
  });

  it("is not called for what returns nothing, and gets what it added as metadata", async () => {
    class Tells extends Keeps {
      override async store(value: unknown, context: OutputContext): Promise<{ at: string }> {
        context.addOutputMetadata({ rows: 3 });
        return super.store(value, context);
      }
    }
    @Pipeline({ io: Tells })
    class Told {
      @Asset() value(): number {
        return 1;
      }
      @Asset() nothing(): void {}
    }
    const result = await materialize([Told]);
    expect(kept).toEqual(["Tells value"]);
    expect(result.events.find((event) => event.assetKey === "value" && event.type === "ASSET_MATERIALIZATION")?.payload).toMatchObject({
      metadata: { rows: { type: "int", value: 3 } },
      pointer: { at: "value" },
      ioManager: "Tells",
    });
  });

  it("that gives the wrong kind of value fails the step that takes it, by name", async () => {
    class Wrong extends IOManager {
      async store(): Promise<void> {}
      async load({ assetKey }: InputContext): Promise<unknown> {
        return { list: new Map(), text: 7, rows: "text", date: "2026-01-01" }[assetKey];
      }
    }
    @Pipeline({ io: Wrong })
    class Takes {
      @Asset() list(): number[] {
        return [];
      }
      @Asset() text(): string {
        return "";
      }
      @Asset() rows(): number[] {
        return [];
      }
      @Asset() date(): Date {
        return new Date();
      }
      @Asset() a(@Own("list") _list: number[]): void {}
      @Asset() b(@Own("text") _text: string): void {}
      @Asset() async c(@Own("rows", { as: stream }) rows: AsyncIterable<number>): Promise<void> {
        for await (const row of rows) void row;
      }
      @Asset() d(@Own("date") _date: Date): void {}
    }
    const result = await materialize([Takes], { raiseOnError: false });
    const page = (step: string, wanted: string, key: string, given: string): string =>
      `Step "${step}" takes ${wanted} from "${key}", but Wrong gave ${given}.\n  → Materialize "${key}" again, or mend Wrong.load().`;
    expect(failures(result)).toEqual({
      a: page("a", "an Array", "list", "a Map"),
      b: page("b", "a String", "text", "a Number"),
      c: page("c", "rows", "rows", "a String"),
      d: page("d", "a Date", "date", "a String"),
    });
  });

  it("drops what it stored when the rest fails, and its own error is the step's", async () => {
    const dropped: string[] = [];
    class Fails extends IOManager {
      async store(): Promise<void> {
        throw new Error("disk full");
      }
      async load(): Promise<unknown> {
        return undefined;
      }
      override async discard({ assetKey }: OutputContext): Promise<void> {
        dropped.push(assetKey);
        throw new Error("cannot even do that");
      }
    }
    @Pipeline({ io: Fails })
    class Stores {
      @Asset() value(): number {
        return 1;
      }
    }
    const result = await materialize([Stores], { raiseOnError: false });
    expect([failures(result), dropped, result.materialized]).toEqual([{ value: "disk full" }, ["value"], []]);
  });

  it("streams rows in and out, one at a time, and takes them whole where an array is asked for", async () => {
    const order: string[] = [];
    class Lines extends IOManager {
      readonly rows = new Map<string, unknown[]>();
      async store(rows: AsyncIterable<unknown>, { assetKey }: OutputContext): Promise<void> {
        const all: unknown[] = [];
        for await (const row of rows) {
          order.push(`stored ${String(row)}`);
          all.push(row);
        }
        this.rows.set(assetKey, all);
      }
      async load({ assetKey }: InputContext): Promise<AsyncIterable<unknown>> {
        const rows = this.rows.get(assetKey) ?? [];
        return (async function* () {
          for (const row of rows) {
            order.push(`loaded ${String(row)}`);
            yield row;
          }
        })();
      }
    }
    @Pipeline()
    class Streams {
      @Asset() async *up(): AsyncGenerator<number> {
        for (const row of [1, 2]) {
          order.push(`made ${row}`);
          yield row;
        }
      }
      @Asset({ io: InMemoryIOManager }) async down(@Own("up", { as: stream }) rows: AsyncIterable<number>): Promise<number> {
        let sum = 0;
        for await (const row of rows) {
          order.push(`took ${row}`);
          sum += row;
        }
        return sum;
      }
      @Asset({ io: InMemoryIOManager, deps: ["down"] }) whole(@Own("up") rows: number[]): number {
        return rows.length;
      }
    }
    const lines = new Lines();
    await materialize([Streams], { io: provide(Lines, lines) });
    expect(order).toEqual([
      ...["made 1", "stored 1", "made 2", "stored 2"],
      ...["loaded 1", "took 1", "loaded 2", "took 2"],
      ...["loaded 1", "loaded 2"],
    ]);
  });
});

describe("files", () => {
  const project = new ProjectOnDisk();
  afterAll(() => project.remove());

  it("give a new process what the old one stored, whatever it holds, or refuse it and name the path", async () => {
    const value = (): unknown => ({
      date: new Date(5),
      big: 2n ** 70n,
      zero: -0,
      map: new Map<unknown, unknown>([[{ key: 1 }, new Set([undefined, Number.NaN, Infinity])]]),
      bytes: new Uint8Array([1, 255]),
      nested: [[undefined, { none: undefined, $date: "mine" }]],
    });
    let taken: unknown;
    @Pipeline({ io: FileIOManager })
    class Values {
      @Asset() anything(): unknown {
        return value();
      }
      @Asset() refused(): unknown {
        return { rows: [{ ok: 1 }, { convert: () => 1 }] };
      }
      @Asset({}) takes(@Input(ref<unknown>("anything")) anything: unknown): void {
        taken = anything;
      }
    }
    const definitions = new Definitions({ pipelines: [Values] });
    const first = await project.open(definitions);
    const { runId, status } = await first.materialize("anything or refused");
    expect(status).toBe("FAILURE");
    const events = await first.store.events({ runId, afterSeq: 0, limit: 100 });
    expect(events.find((event) => event.type === "STEP_FAILURE")?.payload?.error).toMatchObject({
      code: "IO.VALUE_NOT_STORABLE",
      message: expect.stringMatching(
        /^Asset "refused" returned a value that JSON cannot keep: \$\.rows\[1\]\.convert is a function\./,
      ) as string,
    });
    await project.close();
    const second = await project.open(definitions);
    expect((await second.materialize("takes")).status).toBe("SUCCESS");
    expect(taken).toEqual(value());
    expect(Object.is((taken as { zero: number }).zero, -0)).toBe(true);
  });
});
