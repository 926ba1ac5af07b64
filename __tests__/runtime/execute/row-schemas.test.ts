import {
  Asset,
  Column,
  Definitions,
  FileParquetIOManager,
  MultiAsset,
  Own,
  Pipeline,
  byPartition,
  dailyPartitions,
  rowSchema,
  rows,
  schemaUnchanged,
  stream,
  type PartitionValues,
} from "../../../runtime/entries/index.js";
import type { EventRecord } from "../../../src/model/event.js";
import { materialize } from "../../../runtime/entries/testing.js";
import { ProjectOnDisk } from "./on-disk";
import { failures, statuses } from "./outcome";

interface Order {
  id: number;
  currency: string;
  amount: number | null;
}
const orders: Order[] = [
  { id: 1, currency: "EUR", amount: 5 },
  { id: 2, currency: "USD", amount: null },
  { id: 3, currency: "EUR", amount: 7 },
];

describe("an input of rows", () => {
  it("gets the columns and the rows that it asks for, in the form that it asks for, from a manager that knows of neither", async () => {
    const seen: Record<string, unknown> = {};
    @Pipeline()
    class Sales {
      @Asset() orders(): Order[] {
        return orders;
      }
      @Asset() async *streamed(): AsyncGenerator<Order> {
        yield* orders;
      }
      @Asset() whole(@Own("orders", { where: { currency: "EUR" } }) taken: Order[]): void {
        seen["whole"] = taken;
      }
      @Asset() cut(
        @Own("streamed", { as: rows, columns: ["amount", "id"], where: { amount: null } }) taken: Pick<Order, "id" | "amount">[],
      ): void {
        seen["cut"] = taken;
      }
      @Asset() async each(@Own("orders", { as: stream, columns: ["id"] }) taken: AsyncIterable<{ id: number }>): Promise<void> {
        const ids: object[] = [];
        for await (const row of taken) ids.push(row);
        seen["each"] = ids;
      }
    }
    await materialize([Sales]);
    expect(seen).toEqual({
      whole: [orders[0], orders[2]],
      cut: [{ amount: null, id: 2 }],
      each: [{ id: 1 }, { id: 2 }, { id: 3 }],
    });
  });

  it("of a column that no row has fails the step, with the columns that there are", async () => {
    @Pipeline()
    class Sales {
      @Asset() orders(): object[] {
        return orders;
      }
      @Asset() down(@Own("orders", { where: { amont: 1 } as object }) _taken: object[]): void {}
    }
    expect(failures(await materialize([Sales], { raiseOnError: false }))).toEqual({
      down: 'Asset "orders" has no column "amont"; it has "id", "currency", "amount".\n  → Did you mean "amount"?',
    });
  });
});

class Row {
  @Column("int64") id!: number;
  @Column("string?") note?: string | null;
}

describe("a declared schema", () => {
  it("holds for what is stored, and is told as the columns of the materialization", async () => {
    @Pipeline()
    class Sales {
      @Asset({ schema: Row }) good(): Row[] {
        return [{ id: 1 }, { id: 2, note: "x" }];
      }
      @Asset({ schema: Row }) bad(): object[] {
        return [{ id: 1 }, { id: "2" }];
      }
      @MultiAsset({ outs: { part: { schema: rowSchema({ n: "int32" }) } } }) async several(): Promise<{ part: AsyncIterable<object> }> {
        async function* parts(): AsyncGenerator<object> {
          yield { n: 1 };
          yield { n: 1.5 };
        }
        return { part: parts() };
      }
    }
    const result = await materialize([Sales], { raiseOnError: false });
    expect(failures(result)).toEqual({
      bad: 'Column "id" of asset "bad" is declared int64, but row 1 has the text "2".\n  → Give a whole number that a JavaScript number holds exactly; declare bigint for larger ones, or declare another type.',
      part: 'Column "n" of asset "part" is declared int32, but row 1 has the number 1.5.\n  → Give a whole number of 32 bits, or declare another type.',
    });
    const made = result.events.find(({ type }) => type === "ASSET_MATERIALIZATION");
    expect(made?.payload?.metadata).toEqual({
      "millrace/column_schema": {
        type: "table_schema",
        value: [
          { name: "id", type: "int64", constraints: { nullable: false } },
          { name: "note", type: "string", constraints: { nullable: true } },
        ],
      },
    });
  });
});

