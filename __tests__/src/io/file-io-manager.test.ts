import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeIOManager, inputContextFor, outputContextFor } from "../../../runtime/testing/io-manager-contract.js";
import { BytesCodec } from "../../../src/io/bytes-codec.js";
import { fixedAddress, sweep } from "../../../src/io/places/attempt-file.js";
import { decodeName, encodePartition, encodeSegment } from "../../../src/io/places/encoded-name.js";
import { FileIOManager } from "../../../src/io/file-io-manager.js";
import { decodeTagged, encodeTagged } from "../../../src/io/tagged-json.js";

const everything = {
  date: new Date(5),
  big: -(2n ** 80n),
  map: new Map<unknown, unknown>([[{ k: 1 }, new Set([1, undefined])]]),
  bytes: new Uint8Array([0, 255]),
  buffer: Buffer.from("é"),
  gap: undefined,
  list: [undefined, null, Number.NaN, -Infinity, -0],
  looksLike: [{ $date: "mine" }, { $object: { $bigint: "x" } }, { $rows: "one a line" }, { $end: 1, more: 2 }, { $: 1 }],
  "": "",
  ["__proto__x"]: 1,
};

let storageDir: string;
beforeEach(() => void (storageDir = mkdtempSync(join(tmpdir(), "file-io-"))));
afterEach(() => rmSync(storageDir, { recursive: true, force: true }));

describeIOManager("FileIOManager of bytes", () => Object.assign(new FileIOManager(), { codec: new BytesCodec("png") }), {
  values: [new Uint8Array([0, 255, 10]), new Uint8Array(0), new Uint8Array(100_000).fill(7)],
});

it("bytes are kept as they are, also where they come one after another; anything else is refused", async () => {
  const io = Object.assign(new FileIOManager(), { codec: new BytesCodec("png") });
  const store = async (value: unknown): Promise<void> => {
    const context = outputContextFor("logo", { storageDir });
    await io.store(value, context);
    await io.publish(context);
  };
  async function* chunks(last: unknown): AsyncGenerator<unknown> {
    yield new Uint8Array([1, 2]);
    yield last;
  }
  await store(chunks(Buffer.from([3])));
  expect([...readFileSync(join(storageDir, "logo.png"))]).toEqual([1, 2, 3]);
  const message =
    'Asset "logo" gave a value of type string, but its codec keeps bytes.\n  → Return a Uint8Array or an async iterable of them, or use another codec.';
  await expect(store("text")).rejects.toThrow(message);
  await expect(store(chunks("text"))).rejects.toThrow(message);
  expect(readdirSync(storageDir)).toEqual(["logo.png"]);
});

describeIOManager("FileIOManager", () => new FileIOManager(), {
  values: [everything, [1, 2, 3], "text", null, undefined, 7n, [], { $rows: "one a line" }],
});

async function materialize(stored: unknown, io = new FileIOManager()): Promise<void> {
  const context = outputContextFor("shop/orders", { storageDir });
  await io.store(stored, context);
  await io.publish(context);
}
const load = () => new FileIOManager().load(inputContextFor("shop/orders", { storageDir }));
const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: Error) => error.message.replaceAll(storageDir, "<dir>"),
  );

