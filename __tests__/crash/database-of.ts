import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const file = (home: string): string => join(home, "database-url");

/** Keeps the store of this life in a database. */
export function useDatabase(home: string, url: string): void {
  writeFileSync(file(home), url);
}

/** The database of this life; nothing: its store is a file. */
export function databaseOf(home: string): { readonly store?: string } {
  return existsSync(file(home)) ? { store: readFileSync(file(home), "utf8") } : {};
}

/** The store of this life: the path of its file, or the URL of its database. */
export function storeOf(home: string): string {
  return databaseOf(home).store ?? join(home, "store", "millrace.db");
}
