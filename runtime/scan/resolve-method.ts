import type { CheckDeclaration } from "../../decorators/declarations/declaration.js";
import { snakeCase } from "../../decorators/declarations/names.js";
import type { Json } from "../../src/base/canonical-json.js";
import { tokenName, type Token } from "../../src/config/provided.js";
import type { Ctor } from "../../src/model/asset-ref.js";
import { addCheck } from "./add-check.js";
import { addUnit, type UnitParts } from "./add-unit.js";
import { bindParameters } from "./bind-parameters.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { declaredAt } from "./declared-at.js";
import { resolveDependencies } from "./resolve-dependencies.js";
import type { PipelineClass } from "./pipeline-class.js";
import type { MethodDraft } from "./unit-draft.js";

/** Looks up what a method takes, and adds it to the catalog and the bindings. */
export function resolveMethod(
  method: MethodDraft,
  given: { readonly constructorTokens: readonly Token[]; readonly schemaOf: (type: Ctor) => Json | undefined },
  draft: CatalogDraft,
): void {
  const { view, declaration } = method.from;
  const parameters = bindParameters(view, declaration, draft);
  const { constructorTokens } = given;
  const config = parameters.find((parameter) => parameter.kind === "config");
  const schema = config && given.schemaOf(config.type);
  const tokens = [...constructorTokens];
  for (const parameter of parameters) if (parameter.kind === "resource") tokens.push(parameter.token);
  const parts: UnitParts = {
    loads: parameters.filter((parameter) => parameter.kind === "input"),
    code: { kind: "method", pipeline: view.type, method: declaration.method, parameters, constructorTokens },
    unit: Object.assign({ resources: namesOf(tokens) }, declaration.unit, schema === undefined ? undefined : { configSchema: schema }),
    checks: [],
  };
  if (declaration.kind === "check") addChecks(declaration, view, parts, draft);
  else addUnit(method, parts, draft);
}

/** The names of tokens, each once, in order. */
export function namesOf(tokens: readonly Token[]): readonly string[] {
  return tokens.length === 0 ? [] : [...new Set(tokens.map(tokenName))].sort();
}

function addChecks(declaration: CheckDeclaration, within: PipelineClass, { loads, code, unit }: UnitParts, draft: CatalogDraft): void {
  const { site } = declaration;
  const found = draft.index.find(declaration.asset, within);
  if (!("key" in found)) return draft.report({ ...found, site });
  const asset = found.key;
  const checks = declaration.checks.map((check) => ({ ...check, name: check.name ?? snakeCase(declaration.method) }));
  const id = `${asset}#${checks.map(({ name }) => name).join("+")}`;
  const deps = resolveDependencies({ loads, deps: declaration.deps, site, within }, draft).filter(({ key }) => key !== asset);
  const ids = checks.map((check) => addCheck(check, { asset, unit: id, deps, site }, draft));
  draft.units.push(declaredAt({ id, kind: "check", assets: [], checks: ids, canSubset: false, ...unit }, site));
  draft.bindings.set(id, { unit: id, code, outKeys: new Map() });
}
