import { readFileSync } from "node:fs";
import type { ClientConfig } from "pg";
import { messageOf } from "../base/errors.js";

type Tls = Exclude<ClientConfig["ssl"], boolean | undefined>;

/** Parameters of a URL that name files of PEM, and what the driver calls what is in them. */
const FILES = { sslrootcert: "ca", sslcert: "cert", sslkey: "key" } as const;
const MODES = ["disable", "allow", "prefer", "require", "no-verify", "verify-ca", "verify-full"];

/**
 * Whether a connection is encrypted and whom it trusts, as libpq reads `sslmode`, `sslrootcert`, `sslcert` and `sslkey` of a URL: `require` encrypts and
 * checks nothing unless a root certificate is named, `verify-full` checks the certificate and its host. The driver's own reading differs, and changes with its versions.
 * Where libpq would try first (`allow`, `prefer`, nothing at all) nothing is encrypted.
 * @param refuse - makes the error for what cannot be done, of a clause about the URL
 */
export function tlsOf(parameters: URLSearchParams, refuse: (why: string) => Error): Pick<ClientConfig, "ssl"> {
  const files: Tls = {};
  for (const [name, as] of Object.entries(FILES)) {
    const path = parameters.get(name);
    if (path === null) continue;
    try {
      files[as] = readFileSync(path, "utf8");
    } catch (error) {
      throw refuse(`its ${name} cannot be read: ${messageOf(error)}`);
    }
  }
  const mode = parameters.get("sslmode") ?? (files.ca === undefined ? "prefer" : "verify-full");
  switch (mode === "require" && files.ca !== undefined ? "verify-ca" : mode) {
    case "disable":
      return { ssl: false };
    case "allow":
    case "prefer":
      return {};
    case "require":
    case "no-verify":
      return { ssl: { ...files, rejectUnauthorized: false } };
    case "verify-ca":
      return { ssl: { ...files, checkServerIdentity: () => undefined } };
    case "verify-full":
      return { ssl: files };
    default:
      throw refuse(`sslmode=${mode} is none of ${MODES.join(", ")}`);
  }
}

/** The URL without what {@link tlsOf} reads of it: the driver would read it too, and have the last word. */
export function withoutTls(url: string): string {
  const bare = new URL(url);
  for (const name of ["sslmode", ...Object.keys(FILES)]) bare.searchParams.delete(name);
  return bare.href;
}
