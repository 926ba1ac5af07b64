import { fork, type ChildProcess } from "node:child_process";
import { join, resolve } from "node:path";

const repository = resolve(__dirname, "../..");

/** The stub of the events API as a process of its own. */
export class StubApi {
  /** `METHOD path → status` of each request, in the order of the answers. */
  readonly requests: string[] = [];
  /** When each was answered. */
  readonly answeredAtMs: number[] = [];
  readonly #child: ChildProcess;

  private constructor(
    readonly url: string,
    child: ChildProcess,
  ) {
    this.#child = child;
  }

  static async start(...args: string[]): Promise<StubApi> {
    const child = fork(join(repository, "samples/app-events/stub-api/main.ts"), args, {
      cwd: repository,
      execArgv: ["--import", "millrace/register"],
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    const url = await new Promise<string>((done, fail) => {
      child.once("message", (message: { url: string }) => done(message.url));
      child.once("exit", (code) => fail(new Error(`The stub ended with ${code}.`)));
    });
    const stub = new StubApi(url, child);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const answered = text.split("\n").filter((line) => line.includes("→"));
      stub.requests.push(...answered);
      stub.answeredAtMs.push(...answered.map(() => Date.now()));
    });
    return stub;
  }

  get(path: string, key: string | undefined = "demo-key"): Promise<Response> {
    return fetch(`${this.url}${path}`, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((done) => this.#child.once("exit", done));
    this.#child.disconnect();
    await ended;
  }
}
