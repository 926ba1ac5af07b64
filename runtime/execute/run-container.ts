import "reflect-metadata"; // tsyringe refuses to load before it
import { container as shared, type DependencyContainer, type InjectionToken } from "tsyringe";
import { ConfigError } from "../../src/base/errors.js";
import { tokenName, type Token } from "../../src/config/provided.js";
import type { Ctor } from "../../src/model/asset-ref.js";

/** A root of our own: the shared container of the package holds what any module registered for itself. */
const root = new (shared.constructor as new () => DependencyContainer)();

/**
 * What one run injects: its resources by token and its pipeline classes, and nothing else. tsyringe would construct any class that it is
 * asked for and does not know; here only what was bound is found, and constructors get what the scan found for them.
 */
export class RunContainer {
  readonly #container = root.createChildContainer();

  bind(token: Token, instance: unknown): void {
    this.#container.registerInstance(token as InjectionToken, instance);
  }

  /** Binds a class of which each {@link get} makes a new instance. */
  bindPipeline(type: Ctor, tokens: readonly Token[]): void {
    const construct = type as unknown as new (...resources: unknown[]) => object;
    if (!this.has(type))
      this.#container.register(type as InjectionToken, { useFactory: () => new construct(...tokens.map((token) => this.get(token))) });
  }

  has(token: Token): boolean {
    return this.#container.isRegistered(token as InjectionToken);
  }

  /** What is bound under the token. @throws {@link ConfigError} when nothing is: it is never constructed instead */
  get(token: Token): unknown {
    if (this.has(token)) return this.#container.resolve(token as InjectionToken);
    const name = tokenName(token);
    throw new ConfigError("CONFIG.RESOURCE_MISSING", `The resource ${name} is not part of this run.`, {
      fix: `Add ${typeof token === "function" ? `${name}.with({ … })` : `provide(${name}, …)`} to the resources of your Definitions.`,
    });
  }
}
