import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { Client } from "pg";
import { PostgresServer } from "../../tools/servers/postgres";

const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("millrace-postgres-"));
const processes = (port: number): string[] =>
  execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n").filter((line) => line.includes(`-p ${port} `)); // prettier-ignore

it("starts, keeps its data over a restart and a crash, and leaves neither process nor folder", async () => {
  const before = folders();
  const server = await PostgresServer.start({ settings: { max_connections: "20" } });
  const url = await server.createDatabase('shop\'s "own" data');
  await server.query("create table sale (id int)", url);
  await server.query("insert into sale values (7)", url);
  await server.restart();
  const client = new Client({ connectionString: url });
  const broken = new Promise<Error>((resolve) => client.once("error", resolve));
  await client.connect();
  await client.query("insert into sale values (8)");
  await server.halt("crash");
  expect(await broken).toBeInstanceOf(Error);
  await server.start();
  expect(await server.query("select id from sale order by id", url)).toEqual([{ id: 7 }, { id: 8 }]);
  expect(await server.query("show max_connections", url)).toEqual([{ max_connections: "20" }]);
  expect(processes(server.port)).not.toEqual([]);
  await server.stop();
  expect(processes(server.port)).toEqual([]);
  expect(folders()).toEqual(before);
});
