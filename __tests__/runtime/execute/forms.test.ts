import { tableFromArrays, type Table } from "apache-arrow";
import {
  Asset,
  ColumnBatch,
  FileIOManager,
  FileParquetIOManager,
  Input,
  InputPartitions,
  IOManager,
  Own,
  Partitions,
  PartitionedAssetContext,
  byPartition,
  type PartitionValues,
  Pipeline,
  Relation,
  arrowTable,
  batches,
  dailyPartitions,
  ref,
  relation,
  rows,
  stream,
  type InputContext,
} from "../../../runtime/entries/index.js";
import { materialize } from "../../../runtime/entries/testing.js";
import { failures } from "./outcome";

interface Order {
  id: number;
  currency: string;
}
const orders: Order[] = [
  { id: 1, currency: "EUR" },
  { id: 2, currency: "USD" },
  { id: 3, currency: "EUR" },
];
const seen: Record<string, unknown> = {};
const total = Relation.sql<{ n: number }>`select 3 as n`;

@Pipeline()
class Given {
  @Asset() array(): Order[] {
    return orders;
  }
  @Asset() async *streamed(): AsyncGenerator<Order> {
    yield* orders;
  }
  @Asset() async *batched(): AsyncGenerator<ColumnBatch<Order>> {
    yield new ColumnBatch<Order>({ id: [1, 2], currency: ["EUR", "USD"] });
    yield new ColumnBatch<Order>({ id: [3], currency: ["EUR"] });
  }
  @Asset() table(): Table {
    return tableFromArrays({ id: Int32Array.from([1, 2, 3]), currency: ["EUR", "USD", "EUR"] });
  }
  @Asset() lazy(@Own("array", { as: relation }) from: Relation<Order>): Relation<Order> {
    return Relation.sql<Order>`select id, currency from ${from} order by id`;
  }
}

describe.each(["array", "streamed", "batched", "table", "lazy"] as const)("rows that an asset gives as %s", (given) => {
  beforeEach(() => {
    for (const key of Object.keys(seen)) delete seen[key];
  });

  it.each([
    ["memory", undefined],
    ["JSON files", FileIOManager.with({})],
    ["Parquet files", FileParquetIOManager.with({})],
  ])("are handed over in every form, through %s", async (_, io) => {
    const upstream = ref<Order[]>(given);
    @Pipeline()
    class Takes {
      @Asset() asRows(@Input(upstream, { as: rows, columns: ["currency"], where: { id: { lt: 3 } } }) taken: { currency: string }[]): void {
        seen["rows"] = taken;
      }
      @Asset() async asStream(@Input(upstream, { as: stream }) taken: AsyncIterable<Order>): Promise<void> {
        const all: object[] = [];
        for await (const row of taken) all.push(row);
        seen["stream"] = all;
      }
      @Asset() async asBatches(@Input(upstream, { as: batches }) taken: AsyncIterable<ColumnBatch<Order>>): Promise<void> {
        const ids: number[] = [];
        for await (const batch of taken) ids.push(...Array.from(batch.columns.id, Number));
        seen["batches"] = ids;
      }
      @Asset() asTable(@Input(upstream, { as: arrowTable }) taken: Table): void {
        seen["arrowTable"] = [taken.numRows, [...(taken.getChild("currency") ?? [])]];
      }
      @Asset() async asRelation(@Input(upstream, { as: relation, where: { currency: "EUR" } }) taken: Relation<Order>): Promise<void> {
        seen["relation"] = await Relation.sql`select count(*) as n, max(id) as last from ${taken}`.rows();
      }
    }
    const result = await materialize([Given, Takes], {
      selection: `+key:${given} or key:as_*`,
      ...(io ? { io } : {}),
      raiseOnError: false,
    });
    expect(failures(result)).toEqual({});
    expect(seen).toEqual({
      rows: [{ currency: "EUR" }, { currency: "USD" }],
      stream: orders,
      batches: [1, 2, 3],
      arrowTable: [3, ["EUR", "USD", "EUR"]],
      relation: [{ n: 2, last: 3 }],
    });
  });
});

it("a table and a relation are handed over as they were given where the input names no form", async () => {
  @Pipeline({ io: FileParquetIOManager })
  class Same {
    @Asset() table(): Table {
      return tableFromArrays({ id: Int32Array.from([7]) });
    }
    @Asset() lazy(): Relation<{ n: number }> {
      return total;
    }
    @Asset() async takes(@Own("table") table: Table, @Own("lazy") lazy: Relation<{ n: number }>): Promise<void> {
      seen["same"] = [Number(table.getChild("id")?.get(0)), await lazy.rows()];
    }
  }
  await materialize([Same]);
  expect(seen["same"]).toEqual([7, [{ n: 3 }]]);
});

it("partitions are handed over in the form asked for, each by itself", async () => {
  const days = dailyPartitions({ start: "2025-01-01", end: "2025-01-03" });
  @Pipeline({ io: FileParquetIOManager })
  class Daily {
    @Asset({ partitions: days, backfill: { maxPartitionsPerRun: "all" } }) perDay(
      context: PartitionedAssetContext,
    ): PartitionValues<Order[]> {
      return byPartition(context.partitionKeys.map((day) => [day, orders] as const));
    }
    @Asset() async all(
      @InputPartitions(ref<Order[]>("per_day"), { as: relation, columns: ["id"] }) taken: Partitions<Relation<Pick<Order, "id">>>,
    ): Promise<void> {
      const counted: unknown[] = [];
      for await (const [day, each] of taken) counted.push([day, await each.rows()]);
      seen["partitions"] = counted;
    }
  }
  const result = await materialize([Daily], { selection: "*", partitions: "2025-01-01...2025-01-02", raiseOnError: false });
  expect(failures(result)).toEqual({});
  expect(seen["partitions"]).toEqual([
    ["2025-01-01", [{ id: 1 }, { id: 2 }, { id: 3 }]],
    ["2025-01-02", [{ id: 1 }, { id: 2 }, { id: 3 }]],
  ]);
});

it("a form of what is no rows fails the step, by name", async () => {
  class Gives extends IOManager {
    async store(): Promise<void> {}
    async load({ assetKey }: InputContext): Promise<unknown> {
      return new Map([[assetKey, 1]]);
    }
  }
  @Pipeline({ io: Gives })
  class Odd {
    @Asset() up(): Order[] {
      return [];
    }
    @Asset() down(@Own("up", { as: arrowTable }) _table: Table): void {}
  }
  expect(failures(await materialize([Odd], { raiseOnError: false }))).toEqual({
    down: 'Step "down" takes rows from "up", but Gives gave a Map.\n  → Materialize "up" again, or mend Gives.load().',
  });
});
