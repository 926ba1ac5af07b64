import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InputContext, IOManager, OutputContext } from "../../src/config/io-manager.js";
import { InternalError } from "../../src/base/errors.js";
import { cutRows } from "../../src/io/rows/cut-rows.js";
import { rowsOf } from "../../src/io/rows/row-forms.js";
import type { MetadataInput } from "../../src/model/metadata.js";
import type { RowSchema } from "../../src/model/row-schema.js";

// Only what Jest, Vitest and their like agree on; the package does not depend on any of them.
declare const describe: (name: string, tell: () => void) => void;
declare const it: (promise: string, check: () => Promise<void>) => void;
declare const beforeEach: (prepare: () => Promise<void>) => void;
declare const afterEach: (tidy: () => Promise<void>) => void;
declare const expect: (actual: unknown) => { toEqual(expected: unknown): void; toMatchObject(expected: object): void };

/** What an IO manager is tried with: values of any kind, or tables of rows (with the schema that their asset declares); at least two that differ. */
export type IOManagerSamples =
  { readonly values: readonly unknown[] } | { readonly rows: readonly (readonly object[])[]; readonly schema?: RowSchema };

/**
 * Tests, for a Jest-like runner, what every IO manager promises: values come back equal, keys never share a place, and nobody sees
 * a value before it is published; the same for each partition of an asset. One that is tried with rows also tells how many there are and their
 * columns, and gives the columns and the rows that are asked for, by itself (`pushesDown`) or cut as a run would cut them.
 * @param make - a new manager; it may keep its data in the folder, which is removed after the test
 */
export function describeIOManager(
  name: string,
  make: (storageDir: string) => IOManager | Promise<IOManager>,
  samples: IOManagerSamples,
): void {
  describe(`${name} keeps the promises of an IO manager`, () => {
    const bench = new Bench(make, "rows" in samples ? samples.schema : undefined);
    const values = "values" in samples ? samples.values : samples.rows;
    const [first, second] = values;
    beforeEach(() => bench.setUp());
    afterEach(() => bench.tearDown());

    values.forEach((value, index) => {
      it(`gives back sample ${index} as it was stored`, async () => {
        await bench.materialize("orders", value);
        expect(await bench.load("orders")).toEqual(value);
      });
    });

    it("gives back the value that was stored last", async () => {
      await bench.materialize("orders", first);
      await bench.materialize("orders", second);
      expect(await bench.load("orders")).toEqual(second);
    });

    it("shows the old value until the new one is published, which may be repeated", async () => {
      await bench.materialize("orders", first);
      const attempt = bench.attempt("orders");
      const pointer: unknown = await bench.io.store(second, attempt);
      if (!bench.io.publish) return;
      expect(await bench.load("orders")).toEqual(first);
      await bench.io.publish(attempt);
      await bench.io.publish(attempt);
      bench.pointers.set(placeOf("orders"), pointer);
      expect(await bench.load("orders")).toEqual(second);
    });

    it("keeps the old value when the new one is discarded, which may be repeated", async () => {
      await bench.materialize("orders", first);
      const attempt = bench.attempt("orders");
      await bench.io.store(second, attempt);
      await bench.io.discard?.(attempt);
      await bench.io.discard?.(attempt);
      expect(await bench.load("orders")).toEqual(first);
    });

    it("keeps two attempts of one asset apart", async () => {
      const [zombie, current] = [bench.attempt("orders"), bench.attempt("orders")];
      await bench.io.store(first, zombie);
      bench.pointers.set(placeOf("orders"), await bench.io.store(second, current));
      await bench.io.publish?.(current);
      await bench.io.discard?.(zombie);
      expect(await bench.load("orders")).toEqual(second);
    });

    it("says which asset has no value", async () => {
      const thrown: unknown = await bench.load("never/made").catch((error: unknown) => error);
      expect(thrown).toMatchObject({ name: "IOError", code: "IO.NOT_FOUND" });
      expect(String(thrown).includes('"never/made"')).toEqual(true);
    });

    it("keeps values apart whose keys look alike or are hostile", async () => {
      for (const [index, key] of HOSTILE_KEYS.entries()) await bench.materialize(key, index % 2 === 0 ? first : second);
      for (const [index, key] of HOSTILE_KEYS.entries()) expect(await bench.load(key)).toEqual(index % 2 === 0 ? first : second);
    });

    it("keeps partitions apart from each other and from the asset as a whole", async () => {
      await bench.materialize("orders", first);
      await bench.materialize("orders", second, "2025-01-01");
      await bench.materialize("orders", first, "2025-01-02");
      await bench.materialize("orders", second, "2025-01-02");
      await bench.materialize("orders/2025-01-01", first);
      expect(await bench.load("orders")).toEqual(first);
      expect(await bench.load("orders", "2025-01-01")).toEqual(second);
      expect(await bench.load("orders", "2025-01-02")).toEqual(second);
    });

    it("keeps partitions apart whose keys look alike or are hostile", async () => {
      const keys = HOSTILE_PARTITIONS;
      for (const [index, key] of keys.entries()) await bench.materialize("orders", index % 2 === 0 ? first : second, key);
      for (const [index, key] of keys.entries()) expect(await bench.load("orders", key)).toEqual(index % 2 === 0 ? first : second);
    });

    it("shows the old value of a partition until the new one is published, and keeps it when that is discarded", async () => {
      await bench.materialize("orders", first, "monday");
      const attempt = bench.attempt("orders", "monday");
      await bench.io.store(second, attempt);
      if (bench.io.publish) expect(await bench.load("orders", "monday")).toEqual(first);
      await bench.io.discard?.(attempt);
      expect(await bench.load("orders", "monday")).toEqual(first);
    });

    it("stores partitions of one asset at the same time", async () => {
      const keys = Array.from({ length: 16 }, (_, index) => `day ${index}`);
      await Promise.all(keys.map((key, index) => bench.materialize("orders", index % 2 === 0 ? first : second, key)));
      const loaded = await Promise.all(keys.map((key) => bench.load("orders", key)));
      expect(loaded).toEqual(keys.map((_, index) => (index % 2 === 0 ? first : second)));
    });

    it("says which partition has no value", async () => {
      await bench.materialize("orders", first, "monday");
      const thrown: unknown = await bench.load("orders", "tuesday").catch((error: unknown) => error);
      expect(thrown).toMatchObject({ name: "IOError", code: "IO.NOT_FOUND" });
      expect(String(thrown).includes('"orders"')).toEqual(true);
    });

    if ("rows" in samples) describeRows(bench, samples.rows);

    it("stores different keys at the same time", async () => {
      const keys = Array.from({ length: 16 }, (_, index) => `shared/key_${index}`);
      await Promise.all(keys.map((key, index) => bench.materialize(key, index % 2 === 0 ? first : second)));
      const loaded = await Promise.all(keys.map((key) => bench.load(key)));
      expect(loaded).toEqual(keys.map((_, index) => (index % 2 === 0 ? first : second)));
    });
  });
}

