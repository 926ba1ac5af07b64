import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import Database from "libsql";
import { SCHEMA_VERSION } from "../../../src/storage/sql/migrate";
import { CliProject, SHOP } from "./cli-project";

let project: CliProject;
beforeEach(() => {
  project = new CliProject();
});
afterEach(() => project.remove());

/** What a command that fails before a run starts says; nothing goes to standard output. */
async function refusal(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await project.run(args, { env });
  expect(stdout).toBe("");
  return `${project.plain(stderr)}exit ${code}`;
}

const storeExists = (): boolean => readdirSync(project.root).includes(".millrace");

describe("a definitions module", () => {
  const listed = (text: string): Promise<string> => {
    project.write({ "definitions.ts": text });
    return refusal(["materialize"]);
  };
  afterEach(() => expect(storeExists()).toBe(false));

  test("that throws is told with the user's own frames", async () => {
    expect(await listed('throw new Error("no price list");')).toMatchInlineSnapshot(`
     "DEFINITION.MODULE_THREW Error: no price list
       thrown while ROOT/definitions.ts was imported, at ROOT/definitions.ts:1
       → Mend what throws there; a module that Millrace imports may not fail while it is imported.
         at Object.<anonymous> (ROOT/definitions.ts:1:7)
     exit 3"
    `);
    expect(await listed('throw "no price list";')).toMatchInlineSnapshot(`
     "DEFINITION.MODULE_THREW no price list
       thrown while ROOT/definitions.ts was imported
       → Mend what throws there; a module that Millrace imports may not fail while it is imported.
     exit 3"
    `);
  });

  test("that exports the wrong thing, or nothing", async () => {
    expect(await listed("export default 42;")).toMatchInlineSnapshot(`
     "DEFINITION.SCAN The definitions have 1 problem:

       1. ROOT/definitions.ts does not export Definitions by default.
          → Write \`export default new Definitions({ pipelines: [ … ] });\`, or a function that returns them.
     exit 3"
    `);
    expect(await listed("export const definitions = 42;")).toMatchInlineSnapshot(`
     "DEFINITION.SCAN The definitions have 1 problem:

       1. ROOT/definitions.ts does not export Definitions by default.
          → Write \`export default new Definitions({ pipelines: [ … ] });\`, or a function that returns them.
     exit 3"
    `);
  });

  test("that is not well-formed, or imports what is not there", async () => {
    expect(await listed("export default new Definitions({ pipelines: [ };")).toMatchInlineSnapshot(`
     "DEFINITION.SYNTAX Syntax error in ROOT/definitions.ts:1:1: Expression expected
      1 | export default new Definitions({ pipelines: [ };
        :                                               ^
       → Correct the text there.
     exit 3"
    `);
    expect(await listed('import { x } from "./gone"; export default x;')).toMatchInlineSnapshot(`
     "DEFINITION.IMPORT_NOT_FOUND ROOT/definitions.ts imports "./gone", which cannot be found.
       → Correct the path of the import, or create the file.
     exit 3"
    `);
  });

  test("that is not there", async () => {
    expect(await refusal(["materialize"])).toMatchInlineSnapshot(`
     "DEFINITION.NO_MODULE There is no definitions module in ROOT.
       → Create definitions.ts, name yours in millrace.config.ts (\`export default { definitions: "./src/defs.ts" }\`), or pass -f PATH.
     exit 3"
    `);
    project.write({ "shop.ts": SHOP });
    expect(await refusal(["materialize", "-f", "shopp.ts"])).toMatchInlineSnapshot(`
     "DEFINITION.MODULE_NOT_FOUND There is no file ROOT/shopp.ts. Did you mean shop.ts?
       → Write ROOT/shop.ts.
     exit 3"
    `);
  });
});

