import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { CANARY_DEFINITIONS, CANARY_SERVER } from "./canary-definitions";
import { CliProject, type Ended } from "./cli-project";

const CANARY = 'c4n/ry+"Zq8vT2mKx7" \\Wb5 é!';
/** Every escape leaves this part as it is. */
const CORE = "Zq8vT2mKx7";
/** How it looks within base64, at each of the three places that it may begin at. */
const BASE64 = [0, 1, 2].map((shift) =>
  Buffer.from(`${"x".repeat(shift)}${CANARY}`)
    .toString("base64")
    .slice(8, 24),
);
const NEEDLES = [CORE, ...BASE64, ...BASE64.map((text) => text.replace(/\+/g, "-").replace(/\//g, "_"))];

const found = (text: string): boolean => NEEDLES.some((needle) => text.includes(needle));

/** Labels of all that the definitions leak; those of the second line reach the log in another form than `label=secret`. */
const LABELS =
  `setup-print setup-log teardown setup-error setup-cause console console-error halves log log-field url piped inherited sync-inherited
  error-of-shell late stray added data-version plain list nested text path notebook md asset run job json-kind cell column schema lineage code
  check-description check-metadata check-log check-method observed observation output generator message cause stack rejected failure
  failure-metadata first-try configured base64url tag`.split(/\s+/);
const OTHERS = ["query=s=", "base640=", "base641=", "base642=", 'json={"key":"', "json-twice=", "console-object", "https://u:"];

/** Everything that can be seen of a project after a run of it, by where it is seen. */
async function everything(unmasked: boolean): Promise<ReadonlyMap<string, string>> {
  const project = new CliProject({
    "definitions.ts": CANARY_DEFINITIONS,
    "serve.mjs": CANARY_SERVER,
    "config.yaml": `assets: { configured: { password: ${JSON.stringify(CANARY)} } }\nresources: { Shut: { key: ${JSON.stringify(CANARY)} } }\n`,
    "faulty.yaml": `assets: { configured: { password: [${JSON.stringify(CANARY)}] } }\n`,
  });
  symlinkSync(dirname(require.resolve("class-validator/package.json")), project.path("node_modules/class-validator"));
  const env = { CANARY, ...(unmasked ? { UNMASKED: "1" } : {}) };
  const seen = new Map<string, string>();
  const call = async (...args: string[]): Promise<Ended> => {
    const ended = await project.run(args, { env });
    seen.set(`${seen.size}: ${args.join(" ")}`, `${ended.stdout}\n${ended.stderr}`);
    return ended;
  };
  try {
    const leaks = "observed or first or second or throws or stacks or rejects or fails or retries or configured or tells or prints";
    await call("materialize", leaks, "--config", "config.yaml", "--tag", `secret=tag=${CANARY}`);
    const questions = [
      "runs last",
      "logs last",
      "runs last --json",
      "logs last --json",
      "show tells",
      "show tells --json",
      "show first --json",
    ];
    await Promise.all([...questions, "list --json", "status --json", "runs --json"].map((question) => call(...question.split(" "))));
    await call("materialize", "throws", "--json");
    await call("retry", "last", "--json");
    await call("materialize", "closed");
    await call("logs", "last", "--json");
    const fault = await call("materialize", "configured", "--config", "faulty.yaml");
    expect(fault.code).toBe(4);
    const served = spawnSync(process.execPath, ["--import", "millrace/register", "serve.mjs"], {
      cwd: project.root,
      env: { ...process.env, ...env },
      encoding: "utf8",
    });
    expect(served.status).toBe(0);
    seen.set("HTTP", served.stdout + served.stderr);
    for (const [folder, what] of [
      [".millrace", "file"],
      ["open", "open file"],
    ] as const)
      for (const file of filesBelow(project.path(folder))) seen.set(`${what} ${file}`, readFileSync(project.path(folder, file), "utf8"));
  } finally {
    project.remove();
  }
  return seen;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name).slice(folder.length + 1)] : [],
  );
}

/** Places that show nothing of what a run told, secret or not, and files beside the store's. */
const SILENT = /(: (status --json|runs --json|show tells|list --json|materialize configured .*)|^HTTP|file .*(?<!millrace\.db|-wal))$/;

test("no secret that user code shows is seen anywhere, and the same search finds it everywhere when it is none", async () => {
  const [masked, open] = [await everything(false), await everything(true)];

  expect([...masked].filter(([, text]) => found(text)).map(([place]) => place)).toEqual([]);
  const shown = [...masked.values()].join("\n");
  expect(LABELS.filter((label) => !shown.includes(`${label}=••••`))).toEqual([]);
  expect(OTHERS.filter((label) => !shown.includes(label))).toEqual([]);

  expect([...open.keys()].filter((place) => /^open file .*-wal$/.test(place))).toHaveLength(1);
  const silent = [...open].filter(([, text]) => !found(text)).map(([place]) => place);
  expect(silent.filter((place) => !SILENT.test(place))).toEqual([]);
  const told = [...open.values()].join("\n");
  expect(LABELS.filter((label) => !told.includes(`${label}=${label === "url" ? "c4n" : ""}`))).toEqual([]);
}, 240_000);