describe("the JSON of a file", () => {
  it("keeps the kinds of bytes apart and zero's sign", () => {
    const back = decodeTagged(encodeTagged(everything, "a")) as typeof everything;
    expect([Buffer.isBuffer(back.buffer), Buffer.isBuffer(back.bytes), Object.is(back.list[4], -0), "gap" in back]).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it("keeps an invalid Date a Date", () => {
    const back = decodeTagged(encodeTagged([new Date(Number.NaN)], "a")) as [Date];
    expect([back[0] instanceof Date, back[0].getTime()]).toEqual([true, Number.NaN]);
  });

  it.each<[string, unknown]>([
    ["a hole in a list", { a: [1, , 3] }],
    ["a date below 100 lists", Array.from({ length: 100 }).reduce<unknown>((inner) => [inner], new Date(0))],
    ["text that looks like a tag", { a: '"$date"', b: [{ $c: "{}" }] }],
    ["one field that begins with $ below plain ones", { a: { b: { $c: 1 } }, d: [null, "x", false, 0.5] }],
  ])("gives back %s", (_, value) => {
    expect(decodeTagged(encodeTagged(value, "a"))).toEqual(value);
  });

  it("keeps a field called __proto__ a field", () => {
    const back = decodeTagged(encodeTagged(JSON.parse('{"__proto__":{"a":[1]}}'), "a")) as object;
    expect([Object.keys(back), Object.getPrototypeOf(back) === Object.getPrototypeOf({})]).toEqual([["__proto__"], true]);
  });

  it.each([
    [{ rows: [1, 2, 3, { callback: () => 1 }] }, "$.rows[3].callback is a function"],
    [{ "a b": Symbol("s") }, '$["a b"] is a symbol'],
    [[new (class Order {})()], "$[0] is an instance of class Order"],
    [new Map([["k", new (class Bag extends Map {})()]]), '$.get("k") is an instance of class Bag'],
  ])("refuses what would not come back: %#", (refused, words) => {
    expect(() => encodeTagged(refused, "orders")).toThrow(
      `Asset "orders" returned a value that JSON cannot keep: ${words}.\n` +
        "  → Return plain data: objects, arrays, Map, Set, Date, bigint, bytes and simple values; or give the asset an IO manager of your own.",
    );
  });

  it("refuses cycles, and takes one object twice", () => {
    const cycle: { self?: unknown } = {};
    cycle.self = [cycle];
    expect(() => encodeTagged(cycle, "orders")).toThrow("$.self[0] is a reference back to an object that holds it.");
    const shared = { a: 1 };
    expect(decodeTagged(encodeTagged([shared, shared], "orders"))).toEqual([shared, shared]);
  });
});

describe("FileIOManager", () => {
  it("writes a stream as one row a line and gives it back as an array", async () => {
    await materialize(
      (async function* () {
        yield { id: 1n };
        yield { $end: 2 };
      })(),
    );
    expect(await load()).toEqual([{ id: 1n }, { $end: 2 }]);
    expect(readFileSync(join(storageDir, "shop/orders.json"), "utf8").split("\n")).toHaveLength(5);
    await materialize((async function* () {})());
    expect(await load()).toEqual([]);
  });

  it("tells what is missing, and where", async () => {
    expect(await messageOf(load())).toBe(
      'Asset "shop/orders" has no stored value: <dir>/shop/orders.json does not exist. It was never materialized, or its value was removed.\n' +
        '  → Materialize "shop/orders" first: millrace materialize "shop/orders"',
    );
  });

  it.each([
    ['{\n "a": 1,\n "b": x}\n', "line 3, column 7"],
    ['{"a": [1, 2', "line 1, column 12"],
    ['{"$what":1}', "an unknown tag $what"],
    ['{"$rows":"one a line"}\n{"a":1}\n{"a":', "line 3"],
    ['{"$rows":"one a line"}\n{"a":1}\n', "line 2: the end is missing"],
    ['{"$rows":"one a line"}\n{"a":1}\n{"$end":2}\n', "line 3: rows are missing"],
  ])("tells where a file is damaged: %#", async (text, position) => {
    await materialize(1);
    writeFileSync(join(storageDir, "shop/orders.json"), text);
    expect(await messageOf(load())).toBe(
      `The stored value of asset "shop/orders" cannot be read: <dir>/shop/orders.json is damaged at ${position}.\n` +
        '  → Materialize "shop/orders" again, or restore the file.',
    );
  });

  it("leaves nothing behind when a row cannot be written, and cannot publish it", async () => {
    await materialize("old");
    const context = outputContextFor("shop/new", { storageDir });
    await expect(new FileIOManager().store([() => 1], context)).rejects.toThrow("$[0] is a function");
    expect(readdirSync(join(storageDir, "shop"))).toEqual(["orders.json"]);
    expect(await messageOf(new FileIOManager().publish(context))).toBe(
      'Asset "shop/new" cannot be published: this attempt\'s file <dir>/shop/.new.attempt-1.json.tmp is gone.\n' +
        '  → Materialize "shop/new" again; do not delete what a run that is going on has not published yet.',
    );
  });

  it("sweeps what other attempts left, nothing else", async () => {
    const io = new FileIOManager();
    await materialize("published");
    for (const attemptId of ["run 1/dead", "run 1/alive"]) await io.store(1, outputContextFor("shop/orders", { storageDir, attemptId }));
    writeFileSync(join(storageDir, ".mine.tmp"), "");
    expect(await sweep(storageDir, (id) => id === "run 1/alive")).toEqual([join(storageDir, "shop/.orders.run%201%2Fdead.json.tmp")]);
    expect([readdirSync(storageDir), readdirSync(join(storageDir, "shop"))]).toEqual([
      [".mine.tmp", "shop"],
      [".orders.run%201%2Falive.json.tmp", "orders.json"],
    ]);
  });

  it("names files reversibly and below the folder", () => {
    for (const name of ["a b", "%41", "é", "😀", "..", "", "\ud800", "a/b", "a\u0000"]) {
      expect(encodeSegment(name)).toMatch(/^[\w%-]+$/);
      expect(decodeName(encodeSegment(name))).toBe(name);
    }
    expect(fixedAddress("/data", { assetKey: "a/../b c" }, "json")).toBe("/data/a/%2E%2E/b%20c.json");
  });

  it("names the files of partitions reversibly, below the asset's folder, apart also where upper and lower case are the same", () => {
    const keys = [
      "2025-01-01",
      "..",
      "a/b",
      "100%",
      "😀",
      "CON",
      "con",
      "a.",
      "a",
      "A",
      "é",
      "a|b",
      "x".repeat(300),
      "%2E",
      "@a",
      "\ud800",
    ];
    for (const key of keys) expect(decodeName(encodePartition(key))).toBe(key);
    const files = keys.map((partitionKey) => fixedAddress("/data", { assetKey: "days", partitionKey }, "json"));
    expect(new Set(files.map((file) => file.toLowerCase())).size).toBe(keys.length);
    for (const file of files) {
      expect(file).toMatch(/^\/data\/days(\/@[\w%-]+~?)+\.json$/);
      for (const name of file.split("/")) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(110);
    }
    expect(files.slice(0, 3)).toEqual(["/data/days/@2025-01-01.json", "/data/days/@%2E%2E.json", "/data/days/@a%2Fb.json"]);
  });

  it("keeps a partition apart from the asset below it that has the same name", async () => {
    const io = new FileIOManager();
    for (const [assetKey, given] of [
      ["days", { partitionKey: "monday" }],
      ["days/monday", {}],
    ] as const) {
      const context = outputContextFor(assetKey, { storageDir, ...given });
      await io.store(assetKey, context);
      await io.publish(context);
    }
    expect(await io.load(inputContextFor("days", { storageDir, partitionKey: "monday" }))).toBe("days");
  });

  it("keeps the old value when the process is killed in the middle of store()", async () => {
    await materialize({ version: "old" });
    const child = spawn(process.execPath, [join(__dirname, "store-for-ever.cjs"), storageDir], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [said] = (await once(child.stdout, "data")) as [Buffer];
      expect(String(said)).toBe("storing\n");
    } finally {
      child.kill("SIGKILL");
      await once(child, "close");
    }
    expect(child.signalCode).toBe("SIGKILL");
    expect(await load()).toEqual({ version: "old" });
    expect(readdirSync(join(storageDir, "shop")).sort()).toEqual([".orders.doomed.json.tmp", "orders.json"]);
    await sweep(storageDir, () => false);
    expect(readdirSync(join(storageDir, "shop"))).toEqual(["orders.json"]);
  });
});

it.each([
  [undefined, 2],
  [true, 2],
  [false, 0],
])("flushes the file and its folder unless nothing has to outlive a power cut: %s", async (outlivesPowerCut, flushes) => {
  const handle = await open(storageDir);
  await handle.close();
  const flushed = jest.spyOn(Object.getPrototypeOf(handle) as FileHandle, "sync");
  try {
    const context = outputContextFor("shop/orders", { storageDir, ...(outlivesPowerCut === undefined ? {} : { outlivesPowerCut }) });
    await new FileIOManager().store(1, context);
    await new FileIOManager().publish(context);
    expect(flushed).toHaveBeenCalledTimes(flushes);
  } finally {
    flushed.mockRestore();
  }
});
