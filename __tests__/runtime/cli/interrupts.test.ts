import { CliProject, type Live } from "./cli-project";

const STEPS = `
import { Asset, AssetContext, Definitions, Own, Pipeline } from "millrace";

const forEver = (): Promise<never> => new Promise(() => setInterval(() => undefined, 1_000));

@Pipeline()
class Steps {
  @Asset()
  async heeds(context: AssetContext): Promise<number> {
    const open = setInterval(() => undefined, 1_000);
    await new Promise<void>((resolve) => {
      context.signal.addEventListener("abort", () => resolve());
      console.log("heeds runs");
    });
    clearInterval(open);
    console.log("tidied up");
    return 1;
  }
  @Asset()
  after(@Own("heeds") heeds: number): number {
    return heeds;
  }
  @Asset()
  async ignores(): Promise<number> {
    console.log("ignores runs");
    return forEver();
  }
  @Asset({ timeout: "50ms" })
  async late(): Promise<number> {
    return forEver();
  }
  @Asset()
  never(): Promise<number> {
    return new Promise(() => undefined);
  }
  @Asset()
  exits(): number {
    process.exit(0);
  }
  @Asset()
  quick(): number {
    return 1;
  }
}

export default new Definitions({ pipelines: [Steps] });
`;

let project: CliProject;
beforeEach(() => {
  project = new CliProject({ "definitions.ts": STEPS });
});
afterEach(() => project.remove());

const LONG = { MILLRACE_CANCEL_GRACE: "10m" };
const SHORT = { MILLRACE_CANCEL_GRACE: "50ms" };

/** Starts a run of one step and waits until the step says that it runs. */
async function running(step: string, env: Record<string, string> = LONG): Promise<Live> {
  const live = project.start(["materialize", step], { env });
  await live.printed(`${step} runs`);
  return live;
}

const statuses = async (): Promise<unknown> => {
  const { status, steps } = await project.json<{ status: string; steps: { key: string; status: string }[] }>(["runs", "last"]);
  return { status, steps: Object.fromEntries(steps.map((step) => [step.key, step.status])) };
};

describe("Ctrl-C", () => {
  test("asks running steps to stop, lets them tidy up, starts no other, and exits with 130", async () => {
    const live = project.start(["materialize", "heeds+"], { env: LONG });
    await live.printed("heeds runs");
    live.signal("SIGINT");
    const { code, stdout, stderr } = await live.ended;
    expect(project.plain(stdout)).toBe(`Run RUN_ID_12___: 2 assets, 0 checks
  heeds │ heeds runs
Canceling: running steps are asked to stop. Press Ctrl-C again to stop at once.
  heeds │ tidied up
■ heeds  canceled
■ after  canceled

Run RUN_ID_12___ was canceled in TIME: 0 assets materialized, 2 steps canceled.
See \`millrace logs RUN_ID_12___\`; \`millrace retry RUN_ID_12___\` runs again what did not succeed.
`);
    expect({ code, stderr }).toEqual({ code: 130, stderr: "" });
    expect(await statuses()).toEqual({ status: "CANCELED", steps: { heeds: "CANCELED", after: "CANCELED" } });
  });

  test("leaves a step behind that ignores it beyond the grace period", async () => {
    const live = await running("ignores", SHORT);
    live.signal("SIGINT");
    const { code, stdout } = await live.ended;
    expect(code).toBe(130);
    expect(stdout).toContain("! ignores  It ignored its abort for 50 ms.\n■ ignores  canceled\n");
    expect(await statuses()).toEqual({ status: "CANCELED", steps: { ignores: "CANCELED" } });
  });

  test("a second time stops at once, and the next command tells the truth about the run", async () => {
    const live = await running("ignores");
    live.signal("SIGINT");
    await live.printed("Press Ctrl-C again to stop at once.");
    while (!(await project.run(["runs"])).stdout.includes("CANCELING")); // the request is durable
    live.signal("SIGINT");
    expect(await live.ended).toMatchObject({ code: null, signal: "SIGINT" });
    const { code, stderr } = await project.run(["runs"]);
    expect({ code, stderr: project.plain(stderr) }).toEqual({
      code: 0,
      stderr: "Run RUN was left by a process that is gone; it is now marked CANCELED.\n",
    });
    expect(await statuses()).toEqual({ status: "CANCELED", steps: { ignores: "FAILURE" } });
  });
});

