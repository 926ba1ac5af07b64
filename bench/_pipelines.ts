import { Asset, Input, Pipeline, ref, type Ctor } from "millrace";

const ignored: PropertyDescriptor = {};

/** What an asset that a bench makes up is like. */
export interface MadeUpAsset {
  readonly name: string;
  /** Keys of assets that come before it. */
  readonly upstream: readonly string[];
  /** Takes the values of its upstream as parameters; else they only order it. */
  readonly takesValues?: boolean;
  run(...values: unknown[]): unknown;
}

/** A pipeline class of these assets, as an author's decorators would have made it. */
export function pipelineOf(className: string, assets: readonly MadeUpAsset[]): Ctor {
  const { [className]: made } = { [className]: class {} };
  const pipeline = made as unknown as Ctor & { prototype: object };
  for (const { name, upstream, takesValues, run } of assets) {
    Object.defineProperty(pipeline.prototype, name, { value: run, writable: true, configurable: true });
    if (takesValues) upstream.forEach((key, index) => (Input(ref(key)) as ParameterDecorator)(pipeline.prototype, name, index));
    Reflect.defineMetadata("design:paramtypes", takesValues ? upstream.map(() => Object) : [], pipeline.prototype, name);
    (Asset({ deps: takesValues ? [] : [...upstream] }) as MethodDecorator)(pipeline.prototype, name, ignored);
  }
  Pipeline()(pipeline);
  return pipeline;
}

/** Layers of assets, each with three upstreams in the layer before by a fixed rule, and no work to do. One class a layer. */
export function layeredPipelines(layers: number, width: number, options: { readonly withValues: boolean }): Ctor[] {
  return Array.from({ length: layers }, (_, layer) =>
    pipelineOf(
      `Layer${layer}`,
      Array.from({ length: width }, (_, at) => ({
        name: `layer${layer}_asset${at}`,
        upstream: layer === 0 ? [] : [0, 7, 31].map((shift) => `layer${layer - 1}_asset${(at + shift) % width}`),
        takesValues: options.withValues && layer > 0,
        run: options.withValues ? () => ({ layer, at }) : () => undefined,
      })),
    ),
  );
}
