import { setMaxListeners } from "node:events";
import { newId } from "../../src/base/ids.js";
import type { NewEvent } from "../../src/model/event.js";
import type { PlannedStep } from "../../src/model/run-plan.js";
import type { Claim, Completion, Start } from "../../src/storage/run-store.js";
import { LEASE_MS } from "./lease.js";

/** Steps that end sooner than this are claimed ahead: to wait for the store between two of them would take longer than they do. */
const SHORT_MS = 10;
/** At most so many steps are claimed ahead. */
const MOST_AHEAD = 64;

/** An attempt that is to be claimed. */
export interface NextAttempt {
  readonly step: PlannedStep;
  /** 1 for the first. */
  readonly number: number;
}

/** An attempt that is claimed, until it has ended. */
export interface Running extends NextAttempt {
  readonly attemptId: string;
  readonly controller: AbortController;
  /** When its user code started; until then, when it was claimed. */
  sinceMs: number;
  /** What happened and is not stored yet, in its order. What an attempt gives waits for its end; the rest streams. */
  pending: NewEvent[];
  settled: boolean;
  /** Whether it counts among those that run at once: from its start until its user code has ended. */
  counts: boolean;
}

/** A claim to be stored, and the attempt that it lets start. */
export interface Claimed {
  readonly claim: Claim;
  readonly running: Running;
}

/**
 * The attempts of a run that are claimed and have not ended: so many at once as may, and while steps are short some more that start as
 * soon as one of those ends.
 */
export class AttemptsUnderWay {
  readonly #limit: number;
  readonly #nowMs: () => number;
  readonly #onStart: (running: Running, start: NewEvent) => void;
  readonly #started = new Map<string, Running>();
  readonly #ahead: Running[] = [];
  #mostAhead = 0;
  #counted = 0;
  #starts: Start[] = [];

  /** @param onStart - is told each attempt that was claimed ahead when it starts, with the event that says so */
  constructor(limit: number, nowMs: () => number, onStart: (running: Running, start: NewEvent) => void) {
    this.#limit = limit;
    this.#nowMs = nowMs;
    this.#onStart = onStart;
  }

  /** How many there are, started or not. */
  get size(): number {
    return this.#started.size + this.#ahead.length;
  }

  /** Those that have started, the longest first. */
  started(): Iterable<Running> {
    return this.#started.values();
  }

  /** Twice as many steps as ended since the last batch are claimed ahead, if all of them were short. */
  reckon(ended: readonly Completion[]): void {
    if (ended.length === 0) return;
    const short = ended.every(({ startedAtMs, atMs }) => atMs - startedAtMs < SHORT_MS);
    this.#mostAhead = short ? Math.min(2 * ended.length, MOST_AHEAD) : 0;
  }

  /** Takes from the queue what may be claimed now. */
  claim(queue: NextAttempt[]): Claimed[] {
    const free = Math.max(0, this.#limit - this.#counted);
    const ahead = Math.max(0, this.#mostAhead - this.#ahead.length);
    return queue.splice(0, free + ahead).map((next, index) => this.#claim(next, index >= free));
  }

  #claim({ step, number }: NextAttempt, ahead: boolean): Claimed {
    const nowMs = this.#nowMs();
    const attemptId = newId();
    const lease = { nowMs, leaseUntilMs: nowMs + LEASE_MS };
    const claim: Claim = { stepKey: step.key, attempt: number, attemptId, ...lease, ...(ahead ? { ahead } : {}) };
    const controller = new AbortController();
    setMaxListeners(0, controller.signal); // one listener for each call of user code that is under way, and user code adds its own
    const running = { step, number, attemptId, controller, sinceMs: nowMs, pending: [], settled: false, counts: false };
    if (!ahead) this.#count(running);
    return { claim, running };
  }

  /** The claim of an attempt ahead is stored: it starts when there is room. */
  startLater(running: Running): void {
    this.#ahead.push(running);
    this.#startAhead();
  }

  /** The user code of the attempt has ended: another may start. */
  countNoMore(running: Running): void {
    if (!running.counts) return;
    running.counts = false;
    this.#counted -= 1;
    this.#startAhead();
  }

  /** It has ended; it counts until {@link countNoMore}. */
  end(running: Running): void {
    running.settled = true;
    this.#started.delete(running.step.key);
  }

  /** Those that were claimed ahead and will not start. */
  dropAhead(): Running[] {
    return this.#ahead.splice(0);
  }

  /** What started ahead since the last time and still runs: the store has it READY. */
  takeStarts(): Start[] {
    const starts = this.#starts.filter(({ stepKey }) => this.#started.has(stepKey));
    this.#starts = [];
    return starts;
  }

  #count(running: Running): void {
    running.counts = true;
    this.#started.set(running.step.key, running);
    this.#counted += 1;
  }

  #startAhead(): void {
    while (this.#counted < this.#limit) {
      const running = this.#ahead.shift();
      if (!running) return;
      const { step, number } = running;
      const atMs = (running.sinceMs = this.#nowMs());
      const start: NewEvent = { type: "STEP_START", atMs, stepKey: step.key, attempt: number };
      this.#count(running);
      this.#starts.push({ stepKey: step.key, attempt: number, atMs });
      running.pending.push(start);
      this.#onStart(running, start);
    }
  }
}
