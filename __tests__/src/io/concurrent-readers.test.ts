import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inputContextFor } from "../../../runtime/testing/io-manager-contract.js";
import { FileIOManager } from "../../../src/io/file-io-manager.js";
import { FileParquetIOManager } from "../../../src/io/parquet/parquet-io-manager.js";

interface Row {
  readonly version: number;
  readonly count: number;
  readonly id: number;
}

let storageDir: string;
beforeEach(() => void (storageDir = mkdtempSync(join(tmpdir(), "readers-"))));
afterEach(() => rmSync(storageDir, { recursive: true, force: true }));

/** Runs `read` while another process publishes version after version. */
async function besideWriter(manager: string, read: () => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [join(__dirname, "store-for-ever.cjs"), storageDir, manager], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(child.stdout, "data");
    await read();
  } finally {
    child.kill("SIGKILL");
    await once(child, "close");
  }
}

/** What the writer stores: see `store-for-ever.cjs`. */
function versionRows(version: number, count: number): Row[] {
  return Array.from({ length: count }, (_, id) => ({ version, count, id, [`column${version % 2}`]: "x".repeat(20) }));
}

async function rowsOf(loaded: unknown): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of loaded as AsyncIterable<Row>) rows.push(row);
  return rows;
}

it.each([new FileIOManager(), new FileParquetIOManager()])(
  "a reader in another process gets one version, whole, whenever it reads: %p",
  async (io) => {
    const seen = new Set<number>();
    await besideWriter(io.constructor.name, async () => {
      while (seen.size < 50) {
        const readers = await Promise.all([1, 2, 3].map(async () => rowsOf(await io.load(inputContextFor("shop/orders", { storageDir })))));
        for (const rows of readers) {
          const [{ version, count } = { version: 0, count: 0 }] = rows;
          const expected = JSON.stringify(versionRows(version, count));
          expect(JSON.stringify(rows) === expected).toBe(true);
          seen.add(version);
        }
      }
    });
  },
);
