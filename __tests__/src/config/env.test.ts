import { env, readEnv } from "../../../src/config/env";

describe("a variable of the environment", () => {
  it.each([
    ["true", true],
    ["1", true],
    ["YES", true],
    ["on", true],
    ["false", false],
    ["0", false],
    ["No", false],
    ["off", false],
  ])("is a boolean as people write it: %s", (text, value) => {
    expect(readEnv(env.boolean("X"), { X: text })).toEqual({ value });
  });

  it("is a number, whole or not; neither a word nor nothing is one", () => {
    expect(readEnv(env.number("X"), { X: "2.5e3" })).toEqual({ value: 2500 });
    expect(readEnv(env.number("X"), { X: "many" })).toEqual({ fault: 'the environment variable X is "many", which is no number' });
    expect(readEnv(env.number("X"), { X: "" })).toEqual({ fault: "the environment variable X is not set" });
  });

  it("has its default where it is not set; an empty text is a text", () => {
    expect([readEnv(env("X", "d"), {}), readEnv(env("X", "d"), { X: "" })]).toEqual([{ value: "d" }, { value: "" }]);
    expect([readEnv(env.boolean("X", false), {}), readEnv(env.number("X", 0), {})]).toEqual([{ value: false }, { value: 0 }]);
  });

  it("is read when it is asked for, not when it is named", () => {
    const variable = env("MILLRACE_ENV_TEST", "before");
    expect(readEnv(variable, { MILLRACE_ENV_TEST: "after" })).toEqual({ value: "after" });
  });
});

describe("env.now", () => {
  afterEach(() => delete process.env.MILLRACE_ENV_TEST);

  it("is the value at once, the default where there is none, and an error without one", () => {
    process.env.MILLRACE_ENV_TEST = "here";
    expect(env.now("MILLRACE_ENV_TEST", "default")).toBe("here");
    delete process.env.MILLRACE_ENV_TEST;
    expect(env.now("MILLRACE_ENV_TEST", "default")).toBe("default");
    expect(() => env.now("MILLRACE_ENV_TEST")).toThrow(
      new Error(
        'The environment variable MILLRACE_ENV_TEST is not set, and the definitions need it while they are loaded.\n  → Set MILLRACE_ENV_TEST (a .env file at the project\'s root will do), or give a default: env.now("MILLRACE_ENV_TEST", "...").',
      ),
    );
  });
});
