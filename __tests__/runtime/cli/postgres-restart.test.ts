import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { EventRecord } from "../../../src/model/event";
import { PostgresServer } from "../../../tools/servers/postgres";
import { CliProject } from "./cli-project";

/** A chain of steps of some milliseconds; the third waits until the test lets it go on. */
const CHAIN = `
import { existsSync, writeFileSync } from "node:fs";
import { defineAssets, Definitions, output } from "millrace";
const steps = Array.from({ length: 20 }, (_, index) => defineAssets({
  specs: [{ key: "step" + index, deps: index === 0 ? [] : ["step" + (index - 1)] }],
  run: async function* (context) {
    writeFileSync("ran-" + context.attemptId, "step" + index);
    if (index === 3) writeFileSync("waiting", "");
    while (index === 3 && !existsSync("go")) await new Promise((done) => setTimeout(done, 10));
    context.log.info("done with it");
    await new Promise((done) => setTimeout(done, 20));
    yield output("step" + index, index);
  },
}));
export default new Definitions({ pipelines: [], assets: steps });
`;

let server: PostgresServer;
let project: CliProject;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());
beforeEach(() => {
  project = new CliProject({ "definitions.ts": CHAIN });
});
afterEach(() => project.remove());

test.each(["fast", "crash"] as const)(
  "a run goes on when its Postgres is restarted (%s) in the midst of it: each step ran once, and nothing of it is lost",
  async (how) => {
    const env = { MILLRACE_DATABASE_URL: await server.createDatabase(), MILLRACE_FSYNC: "FULL" };
    const running = project.start(["materialize"], { env });
    let hasEnded = false;
    void running.ended.then(() => (hasEnded = true));
    while (!hasEnded && !existsSync(project.path("waiting"))) await new Promise((done) => setTimeout(done, 10));
    await server.halt(how);
    writeFileSync(project.path("go"), "");
    await new Promise((done) => setTimeout(done, 500)); // what is to be stored finds no server
    await server.start();
    expect(await running.ended).toMatchObject({ code: 0 });
    const ran = readdirSync(project.root).filter((name) => name.startsWith("ran-"));
    expect(ran.map((name) => readFileSync(project.path(name), "utf8")).sort()).toEqual(Array.from({ length: 20 }, (_, index) => `step${index}`).sort()); // prettier-ignore
    const { stdout } = await project.run(["logs", "last", "--json"], { env });
    const events = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as EventRecord); // prettier-ignore
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    for (const type of ["STEP_START", "STEP_SUCCESS", "LOG", "ASSET_MATERIALIZATION"])
      expect([type, events.filter((event) => event.type === type).length]).toEqual([type, 20]);
  },
);
