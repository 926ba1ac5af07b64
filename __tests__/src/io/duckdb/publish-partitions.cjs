// A process of its own that keeps partitions of one asset in a DuckDB file: node publish-partitions.cjs <storageDir> <name> <count>
const path = require("node:path");

const dist = path.join(__dirname, "../../../../dist/runtime/entries");
const { DuckDBIOManager } = require(path.join(dist, "index.js"));
const { outputContextFor } = require(path.join(dist, "testing.js"));
const [, , storageDir, name, count] = process.argv;

async function main() {
  const io = new DuckDBIOManager();
  for (let index = 0; index < Number(count); index++) {
    const partitionKey = `${name} ${index}`;
    for (const version of [0, 1]) {
      const context = outputContextFor("shop/orders", { storageDir, partitionKey, attemptId: `${partitionKey} ${version}` });
      await io.store([{ name, index, version, [`of_${name}`]: true }], context);
      await io.publish(context);
    }
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
