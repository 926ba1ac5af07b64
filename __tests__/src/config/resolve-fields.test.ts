import { Type } from "class-transformer";
import { IsInt, IsOptional, IsString, Matches, Min, ValidateNested } from "class-validator";
import { Config } from "../../../src/config/config.js";
import { env } from "../../../src/config/env.js";
import { ConfigFaultsError, resolveFields } from "../../../src/config/resolve-fields.js";
import { Secret } from "../../../src/config/secret.js";

class Login {
  @IsString() user = "me";
  @IsString() @Matches(/^t-/, { message: "$property is $value, which does not begin with t-" }) @Secret() token!: string;
}

class FetchConfig extends Config {
  @IsInt() @Min(1) limit = 10;
  @IsOptional() @ValidateNested() @Type(() => Login) login?: Login;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Login) others?: Login[];
  @IsOptional() @IsInt() @Secret() pin?: number;
  @IsOptional() @IsString({ each: true }) @Secret() keys?: string[];
}

const FIX = "  → Correct it where it is given: `.with({...})`, the environment, or the run configuration.";

const resolve = (fields: Record<string, unknown>, environment: Record<string, string> = {}): ReturnType<typeof resolveFields> =>
  resolveFields(FetchConfig, fields, environment, "assets.raw");

function linesOf(fields: Record<string, unknown>, environment: Record<string, string> = {}): string[] {
  const made = resolve(fields, environment);
  return "faults" in made ? new ConfigFaultsError(made.faults).message.split("\n") : [];
}

it("keeps the defaults of the class where nothing is given", () => {
  expect(resolve({})).toMatchObject({ instance: { limit: 10 }, secrets: [] });
});

it("tells every fault at once: of rules, of the environment, of nested objects", () => {
  expect(linesOf({ limit: env.number("LIMIT"), login: { user: 5, token: "t-1" }, keys: env("KEYS") }, { LIMIT: "abc" })).toEqual([
    "The configuration has 3 faults:",
    '  assets.raw.limit: the environment variable LIMIT is "abc", which is no number',
    "  assets.raw.keys: the environment variable KEYS is not set",
    "  assets.raw.login.user: user must be a string (it is 5)",
    FIX,
  ]);
});

it("makes instances of plain nested objects, with the defaults of their class", () => {
  const made = resolve({ login: { token: "t-secret-1" }, others: [{ token: "t-secret-2" }] });
  const { login, others } = (made as { instance: FetchConfig }).instance;
  expect([login instanceof Login, login?.user, others?.[0] instanceof Login]).toEqual([true, "me", true]);
});

it("finds secrets in nested objects, in lists and in numbers", () => {
  const made = resolve({ login: { token: "t-one" }, others: [{ token: "t-two" }], keys: ["key-one", "key-two"], pin: 12345678 });
  expect("secrets" in made && made.secrets.map(({ path, value }) => `${path}=${value}`).sort()).toEqual([
    "assets.raw.keys=key-one",
    "assets.raw.keys=key-two",
    "assets.raw.login.token=t-one",
    "assets.raw.others.0.token=t-two",
    "assets.raw.pin=12345678",
  ]);
});

it("shows no secret in a fault: not as the value, not in a rule's own message, not from the environment", () => {
  expect(linesOf({ login: { token: "hunter2-secret" }, pin: env.number("PIN") }, { PIN: "hunter2-pin" })).toEqual([
    "The configuration has 2 faults:",
    "  assets.raw.pin: the environment variable PIN is ••••, which is no number",
    '  assets.raw.login.token: token is ••••, which does not begin with t- (it is "••••")',
    FIX,
  ]);
});

it("shows a value that JSON cannot", () => {
  const holdsItself: Record<string, unknown> = { n: 1n };
  holdsItself["self"] = holdsItself;
  expect(linesOf({ limit: holdsItself }).join("\n")).toContain('limit must be an integer number (it is {"n":"1n","self":"[circular]"})');
});

it("names variable, field, rule and value when what the environment gives breaks a rule; a secret value is masked", () => {
  expect(
    linesOf({ limit: env("LIMIT"), pin: env("PIN"), keys: env.boolean("KEYS") }, { LIMIT: "80", PIN: "hunter2", KEYS: "maybe" }),
  ).toEqual([
    "The configuration has 4 faults:",
    "  assets.raw.keys: the environment variable KEYS is ••••, which is neither true nor false",
    '  assets.raw.limit: limit must not be less than 1 (it is "80", from the environment variable LIMIT)',
    '  assets.raw.limit: limit must be an integer number (it is "80", from the environment variable LIMIT)',
    '  assets.raw.pin: pin must be an integer number (it is "••••", from the environment variable PIN)',
    FIX,
  ]);
});