/** What a manager of rows promises beside. */
function describeRows(bench: Bench, tables: readonly (readonly object[])[]): void {
  const rows = (tables.find(({ length }) => length > 1) ?? tables[0] ?? []) as readonly Readonly<Record<string, unknown>>[];
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];

  it("tells how many rows it stored, and their columns", async () => {
    const told = await bench.materialize("orders", rows);
    expect(told["millrace/row_count"]).toEqual({ type: "int", value: rows.length });
    const columns = (told["millrace/column_schema"] as { value?: readonly { name: string }[] } | undefined)?.value;
    expect(columns?.map(({ name }) => name)).toEqual(names);
  });

  it("gives the columns that are asked for, in their order", async () => {
    await bench.materialize("orders", rows);
    const columns = [...names].reverse().slice(0, 2);
    const cut = rows.map((row) => Object.fromEntries(columns.map((name) => [name, row[name] ?? null])));
    const loaded = (await bench.load("orders", undefined, { columns })) as readonly object[];
    expect(loaded).toEqual(cut);
    expect(loaded.map((row) => Object.keys(row))).toEqual(cut.map(() => columns));
    const thrown: unknown = await bench.load("orders", undefined, { columns: ["no such column"] }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: "IO.NO_COLUMN" });
  });

  it("gives the rows that are asked for", async () => {
    await bench.materialize("orders", rows);
    const [name, value] = comparable(rows);
    const equal = rows.filter((row) => row[name] === value);
    const isNull = rows.filter((row) => row[name] === null || row[name] === undefined);
    expect(await bench.load("orders", undefined, { where: { [name]: value } })).toEqual(equal);
    expect(await bench.load("orders", undefined, { where: { [name]: { ne: value } } })).toEqual(
      rows.filter((row) => !equal.includes(row) && !isNull.includes(row)),
    );
    expect(await bench.load("orders", undefined, { where: { [name]: null } })).toEqual(isNull);
    expect(await bench.load("orders", undefined, { where: { [name]: [] } })).toEqual([]);
  });
}

/** A column of text or whole numbers, and one of its values. */
function comparable(rows: readonly Readonly<Record<string, unknown>>[]): [name: string, value: string | number] {
  for (const row of rows)
    for (const [name, value] of Object.entries(row))
      if (typeof value === "string" || Number.isSafeInteger(value)) return [name, value as string | number];
  throw new InternalError("No sample of rows has text or a whole number.");
}

