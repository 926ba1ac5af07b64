import { createProject, type Project, type System } from "../load/project";

const definitions = `
import { Asset, Definitions, Pipeline } from "millrace";
@Pipeline()
export class Shop { @Asset() orders(): number { return 3; } }
export default new Definitions({ pipelines: [Shop] });
`;

/** Keeps a connection open on purpose, asks every path, and says nothing about ending the process. */
const main = `
import { Agent, request } from "node:http";
import { bootstrap } from "millrace";
import definitions from "./definitions.js";
void definitions;

const agent = new Agent({ keepAlive: true });
function get(url: string, headers: Record<string, string>): Promise<{ status?: number; type?: string; text: string }> {
  return new Promise((resolve, reject) => {
    request(url, { agent, headers }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += chunk)).on("end", () => resolve({ status: answer.statusCode, type: answer.headers["content-type"], text }));
    }).on("error", reject).end();
  });
}

async function run(): Promise<void> {
  const millrace = await bootstrap(DEFINITIONS, { http: { port: 0 } });
  const { status } = await millrace.materialize("orders");
  const paths = ["/health", "/ready", "/status"];
  const json = await Promise.all(paths.map((path) => get(millrace.url + path, { accept: "application/json" })));
  const page = await get(millrace.url + "/status", { accept: "text/html" });
  const stranger = await get(millrace.url + "/status", { host: "evil.example" });
  console.log(JSON.stringify({
    host: new URL(millrace.url!).hostname,
    run: status,
    answers: json.map((answer) => answer.status),
    made: JSON.parse(json[2]!.text).assets.items.map((asset: { key: string; lastRun: { status: string } }) => [asset.key, asset.lastRun.status]),
    page: [page.status, page.type, page.text.includes(">orders</th>")],
    stranger: stranger.status,
  }));
  await millrace.close();
}
void run();
`;

describe.each<System>(["commonjs", "module"])(
  "a main script under `node --import millrace/register`, in a project of type %s",
  (system) => {
    let project: Project;
    afterEach(() => project.remove());

    const start = (address: string) => {
      project = createProject(system, { "definitions.ts": definitions, "main.ts": main.replace("DEFINITIONS", address) });
      const { status, stdout, stderr } = project.run("main.ts");
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      return JSON.parse(stdout) as object;
    };
    const expected = {
      host: "127.0.0.1",
      run: "SUCCESS",
      answers: [200, 200, 200],
      made: [["orders", "SUCCESS"]],
      page: [200, "text/html; charset=utf-8", true],
      stranger: 421,
    };

    it("runs and serves what stands at an address, and ends by itself after close though a connection is kept alive", () => {
      expect(start(system === "module" ? `new URL("./definitions.ts", import.meta.url)` : `__dirname + "/definitions.ts"`)).toEqual(
        expected,
      );
    });

    it("runs and serves definitions that are given as an object", () => {
      expect(start("definitions")).toEqual(expected);
    });

    it.each(['(await import("./definitions.js")).default', 'await import("./definitions.js")'])(
      "runs and serves what %s gives, whatever the interop of the two module systems wraps it in",
      (imported) => {
        expect(start(imported)).toEqual(expected);
      },
    );
  },
);
