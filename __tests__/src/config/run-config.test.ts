import { parseRunConfig } from "../../../src/config/run-config.js";

const parse = (text: string, format: "yaml" | "json" = "yaml"): unknown => parseRunConfig(text, { file: `run.${format}`, format });

function errorOf(text: string, format: "yaml" | "json" = "yaml"): unknown {
  try {
    return parse(text, format);
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : error;
  }
}

it("reads YAML and JSON alike, and an empty file as nothing", () => {
  const expected = { assets: { raw_events: { limit: 5 } }, resources: { AppApi: { baseUrl: "http://x" } } };
  expect(parse("assets:\n  raw_events: { limit: 5 }\nresources:\n  AppApi:\n    baseUrl: http://x\n")).toEqual(expected);
  expect(parse(JSON.stringify(expected), "json")).toEqual(expected);
  expect(parse("")).toEqual({});
});

it("points at the place where the text is malformed", () => {
  expect(errorOf('{"assets": {"a": }', "json")).toBe(
    'ConfigError: run.json:1:18 is not well-formed JSON: Unresolved plain scalar ""\n  {"assets": {"a": }\n                   ^\n  → Correct the text at that place.',
  );
});

it("refuses an alias to nothing, and aliases that explode, as faults of the file", () => {
  const fix = "\n  → Write the values out in place of the aliases.";
  const ten = (name: string): string => `[${Array.from({ length: 10 }, () => name).join(", ")}]`;
  expect(errorOf("assets: *nope")).toBe(
    `ConfigError: run.yaml is not well-formed YAML: Unresolved alias (the anchor must be set before the alias): nope.${fix}`,
  );
  expect(errorOf(`a: &a ${ten("x")}\nb: &b ${ten("*a")}\nassets: { q: { v: &c ${ten("*b")}, w: ${ten("*c")} } }`)).toBe(
    `ConfigError: run.yaml is not well-formed YAML: Excessive alias count indicates a resource exhaustion attack.${fix}`,
  );
});

it("refuses lists where names are wanted", () => {
  const text = 'ConfigError: "assets" of run.yaml is no mapping of names to fields.\n  → Write assets: { name: { field: value } }.';
  expect([errorOf("assets: [{ a: 1 }]"), errorOf("assets: { key: [1] }")]).toEqual([text, text]);
});

it("understands a slip of the hand in a part's name", () => {
  expect(errorOf("asset: {}")).toBe('ConfigError: run.yaml has "asset", which run configuration has not.\n  → Did you mean "assets"?');
});
