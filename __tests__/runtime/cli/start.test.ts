import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const repository = resolve(__dirname, "../../..");
const cli = join(repository, "dist/runtime/cli/main.js");

const definitions = `
import { writeFileSync } from "node:fs";
import { Asset, dailyPartitions, Definitions, hourlyPartitions, monthlyPartitions, Pipeline, weeklyPartitions, yearlyPartitions } from "millrace";

const start = "2024-01-01";
hourlyPartitions({ start, minuteOffset: 30 });
weeklyPartitions({ start });
monthlyPartitions({ start, hourOffset: 6 });
yearlyPartitions({ start });

@Pipeline()
class Orders {
  @Asset({ partitions: dailyPartitions({ start }) })
  daily(): void {}

  @Asset()
  orders(): number {
    const packages = Object.keys(require.cache).map((path) => path.split("node_modules/").at(-1)!.split("/"));
    const names = packages.map(([first, second]) => (first!.startsWith("@") ? first + "/" + second : first!));
    writeFileSync("packages.json", JSON.stringify([...new Set(names.filter((name) => name !== ""))].sort()));
    const rooms = ["http-server.js", "backfill-driver.js"].filter((file) => Object.keys(require.cache).some((path) => path.endsWith("/" + file)));
    const http = (process as unknown as { moduleLoadList: string[] }).moduleLoadList.includes("NativeModule http");
    writeFileSync("rooms.json", JSON.stringify({ rooms, http }));
    return 1;
  }
}
export default new Definitions({ pipelines: [Orders] });
`;

it("has loaded before the first step, on a warm start, these packages and no others, and neither serves nor backfills", () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "millrace-start-")));
  try {
    mkdirSync(join(root, "node_modules"));
    symlinkSync(repository, join(root, "node_modules/millrace"));
    writeFileSync(join(root, "package.json"), "{}");
    writeFileSync(join(root, "definitions.ts"), definitions);
    const start = (): number | null => spawnSync(process.execPath, [cli, "materialize", "orders"], { cwd: root }).status;
    expect([start(), start()]).toEqual([0, 0]); // the first compiles and makes the store
    expect(JSON.parse(readFileSync(join(root, "packages.json"), "utf8"))).toEqual([
      "@swc/core", // its package.json alone: the version is part of the cache's key
      "class-transformer",
      "class-validator",
      "commander",
      "get-tsconfig",
      "libphonenumber-js", // by class-validator
      "picocolors",
      "reflect-metadata",
      "resolve-pkg-maps", // by get-tsconfig
      "tslib", // by tsyringe
      "tsyringe",
      "uuid",
      "validator", // by class-validator
    ]);
    expect(JSON.parse(readFileSync(join(root, "rooms.json"), "utf8"))).toEqual({ rooms: [], http: false });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