describe("a change of the columns", () => {
  const project = new ProjectOnDisk();
  afterAll(() => project.remove());

  /** Materializes `orders`, whose rows have these fields, and what is downstream of it. */
  async function run(row: object): Promise<{ events: readonly EventRecord[]; statuses: Record<string, string> }> {
    @Pipeline({ io: FileParquetIOManager })
    class Sales {
      @Asset({ reuse: false, checks: [schemaUnchanged({ blocking: true, allowAdded: true })] }) orders(): object[] {
        return [row];
      }
      @Asset({ reuse: false }) down(@Own("orders") _orders: object[]): void {}
    }
    const millrace = await project.open(new Definitions({ pipelines: [Sales] }));
    const { runId } = await millrace.materialize("*");
    const events = await millrace.store.events({ runId, afterSeq: 0, limit: 1000 });
    const steps = await millrace.store.steps(runId);
    await project.close();
    return { events, statuses: statuses({ steps } as never) };
  }
  const told = (events: readonly EventRecord[]): unknown[] =>
    events.flatMap(({ type, payload }): unknown[] =>
      type === "SCHEMA_CHANGE"
        ? [payload?.columnChanges]
        : type === "ASSET_CHECK_EVALUATION"
          ? [payload?.check?.passed, payload?.check?.description]
          : [],
    );

  it("is told as an event, and by a check that can hold the downstream back", async () => {
    expect(told((await run({ id: 1 })).events)).toEqual([true, "The first materialization that tells its columns."]);
    expect(told((await run({ id: 2 })).events)).toEqual([true, undefined]);
    const added = await run({ id: 3, note: "x" });
    expect(told(added.events)).toEqual([[{ column: "note", change: "added", to: expect.any(String) }], true, undefined]);
    expect(added.statuses).toEqual({ orders: "SUCCESS 1", down: "SUCCESS 1" });
    const changed = await run({ note: 7 });
    expect(told(changed.events)).toEqual([
      [
        { column: "id", change: "removed" },
        { column: "note", change: "type", from: expect.any(String), to: expect.any(String) },
      ],
      false,
      expect.stringMatching(/^The columns changed\. id: removed; note: \w+ → \w+$/),
    ]);
    expect(changed.statuses).toEqual({ orders: "FAILURE 1", down: "NOT_RUN 0" });
  });

  it("is told once where one run stores several partitions", async () => {
    const days = dailyPartitions({ start: "2025-01-01", end: "2025-01-04" });
    @Pipeline({ io: FileParquetIOManager })
    class Daily {
      @Asset({ partitions: days, backfill: { maxPartitionsPerRun: "all" } }) perDay(): PartitionValues<object[]> {
        return byPartition(
          new Map([
            ["2025-01-01", [{ a: 1 }]],
            ["2025-01-02", [{ a: 1, b: 2 }]],
            ["2025-01-03", [{ a: 1, b: 2 }]],
          ]),
        );
      }
    }
    const millrace = await project.open(new Definitions({ pipelines: [Daily] }));
    const { runId } = await millrace.materialize("*", { partitions: "2025-01-01...2025-01-03" });
    const events = await millrace.store.events({ runId, afterSeq: 0, limit: 1000 });
    await project.close();
    expect(events.flatMap(({ type, partition }) => (type === "SCHEMA_CHANGE" ? [partition?.key] : []))).toEqual(["2025-01-02"]);
  });
});
