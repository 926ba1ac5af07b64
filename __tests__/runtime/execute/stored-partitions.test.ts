import { StoredPartitions } from "../../../runtime/execute/stored-partitions.js";

const keys = Array.from({ length: 20 }, (_, index) => `day ${index}`);

/** Partitions whose loads end when they are told to, with what was asked for. */
function heldPartitions(signal = new AbortController().signal) {
  const asked: string[] = [];
  const open = new Map<string, (value: string) => void>();
  const load = (key: string) => {
    asked.push(key);
    return new Promise<string>((resolve) => open.set(key, resolve));
  };
  const finish = (key: string) => open.get(key)?.(`value of ${key}`);
  return { partitions: new StoredPartitions(keys, { asset: "orders", signal, load }), asked, finish };
}

/** Values at once, with how many loads were under way or held at most. */
function countedPartitions() {
  let [held, most] = [0, 0];
  const load = async (key: string) => {
    most = Math.max(most, ++held);
    await Promise.resolve();
    return key;
  };
  return {
    partitions: new StoredPartitions(keys, { asset: "orders", signal: new AbortController().signal, load }),
    taken: () => held--,
    most: () => most,
  };
}

describe("Partitions", () => {
  it("loads nothing before it is asked for, and then four at once", async () => {
    const { partitions, asked, finish } = heldPartitions();
    expect([partitions.keys, asked]).toEqual([keys, []]);
    const iterator = partitions[Symbol.asyncIterator]();
    const first = iterator.next();
    expect(asked).toEqual(keys.slice(0, 4));
    for (const key of ["day 3", "day 1", "day 0"]) finish(key);
    expect(await first).toEqual({ done: false, value: ["day 0", "value of day 0"] });
    const second = iterator.next();
    expect(asked).toEqual(keys.slice(0, 5));
    expect(await second).toEqual({ done: false, value: ["day 1", "value of day 1"] });
    for (const key of keys) finish(key);
    await iterator.return(undefined);
  });

  it("gives all in order, and holds no more than four that were not taken", async () => {
    const { partitions, taken, most } = countedPartitions();
    const order: string[] = [];
    for await (const [key, value] of partitions) {
      expect(value).toBe(key);
      order.push(key);
      taken();
    }
    expect([order, most()]).toEqual([keys, 4]);
  });

  it("gives one by its key, all as a map, and the same again when gone through twice", async () => {
    const { partitions } = countedPartitions();
    expect(await partitions.get("day 7")).toBe("day 7");
    const map = await partitions.toMap();
    expect([...map]).toEqual(keys.map((key) => [key, key]));
    expect(await partitions.toMap()).toEqual(map);
  });

  it("says which keys there are when another is asked for", async () => {
    const { partitions } = countedPartitions();
    await expect(partitions.get("day 77")).rejects.toMatchObject({
      code: "STEP.PARTITION_NOT_NEEDED",
      message: '"day 77" is none of the 20 partitions of "orders" that this step takes.\n  → Did you mean "day 7"?',
    });
  });

  it("loads nothing more once the step is aborted, and rejects with the reason", async () => {
    const controller = new AbortController();
    const { partitions, asked, finish } = heldPartitions(controller.signal);
    const iterator = partitions[Symbol.asyncIterator]();
    const first = iterator.next();
    controller.abort(new Error("canceled"));
    for (const key of keys) finish(key);
    await first;
    const rest = (async () => {
      for (;;) if ((await iterator.next()).done) return;
    })();
    await expect(rest).rejects.toThrow("canceled");
    expect(asked).toEqual(keys.slice(0, 4));
  });

  it("rejects at the partition whose load fails, after those before it", async () => {
    const load = (key: string) => (key === "day 2" ? Promise.reject(new Error("gone")) : Promise.resolve(key));
    const partitions = new StoredPartitions(keys, { asset: "orders", signal: new AbortController().signal, load });
    const got: string[] = [];
    const all = (async () => {
      for await (const [key] of partitions) got.push(key);
    })();
    await expect(all).rejects.toThrow("gone");
    expect(got).toEqual(["day 0", "day 1"]);
  });
});
