import type { Clock } from "../../src/base/clock.js";
import type { EventPayload, EventType, NewEvent } from "../../src/model/event.js";
import type { RunStore } from "../../src/storage/run-store.js";
import { outsideUserCode } from "./captured-output.js";
import type { Masker } from "./services.js";

/** What it takes to append events of a run. */
export interface RunEventsWorld {
  readonly store: RunStore;
  readonly clock: Clock;
  onEvent?(event: NewEvent): void;
}

/** Appends events of the run as a whole, beside those of its steps, in the order in which they are told. */
export class RunEvents {
  readonly #world: RunEventsWorld;
  readonly #masker: Masker;
  readonly #run: { readonly runId: string; readonly epoch: number };
  #last: Promise<void> = Promise.resolve();

  constructor(world: RunEventsWorld, masker: Masker, run: { readonly runId: string; readonly epoch: number }) {
    this.#world = world;
    this.#masker = masker;
    this.#run = run;
  }

  /** Resolves once the event is durable. */
  now(type: EventType, payload: EventPayload): Promise<void> {
    const event: NewEvent = { type, atMs: this.#world.clock.nowMs(), payload: this.#masker.deep(payload) };
    // A resource's log line comes from user code, whose output is captured: what listeners print is not.
    const appended = outsideUserCode(() =>
      this.#last.then(async () => {
        await this.#world.store.appendEvents(this.#run.runId, this.#run.epoch, undefined, [event]);
        this.#world.onEvent?.(event);
      }),
    );
    this.#last = appended.catch(() => undefined); // who waits for the event is told; those after it are tried all the same
    return appended;
  }

  /** Appends the event in the background; {@link flushed} waits for it. A store that is lost fails the run itself, so that nothing is told here. */
  soon(type: EventType, payload: EventPayload): void {
    this.now(type, payload).catch(() => undefined);
  }

  /** Resolves when all events so far are written, or could not be. */
  flushed(): Promise<void> {
    return this.#last;
  }
}
