/** The row's own field; null where it has none. */
export function ownField(row: object, name: string): unknown {
  const value = (row as Record<string, unknown>)[name];
  return value === undefined || (name in Object.prototype && !Object.hasOwn(row, name)) ? null : value;
}

/** Sets a field, whatever its name: an assignment to `__proto__` would set none. */
export function setField(row: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__") Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true });
  else row[name] = value;
}
