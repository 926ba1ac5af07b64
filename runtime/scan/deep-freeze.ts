/** The same plain data, frozen with all that it holds. */
export function deepFreeze<T>(data: T): T {
  if (typeof data !== "object" || data === null || Object.isFrozen(data)) return data;
  Object.freeze(data);
  for (const key in data) {
    const item: unknown = data[key];
    if (typeof item === "object") deepFreeze(item);
  }
  return data;
}
