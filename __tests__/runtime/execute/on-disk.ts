import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrap, type Definitions, type Millrace } from "../../../runtime/entries/index.js";

/** A project folder with a store on disk; each `open` is a new start of Millrace on the same store. */
export class ProjectOnDisk {
  readonly root = mkdtempSync(join(tmpdir(), "millrace-run-"));
  readonly #open: Millrace[] = [];

  async open(definitions: Definitions): Promise<Millrace> {
    const millrace = await bootstrap(definitions, { cwd: this.root });
    this.#open.push(millrace);
    return millrace;
  }

  /** Closes everything, as the end of the process would. */
  async close(): Promise<void> {
    for (const millrace of this.#open.splice(0)) await millrace.close();
  }

  async remove(): Promise<void> {
    await this.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}
