/** The same plain data, frozen with all that it holds. */
export function deepFreeze<T>(data: T): T {
  if (typeof data !== "object" || data === null || Object.isFrozen(data)) return data;
  Object.freeze(data);
  if (Array.isArray(data)) {
    for (const item of data as unknown[]) if (typeof item === "object") deepFreeze(item);
    return data;
  }
  for (const item of Object.values(data)) if (typeof item === "object") deepFreeze(item);
  return data;
}