describe("a selection", () => {
  beforeEach(() => project.write({ "definitions.ts": SHOP }));

  test("of an asset that is not there", async () => {
    expect(await refusal(["materialize", "raw_order"])).toMatchInlineSnapshot(`
     "REQUEST.SELECTION_UNKNOWN_KEY There is no asset "raw_order". Did you mean "raw_orders"?
       → Correct it, or write key:"raw_order" for a selection that may be empty.
     exit 2"
    `);
    expect(await refusal(["show", "raw_order"])).toMatchInlineSnapshot(`
     "ASSET.UNKNOWN There is no asset "raw_order".
       → Did you mean "raw_orders"?
     exit 2"
    `);
  });

  test("that is malformed is pointed at", async () => {
    expect(await refusal(["materialize", "group:sales and"])).toMatchInlineSnapshot(`
     "REQUEST.SELECTION_SYNTAX The selection has its end where a selection should stand.
       group:sales and
                      ^
       → Write parts such as key:"orders", group:sales or tag:env=prod, with and, or, not between them.
     exit 2"
    `);
    expect(await refusal(["list", 'kind:"json'])).toMatchInlineSnapshot(`
     "REQUEST.SELECTION_SYNTAX The selection has a quote that is not closed, or a backslash in quotes.
       kind:"json
            ^
       → Close the value with a " on the same line; a quoted value holds no \\ and no ".
     exit 2"
    `);
  });

  test("that holds nothing", async () => {
    expect(await refusal(["materialize", "group:none"])).toMatchInlineSnapshot(`
     "PLAN.NOTHING_SELECTED The selection holds nothing that can be materialized.
       → Run \`millrace list\` to see what there is.
     exit 2"
    `);
  });
});

describe("configuration", () => {
  beforeEach(() => project.write({ "definitions.ts": SHOP }));
  const configured = (text: string): Promise<string> => {
    project.write({ "millrace.config.ts": text });
    return refusal(["list"]);
  };

  test("in a file that is malformed, throws, or is no object", async () => {
    expect(await configured("export default { concurrency: 3")).toMatchInlineSnapshot(`
     "CONFIG.NOT_LOADED The configuration file cannot be loaded. Syntax error in ROOT/millrace.config.ts:1:1: Expected ',', got '<eof>'
      1 | export default { concurrency: 3
       → Correct the text there.
     exit 4"
    `);
    expect(await configured('throw new Error("not today");')).toMatchInlineSnapshot(`
     "CONFIG.NOT_LOADED The configuration file cannot be loaded. Error: not today
       thrown while ROOT/millrace.config.ts was imported, at ROOT/millrace.config.ts:1
       → Mend what throws there; a module that Millrace imports may not fail while it is imported.
         at Object.<anonymous> (ROOT/millrace.config.ts:1:7)
     exit 4"
    `);
    expect(await configured("export default 3;")).toMatchInlineSnapshot(`
     "CONFIG.NOT_AN_OBJECT ROOT/millrace.config.ts exports a number as its default.
       → Write: export default { definitions: "./definitions.ts" };
     exit 4"
    `);
  });

  test("with an unknown field or a wrong value", async () => {
    expect(await configured("export default { concurency: 3 };")).toMatchInlineSnapshot(`
     "CONFIG.UNKNOWN_FIELD ROOT/millrace.config.ts sets "concurency", which is no setting.
       → Did you mean "concurrency"?
     exit 4"
    `);
    expect(await configured('export default { concurrency: "many" };')).toMatchInlineSnapshot(`
     "CONFIG.CONCURRENCY "concurrency" of ROOT/millrace.config.ts is "many".
       → Give a whole number, 1 or more.
     exit 4"
    `);
    expect(await configured('export default { cancelGrace: "ten" };')).toMatchInlineSnapshot(`
     "CONFIG.DURATION "cancelGrace" of ROOT/millrace.config.ts is "ten", which is no duration.
       → Write milliseconds as a number, or a number with ms, s, m, h or d, e.g. "15m".
     exit 4"
    `);
    expect(await configured("export default { home: 3 };")).toMatchInlineSnapshot(`
     "CONFIG.PATH "home" of ROOT/millrace.config.ts is 3, which is no path.
       → Write it as a string, e.g. "./src/definitions.ts".
     exit 4"
    `);
  });

  test("in variables of the wrong type", async () => {
    expect(await refusal(["list"], { MILLRACE_CONCURRENCY: "0" })).toMatchInlineSnapshot(`
     "CONFIG.CONCURRENCY The environment variable MILLRACE_CONCURRENCY is "0".
       → Give a whole number, 1 or more.
     exit 4"
    `);
    expect(await refusal(["list"], { MILLRACE_LOG_LEVEL: "loud" })).toMatchInlineSnapshot(`
     "CONFIG.CHOICE The environment variable MILLRACE_LOG_LEVEL is "loud".
       → Give one of debug, info, warn, error.
     exit 4"
    `);
    expect(await refusal(["list"], { MILLRACE_FSYNC: "off" })).toMatchInlineSnapshot(`
     "CONFIG.CHOICE The environment variable MILLRACE_FSYNC is "off".
       → Give one of FULL, NORMAL.
     exit 4"
    `);
    expect(await refusal(["list"], { MILLRACE_CANCEL_GRACE: "ten" })).toMatchInlineSnapshot(`
     "CONFIG.DURATION The environment variable MILLRACE_CANCEL_GRACE is "ten", which is no duration.
       → Write milliseconds as a number, or a number with ms, s, m, h or d, e.g. "15m".
     exit 4"
    `);
  });

  test("of a run, as YAML or JSON that is malformed, names the place", async () => {
    project.write({ "run.yaml": "assets:\n  raw_orders:\n    a: [1, 2\n", "run.json": '{"assets": {"raw_orders": {"a": 1,}}' });
    expect(await refusal(["materialize", "--config", "run.yaml"])).toMatchInlineSnapshot(`
     "CONFIG.MALFORMED run.yaml:4:1 is not well-formed YAML: Flow sequence in block collection must be sufficiently indented and end with a ]
           a: [1, 2
       ^
       → Correct the text at that place.
     exit 4"
    `);
    expect(await refusal(["materialize", "--config", "run.json"])).toMatchInlineSnapshot(`
     "CONFIG.MALFORMED run.json:1:37 is not well-formed JSON: Flow map must end with a }
       {"assets": {"raw_orders": {"a": 1,}}
                                           ^
       → Correct the text at that place.
     exit 4"
    `);
  });
});

