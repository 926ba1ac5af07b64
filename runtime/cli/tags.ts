import { RequestError } from "../../src/base/errors.js";

/** The tags that `--tag key=value` gives. @throws {@link RequestError} `CLI.TAG` */
export function tagsOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((tag) => {
      const at = tag.indexOf("=");
      if (at <= 0) throw new RequestError("CLI.TAG", `"${tag}" is no tag.`, { fix: "Write --tag key=value." });
      return [tag.slice(0, at), tag.slice(at + 1)];
    }),
  );
}
