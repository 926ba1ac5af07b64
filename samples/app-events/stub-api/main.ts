// The stub of the events API as a process of its own: node --import millrace/register samples/app-events/stub-api/main.ts --help
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { eventsOf } from "./events.js";
import { eventsApi } from "./server.js";

const OPTIONS = {
  port: { type: "string", default: "0" },
  key: { type: "string", default: "demo-key" },
  seed: { type: "string", default: "1" },
  "fail-first": { type: "string", default: "0" },
  "fail-with": { type: "string", default: "500" },
  "retry-after": { type: "string", default: "1" },
  "latency-ms": { type: "string", default: "0" },
  help: { type: "boolean", default: false },
} as const;

const HELP = `A stub of the events API; the same seed gives the same bytes.

  --port N          port of 127.0.0.1 (default: a free one)
  --key TEXT        the key that requests must carry (default: demo-key)
  --seed N          which events there are (default: 1)
  --fail-first N    refuse the first N requests (default: 0)
  --fail-with N     with this status, e.g. 500 or 429 (default: 500)
  --retry-after N   seconds that a 429 asks to wait (default: 1)
  --latency-ms N    how long every answer takes (default: 0)

Prints its address, then each request with its answer. Whoever started it with an IPC channel is sent { url }, and takes it along when it goes.`;

const { values } = parseArgs({ options: OPTIONS });

function whole(name: Exclude<keyof typeof OPTIONS, "key" | "help">): number {
  const number = Number(values[name]);
  if (/^\d+$/.test(values[name]) && Number.isSafeInteger(number)) return number;
  console.error(`--${name} ${JSON.stringify(values[name])} is no whole number.`);
  return process.exit(2);
}

if (values.help) console.log(HELP);
else {
  const server = eventsApi({
    key: values.key,
    events: eventsOf(whole("seed")),
    failFirst: whole("fail-first"),
    failWith: whole("fail-with"),
    retryAfterSeconds: whole("retry-after"),
    latencyMs: whole("latency-ms"),
    onRequest: (method, path, status) => console.log(`${method} ${path} → ${status}`),
  });
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  server.listen(whole("port"), "127.0.0.1", () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    console.log(url);
    process.send?.({ url });
  });
  process.once("SIGTERM", stop).once("SIGINT", stop).once("disconnect", stop);
}
