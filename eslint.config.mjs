import tseslint from "typescript-eslint";

const bareThrow = {
  selector: "ThrowStatement > NewExpression[callee.name=/^(Error|TypeError|RangeError)$/]",
  message: "Throw a class of src/base/errors.ts or one of your own below it: a code, a sentence, the edit to make.",
};
const clock = [
  "MemberExpression[object.name='Date'][property.name='now']",
  "NewExpression[callee.name='Date'][arguments.length=0]",
  "CallExpression[callee.name='Date']",
].map((selector) => ({ selector, message: "Time is an argument: take a Clock or nowMs. Only src/base/clock.ts reads the clock." }));

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", "coverage/**", "docs/**", "ui/**", "**/.millrace/**", "**/fixtures/**"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["**/*.ts", "**/*.mts"],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-for-in-array": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "none", ignoreRestSiblings: true },
      ],
      "@typescript-eslint/only-throw-error": "error",
      "@typescript-eslint/return-await": ["error", "error-handling-correctness-only"],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["src/**/*.{ts,mts}", "decorators/**/*.{ts,mts}", "runtime/**/*.{ts,mts}"],
    rules: { "no-console": "error", "no-restricted-syntax": ["error", bareThrow, ...clock] },
  },
  {
    // Each import says whether it is there at run time, so the cycle test and a reader can see it. Not in decorators/, samples/ and
    // __tests__/: there the type of a decorated parameter must stay a value import, or the emitted metadata reads Object.
    files: ["src/**/*.ts", "runtime/**/*.ts"],
    rules: { "@typescript-eslint/consistent-type-imports": ["error", { disallowTypeAnnotations: false, fixStyle: "inline-type-imports" }] },
  },
  { files: ["src/base/clock.ts"], rules: { "no-restricted-syntax": ["error", bareThrow] } },
  { files: ["src/base/*logger*.ts", "runtime/cli/**/*.ts"], rules: { "no-console": "off" } },
  {
    // Tests and samples play the user: they throw plain errors, return what is wrong on purpose, and leave promises to jest.
    files: ["__tests__/**/*.ts", "samples/**/*.ts", "bench/**/*.ts"],
    rules: {
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/only-throw-error": "off",
      "@typescript-eslint/no-unused-vars": "off",
    },
  },
  { files: ["**/*.{js,mjs}"], rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error" } },
);
