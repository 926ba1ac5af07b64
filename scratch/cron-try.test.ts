import { readFileSync } from "node:fs";
import { cronTicks } from "../src/model/cron-ticks";
import { isCron } from "../src/model/cron";
test("x", () => {
  const dir = "/work/shared/fixtures/conformance/";
  let bad = 0;
  const out: string[] = [];
  for (const c of JSON.parse(readFileSync(dir + "cron-invalid.json", "utf8")).cases) {
    const want = (c.documented ?? c.expect).valid;
    if (c.quirk && !c.documented) continue;
    let got; try { got = isCron(c.given.cron); } catch (e) { got = String(e); }
    if (got !== want) { bad++; out.push(JSON.stringify(c.given.cron) + " want " + want + " got " + got); }
  }
  let n = 0; const t0 = performance.now();
  for (const c of JSON.parse(readFileSync(dir + "cron-ticks.json", "utf8")).cases) {
    if (c.quirk && !c.documented) continue;
    n++;
    const want = JSON.stringify((c.documented ?? c.expect).ticks);
    let got; try { const it = cronTicks(c.given.cron, Date.parse(c.given.start), { timezone: c.given.timezone }); const l: string[] = []; for (let i = 0; i < c.given.count; i++) l.push(new Date(it.next().value).toISOString().replace(".000Z", "Z")); got = JSON.stringify(l); } catch (e) { got = String((e as Error).stack).slice(0, 400); }
    if (got !== want) { bad++; if (out.length < 40) out.push(JSON.stringify(c.given) + (c.quirk ?? "") + "\n want " + want + "\n got " + got); }
  }
  console.log(n, bad, performance.now() - t0, out.join("\n"));
});