describe("a store", () => {
  const file = (): string => project.path(".millrace/millrace.db");
  beforeEach(async () => {
    project.write({ "definitions.ts": SHOP });
    expect((await project.run(["materialize", "raw_orders"])).code).toBe(0);
  });

  test("whose folder cannot be made", async () => {
    expect(await refusal(["runs"], { MILLRACE_HOME: "/proc/nope" })).toMatchInlineSnapshot(`
     "STORE.UNREADABLE The store's folder /proc/nope cannot be made: ENOENT: no such file or directory, mkdir '/proc/nope'.
       → Give the folder write permission, or set MILLRACE_HOME to one that has it.
     exit 5"
    `);
    expect(await refusal(["runs"], { MILLRACE_HOME: "package.json" })).toMatchInlineSnapshot(`
     "STORE.UNREADABLE The store's folder ROOT/package.json cannot be made: ENOTDIR: not a directory, mkdir 'ROOT/package.json/storage'.
       → Give the folder write permission, or set MILLRACE_HOME to one that has it.
     exit 5"
    `);
  });

  test("that is overwritten", async () => {
    const bytes = readFileSync(file());
    writeFileSync(file(), Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(bytes.length - 4_096, "Z")]));
    expect(await refusal(["runs"])).toMatchInlineSnapshot(`
     "STORE.CORRUPT The store ROOT/.millrace/millrace.db is damaged, or is no Millrace store.
       → Move the file away (keep its -wal beside it) and restore a backup, or start with a new one.
     exit 5"
    `);
    writeFileSync(file(), Buffer.alloc(bytes.length, "Z"));
    expect(await refusal(["materialize", "raw_orders"])).toMatchInlineSnapshot(`
     "STORE.CORRUPT The store ROOT/.millrace/millrace.db is damaged, or is no Millrace store.
       → Move the file away (keep its -wal beside it) and restore a backup, or start with a new one.
     exit 5"
    `);
  });

  test("that a later version wrote", async () => {
    const db = new Database(file());
    db.exec(`insert into schema_migration (version, name) values (${SCHEMA_VERSION + 1}, 'later')`);
    db.close();
    expect((await refusal(["runs"])).replace(`schema ${SCHEMA_VERSION + 1}`, "schema N+1").replace(`schema ${SCHEMA_VERSION}`, "schema N"))
      .toMatchInlineSnapshot(`
     "STORE.NEWER_SCHEMA The store ROOT/.millrace/millrace.db has schema N+1; this version of Millrace knows schema N.
       → Use the version of Millrace that wrote it, or a later one.
     exit 5"
    `);
  });

  test("that another process keeps locked", async () => {
    const db = new Database(file());
    db.exec("begin immediate");
    try {
      expect(await refusal(["materialize", "raw_orders"])).toMatchInlineSnapshot(`
       "STORE.BUSY The store ROOT/.millrace/millrace.db was locked by another process for more than TIME.
         → Find the process that keeps the file open (for instance a database browser) and close it.
       exit 5"
      `);
    } finally {
      db.close();
    }
    expect((await project.run(["materialize", "raw_orders"])).code).toBe(0);
  });
});

