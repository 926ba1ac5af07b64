import { tableFromArrays, type Table } from "apache-arrow";
// What the compiler must accept; checked by types.test.ts.
import {
  Asset,
  AssetContext,
  AssetCheck,
  AssetCheckResult,
  type AssetRef,
  Config,
  ConfigurableResource,
  IOManager,
  Input,
  MaterializeResult,
  CustomMapping,
  InputPartitions,
  type MappedSpaces,
  MultiAsset,
  ObservableAsset,
  Own,
  OwnPartitions,
  PartitionedAssetContext,
  PartitionValues,
  Partitions,
  type PartitionsDefinition,
  Pipeline,
  byPartition,
  configFor,
  edge,
  env,
  offset,
  output,
  provide,
  ref,
  timeWindowMapping,
  stream,
  arrowTable,
  batches,
  relation,
  rows,
  rowSchema,
  schemaUnchanged,
  type ColumnBatch,
  type Relation,
} from "../../runtime/entries/index.js";
interface Order {
  id: bigint;
  amount: number;
}
interface User {
  id: bigint;
  email: string;
}
interface Event {
  type: string;
}
declare const daily: PartitionsDefinition;
class Api extends ConfigurableResource {
  baseUrl!: string;
  port = 80;
  tag?: string;
  async getJson<T>(p: string): Promise<T> {
    return null!;
  }
}
class RowsIO extends IOManager<readonly object[] | AsyncIterable<object>> {
  folder = "";
  async store(v: readonly object[] | AsyncIterable<object>) {}
  async load() {
    return [];
  }
}
class Login {
  user = "me";
  token!: string;
}
class FetchConfig extends Config {
  limit = 10;
  since?: Date;
  keys: string[] = [];
  login?: Login;
}
const history: AssetRef<Order[]> = ref<Order[]>("history/orders");

