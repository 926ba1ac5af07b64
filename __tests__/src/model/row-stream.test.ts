import { inBatches } from "../../../src/io/rows/row-codec.js";
import { RowStream } from "../../../src/model/row-stream.js";

/** Batches of numbers, and what became of their source. */
function source(...batches: readonly (readonly number[])[]) {
  const told: string[] = [];
  const stream = new RowStream<number>(async function* () {
    told.push("opened");
    try {
      for (const batch of batches) {
        await Promise.resolve();
        yield batch;
      }
      told.push("read");
    } finally {
      told.push("closed");
    }
  });
  return { stream, told };
}

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

test("gives the rows of all batches in their order, empty ones too, as often as it is iterated", async () => {
  const { stream, told } = source([], [1, 2], [], [], [3], []);
  expect(await collect(stream)).toEqual([1, 2, 3]);
  expect(await collect(stream)).toEqual([1, 2, 3]);
  expect(told).toEqual(["opened", "read", "closed", "opened", "read", "closed"]);
});

test("closes its source when it is left in the middle", async () => {
  const { stream, told } = source([1, 2], [3]);
  for await (const row of stream) if (row === 1) break;
  expect(told).toEqual(["opened", "closed"]);
});

test("gives rows in their order to who asks for several at once", async () => {
  const rows = source([1], [2, 3], [4]).stream[Symbol.asyncIterator]();
  const asked = [rows.next(), rows.next(), rows.next(), rows.next(), rows.next(), rows.next()];
  expect((await Promise.all(asked)).map(({ value, done }) => [value, done])).toEqual([
    [1, false],
    [2, false],
    [3, false],
    [4, false],
    [undefined, true],
    [undefined, true],
  ]);
});

test("lets the error of its source through, and has ended then", async () => {
  const rows = new RowStream<number>(async function* () {
    yield await Promise.resolve([1]);
    throw new Error("torn");
  })[Symbol.asyncIterator]();
  expect(await rows.next()).toEqual({ value: 1, done: false });
  await expect(rows.next()).rejects.toThrow("torn");
  expect(await rows.next()).toEqual({ value: undefined, done: true });
});

test("is stored batch by batch as it was read", async () => {
  const rows = [{ id: 1 }, { id: 2 }];
  const batches = [[rows[0]], [rows[1]]] as object[][];
  const stream = new RowStream(() => inBatches(rows));
  expect(await collect(inBatches(stream))).toEqual([rows]);
  expect(
    await collect(
      inBatches(
        new RowStream(async function* () {
          for (const batch of batches) yield await Promise.resolve(batch);
        }),
      ),
    ),
  ).toEqual(batches);
});
