import { existsSync } from "node:fs";
import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  AssetContext,
  type AssetRef,
  ConfigurableResource,
  Input,
  MaterializeResult,
  MultiAsset,
  ObservableAsset,
  ObserveResult,
  Own,
  Pipeline,
  RetryRequested,
  output,
  ref,
} from "millrace";

/** What is broken in the first run and mended in the next, told by a file beside the store. */
export class Weather extends ConfigurableResource {
  mendedFile!: string;
  get bad(): boolean {
    return !existsSync(this.mendedFile);
  }
  protected override setup(): void {}
  protected override teardown(): void {
    if (this.bad) throw new Error("The weather cannot be torn down.");
  }
}

/** A retry, a blocking check that fails, a failure with something below it, an observation. */
@Pipeline()
class Shop {
  constructor(private readonly weather: Weather) {}

  @Asset()
  orders(context: AssetContext): number[] {
    context.log.info("orders");
    return [1, 2, 3];
  }

  @Asset()
  prices(context: AssetContext): Map<number, number> {
    if (context.retryNumber === 0) throw new RetryRequested({ maxRetries: 1 });
    return new Map([[1, 10], [2, 20], [3, 30]]); // prettier-ignore
  }

  @Asset({ checks: [{ name: "dry", blocking: true }] })
  total(@Own("orders") orders: number[], @Own("prices") prices: Map<number, number>): MaterializeResult<number> {
    const value = orders.reduce((sum, id) => sum + (prices.get(id) ?? 0), 0);
    return new MaterializeResult({ value, checks: [new AssetCheckResult({ passed: !this.weather.bad })] });
  }

  @Asset()
  invoice(@Own("total") total: number): string {
    return `total ${total}`;
  }

  @Asset()
  fragile(@Own("orders") orders: number[]): number {
    if (this.weather.bad) throw new Error("It rains.");
    return orders.length;
  }

  @Asset()
  report(@Own("fragile") fragile: number): string {
    return `${fragile} orders`;
  }

  @ObservableAsset()
  feed(): ObserveResult {
    return new ObserveResult({ dataVersion: "v1" });
  }
}

/** Outs that come one by one, one of them left out. */
@Pipeline()
class Parity {
  @MultiAsset({ outs: { odd: {}, even: {}, none: { skippable: true } } })
  async *parity(@Input(ref(Shop, "orders")) orders: number[]) {
    if (orders.length === 0) yield output("none", orders);
    yield output("odd", orders.filter((id) => id % 2 === 1)); // prettier-ignore
    yield output("even", orders.filter((id) => id % 2 === 0)); // prettier-ignore
  }
}

/** The compiler does not see into the outs of a generator. */
const outOf = (out: "odd" | "none") => ref(Parity, "parity", out as never) as unknown as AssetRef<number[]>;

@Pipeline()
class Goods {
  @AssetCheck({ asset: outOf("odd") })
  hasOdd(@Input(outOf("odd")) odd: number[]): AssetCheckResult {
    return new AssetCheckResult({ passed: odd.length > 0 });
  }

  @Asset()
  belowNone(@Input(outOf("none")) none: number[]): number {
    return none.length;
  }
}

export const PIPELINES = [Shop, Parity, Goods] as const;

/** What is stored when all went well. */
export const EXPECTED: Readonly<Record<string, unknown>> = {
  orders: [1, 2, 3],
  prices: new Map([[1, 10], [2, 20], [3, 30]]), // prettier-ignore
  odd: [1, 3],
  even: [2],
  total: 60,
  invoice: "total 60",
  fragile: 3,
  report: "3 orders",
};
