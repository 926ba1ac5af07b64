// What the compiler must refuse; checked by types.test.ts.
import {
  Asset,
  AssetContext,
  Config,
  ConfigurableResource,
  IOManager,
  Input,
  MaterializeResult,
  InputPartitions,
  MultiAsset,
  ObservableAsset,
  Own,
  OwnPartitions,
  PartitionedAssetContext,
  PartitionValues,
  Partitions,
  type PartitionsDefinition,
  byPartition,
  configFor,
  edge,
  env,
  offset,
  output,
  provide,
  ref,
  stream,
  arrowTable,
  batches,
  relation,
  rows,
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
declare const daily: PartitionsDefinition;
class RowsIO extends IOManager<readonly object[]> {
  folder = "";
  async store(v: readonly object[]) {}
  async load() {
    return [];
  }
}
class Up {
  @Asset() orders(): Order[] {
    return [];
  }
  @Asset() async users(): Promise<MaterializeResult<User[]>> {
    return null!;
  }
  @Asset() nothing(): void {}
  @Asset() any(): any {}
  field = 1;
  @MultiAsset({ outs: { a: {}, b: {} } }) many() {
    return { a: 1, b: "x" };
  }
  // @ts-expect-error the key is not a method
  @Asset() own(@Own("ordersx") o: Order[]) {}
  // @ts-expect-error wrong rows of an own asset
  @Asset() own2(@Own("orders") o: User[]) {}
}
class Down {
  // @ts-expect-error users are not orders
  @Asset() d1(@Input(Up, "users") o: Order[]) {}
  // @ts-expect-error no such method
  @Asset() d2(@Input(Up, "user") o: User[]) {}
  // @ts-expect-error a field is no asset
  @Asset() d3(@Input(Up, "field") o: number) {}
  // @ts-expect-error nothing is stored
  @Asset() d4(@Input(Up, "nothing") o: undefined) {}
  // @ts-expect-error any upstream checks nothing
  @Asset() d5(@Input(Up, "any") o: string) {}
  // @ts-expect-error wrong out type
  @Asset() d6(@Input(Up, "many", "a") o: string) {}
  // @ts-expect-error no such out
  @Asset() d7(@Input(Up, "many", "c") o: string) {}
  // @ts-expect-error a single row is not rows
  @Asset() d8(@Input(Up, "orders") o: Order) {}
  // @ts-expect-error a typed ref
  @Asset() d9(@Input(ref<Order[]>("k")) o: User[]) {}
  // @ts-expect-error optional gives undefined
  @Asset() d10(@Input(ref<Order[]>("k"), { optional: true }) o: Order[]) {}
}
class Yields {
  @MultiAsset({ outs: { a: {}, b: {} } }) async *outs() {
    yield output("a", 1);
    yield output("b", "x");
  }
  // @ts-expect-error out b is a string
  @Asset() y1(@Own("outs", "b") b: number) {}
  // @ts-expect-error no out c
  @Asset() y2(@Input(ref(Yields, "outs", "c")) c: number) {}
}
class Streams {
  // @ts-expect-error a stream is asked for with as: stream
  @Asset() s1(@Input(Up, "orders") o: AsyncIterable<Order>) {}
  // @ts-expect-error with as: stream rows come one at a time
  @Asset() s2(@Input(ref(Up, "orders"), { as: stream }) o: Order[]) {}
  // @ts-expect-error a table is no array
  @Asset() s4(@Input(ref(Up, "orders"), { as: arrowTable }) o: Order[]) {}
  // @ts-expect-error a relation of orders is not of users
  @Asset() s5(@Input(ref(Up, "orders"), { as: relation }) o: Relation<User>) {}
  // @ts-expect-error batches of orders are not of users
  @Asset() s6(@Own("s7", { as: batches }) o: AsyncIterable<ColumnBatch<User>>) {}
  @Asset() s7(): Order[] {
    return [];
  }
  // @ts-expect-error a number has no rows
  @Asset() s8(@Own("s9", { as: rows }) n: number[]) {}
  @Asset() s9(): number {
    return 1;
  }
  // @ts-expect-error no such column to take
  @Asset() s10(@Input(ref(Up, "orders"), { columns: ["idd"] }) o: Order[]) {}
  // @ts-expect-error a column that is not taken
  @Asset() s11(@Own("s7", { columns: [] }) o: Order[]) {}
  // @ts-expect-error no such column of an own asset
  @Asset() s12(@Own("s7", { where: { idd: 1 } }) o: Order[]) {}
  // @ts-expect-error a form is one of those that there are
  @Asset() s13(@Input(ref(Up, "orders"), { as: "rows" }) o: Order[]) {}
  // @ts-expect-error partitions of tables are not of rows
  @Asset() s14(@OwnPartitions("s7", { as: arrowTable }) days: Partitions<Order[]>) {}
  // @ts-expect-error a yielded out that is not declared
  @MultiAsset({ outs: { a: {} } }) async *s3() {
    yield output("c", 1);
  }
}
class Outs {
  // @ts-expect-error b is never given
  @MultiAsset({ outs: { a: {}, b: {} } }) o1() {
    return { a: 1 };
  }
  // @ts-expect-error c is not declared
  @MultiAsset({ outs: { a: {} } }) o2() {
    return { a: 1, c: 2 };
  }
  // @ts-expect-error may be missing
  @MultiAsset({ outs: { a: {} } }) o3(): { a?: number } {
    return {};
  }
  // @ts-expect-error io manager for rows, value is a Map
  @Asset({ io: RowsIO }) o4(): Map<string, number> {
    return new Map();
  }
  // @ts-expect-error io manager for rows, configured, value is a Map
  @Asset({ io: RowsIO.with({ folder: "x" }) }) o4b(): Map<string, number> {
    return new Map();
  }
  // @ts-expect-error needs partitions
  @Asset() o5(context: PartitionedAssetContext) {}
  @Asset({ partitions: daily }) ok(context: PartitionedAssetContext) {}
  @Asset() o6(context: AssetContext) {
    // @ts-expect-error no partition here
    context.partitionKey;
  }
}
class Divided {
  @Asset({ partitions: daily }) perDay(): Order[] {
    return [];
  }
  @Asset({ partitions: daily }) each(): PartitionValues<number> {
    return byPartition([]);
  }
  // @ts-expect-error partitions of users are not of orders
  @Asset() p1(@InputPartitions(Divided, "perDay") days: Partitions<User[]>) {}
  // @ts-expect-error several partitions are taken as Partitions
  @Asset() p2(@InputPartitions(Divided, "perDay") days: Order[]) {}
  // @ts-expect-error a Map is not what is given
  @Asset() p3(@InputPartitions(Divided, "perDay") days: Map<string, Order[]>) {}
  // @ts-expect-error one partition is taken as its value
  @Asset({ partitions: daily }) p4(@Input(Divided, "perDay") day: Partitions<Order[]>) {}
  // @ts-expect-error no such method of which to take partitions
  @Asset() p5(@InputPartitions(Divided, "perday") days: Partitions<Order[]>) {}
  // @ts-expect-error each partition holds a number
  @Asset({ partitions: daily }) p6(@Input(Divided, "each") value: string) {}
  // @ts-expect-error a mapping is made by a function or a class
  @Asset({ partitions: daily }) p7(@Input(ref<Order[]>("k"), { mapping: -1 }) o: Order[]) {}
  // @ts-expect-error offset takes a number
  @Asset({ partitions: daily }) p8(@Input(ref<Order[]>("k"), { mapping: offset("-1") }) o: Order[]) {}
  // @ts-expect-error a mapping is no policy
  @Asset({ partitions: daily, backfill: { maxPartitionsPerRun: "some" } }) p9() {}
  // @ts-expect-error partitions are a definition
  @Asset({ partitions: "daily" }) p10() {}
  // @ts-expect-error the mapping's methods give keys
  @Asset({ deps: [edge("k", { mapping: { upstreamOf: () => [1] } })] }) p11() {}
  // @ts-expect-error an IO manager for rows keeps no number of each partition
  @Asset({ partitions: daily, io: RowsIO }) p12(): PartitionValues<number> {
    return byPartition([]);
  }
  // @ts-expect-error optional gives undefined of its own
  @Asset({ partitions: daily }) p15(@Own("each", { mapping: offset(-1), optional: true }) before: number) {}
  // @ts-expect-error partitions of orders are not of numbers
  @Asset() p16(@OwnPartitions("perDay") days: Partitions<number>) {}
  // @ts-expect-error this class has no such method of which to take partitions
  @Asset() p17(@OwnPartitions("perday") days: Partitions<Order[]>) {}
  // @ts-expect-error a multi-asset needs partitions
  @MultiAsset({ outs: { c: {} } }) p13(context: PartitionedAssetContext) {
    return { c: 1 };
  }
  // @ts-expect-error an observed asset needs partitions
  @ObservableAsset() p14(context: PartitionedAssetContext): string {
    return "v";
  }
}
class Api extends ConfigurableResource {
  baseUrl!: string;
  port = 80;
  go() {}
}
class FetchConfig extends Config {
  limit = 10;
}
class Configured {
  @Asset() raw(config: FetchConfig): number {
    return config.limit;
  }
  @Asset() plain(context: AssetContext): number {
    return 1;
  }
}
// @ts-expect-error a variable of another type than the field
Api.with({ baseUrl: env.number("X") });
// @ts-expect-error no such field in .with
Api.with({ baseUrls: "x" });
// @ts-expect-error a method is no field
Api.with({ go: "x" });
// @ts-expect-error a stub must have the methods
provide(Api, { baseUrl: "x", port: 1 });
// @ts-expect-error no such field of the asset's config
configFor(ref(Configured, "raw"), { limti: 5 });
// @ts-expect-error a wrong type in the asset's config
configFor(ref(Configured, "raw"), { limit: "5" });
// @ts-expect-error the method takes no config
configFor(ref(Configured, "plain"), { limit: 5 });
// @ts-expect-error no such field of the resource
configFor(Api, { ports: 1 });
// @ts-expect-error a wrong type in the resource's config
configFor(Api, { port: "80" });
// @ts-expect-error a class that is no resource
configFor(FetchConfig, { limit: 5 });
void [Down, Streams, Outs, Divided];
