/**
 * A name in which only `A-Z a-z 0-9 _ -` stand for themselves and every other byte is `%XX`: two names never encode alike,
 * and `..` and separators cannot occur. {@link decodeName} gives the name back.
 */
export function encodeSegment(segment: string): string {
  return segment === "" ? "%" : segment.replace(/[^A-Za-z0-9_-]/gu, escapedCharacter);
}

/**
 * The same for the key of a partition, in which upper case is encoded too: keys that differ in case alone keep apart where a file system
 * takes both for the same.
 */
export function encodePartition(key: string): string {
  return key === "" ? "%" : key.replace(/[^a-z0-9_-]/gu, escapedCharacter);
}

/** The name that {@link encodeSegment} or {@link encodePartition} encoded. */
export function decodeName(encoded: string): string {
  if (encoded === "%") return "";
  return encoded.replace(/%u([0-9A-F]{4})|((?:%[0-9A-F]{2})+)/g, (_, unit: string | undefined, bytes: string | undefined) =>
    unit === undefined ? Buffer.from((bytes ?? "").replaceAll("%", ""), "hex").toString() : String.fromCharCode(Number.parseInt(unit, 16)),
  );
}

/** Each byte of a character as `%XX`; half a surrogate pair, which has no bytes, as `%uXXXX`. */
export function escapedCharacter(character: string): string {
  const unit = character.charCodeAt(0);
  if (character.length === 1 && unit >= 0xd800 && unit <= 0xdfff) return `%u${unit.toString(16).toUpperCase()}`;
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
