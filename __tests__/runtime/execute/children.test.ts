import { ChildProcess, execFile, execFileSync, execSync, fork, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Asset, AssetContext, ConfigurableResource, Own, Pipeline, Secret, env } from "../../../runtime/entries/index.js";
import { materialize, type TestRunResult } from "../../../runtime/entries/testing.js";

const NODE = process.execPath;
const print = (stdout: string, stderr = ""): string[] => [
  "-e",
  `process.stdout.write(${JSON.stringify(stdout)}); process.stderr.write(${JSON.stringify(stderr)})`,
];
const ended = async (child: ChildProcess): Promise<unknown> => (await once(child, "close"))[0];

/** Lines that the log holds, with their steps: `step stream line`. */
const linesOf = (result: TestRunResult): string[] =>
  result.events.flatMap(({ type, stepKey, payload }) =>
    type === "OUTPUT" ? [`${stepKey ?? "run"} ${payload?.stream} ${payload?.message}`] : [],
  );

/** Runs one asset and gives the lines of its log, and what it returned. */
async function run(body: () => unknown): Promise<{ lines: string[]; value: unknown }> {
  @Pipeline()
  class One {
    @Asset() step(): unknown {
      return body();
    }
  }
  const result = await materialize([One]);
  return { lines: linesOf(result), value: result.value("step") };
}

