import { DefinitionError } from "../../src/base/errors.js";
import type { DeclarationSite } from "../../src/base/declaration-site.js";

/** An option of a decorator cannot be what was meant. Thrown where it stands, when the file is imported. */
export class OptionError extends DefinitionError {
  constructor(
    sentence: string,
    readonly site: DeclarationSite,
    fix: string,
  ) {
    super("DEFINITION.OPTION", `${site}: ${sentence}`, { fix });
  }
}
