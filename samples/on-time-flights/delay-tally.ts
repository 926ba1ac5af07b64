/** A flight is on time when it is less than this late: the rule of the US Department of Transportation. */
export const ON_TIME_MINUTES = 15;

export interface DelaySummary {
  flights: number;
  /** Share of flights less than {@link ON_TIME_MINUTES} late, 0 to 1. */
  onTimeShare: number;
  /** Minutes. */
  meanDelay: number;
  /** Nine flights of ten are at most this late, in minutes. */
  p90Delay: number;
}

/** Adds up delays in one pass. Percentiles are exact: delays are whole minutes, so a count for each is small. */
export class DelayTally {
  private flights = 0;
  private onTime = 0;
  private total = 0;
  private readonly countByDelay = new Map<number, number>();

  add(delay: number): void {
    this.flights++;
    this.total += delay;
    if (delay < ON_TIME_MINUTES) this.onTime++;
    this.countByDelay.set(delay, (this.countByDelay.get(delay) ?? 0) + 1);
  }

  summary(): DelaySummary {
    return {
      flights: this.flights,
      onTimeShare: this.onTime / this.flights,
      meanDelay: this.total / this.flights,
      p90Delay: this.quantile(0.9),
    };
  }

  /** The smallest delay that at least this share of the flights does not exceed. */
  private quantile(share: number): number {
    let below = 0;
    for (const [delay, count] of [...this.countByDelay].sort(([a], [b]) => a - b)) {
      below += count;
      if (below >= share * this.flights) return delay;
    }
    return NaN;
  }
}

/** The tally of a key, made when it is first asked for. */
export function tallyOf(tallies: Map<string, DelayTally>, key: string): DelayTally {
  const known = tallies.get(key);
  if (known) return known;
  const tally = new DelayTally();
  tallies.set(key, tally);
  return tally;
}
