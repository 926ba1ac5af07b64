import { nearest } from "../../src/base/did-you-mean.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { siteOf } from "./declared-at.js";

/** An input that names a column which its upstream does not declare is a problem. */
export function reportColumns(draft: CatalogDraft): void {
  for (const unit of draft.units) {
    const code = draft.bindings.get(unit.id)?.code;
    for (const parameter of code?.kind === "method" ? code.parameters : []) {
      if (parameter.kind !== "input" || (parameter.columns === undefined && parameter.where === undefined)) continue;
      const declared = draft.assets.get(parameter.key)?.schema?.columns.map(({ name }) => name);
      if (declared === undefined) continue;
      const named = [...(parameter.columns ?? []), ...Object.keys(parameter.where ?? {})];
      for (const column of named.filter((name) => !declared.includes(name))) {
        const near = nearest(column, declared);
        draft.report({
          code: "DEFINITION.UNKNOWN_COLUMN",
          message: `An input takes the column "${column}" of "${parameter.key}", whose schema has ${declared.map((name) => `"${name}"`).join(", ")}.`,
          site: siteOf(unit),
          fix: near === undefined ? "Name one of these in `columns` and `where`." : `Did you mean "${near}"?`,
        });
      }
    }
  }
}
