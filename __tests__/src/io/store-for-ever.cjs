// A process that stores rows until it is killed. node store-for-ever.cjs <storageDir>
const { readFileSync } = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { transformSync } = require("@swc/core");

Module._extensions[".ts"] = (module, file) => {
  const { code } = transformSync(readFileSync(file, "utf8"), {
    filename: file,
    jsc: { target: "es2022", parser: { syntax: "typescript", decorators: true } },
    module: { type: "commonjs" },
  });
  module._compile(code, file);
};
const resolve = Module._resolveFilename;
Module._resolveFilename = (request, parent, ...rest) =>
  resolve(request.startsWith(".") && parent?.filename.endsWith(".ts") ? request.replace(/\.js$/, ".ts") : request, parent, ...rest);

const root = path.join(__dirname, "../../..");
const { FileIOManager } = require(path.join(root, "src/io/file-io-manager.ts"));
const { outputContextFor } = require(path.join(root, "runtime/testing/io-manager-contract.ts"));

async function* rows() {
  for (let id = 0; ; id++) {
    yield { id, text: "x".repeat(100) };
    if (id === 20_000) process.stdout.write("storing\n");
    if (id % 1000 === 0) await new Promise((done) => setTimeout(done, 1));
  }
}
void new FileIOManager().store(rows(), outputContextFor("shop/orders", { storageDir: process.argv[2], attemptId: "doomed" }));
