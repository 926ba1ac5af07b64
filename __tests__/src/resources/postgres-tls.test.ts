import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { openStore } from "../../../runtime/store/store-proxy";
import { PostgresResource } from "../../../src/resources/postgres-resource";
import { PostgresServer } from "../../../tools/servers/postgres";

const subject = [{ name: "commonName", value: "millrace test" }];
const altNames = [{ type: 7, ip: "127.0.0.1" }];
const { cert, private: key } = generate(subject, {
  keySize: 2048,
  algorithm: "sha256",
  extensions: [
    { name: "basicConstraints", cA: true },
    { name: "subjectAltName", altNames },
  ],
});

let server: PostgresServer;
let plain: PostgresServer;
let folder: string;
let authority: string;
beforeAll(async () => {
  [server, plain] = await Promise.all([PostgresServer.start({ tls: { cert, key } }), PostgresServer.start()]);
  folder = mkdtempSync(join(tmpdir(), "millrace-tls-"));
  authority = join(folder, "authority.pem");
  writeFileSync(authority, cert);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([server.stop(), plain.stop()]);
});

const IS_ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
type Tls = PostgresResource["tls"];

async function isEncrypted(dsn: string, tls?: Tls): Promise<unknown> {
  const warehouse = Object.assign(new PostgresResource(), { dsn, ...(tls ? { tls } : {}) });
  try {
    return (await warehouse.query<{ ssl: boolean }>(IS_ENCRYPTED))[0]?.ssl;
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  } finally {
    await (warehouse as unknown as { teardown(): Promise<void> }).teardown();
  }
}

/** What this prints in a process that trusts the certificate. */
function trusting(body: string): string {
  const program = `(async () => { ${body} })().catch((error) => console.log(error.code, error.message));`;
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: authority };
  return spawnSync(process.execPath, ["-e", program], { encoding: "utf8", env, cwd: join(__dirname, "../../..") }).stdout;
}

describe("PostgresResource over TLS", () => {
  it.each<readonly [string, Tls, string | boolean]>([
    ["", "require", true],
    ["?sslmode=require", undefined, true],
    ["", "disable", false],
    ["?sslmode=require", "disable", false],
    ["", undefined, false],
  ])("encrypts as it is told: DSN %j, tls %j", async (query, tls, wanted) => {
    expect(await isEncrypted(server.url + query, tls)).toBe(wanted);
  });

  it("takes no certificate that nobody vouches for where it is to be checked", async () => {
    const refused = expect.stringMatching(/^POSTGRES\.TLS .*self-signed certificate/s);
    expect(await isEncrypted(server.url, "verify-full")).toEqual(refused);
    expect(await isEncrypted(`${server.url}?sslmode=verify-full`)).toEqual(refused);
    const program = (host: string) =>
      `const { PostgresResource } = require("./dist/runtime/entries/index.js");
      const dsn = ${JSON.stringify(server.url)}.replace("127.0.0.1", ${JSON.stringify(host)});
      console.log(await Object.assign(new PostgresResource(), { dsn, tls: "verify-full" }).query(${JSON.stringify(IS_ENCRYPTED)}));
      process.exit();`;
    expect(trusting(program("127.0.0.1"))).toBe("[ { ssl: true } ]\n");
    expect(trusting(program("localhost"))).toMatch(/^POSTGRES\.TLS .*localhost/s);
  });

  it("takes the authority and the checks that the DSN names, as psql does", async () => {
    const root = `sslrootcert=${encodeURIComponent(authority)}`;
    const elsewhere = server.url.replace("127.0.0.1", "localhost");
    for (const query of [root, `sslmode=require&${root}`, `sslmode=verify-full&${root}`])
      expect(await isEncrypted(`${server.url}?${query}`)).toBe(true);
    for (const mode of ["verify-ca", "require", "no-verify"])
      expect([mode, await isEncrypted(`${elsewhere}?sslmode=${mode}&${root}`)]).toEqual([mode, true]);
    expect(await isEncrypted(`${elsewhere}?sslmode=verify-full&${root}`)).toMatch(/^POSTGRES\.TLS .*localhost/s);
    expect(await isEncrypted(`${server.url}?sslmode=verify-ca`)).toMatch(/^POSTGRES\.TLS .*self-signed/s);
    const other = join(folder, "other.pem");
    writeFileSync(other, generate(subject, { keySize: 2048, algorithm: "sha256" }).cert);
    expect(await isEncrypted(`${server.url}?sslmode=require&sslrootcert=${encodeURIComponent(other)}`)).toMatch(/^POSTGRES\.TLS /);
    expect(await isEncrypted(`${server.url}?sslmode=always`)).toBe(
      "POSTGRES.DSN The DSN cannot be used: sslmode=always is none of disable, allow, prefer, require, no-verify, verify-ca, verify-full.\n  → Correct what stands behind its `?`.",
    );
    expect(await isEncrypted(`${server.url}?sslrootcert=/nowhere.pem`)).toMatch(
      /^POSTGRES\.DSN The DSN cannot be used: its sslrootcert cannot be read: ENOENT.*nowhere\.pem/,
    );
  });

  it("says that a server does not speak it", async () => {
    expect(await isEncrypted(plain.url, "require")).toMatch(/^POSTGRES\.TLS .*Set `tls`/s);
  });
});

describe("the store over TLS", () => {
  const sessions = () =>
    server.query<{ ssl: boolean }>(
      "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'millrace%'",
    );
  const opened = async (url: string) => {
    const store = await openStore({ path: url });
    const found = await sessions();
    await store.close();
    return found;
  };
  const problem = (url: string) =>
    opened(url).then(
      () => "none",
      (error: { code: string; message: string }) => `${error.code} ${error.message}`,
    );

  it("encrypts as its address says", async () => {
    expect(await opened(`${server.url}?sslmode=require`)).toEqual([{ ssl: true }]);
    expect(await opened(`${server.url}?sslmode=disable`)).toEqual([{ ssl: false }]);
  });

  it("takes no certificate that nobody vouches for where it is to be checked", async () => {
    expect(await problem(`${server.url}?sslmode=verify-full`)).toBe(
      `STORE.TLS Postgres at 127.0.0.1:${server.port} cannot be reached over TLS: self-signed certificate.\n  → Set sslmode in MILLRACE_DATABASE_URL to what the server offers (docs/postgres.md), or name its certificate: sslrootcert=FILE.`,
    );
    expect(await opened(`${server.url}?sslmode=verify-full&sslrootcert=${encodeURIComponent(authority)}`)).toEqual([{ ssl: true }]);
    expect(
      trusting(`
        const { openStore } = require("./dist/runtime/store/store-proxy.js");
        const store = await openStore({ path: ${JSON.stringify(`${server.url}?sslmode=verify-full`)} });
        console.log(await store.countRuns());
        await store.close();`),
    ).toBe("{}\n");
  });

  it("says that a server does not speak it", async () => {
    expect(await problem(`${plain.url}?sslmode=require`)).toMatch(/^STORE\.TLS .*does not support SSL/s);
  });

  it("says what of its address cannot be used", async () => {
    expect(await problem(`${server.url}?sslmode=always`)).toMatch(
      /^CONFIG\.DATABASE_URL The store's address cannot be used: sslmode=always is none of disable,/,
    );
  });
});
