/**
 * A definitions module whose code shows its secret in every way that there is; each place has a label before the secret.
 * With UNMASKED set, nothing is marked as secret: then each must be found.
 */
export const CANARY_DEFINITIONS = `
import { execFileSync, execSync, spawn } from "node:child_process";
import { once } from "node:events";
import { IsString } from "class-validator";
import { Asset, AssetCheck, AssetCheckResult, AssetContext, CheckContext, Config, ConfigurableResource, Definitions, Failure, MaterializeResult,
  MetadataValue, MultiAsset, ObservableAsset, ObserveResult, Output, Pipeline, RetryRequested, Secret, env } from "millrace";

const Hidden = (): PropertyDecorator => (process.env.UNMASKED ? () => undefined : Secret());

class Vault extends ConfigurableResource {
  @IsString() @Hidden() key!: string;
  protected override setup(context: { log: { info(text: string): void } }): void {
    console.log("setup-print=" + this.key);
    context.log.info("setup-log=" + this.key);
  }
  protected override teardown(): void {
    throw new Error("teardown=" + this.key);
  }
}
class Shut extends ConfigurableResource {
  @IsString() @Hidden() key!: string;
  protected override setup(): void {
    throw new Error("setup-error=" + this.key, { cause: { reason: "setup-cause=" + this.key } });
  }
}
class Settings extends Config {
  @IsString() @Hidden() password!: string;
}
const child = (label: string): [string, string[]] => [process.execPath, ["-e", "console.log(" + JSON.stringify(label + "=") + " + process.env.CANARY)"]];

@Pipeline()
class Leaks {
  constructor(private readonly vault: Vault) {}

  @Asset() async prints(context: AssetContext): Promise<void> {
    const { key } = this.vault;
    console.log("console=" + key);
    console.error("console-error=" + key);
    console.log({ "console-object": key });
    process.stdout.write("halves=" + key.slice(0, 9));
    await new Promise((resolve) => setTimeout(resolve, 120)); // longer than lines wait to be written
    process.stdout.write(key.slice(9) + "\\n");
    context.log.info("log=" + key, { field: "log-field=" + key, [key]: 1 });
    console.log("url=" + encodeURIComponent(key) + " query=" + new URLSearchParams({ s: key }).toString());
    for (const user of ["", "u", "us"]) console.log("base64" + user.length + "=" + Buffer.from(user + key + ":x").toString("base64"));
    console.log("base64url=" + Buffer.from(key).toString("base64url"));
    console.log("json=" + JSON.stringify({ key }) + " json-twice=" + JSON.stringify(JSON.stringify({ key })));
    await once(spawn(...child("piped")), "close");
    await once(spawn(...child("inherited"), { stdio: "inherit" }), "close");
    execFileSync(...child("sync-inherited"), { stdio: "inherit" });
    execSync("echo error-of-shell=$CANARY >&2");
    setTimeout(() => console.log("late=" + key), 1);
    setTimeout(() => { throw new Error("stray=" + key); }, 1);
  }

  @Asset({ checks: [{ name: "own" }], deps: ["prints"] }) tells(context: AssetContext): MaterializeResult<number> {
    const { key } = this.vault;
    const of = (kind: string): string => kind + "=" + key;
    context.addOutputMetadata({ added: of("added") });
    return new MaterializeResult({
      value: 1,
      dataVersion: of("data-version"),
      metadata: {
        plain: of("plain"), list: [of("list")], nested: { [key]: of("nested") },
        text: MetadataValue.text(of("text")), url: MetadataValue.url("https://u:" + encodeURIComponent(key) + "@host/?kind-url"),
        path: MetadataValue.path(of("path")), notebook: MetadataValue.notebook(of("notebook")), md: MetadataValue.md(of("md")),
        asset: MetadataValue.asset(of("asset")), run: MetadataValue.run(of("run")), job: MetadataValue.job(of("job")),
        json: MetadataValue.json({ deep: [of("json-kind")] }), table: MetadataValue.table([{ cell: of("cell") }], [{ name: of("column") }]),
        schema: MetadataValue.tableSchema([{ name: "c", description: of("schema") }]),
        lineage: MetadataValue.columnLineage({ c: [{ asset: "a", column: of("lineage") }] }),
        code: MetadataValue.codeReferences([{ file: of("code") }]),
      },
      checks: [new AssetCheckResult({ passed: false, severity: "WARN", description: of("check-description"), metadata: { m: of("check-metadata") } })],
    });
  }

  @AssetCheck({ asset: "tells" }) looks(context: CheckContext): AssetCheckResult {
    context.log.warn("check-log=" + this.vault.key);
    return new AssetCheckResult({ passed: true, description: "check-method=" + this.vault.key });
  }

  @ObservableAsset() observed(): ObserveResult {
    return new ObserveResult({ dataVersion: "observed=" + this.vault.key, metadata: { m: "observation=" + this.vault.key } });
  }

  @MultiAsset({ outs: { first: {}, second: {} } })
  async *several(context: AssetContext): AsyncGenerator<Output<"first", number>> {
    context.addOutputMetadata({ m: "output=" + this.vault.key }, "first");
    yield new Output("first", 1);
    throw new Error("generator=" + this.vault.key);
  }

  @Asset() throws(): void {
    throw new TypeError("message=" + this.vault.key, { cause: new Error("cause=" + this.vault.key) });
  }
  @Asset() stacks(): void {
    const error = new Error("plain");
    error.stack = "Error: plain\\n    at stack=" + this.vault.key + " (file.ts:1:1)";
    throw error;
  }
  @Asset() rejects(): Promise<void> {
    return Promise.reject({ reason: "rejected=" + this.vault.key });
  }
  @Asset() fails(): void {
    throw new Failure("failure=" + this.vault.key, { metadata: { m: "failure-metadata=" + this.vault.key } });
  }
  @Asset({ retry: { maxRetries: 1, delay: 1 } }) retries(context: AssetContext): void {
    if (context.retryNumber === 0) throw new Error("first-try=" + this.vault.key);
  }
  @Asset() configured(settings: Settings): void {
    console.log("configured=" + settings.password);
  }
}

@Pipeline()
class Closed {
  constructor(private readonly shut: Shut) {}
  @Asset() closed(): string {
    return this.shut.key;
  }
}

export default new Definitions({ pipelines: [Leaks, Closed], resources: [Vault.with({ key: env("CANARY") }), Shut.with({ key: env("CANARY") })] });
`;

/** Runs something, serves the endpoint, asks it everything, prints the answers, and copies the store as it is while it is open. */
export const CANARY_SERVER = `
import { cpSync } from "node:fs";
import { bootstrap } from "millrace";
const millrace = await bootstrap(new URL("./definitions.ts", import.meta.url), { http: { port: 0 } });
await millrace.materialize("throws or observed");
cpSync(".millrace", "open", { recursive: true });
for (const path of ["/health", "/ready", "/status"])
  for (const accept of ["application/json", "text/html"]) {
    const answer = await fetch(millrace.url + path, { headers: { accept } });
    console.log(answer.status, path, await answer.text());
  }
await millrace.close();
`;
