import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRunConfig } from "../../../runtime/cli/read-run-config.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "millrace-config-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
function errorOf(given: string): string {
  try {
    readRunConfig(given);
  } catch (error) {
    return error instanceof Error ? error.message.replaceAll(folder, "~") : String(error);
  }
  return "accepted";
}

it("reads the argument itself, a JSON file and a YAML file alike", () => {
  const config = { assets: { orders: { limit: 5 } }, resources: { Api: { baseUrl: "http://x" } } };
  const json = JSON.stringify(config);
  expect([
    readRunConfig(json),
    readRunConfig(`\n  ${json}`),
    readRunConfig(written("run.json", json)),
    readRunConfig(written("run.yaml", "assets: { orders: { limit: 5 } }\nresources:\n  Api:\n    baseUrl: http://x\n")),
  ]).toEqual([config, config, config, config]);
});

it("says where the argument itself is malformed", () => {
  expect(errorOf('{"assets": {"a": }')).toBe(
    '--config:1:18 is not well-formed JSON: Unresolved plain scalar ""\n  {"assets": {"a": }\n                   ^\n  → Correct the text at that place.',
  );
  expect(errorOf('{"asset": {}}')).toBe('--config has "asset", which run configuration has not.\n  → Did you mean "assets"?');
});

it("shows the other form when the file cannot be read", () => {
  expect(errorOf(join(folder, "none.yaml"))).toBe(
    'The run configuration ~/none.yaml cannot be read.\n  → Correct the path after --config, or write the configuration there: --config \'{"assets": {"orders": {"limit": 5}}}\'.',
  );
});
