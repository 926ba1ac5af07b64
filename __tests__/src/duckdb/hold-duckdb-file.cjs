// Holds a DuckDB file in a process of its own: `node hold-duckdb-file.cjs <path>`; says "held", and lets it go when its input ends.
const { DuckDBInstance } = require("@duckdb/node-api");

DuckDBInstance.create(process.argv[2]).then((instance) => {
  console.log("held");
  process.stdin.on("end", () => {
    instance.closeSync();
    process.exit(0);
  });
  process.stdin.resume();
});