/** Neighbours differ in what a careless encoding drops; they are stored with values that differ. */
const HOSTILE_KEYS = [
  "a b",
  "a%20b",
  "a+b",
  "a_b",
  "a",
  "a/b",
  "a%2Fb",
  "a/../b",
  "b",
  "../b",
  "..",
  ".",
  "é",
  "e\u0301",
  "a//b",
  "a/b/",
  "x".repeat(300),
  "x".repeat(301),
  "a\\b",
  "a:b",
  "a\u0000b",
  "a.json",
  "a.parquet",
];

/** Neighbours differ in what a careless encoding drops. */
const HOSTILE_PARTITIONS = [
  "2025-01-01",
  "2025-01-01.json",
  "a",
  "A",
  "a.",
  "a/b",
  "a%2Fb",
  "a/../b",
  "..",
  ".",
  "../orders",
  "100%",
  "%",
  "é",
  "e\u0301",
  "😀",
  "a|b",
  "a b",
  "a+b",
  "a\\b",
  "a:b",
  "con",
  "CON",
  "x".repeat(300),
  "x".repeat(301),
  "'; drop table orders; --",
];

class Bench {
  readonly pointers = new Map<string, unknown>();
  io!: IOManager;
  private storageDir = "";
  private attempts = 0;

  constructor(
    private readonly make: (storageDir: string) => IOManager | Promise<IOManager>,
    private readonly schema?: RowSchema,
  ) {}

  async setUp(): Promise<void> {
    this.storageDir = await mkdtemp(join(tmpdir(), "io-manager-"));
    this.pointers.clear();
    this.io = await this.make(this.storageDir);
  }

  async tearDown(): Promise<void> {
    await rm(this.storageDir, { recursive: true, force: true });
  }

  attempt(assetKey: string, partitionKey?: string): OutputContext {
    const attemptId = `attempt-${this.attempts++}`;
    const of = partitionKey === undefined ? {} : { partitionKey };
    return outputContextFor(assetKey, { storageDir: this.storageDir, attemptId, ...this.declared(), ...of });
  }

  /** @returns the metadata that the manager told */
  async materialize(assetKey: string, stored: unknown, partitionKey?: string): Promise<Record<string, MetadataInput>> {
    const told: Record<string, MetadataInput> = {};
    const attempt = { ...this.attempt(assetKey, partitionKey), addOutputMetadata: (more: object) => void Object.assign(told, more) };
    const pointer: unknown = await this.io.store(stored, attempt);
    await this.io.publish?.(attempt);
    this.pointers.set(placeOf(assetKey, partitionKey), pointer);
    return told;
  }

  async load(assetKey: string, partitionKey?: string, cut: Pick<InputContext, "columns" | "where"> = {}): Promise<unknown> {
    const pointer = this.pointers.get(placeOf(assetKey, partitionKey));
    const of = partitionKey === undefined ? {} : { partitionKey };
    const context = inputContextFor(assetKey, { storageDir: this.storageDir, pointer, ...this.declared(), ...of, ...cut });
    const given = await this.io.load(context);
    const loaded = this.io.pushesDown ? given : cutAfterwards(given, cut, assetKey);
    if (typeof loaded !== "object" || loaded === null || !(Symbol.asyncIterator in loaded)) return loaded;
    const rows: unknown[] = [];
    for await (const row of loaded as AsyncIterable<unknown>) rows.push(row);
    return rows;
  }

  private declared(): { schema?: RowSchema } {
    return this.schema ? { schema: this.schema } : {};
  }
}

function cutAfterwards(loaded: unknown, cut: Pick<InputContext, "columns" | "where">, assetKey: string): unknown {
  const batches = cut.columns || cut.where ? rowsOf(loaded) : undefined;
  return batches ? cutRows(batches, cut, assetKey) : loaded;
}

function placeOf(assetKey: string, partitionKey?: string): string {
  return JSON.stringify([assetKey, partitionKey]);
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** A context to call an IO manager's `store` with in a test; `storageDir` is needed by managers that keep files. */
export function outputContextFor(assetKey: string, given: Partial<OutputContext> = {}): OutputContext {
  return {
    assetKey,
    runId: "run-1",
    stepKey: assetKey,
    attemptId: "attempt-1",
    metadata: {},
    storageDir: tmpdir(),
    log: SILENT,
    signal: new AbortController().signal,
    addOutputMetadata(_metadata: Readonly<Record<string, MetadataInput>>) {},
    ...given,
  };
}

/** A context to call an IO manager's `load` with in a test. */
export function inputContextFor(assetKey: string, given: Partial<InputContext> = {}): InputContext {
  return {
    assetKey,
    runId: "run-1",
    pointer: undefined,
    dataVersion: undefined,
    metadata: {},
    storageDir: tmpdir(),
    log: SILENT,
    signal: new AbortController().signal,
    ...given,
  };
}
