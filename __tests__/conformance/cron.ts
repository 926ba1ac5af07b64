import { cronTicks, isCron } from "millrace/model";
import { iso } from "./partitions.js";
import type { Suite } from "./suite.js";
import { compared } from "./verdict.js";

/** Ticks of one expression, or of several merged, in a time zone. */
export const cronTicksSuite: Suite = {
  name: "cron-ticks",
  rules: [],
  judge(test, expect) {
    const given = test.given as { cron: string | string[]; timezone: string; start: string; count: number };
    const ticks: string[] = [];
    for (const tickMs of cronTicks(given.cron, Date.parse(given.start), { timezone: given.timezone })) {
      if (ticks.length === given.count) break;
      ticks.push(iso(tickMs));
    }
    return compared(expect, { ticks });
  },
};

/** What is a cron expression. */
export const cronInvalid: Suite = {
  name: "cron-invalid",
  rules: [],
  judge: (test, expect) => compared(expect, { valid: isCron((test.given as { cron: string }).cron) }),
};