describe("another process", () => {
  test("cancels a run", async () => {
    const live = project.start(["materialize", "heeds+"], { env: LONG });
    await live.printed("heeds runs");
    const asked = await project.run(["cancel", "last"]);
    expect({ code: asked.code, stdout: project.plain(asked.stdout) }).toEqual({ code: 0, stdout: "Run RUN_ID_12___ is asked to stop.\n" });
    expect(await live.ended).toMatchObject({ code: 130, stdout: expect.stringContaining("tidied up") as string });
    expect(await statuses()).toEqual({ status: "CANCELED", steps: { heeds: "CANCELED", after: "CANCELED" } });
    const { stdout } = await project.run(["logs", "last", "--json"]);
    expect(stdout.match(/"RUN_CANCELING"/g)).toHaveLength(1);
  });

  test("sees which step is silent, and for how long", async () => {
    const live = await running("ignores");
    const text = project.plain((await project.run(["status"])).stdout).replace(/ +/g, " ");
    expect(text).toContain("\nRun RUN_ID_12___ STARTED, ignores, for TIME\n step runs for silent for\n ignores TIME TIME\n");

    const before = Date.now();
    const { running: runs } = await project.json<{ running: { steps: { key: string; runningMs: number; silentMs: number }[] }[] }>([
      "status",
    ]);
    const after = Date.now();
    const { stdout } = await project.run(["logs", "last", "--json"]);
    const said = stdout.split("\n").find((line) => line.includes('"ignores runs"')) ?? "";
    const { atMs } = JSON.parse(said) as { atMs: number };
    const [step] = runs[0]?.steps ?? [];
    expect(step).toEqual({ key: "ignores", attempt: 1, runningMs: expect.any(Number), silentMs: expect.any(Number) });
    expect(step?.silentMs).toBeGreaterThanOrEqual(before - atMs);
    expect(step?.silentMs).toBeLessThanOrEqual(after - atMs);
    live.signal("SIGKILL");
    await live.ended;
  });

  test("leaves a run alone whose process lives, and repairs one whose process was killed", async () => {
    const live = await running("ignores");
    expect(await project.run(["materialize", "quick"])).toMatchObject({ code: 0, stderr: "" });
    expect(await project.run(["status"])).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringContaining("STARTED, ignores") as string,
    });
    live.signal("SIGKILL");
    await live.ended;
    const { code, stderr, stdout } = await project.run(["materialize", "quick"]);
    expect({ code, stderr: project.plain(stderr) }).toEqual({
      code: 0,
      stderr: "Run RUN was left by a process that is gone; it is now marked FAILURE.\n",
    });
    expect(stdout).toContain("✓ quick");
    const all = await project.json<{ selection: string; status: string }[]>(["runs"]);
    expect(all.map(({ selection, status }) => [selection, status])).toEqual([
      ["quick", "SUCCESS"],
      ["quick", "SUCCESS"],
      ["ignores", "FAILURE"],
    ]);
    expect((await project.run(["status"])).stderr).toBe("");
  });

  test("uses the same store at the same time", async () => {
    const ended = await Promise.all([1, 2, 3].map(() => project.run(["materialize", "quick"])));
    expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual([1, 2, 3].map(() => ({ code: 0, stderr: "" })));
    const all = await project.json<{ status: string }[]>(["runs"]);
    expect(all.map(({ status }) => status)).toEqual(["SUCCESS", "SUCCESS", "SUCCESS"]);
  });

  test("follows the log of a run to its end", async () => {
    const live = await running("heeds");
    const log = project.start(["logs", "last", "-f"]);
    await log.printed("heeds runs");
    live.signal("SIGINT");
    const { code, stdout } = await log.ended;
    expect(code).toBe(0);
    expect(stdout).toContain("tidied up");
    expect(stdout).toMatch(/RUN_CANCELED\n$/);
    expect((await live.ended).code).toBe(130);
  });
});

describe("a step", () => {
  const failure = async (step: string, env: Record<string, string> = SHORT): Promise<string> => {
    const { code, stdout, stderr } = await project.run(["materialize", step], { env });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    return (
      project
        .plain(stdout)
        .split("\n\n")[0]
        ?.split("\n")
        .filter((line) => !/^ +at /.test(line))
        .slice(1)
        .join("\n") ?? ""
    );
  };

  test("that never settles fails at its time-out", async () => {
    expect(await failure("late")).toMatchInlineSnapshot(`
     "! late  It ignored its abort for TIME.
     ✗ late  TIME
         StepTimeoutError: Step "late" did not end within TIME.
           → Make it faster, let it heed \`context.signal\`, or give it a longer \`timeout\`."
    `);
  });

  test("that waits for what can no longer happen fails, with the exit code of a failed run", async () => {
    expect(await failure("never", LONG)).toMatchInlineSnapshot(`
     "✗ never  TIME
         NeverSettlesError: Step "never" waits for something that can no longer happen: the process has nothing left to do.
           → Look for a promise that is never resolved, or an event that is never emitted."
    `);
  });

  test("that calls process.exit fails, and the run goes on to its end", async () => {
    expect(await failure("exits", LONG)).toMatchInlineSnapshot(`
     "✗ exits  TIME
         ProcessExitError: Step "exits" called process.exit(0).
           → Throw an error to fail, or return to end."
    `);
  });
});
