import type { DeclarationSite } from "../base/declaration-site.js";
import { nearest } from "../base/did-you-mean.js";
import { ConfigError } from "../base/errors.js";
import type { Ctor } from "../model/asset-ref.js";
import { fieldsOf } from "./json-schema.js";

/** Fields are given to a resource that its class has not. Thrown where they stand, when the file is imported. */
export class UnknownFieldsError extends ConfigError {
  constructor(
    resource: string,
    readonly site: DeclarationSite,
    names: { readonly given: readonly string[]; readonly known: readonly string[] },
  ) {
    const listed = names.given.map((name) => {
      const near = nearest(name, names.known);
      return near === undefined ? `"${name}"` : `"${name}" (did you mean "${near}"?)`;
    });
    super("CONFIG.UNKNOWN_RESOURCE_FIELD", `${site}: ${resource} has no field ${listed.join(" and no field ")}.`, {
      fix: `${
        names.known.length === 0 ? "It has none" : `Its fields are ${names.known.join(", ")}`
      }. A field needs a validation rule or a default to be known.`,
    });
  }
}

/** @throws {@link UnknownFieldsError} that names every field which the class has not */
export function refuseUnknownFields(type: Ctor, fields: object, site: DeclarationSite): void {
  const names = Object.keys(fields);
  if (names.length === 0) return;
  const known = [...fieldsOf(type), ...settersOf(type)];
  const given = names.filter((name) => !known.includes(name));
  if (given.length > 0) throw new UnknownFieldsError(type.name, site, { given, known });
}

function settersOf(type: Ctor): string[] {
  const names: string[] = [];
  for (let at: unknown = type.prototype; at && at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const [name, { set }] of Object.entries(Object.getOwnPropertyDescriptors(at))) if (set) names.push(name);
  return names;
}
