/** One runner for every test; TypeScript goes through swc with decorator metadata, as a user's pipelines do. */
module.exports = {
  testEnvironment: "node",
  testMatch: ["<rootDir>/__tests__/**/*.test.ts"],
  modulePathIgnorePatterns: ["<rootDir>/dist/"],
  setupFiles: ["<rootDir>/__tests__/setup.ts"],
  moduleNameMapper: {
    "^millrace$": "<rootDir>/runtime/entries/index.ts",
    "^millrace/(model|testing|register)$": "<rootDir>/runtime/entries/$1.ts",
    "^(\\.{1,2}/.*)\\.js$": "$1",
  },
  transform: {
    // hyparquet, what belongs to it, and what parquetjs needs have no CommonJS.
    "^.+\\.ts$|/node_modules/(hyparquet|hysnappy|fzstd|uuid/dist-node)[^/]*/.+\\.js$": [
      "@swc/jest",
      {
        jsc: {
          target: "es2022",
          parser: { syntax: "typescript", decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
          keepClassNames: true,
        },
        module: { type: "commonjs", ignoreDynamic: true },
        sourceMaps: "inline",
      },
    ],
  },
  transformIgnorePatterns: ["/node_modules/(?!hyparquet|hysnappy|fzstd|thrift/node_modules/uuid|uuid/dist-node)"],
  testTimeout: 120_000,
  maxWorkers: 2,
};