describe("output of children that a step spawns", () => {
  it("is the step's when it is inherited, however that is said, and the child shows no stream", async () => {
    const { lines, value } = await run(async () => {
      const children = [
        spawn(NODE, print("one\n", "two\n"), { stdio: "inherit" }),
        spawn(NODE, print("three\n"), { stdio: ["ignore", 1, "ignore"] }),
        spawn(NODE, print("four\n"), { stdio: ["ignore", process.stdout, "ignore"] }),
        spawn(NODE, print("five\n"), { stdio: ["ignore", 2, "ignore"] }),
      ];
      const shown = children.map(({ stdout, stderr, stdio }) => [stdout, stderr, stdio]);
      await Promise.all(children.map(ended));
      return shown;
    });
    expect(lines.sort()).toEqual(["step stderr five", "step stderr two", "step stdout four", "step stdout one", "step stdout three"]);
    expect(value).toEqual(Array.from({ length: 4 }, () => [null, null, [null, null, null]]));
  });

  it("is copied when it is piped, and read as if nobody listened", async () => {
    const { lines, value } = await run(async () => {
      const child = spawn(NODE, print("häppy\nend", "warned\n"));
      const before = { flowing: child.stdout.readableFlowing, listeners: child.stdout.listenerCount("data") };
      child.stdout.setEncoding("utf8");
      let text = "";
      for await (const chunk of child.stdout) text += chunk as string;
      const { stdout } = await promisify(execFile)(NODE, print("by execFile\n"));
      return { before, text, stdout };
    });
    expect(lines.sort()).toEqual(["step stderr warned", "step stdout by execFile", "step stdout end", "step stdout häppy"]);
    expect(value).toEqual({ before: { flowing: null, listeners: 0 }, text: "häppy\nend", stdout: "by execFile\n" });
  });

  it("is captured from synchronous children, whose results stay what they were", async () => {
    const { lines, value } = await run(() => {
      const inherited = spawnSync(NODE, print("one\n", "two\n"), { stdio: "inherit" });
      const mixed = spawnSync(NODE, print("three\n", "four\n"), { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
      return {
        inherited: [inherited.status, inherited.stdout, inherited.stderr, inherited.output],
        mixed: [mixed.stdout, mixed.stderr],
        execInherit: execSync("echo five", { stdio: "inherit" }),
        execPipe: execSync("echo six; echo seven >&2", { encoding: "utf8" }),
        file: execFileSync(NODE, print("eight\n")).toString(),
      };
    });
    expect(lines.sort()).toEqual(
      ["stdout one", "stderr two", "stdout three", "stderr four", "stdout five", "stdout six", "stderr seven", "stdout eight"]
        .map((line) => `step ${line}`)
        .sort(),
    );
    expect(value).toEqual({
      inherited: [0, null, null, [null, null, null]],
      mixed: ["three\n", null],
      execInherit: null,
      execPipe: "six\n",
      file: "eight\n",
    });
  });

  it("lets more than the pipe limit of a synchronous child through when it is inherited, as without capture", async () => {
    const { lines, value } = await run(() => {
      const { status, error } = spawnSync(NODE, ["-e", 'process.stdout.write("x".repeat(2_000_000) + "\\n")'], { stdio: "inherit" });
      return { status, error };
    });
    expect(value).toEqual({ status: 0, error: undefined });
    expect(lines.map((line) => line.replace("step stdout ", "")).join("")).toHaveLength(2_000_000);
  });

  it("keeps characters that are cut between chunks whole", async () => {
    const program = "process.stdout.write(Buffer.from([0xc3])); setTimeout(() => process.stdout.write(Buffer.from([0xa4, 0x0a])), 50)";
    const { lines } = await run(() => ended(spawn(NODE, ["-e", program], { stdio: "inherit" })));
    expect(lines).toEqual(["step stdout ä"]);
  });

  it("is complete when the step ends at the child's exit", async () => {
    const { lines } = await run(async () => {
      const child = spawn(NODE, ["-e", "for (let at = 0; at < 5_000; at++) console.log(`line ${at}`)"], { stdio: "inherit" });
      await once(child, "exit");
      return 1;
    });
    expect(lines).toHaveLength(5_000);
    expect(lines.at(-1)).toBe("step stdout line 4999");
  });

  it("tells steps that run at once apart, and a forked module's too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-children-"));
    writeFileSync(join(folder, "child.cjs"), "console.log('forked for', process.argv[2])");
    @Pipeline()
    class Both {
      @Asset() left(): Promise<unknown> {
        return ended(spawn(NODE, print("left\n"), { stdio: "inherit" }));
      }
      @Asset() right(): Promise<unknown> {
        return ended(fork(join(folder, "child.cjs"), ["right"]));
      }
    }
    try {
      expect(linesOf(await materialize([Both])).sort()).toEqual(["left stdout left", "right stdout forked for right"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("does not hold the step up when the child leaves one of its own behind, which holds its output", async () => {
    const program = `
      const child = require("node:child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], { stdio: "inherit", detached: true });
      child.unref();
      console.log(child.pid);`;
    const fromMs = performance.now();
    const { lines, value } = await run(() => ended(spawn(NODE, ["-e", program], { stdio: "inherit" })));
    const left = Number(lines[0]?.split(" ").at(-1));
    try {
      expect(value).toBe(0);
      expect(left).toBeGreaterThan(0);
      expect(performance.now() - fromMs).toBeLessThan(20_000);
    } finally {
      process.kill(left);
    }
  });

  it("is the run's when its step has ended", async () => {
    let child: ChildProcess | undefined;
    @Pipeline()
    class Leaves {
      @Asset() first(): number {
        child = spawn(NODE, ["-e", 'process.stdin.once("data", () => { console.log("late"); process.exit() })'], {
          stdio: ["pipe", "inherit", "inherit"],
        });
        return 1;
      }
      @Asset() second(@Own("first") first: number): Promise<number> {
        child?.stdin?.write("go\n");
        return new Promise((resolve) => child?.on("close", () => resolve(first)));
      }
    }
    expect(linesOf(await materialize([Leaves]))).toEqual(["run stdout late"]);
  });

  it("is not taken without end: binary output, and what exceeds a bound, are left out of the log but reach the reader", async () => {
    const { lines, value } = await run(async () => {
      const binary = execFileSync(NODE, ["-e", "process.stdout.write(Buffer.from([1, 0, 2]))"]);
      const big = spawnSync(NODE, ["-e", 'process.stdout.write("x".repeat(1_100_000))'], { maxBuffer: 2_000_000 });
      return { binary: [...binary], big: big.stdout.length };
    });
    expect(value).toEqual({ binary: [1, 0, 2], big: 1_100_000 });
    const text = lines.map((line) => line.replace("step stdout ", ""));
    expect(text[0]).toBe("(binary output of a child: not kept)");
    expect(text.slice(1, -1).join("")).toHaveLength(1_048_576);
    expect(text.at(-1)).toBe("(more than 1048576 bytes of a child: the rest is not kept)");
  });

  it("loses no line of a child that prints faster than lines are kept, nor their order", async () => {
    const { lines } = await run(() =>
      ended(spawn(NODE, ["-e", "for (let at = 0; at < 5_000; at++) console.log(at)"], { stdio: "inherit" })),
    );
    expect(lines.map((line) => Number(line.split(" ").at(-1)))).toEqual(Array.from({ length: 5_000 }, (_, at) => at));
  });

  it("leaves an error of spawning to user code", async () => {
    const { value } = await run(async () => {
      const [error] = (await once(spawn("/no/such/program", { stdio: "inherit" }), "error")) as [NodeJS.ErrnoException];
      return [error.code, spawnSync("/no/such/program", { stdio: "inherit" }).error?.name];
    });
    expect(value).toEqual(["ENOENT", "Error"]);
  });
});

describe("capture", () => {
  it("changes nothing outside user code, and nothing once the run has ended", async () => {
    const hooks = (): unknown[] => [(ChildProcess.prototype as unknown as { spawn: unknown }).spawn, process.stdout.write, process.exit];
    const natural = hooks();
    @Pipeline()
    class Quiet {
      @Asset() quiet(): number {
        return 1;
      }
    }
    const result = materialize([Quiet]);
    await ended(spawn(NODE, print("x")));
    expect(linesOf(await result)).toEqual([]);
    expect(hooks()).toEqual(natural);
  });

  it("masks secrets that are cut between writes, that span lines, and that a child prints", async () => {
    class Vault extends ConfigurableResource {
      @Secret() key!: string;
    }
    const key = "-----KEY\nabc/def+ghi\nKEY-----";
    @Pipeline()
    class Leaky {
      constructor(readonly vault: Vault) {}
      @Asset() async leaks(context: AssetContext): Promise<number> {
        for (const character of `say ${this.vault.key} twice ${encodeURIComponent(this.vault.key)}\n`) process.stdout.write(character);
        context.log.info(this.vault.key);
        await ended(spawn(NODE, print(this.vault.key.slice(0, 9), this.vault.key), { stdio: "inherit" }));
        const program = `const key = ${JSON.stringify(key)}; process.stdout.write(key.slice(0, 9)); setTimeout(() => process.stdout.write(key.slice(9) + "!"), 50)`;
        await ended(spawn(NODE, ["-e", program], { stdio: "inherit" }));
        return 1;
      }
    }
    const result = await materialize([Leaky], { resources: [Vault.with({ key: env("KEY") })], env: { KEY: key } });
    expect(linesOf(result).sort()).toEqual([
      "leaks stderr ••••",
      "leaks stdout say •••• twice ••••",
      "leaks stdout ••••", // a line of it alone
      "leaks stdout ••••!",
    ]);
    expect(result.events.find(({ type }) => type === "LOG")?.payload?.message).toBe("••••");
  });
});
