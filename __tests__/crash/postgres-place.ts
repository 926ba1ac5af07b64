import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { openStore } from "../../runtime/store/store-proxy";
import { postgresDialect } from "../../src/storage/sql/postgres-dialect";
import { forSchema } from "../../src/storage/sql/postgres-texts";
import { compileStatements } from "../../src/storage/sql/statements";
import { PostgresServer } from "../../tools/servers/postgres";
import { killPoints, newFolder, type KillPoint, type Place } from "./crash-suite";
import { databaseOf, useDatabase } from "./database-of";

const SCHEMA = "millrace";
const texts = compileStatements(postgresDialect(() => Promise.reject(new Error("never asked")) as never));

/**
 * Before each statement that writes, at its first time; of each commit also after its last. What a server has of a transaction that was not committed it
 * undoes, whichever statement came last, so one kill at each will do.
 */
function points(hits: readonly string[]): KillPoint[] {
  const isDecided = (label: string): boolean => label.startsWith("commit") || label.startsWith("publish");
  return killPoints(hits).filter(({ label, nth, side }) => (side === "before" ? nth === 1 : isDecided(label)));
}

/** Stores that are databases of one server, each a copy of one whose schema is there. @returns where they are, once the server has started */
export function databases(): () => Place {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
    await (await openStore({ path: await server.createDatabase("lived") })).close();
  });
  afterAll(() => server.stop());
  return () => placeOn(server);
}

const placeOn = (server: PostgresServer): Place => ({
  statements: Object.fromEntries(Object.entries(texts).map(([name, sql]) => [name, forSchema(sql, SCHEMA)])),
  killSwitch: "kill-switch-postgres.cjs",
  points,
  newHome: async () => {
    const home = newFolder();
    const name = `life_${randomUUID().replaceAll("-", "")}`;
    await server.query(`create database ${name} template lived`);
    useDatabase(home, server.urlOf(name));
    return home;
  },
  forget: async (home) => {
    const name = new URL(databaseOf(home).store ?? "").pathname.slice(1);
    await server.query(`drop database ${name} with (force)`);
    rmSync(home, { recursive: true, force: true });
  },
});
