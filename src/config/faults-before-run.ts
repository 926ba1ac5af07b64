import { getMetadataStorage, validateSync } from "class-validator";
import type { Ctor } from "../model/asset-ref.js";
import { isEnvVar } from "./env.js";
import { typedValue } from "./nested-class.js";
import { isProvided } from "./provided.js";
import { type ConfigFault, faultsOf } from "./resolve-fields.js";

/**
 * What is wrong with the fields of a configuration class before the environment is read: those that are missing, those that break a rule.
 * A field that comes from the environment, or is itself a resource, counts as right.
 */
export function faultsBeforeRun(type: Ctor, fields: Readonly<Record<string, unknown>>, path: string): readonly ConfigFault[] {
  let instance: Record<string, unknown>;
  try {
    instance = Reflect.construct(type as unknown as new () => object, []) as Record<string, unknown>;
  } catch {
    return []; // the run tells of it
  }
  const later = new Set<string>();
  for (const [name, given] of Object.entries(fields)) {
    if (isEnvVar(given) || isProvided(given)) later.add(name);
    else if (given !== undefined) instance[name] = typedValue(type, name, given);
  }
  // Whether such a rule holds may hang on a field that is not read yet.
  if (later.size > 0) for (const name of conditionalFields(type)) later.add(name);
  return validateSync(instance, { forbidUnknownValues: false })
    .filter(({ property }) => !later.has(property))
    .flatMap((error) => faultsOf(error, path));
}

function conditionalFields(type: Ctor): readonly string[] {
  return getMetadataStorage()
    .getTargetValidationMetadatas(type as unknown as new () => object, "", false, false)
    .flatMap(({ type: rule, propertyName }) => (rule === "conditionalValidation" ? [propertyName] : []));
}
