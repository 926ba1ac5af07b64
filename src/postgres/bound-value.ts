/** A value as the driver binds it: dates in UTC whatever the zone of this process, bigints as text, bytes as they are. */
export function boundValue(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return String(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(boundValue);
  return value;
}
