import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { inputContextFor, outputContextFor } from "../../../../runtime/testing/io-manager-contract.js";
import { rowSchema } from "../../../../src/model/row-schema.js";
import type { RowStream } from "../../../../src/model/row-stream.js";
import { FileParquetIOManager } from "../../../../src/io/parquet/parquet-io-manager.js";

const DIST = join(__dirname, "..", "..", "..", "..", "dist");
const READER_MS = 60_000;
const ROWS = 500;

let storageDir: string;
beforeAll(() => void (storageDir = mkdtempSync(join(tmpdir(), "parquet-damage-"))));
afterAll(() => rmSync(storageDir, { recursive: true, force: true }));

/** What a process of its own, with little memory, makes of the file: the number of rows, or the error's code and message. */
function readApart(assetKey: string): Promise<{ rows?: number; code?: string; message?: string }> {
  const program = `
    const { FileParquetIOManager } = require(${JSON.stringify(join(DIST, "runtime/entries/index.js"))});
    const { inputContextFor } = require(${JSON.stringify(join(DIST, "runtime/entries/testing.js"))});
    (async () => {
      const context = inputContextFor(${JSON.stringify(assetKey)}, { storageDir: ${JSON.stringify(storageDir)} });
      let rows = 0;
      for await (const _ of await new FileParquetIOManager().load(context)) rows++;
      return { rows };
    })().catch(({ code, message }) => ({ code, message })).then((made) => console.log(JSON.stringify(made)));`;
  return new Promise((resolve, reject) =>
    execFile(
      process.execPath,
      ["--max-old-space-size=256", "--eval", program],
      { timeout: READER_MS, env: { ...process.env, NODE_OPTIONS: "" } },
      (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout) as { rows?: number })),
    ),
  );
}

async function goodFile(): Promise<Buffer> {
  const schema = rowSchema({
    id: "int64",
    text: "string?",
    flag: "boolean",
    tags: "list<string>",
    at: "timestamptz",
    price: "decimal(10,2)",
  });
  const rows = Array.from({ length: ROWS }, (_, id) => ({
    ...{ id, text: id % 3 === 0 ? null : `the text of row ${id}`, flag: id % 2 === 0, tags: ["a", `tag ${id % 7}`] },
    ...{ at: new Date(id), price: `${id}.50` },
  }));
  const context = outputContextFor("good", { storageDir, schema });
  const io = new FileParquetIOManager();
  await io.store(rows, context);
  await io.publish(context);
  return readFileSync(join(storageDir, "good.parquet"));
}

/** Damages that are the same in every run. */
function damaged(good: Buffer): Map<string, Buffer> {
  const footerAt = good.length - 8 - good.readUInt32LE(good.length - 8);
  const files = new Map<string, Buffer>();
  for (const kept of [0, 3, 8, 100, footerAt, footerAt + 40, good.length - 9, good.length - 1])
    files.set(`cut_${kept}`, good.subarray(0, kept));
  const flip = (name: string, at: number, bit: number) => {
    const changed = Buffer.from(good);
    changed[at] = (changed[at] ?? 0) ^ (1 << bit);
    files.set(name, changed);
  };
  for (let turn = 0; turn < 8; turn++) {
    flip(`page_${turn}`, 4 + ((turn * 7919) % (footerAt - 4)), turn);
    flip(`footer_${turn}`, footerAt + ((turn * 104_729) % (good.length - 8 - footerAt)), turn);
  }
  const lying = Buffer.from(good);
  lying.writeUInt32LE(0xffffffff, good.length - 8);
  files.set("footer_longer_than_the_file", lying);
  files.set("footer_of_endless_lists", endlessLists());
  return files;
}

/** A footer that promises 4,294,967,295 schema elements, and holds none. */
function endlessLists(): Buffer {
  const footer = Buffer.from([0x15, 0x02, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x00]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([Buffer.from("PAR1"), footer, length, Buffer.from("PAR1")]);
}

describe("FileParquetIOManager and a damaged file", () => {
  it("ends with one clear error, or gives rows, within limits of time and memory, whatever was cut off or flipped", async () => {
    const files = damaged(await goodFile());
    const refused: string[] = [];
    for (const [name, bytes] of files) {
      writeFileSync(join(storageDir, `${name}.parquet`), bytes);
      const made = await readApart(name);
      if (made.code === undefined) continue;
      refused.push(name);
      expect(made.code).toBe("IO.CORRUPT");
      const path = join(storageDir, `${name}.parquet`);
      expect(made.message).toContain(`The stored rows of asset "${name}" cannot be read: ${path} is damaged: `);
      expect(made.message).toContain(`  → Materialize "${name}" again, or restore the file.`);
    }
    const certain = [...files.keys()].filter((name) => !/^(page|footer)_\d/.test(name));
    expect(refused).toEqual(expect.arrayContaining(certain));
    expect(refused.length).toBeGreaterThan(certain.length);
  });

  it("reads what somebody else wrote after a process of its own has read it, and names a crash of that one", async () => {
    mkdirSync(join(storageDir, "theirs"), { recursive: true });
    const path = join(storageDir, "theirs", "table.parquet");
    const database = await DuckDBInstance.create(":memory:");
    const connection = await database.connect();
    await connection.run(`COPY (SELECT i::INTEGER AS i FROM range(10) r(i)) TO '${path}' (FORMAT parquet)`);
    connection.closeSync();
    const context = inputContextFor("theirs/table", { storageDir });
    const load = async () => {
      const rows: object[] = [];
      for await (const row of (await new FileParquetIOManager().load(context)) as RowStream) rows.push(row);
      return rows;
    };
    const crashed = load().then(
      () => "no error",
      (error: Error) => error.message,
    );
    process.kill(await childProcess(), "SIGSEGV");
    expect(await crashed).toBe(
      `The stored rows of asset "theirs/table" cannot be read: ${path} is damaged: a process that tried it crashed (SIGSEGV)\n` +
        '  → Materialize "theirs/table" again, or restore the file.',
    );
    expect(await load()).toEqual(Array.from({ length: 10 }, (_, i) => ({ i })));
    expect(children()).toEqual([]);
  });
});

/** Processes that read a file for this one. */
function children(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = / (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) \S/, ""))?.[1];
        return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("parquet-probe-program");
      } catch {
        return false; // it has ended
      }
    });
}

async function childProcess(): Promise<number> {
  for (;;) {
    const [pid] = children();
    if (pid !== undefined) return pid;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
