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
  MultiAsset,
  Own,
  PartitionedAssetContext,
  type PartitionsDefinition,
  Pipeline,
  configFor,
  edge,
  env,
  output,
  provide,
  ref,
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
class Metrics {
  @Asset() ofYields(@Input(Ingestion, "yields", "a") a: number, @Input(yielded) b: string) {}
  @Asset() m1(@Input(Ingestion, "rawEvents") e: Event[]) {}
  @Asset() m2(@Input(Ingestion, "split", "orders") o: readonly Order[]) {}
  @Asset() m3(@Input(Ingestion, "maybe", "a") o: string[], @Input(Ingestion, "maybe", "b") n: number[]) {}
  @Asset() m4(@Input(Ingestion, "either") o: Order[]) {}
  @Asset() m5(@Input(Ingestion, "stream") o: Order[]) {}
  @Asset() m6(@Input(ref(Ingestion, "result"), { stream: true }) o: AsyncIterable<Order>) {}
  @Asset() m7(@Input(Ingestion, "plain") n: number | string, context: AssetContext) {}
  @Asset() m8(@Input(history) o: Order[]) {}
  @Asset({ partitions: daily }) m9(
    @Input(history, { optional: true }) before: Order[] | undefined,
    @Input(Ingestion, "perDay") e: Event[],
    context: PartitionedAssetContext,
  ) {}
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