/** A real file system of 2 MB. Where it may not be mounted these tests fail, and say why: there is no other way to know. */
describe("a store on a file system of 2 MB of its own (needs the right to mount one)", () => {
  const disk = (): string => project.path("disk");
  beforeEach(() => {
    mkdirSync(disk());
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk()]);
  });
  afterEach(() => execFileSync("umount", ["-l", disk()]));

  const TALKATIVE = `
import { Asset, AssetContext, Definitions, edge, Pipeline, ref } from "millrace";

const pipelineOf = (n: number): new () => object => {
  @Pipeline({ name: "Talk" + n })
  class Talk {
    @Asset({ key: "a" + n, deps: n === 0 ? [] : [ref("a" + (n - 1))] })
    talks(context: AssetContext): number {
      context.log.info("x".repeat(20_000));
      return n;
    }
  }
  return Talk;
};
export default new Definitions({ pipelines: Array.from({ length: 300 }, (_, n) => pipelineOf(n)) });
`;

  test("that runs full ends the run with a clear error, keeps what it reported, and goes on when there is space", async () => {
    project.write({ "definitions.ts": TALKATIVE });
    const env = { MILLRACE_HOME: "disk", MILLRACE_LOG_LEVEL: "warn", MILLRACE_FSYNC: "FULL" };
    writeFileSync(project.path("disk/filler"), Buffer.alloc(1_300_000));
    const { code, stdout, stderr } = await project.run(["materialize"], { env });
    expect(`${project.plain(stderr)}exit ${code}`).toMatchInlineSnapshot(`
     "STORE.FULL The disk that holds the store ROOT/disk/millrace.db is full.
       → Free some space and run the command again; what was reported as stored is still there.
     exit 5"
    `);
    const reported = [...stdout.matchAll(/✓ (a\d+)/g)].map(([, key]) => key);
    expect(reported.length).toBeGreaterThan(0);

    rmSync(project.path("disk/filler"));
    const next = await project.run(["runs", "last", "--json"], { env });
    expect({ code: next.code, stderr: project.plain(next.stderr) }).toEqual({
      code: 0,
      stderr: "Run RUN was left by a process that is gone; it is now marked FAILURE.\n",
    });
    const { steps } = JSON.parse(next.stdout) as { steps: { key: string; status: string }[] };
    const stored = steps.filter(({ status }) => status === "SUCCESS").map(({ key }) => key);
    expect(stored).toEqual(expect.arrayContaining(reported));
    expect(await project.run(["materialize", "a0"], { env })).toMatchObject({ code: 0, stderr: "" });
  });

  test("that is mounted read-only is not touched", async () => {
    project.write({ "definitions.ts": SHOP });
    const env = { MILLRACE_HOME: "disk" };
    expect((await project.run(["materialize", "raw_orders"], { env })).code).toBe(0);
    execFileSync("mount", ["-o", "remount,ro", disk()]);
    expect(await refusal(["runs"], env)).toMatchInlineSnapshot(`
     "STORE.READ_ONLY The store ROOT/disk/millrace.db cannot be written: it is read-only.
       → Make the file and its folder writable for this user, or set MILLRACE_HOME to another folder.
     exit 5"
    `);
    expect(await refusal(["materialize", "raw_orders"], env)).toMatchInlineSnapshot(`
     "STORE.READ_ONLY The store ROOT/disk/millrace.db cannot be written: it is read-only.
       → Make the file and its folder writable for this user, or set MILLRACE_HOME to another folder.
     exit 5"
    `);
  });
});

