/**
 * Whether a request may be answered, by its Host header: a web page that has its own name resolve to this machine (DNS rebinding)
 * still sends its own name.
 * @param allowed - more names, each with a port or, for any port, without one
 * @param address - where the connection came to; a page cannot have an address for a name, so it is as good as `localhost`
 */
export function isKnownHost(
  header: string | undefined,
  { port, allowed, address }: { readonly port: number; readonly allowed: readonly string[]; readonly address: string | undefined },
): boolean {
  const asked = header && parseHost(header);
  if (!asked) return false;
  const own = ["localhost", "127.0.0.1", "[::1]", ...(address === undefined ? [] : [inUrl(address)])];
  // A client leaves the port out when it is the protocol's own.
  if (own.includes(asked.name) && (asked.port ?? 80) === port) return true;
  return allowed.map(parseHost).some((one) => one?.name === asked.name && (one.port === undefined || one.port === (asked.port ?? 80)));
}

/** An address as a URL or a Host header has it: IPv6 in brackets, IPv4 as IPv4. */
export function inUrl(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "").toLowerCase();
  return plain.includes(":") ? `[${plain}]` : plain;
}

function parseHost(text: string): { readonly name: string; readonly port: number | undefined } | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^\s:/@[\]]+)(?::(\d{1,5}))?$/i.exec(text);
  if (match?.[1] === undefined) return undefined;
  return { name: match[1].toLowerCase(), port: match[2] === undefined ? undefined : Number(match[2]) };
}