@Pipeline({ group: "ingestion" })
class Ingestion {
  constructor(private readonly api: Api) {}
  @Asset() async rawEvents(config: FetchConfig, context: AssetContext): Promise<Event[]> {
    return this.api.getJson("/x");
  }
  @Asset({ partitions: daily, io: RowsIO }) async perDay(context: PartitionedAssetContext): Promise<Event[]> {
    context.partitionKey;
    return [];
  }
  @MultiAsset({ outs: { users: {}, orders: { group: "t" } } }) async split(@Own("rawEvents") events: Event[]) {
    return { users: [] as User[], orders: [] as Order[] };
  }
  @MultiAsset({ outs: { a: { skippable: true }, b: {} } }) async maybe(): Promise<{ a?: string[]; b: MaterializeResult<number[]> }> {
    return null!;
  }
  @MultiAsset({ outs: { a: {}, b: {} }, canSubset: true }) async some(): Promise<{ a?: string; b?: number }> {
    return {};
  }
  @Asset() async result(): Promise<MaterializeResult<Order[]>> {
    return new MaterializeResult({ value: [] });
  }
  @Asset() async either(): Promise<Order[] | MaterializeResult<Order[]>> {
    return [];
  }
  @Asset() async *stream(): AsyncGenerator<Order> {}
  @Asset({ deps: [edge(history, { when: "always" })] }) plain() {
    return 3;
  }
  @Asset({ io: RowsIO.with({ folder: "x" }) }) configured(): Order[] {
    return [];
  }
  @Asset({ deps: [history, "dbt/x"] }) async nothing(): Promise<void> {}
  @Asset() async onlyMetadata() {
    return new MaterializeResult({ metadata: { rows: 1 } });
  }
  @Asset({ io: RowsIO }) async *streamed(): AsyncGenerator<Order> {}
  @MultiAsset({ outs: { a: {}, b: {} } }) async *yields() {
    yield output("a", 1);
    yield output("b", "x");
  }
}
const yielded: AssetRef<string> = ref(Ingestion, "yields", "b");
class Yesterday extends CustomMapping {
  upstreamOf(key: string, { upstream }: MappedSpaces): string[] {
    const index = upstream.indexOf(key) ?? 0;
    return index > 0 ? [upstream.keyAt(index - 1)] : [];
  }
  downstreamOf(key: string): string[] {
    return [key];
  }
}
class Metrics {
  @Asset() ofYields(@Input(Ingestion, "yields", "a") a: number, @Input(yielded) b: string) {}
  @Asset() m1(@Input(Ingestion, "rawEvents") e: Event[]) {}
  @Asset() m2(@Input(Ingestion, "split", "orders") o: readonly Order[]) {}
  @Asset() m3(@Input(Ingestion, "maybe", "a") o: string[], @Input(Ingestion, "maybe", "b") n: number[]) {}
  @Asset() m4(@Input(Ingestion, "either") o: Order[]) {}
  @Asset() m5(@Input(Ingestion, "stream") o: Order[]) {}
  @Asset() m6(@Input(ref(Ingestion, "result"), { as: stream }) o: AsyncIterable<Order>) {}
  @Asset() m7(@Input(Ingestion, "plain") n: number | string, context: AssetContext) {}
  @Asset() m8(@Input(history) o: Order[]) {}
  @Asset({ partitions: daily }) m9(
    @Input(history, { mapping: offset(-1), optional: true }) before: Order[] | undefined,
    @Input(Ingestion, "perDay") e: Event[],
    context: PartitionedAssetContext,
  ) {}
  @Asset() async m10(@InputPartitions(ref(Ingestion, "perDay")) days: Partitions<Event[]>) {
    for await (const [day, events] of days) void [day.length, events.length];
  }
  @Asset() m11(@InputPartitions(Ingestion, "perDay") days: Partitions<readonly Event[]>) {}
  @Asset() m12(@InputPartitions(history, { mapping: timeWindowMapping({ startOffset: -6 }) }) days: Partitions<Order[]>) {}
  @Asset() m13(@InputPartitions(Ingestion, "stream") days: Partitions<Order[]>) {}
  @Asset({ partitions: daily, backfill: { maxPartitionsPerRun: 10 }, reuse: false }) m14(): PartitionValues<number> {
    return byPartition(new Map([["2025-01-01", 1]]));
  }
  @Asset({ partitions: daily }) m15(@Input(Metrics, "m14") total: number) {}
  @Asset({ partitions: daily, io: RowsIO }) m23(): PartitionValues<MaterializeResult<Order[]>> {
    return byPartition(new Map([["2025-01-01", new MaterializeResult<Order[]>({ value: [] })]]));
  }
  @Asset({ partitions: daily }) m24(@Own("m23") orders: Order[]) {}
  @Asset({ partitions: daily, io: RowsIO }) async m16(): Promise<MaterializeResult<PartitionValues<Order[]>>> {
    return new MaterializeResult({ value: byPartition<Order[]>([]) });
  }
  @Asset({ partitions: daily, deps: [edge(history, { when: "always", mapping: new Yesterday() })] }) m17(
    @Input(ref<number>("m17"), { mapping: offset(-1), optional: true }) before: number | undefined,
  ): number {
    return (before ?? 0) + 1;
  }
  @Asset({ partitions: daily }) m20(@Own("m20", { mapping: offset(-1), optional: true }) before: number | undefined): number {
    return before ?? 0;
  }
  @Asset() m21(@OwnPartitions("m20") days: Partitions<number>, @OwnPartitions("m18", "d") d: Partitions<number>) {}
  @Asset({ partitions: daily }) m22(@Own("m18", "c", { mapping: offset(-1) }) c: number) {}
  @MultiAsset({ partitions: daily, backfill: { maxPartitionsPerRun: "all" }, outs: { c: {}, d: {} } }) m18(
    context: PartitionedAssetContext,
  ) {
    return { c: 1, d: 2 };
  }
  @Asset() table(): Table {
    return tableFromArrays({ id: [1] });
  }
  @Asset() lazy(@Input(ref(Ingestion, "result"), { as: relation }) orders: Relation<Order>): Relation<{ total: number }> {
    return orders as unknown as Relation<{ total: number }>;
  }
  @Asset({ schema: rowSchema({ id: "int64", note: "string?" }), checks: [schemaUnchanged({ allowAdded: true })] }) m25(
    @Input(ref(Ingestion, "result"), { as: batches }) o: AsyncIterable<ColumnBatch<Order>>,
    @Input(ref(Ingestion, "result"), { as: arrowTable }) t: Table,
    @Input(ref(Ingestion, "result"), { as: rows, columns: ["id"], where: { id: { gte: 1n } } }) ids: { id: bigint }[],
    @Own("table") whole: Table,
    @Own("table", { as: rows }) untyped: Record<string, unknown>[],
    @Own("lazy") same: Relation<{ total: number }>,
    @Own("lazy", { as: stream, columns: ["total"] }) totals: AsyncIterable<{ total: number }>,
  ) {}
  @Asset() m26(@InputPartitions(ref(Ingestion, "perDay"), { as: arrowTable }) days: Partitions<Table>) {}
  @ObservableAsset({ partitions: daily }) m19(context: PartitionedAssetContext): string {
    return context.partitionKey;
  }
}
abstract class Base<T> {
  abstract fetch(): Promise<T[]>;
  @Asset() async raw(): Promise<T[]> {
    return this.fetch();
  }
  @Asset() async count(@Own("raw") rows: T[]): Promise<number> {
    return rows.length;
  }
}
class Orders extends Base<Order> {
  async fetch() {
    return [];
  }
  @Asset() sum(@Own("raw") o: Order[]): number {
    return 0;
  }
}
class Uses {
  @Asset() u(@Input(Orders, "raw") o: Order[]) {}
}
function tableAssets<const N extends string>(name: N) {
  @Pipeline()
  class Table {
    @Asset({ key: name }) async rows(): Promise<Order[]> {
      return [];
    }
  }
  return Table;
}
const T = tableAssets("t1");
class UsesT {
  @Asset() u(@Input(T, "rows") o: Order[]) {}
}
const r: AssetRef<Order[]> = ref(Ingestion, "split", "orders");
const thunk = ref(() => Ingestion, "plain");
const n: AssetRef<number> = thunk;
class Quality {
  @AssetCheck({ asset: r, blocking: true }) positive(@Input(r) o: Order[]): AssetCheckResult {
    return new AssetCheckResult({ passed: o.length > 0 });
  }
}
Api.with({ baseUrl: env("X") });
Api.with({ baseUrl: "x", port: env.number("P"), tag: "x" });
provide(Api, { baseUrl: "", port: 1, getJson: async () => null as never });
configFor(Api, { baseUrl: "x" });
configFor(RowsIO, { folder: "x" });
configFor(ref(Ingestion, "rawEvents"), { limit: 5, keys: ["a"], login: { token: "x" }, since: new Date(0) });
configFor(ref(Ingestion, "rawEvents"), {});
configFor(history, { whatever: [1] });
void [Metrics, Uses, UsesT, r, n, Quality];
