import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { Client } from "pg";
import { PostgresServer } from "../../tools/servers/postgres";

const processesOf = (folder: string): string[] =>
  execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n").filter((line) => line.includes(folder)); // prettier-ignore

it("starts, keeps its data over a restart and a crash, and leaves neither process nor folder", async () => {
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
  const [data] = await server.query<{ data_directory: string }>("show data_directory");
  const folder = dirname(data?.data_directory ?? "");
  expect([processesOf(folder).length > 0, existsSync(folder)]).toEqual([true, true]);
  await server.stop();
  expect([processesOf(folder), existsSync(folder)]).toEqual([[], false]);
});
