// A process that stores until it is killed: one value without end, or version after version, each published.
// node store-for-ever.cjs <storageDir> [FileIOManager | FileParquetIOManager]
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
const { outputContextFor } = require(path.join(root, "runtime/testing/io-manager-contract.ts"));
const [, , storageDir, versionsOf] = process.argv;

async function* rows() {
  for (let id = 0; ; id++) {
    yield { id, text: "x".repeat(100) };
    if (id === 20_000) process.stdout.write("storing\n");
    if (id % 1000 === 0) await new Promise((done) => setTimeout(done, 1));
  }
}

/** Rows that all tell their version and how many they are; the columns differ from one version to the next. */
function versionRows(version) {
  const count = 1 + (version % 7) * 1_000;
  return Array.from({ length: count }, (_, id) => ({ version, count, id, [`column${version % 2}`]: "x".repeat(20) }));
}

async function versions() {
  const { FileIOManager } = require(path.join(root, "src/io/file-io-manager.ts"));
  const { FileParquetIOManager } = require(path.join(root, "src/io/parquet/parquet-io-manager.ts"));
  const io = versionsOf === "FileIOManager" ? new FileIOManager() : new FileParquetIOManager();
  for (let version = 1; ; version++) {
    const attemptId = `attempt-${version}`;
    const context = outputContextFor("shop/orders", { storageDir, attemptId, outlivesPowerCut: false }); // no flush: more versions
    await io.store(versionRows(version), context);
    await io.publish(context);
    if (version === 1) process.stdout.write("storing\n");
  }
}

if (versionsOf) void versions();
else {
  const { FileIOManager } = require(path.join(root, "src/io/file-io-manager.ts"));
  void new FileIOManager().store(rows(), outputContextFor("shop/orders", { storageDir, attemptId: "doomed" }));
}
