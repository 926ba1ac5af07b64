import { IOError } from "../base/errors.js";

/** A database file of DuckDB that cannot be used. `code`: `DUCKDB.LOCKED`, `DUCKDB.NOT_FOUND`, `DUCKDB.NO_DATABASE` or `DUCKDB.OPEN`. */
export class DuckDBFileError extends IOError {
  /** The process that holds the file, where DuckDB tells. */
  readonly heldBy: number | undefined;

  constructor(
    readonly path: string,
    refusal: string,
  ) {
    const holder = /held in (.+?) \(PID (\d+)\)/.exec(refusal);
    const { code, text, fix } = explained(path, refusal, holder);
    super(code, text, { fix });
    this.heldBy = holder ? Number(holder[2]) : undefined;
  }
}

function explained(path: string, refusal: string, holder: RegExpExecArray | null): { code: string; text: string; fix: string } {
  if (holder ?? /could not set lock|used by another process/i.test(refusal)) {
    const who = holder ? `process ${holder[2]} (${holder[1]})` : "another process";
    return {
      code: "DUCKDB.LOCKED",
      text: `The DuckDB file ${path} is locked by ${who}.`,
      fix: "Close it there: a DuckDB shell or a notebook locks a file for as long as it has it open. To wait longer, raise lockTimeout.",
    };
  }
  if (refusal.includes("database does not exist"))
    return { code: "DUCKDB.NOT_FOUND", text: `There is no DuckDB file ${path}.`, fix: "Mend `path`, or write to it first." };
  if (refusal.includes("not a valid DuckDB database")) {
    return {
      code: "DUCKDB.NO_DATABASE",
      text: `${path} is no database of DuckDB.`,
      fix: "Give the path of a database of DuckDB, or of a file that does not exist yet.",
    };
  }
  return {
    code: "DUCKDB.OPEN",
    text: `The DuckDB file ${path} cannot be opened: ${refusal}`,
    fix: "Check that the file and its folder may be read and written, and that the disk has room.",
  };
}
