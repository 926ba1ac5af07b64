import type { ParameterTypes } from "./declaration.js";

/** The parameter types that the compiler wrote on a method, or on the class for its constructor. */
export function parameterTypesOf(holder: object, method?: string): ParameterTypes {
  const reflect = Reflect as { getOwnMetadata?: (key: string, holder: object, method?: string) => unknown };
  const types = reflect.getOwnMetadata?.("design:paramtypes", holder, method);
  return Array.isArray(types) ? types : undefined;
}