describe("user code", () => {
  const RUDE = `
import { Asset, Definitions, InputContext, IOManager, Input, OutputContext, Own, Pipeline, ref } from "millrace";

class Muddled extends IOManager<unknown> {
  store(): void {}
  load(): unknown {
    return new Map();
  }
}

@Pipeline()
class Rude {
  @Asset()
  text(): number {
    throw "just text";
  }
  @Asset()
  nothing(): Promise<number> {
    return Promise.reject(undefined);
  }
  @Asset({ io: Muddled })
  rows(): number[] {
    return [1];
  }
  @Asset()
  sum(@Own("rows") rows: number[]): number {
    return rows.length;
  }
  @Asset()
  late(): number {
    const onceItIsAwaited = (): void => {
      if (process.listenerCount("uncaughtExceptionMonitor") > 0) throw new Error("after the end");
      setTimeout(onceItIsAwaited, 1);
    };
    setTimeout(onceItIsAwaited, 1);
    return 1;
  }
  @Asset()
  async waits(@Own("late") _: number): Promise<number> {
    const open = setInterval(() => undefined, 1_000);
    await new Promise<void>((resolve) => process.once("uncaughtExceptionMonitor", () => setImmediate(resolve)));
    clearInterval(open);
    return 1;
  }
}
export default new Definitions({ pipelines: [Rude] });
`;
  const told = async (selection: string): Promise<string> => {
    project.write({ "definitions.ts": RUDE });
    const { code, stdout, stderr } = await project.run(["materialize", selection]);
    expect(stderr).toBe("");
    return `${project.plain(stdout).split("\n\nRun")[0]}\nexit ${code}`;
  };

  test("that throws a string", async () => {
    expect(await told("text")).toMatchInlineSnapshot(`
     "Run RUN_ID_12___: 1 asset, 0 checks
     ✗ text  TIME
         NonError: "just text" was thrown, which is no Error
     exit 1"
    `);
  });

  test("that rejects with undefined", async () => {
    expect(await told("nothing")).toMatchInlineSnapshot(`
     "Run RUN_ID_12___: 1 asset, 0 checks
     ✗ nothing  TIME
         NonError: undefined was thrown (or a promise rejected with it)
     exit 1"
    `);
  });

  test("whose IO manager gives the wrong type", async () => {
    expect(await told("rows+")).toMatchInlineSnapshot(`
     "Run RUN_ID_12___: 2 assets, 0 checks
     ✓ rows  TIME
     ✗ sum  TIME
         ExecutionError: Step "sum" takes an Array from "rows", but Muddled gave a Map.
           → Materialize "rows" again, or mend Muddled.load().
     exit 1"
    `);
  });

  test("that needs an upstream which was never materialized", async () => {
    expect(await told("sum")).toMatchInlineSnapshot(`
     "Run RUN_ID_12___: 1 asset, 0 checks
     ✗ sum  TIME
         NeverMaterializedError: Step "sum" needs the value of "rows", which was never materialized.
           → Run \`millrace materialize rows\` first, or select it too: \`millrace materialize "+sum"\`.
     exit 1"
    `);
  });

  test("that throws in a timer after its step has ended fails no step, and is told", async () => {
    expect(await told("late+")).toMatchInlineSnapshot(`
     "Run RUN_ID_12___: 2 assets, 0 checks
     ✓ late  TIME
     StrayError: User code threw outside its step, started by "late": after the end
       → Await what the step starts (timers, promises, events) before it returns.
     caused by Error: after the end
         at Timeout.onceItIsAwaited (ROOT/definitions.ts:32:72)
     ✓ waits  TIME
     exit 0"
    `);
  });
});
