import type { FileHandle } from "node:fs/promises";
import { MalformedBytes, readThrift, writeThrift, type ThriftList, type ThriftStruct, type ThriftValue } from "./thrift-compact.js";

const MAGIC = Buffer.from("PAR1");
/** Length of the footer, and the magic bytes behind it. */
const TAIL_BYTES = 8;

/** What a reader needs to know of a Parquet file; the rest of its footer grows with the rows. */
export interface ParquetDescription {
  /** Names of the columns, those of nested ones left out. */
  readonly columnNames: readonly string[];
  /** What the writer said beside the rows, by key. */
  readonly keyValues: ReadonlyMap<string, string>;
}

/** What a Parquet file says of itself at its end, and where that begins. */
interface ParquetFooter {
  readonly metadata: ThriftStruct;
  /** Where the row groups end. */
  readonly startsAt: number;
}

/** Numbers of the fields: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const FILE = { schema: 2, numRows: 3, rowGroups: 4, keyValues: 5 } as const;
const ELEMENT = { name: 4, children: 5 } as const;
const KEY_VALUE = { key: 1, value: 2 } as const;
const GROUP = { columns: 1, numRows: 3, fileOffset: 5, ordinal: 7 } as const;
const CHUNK = { fileOffset: 2, metadata: 3, offsetIndex: 4, columnIndex: 6 } as const;
const COLUMN = { compressedSize: 7, dataPage: 9, indexPage: 10, dictionaryPage: 11, bloomFilter: 14 } as const;

/**
 * What an open file says of itself, in time and memory that the length of its footer bounds.
 * @throws {@link MalformedBytes} that says what is wrong: no Parquet file, cut off, or a footer that points outside of the file
 */
export async function readDescription(file: FileHandle): Promise<ParquetDescription> {
  const { metadata } = await readFooter(file);
  const keyValues = structs(metadata, FILE.keyValues)
    .filter((entry) => entry.has(KEY_VALUE.value))
    .map((entry) => [textAt(entry, KEY_VALUE.key), textAt(entry, KEY_VALUE.value)] as const);
  return { columnNames: columnNames(metadata), keyValues: new Map(keyValues.reverse()) }; // the first counts
}

async function readFooter(file: FileHandle): Promise<ParquetFooter> {
  const { size } = await file.stat();
  if (size < MAGIC.length + TAIL_BYTES) throw new MalformedBytes(`its ${size} bytes are too few`);
  const ends = await Promise.all([read(file, 0, MAGIC.length), read(file, size - TAIL_BYTES, TAIL_BYTES)]);
  const [head, tail] = ends;
  if (!head.equals(MAGIC)) throw new MalformedBytes('it does not begin with "PAR1"');
  if (!tail.subarray(4).equals(MAGIC)) throw new MalformedBytes('it does not end with "PAR1"');
  const length = tail.readUInt32LE(0);
  const startsAt = size - TAIL_BYTES - length;
  if (startsAt < MAGIC.length) throw new MalformedBytes(`its footer of ${length} bytes is longer than the file`);
  const metadata = readThrift(await read(file, startsAt, length));
  for (const group of structs(metadata, FILE.rowGroups)) for (const chunk of structs(group, GROUP.columns)) checkPlace(chunk, startsAt);
  return { metadata, startsAt };
}

function columnNames(metadata: ThriftStruct): string[] {
  const [root, ...elements] = structs(metadata, FILE.schema);
  const names: string[] = [];
  let at = 0;
  for (let left = numberAt(root, ELEMENT.children); left > 0 && at < elements.length; left--) {
    names.push(textAt(elements[at], ELEMENT.name));
    for (let open = 1; open > 0 && at < elements.length; at++) open += numberAt(elements[at], ELEMENT.children) - 1;
  }
  return names;
}

/** The rows of several files, one behind the other, in the first of them: their row groups are copied as they are. The columns must be the same. */
export class JoinedFile {
  private constructor(
    private readonly file: FileHandle,
    private readonly footer: ParquetFooter,
    private end: number,
  ) {}

  static async open(file: FileHandle): Promise<JoinedFile> {
    const footer = await readFooter(file);
    return new JoinedFile(file, footer, footer.startsAt);
  }

  async append(part: FileHandle): Promise<void> {
    const { metadata, startsAt } = await readFooter(part);
    const shift = BigInt(this.end - MAGIC.length);
    await copy(part, { from: MAGIC.length, to: startsAt, into: this.file, at: this.end });
    this.end += startsAt - MAGIC.length;
    const groups = this.groups();
    for (const group of structs(metadata, FILE.rowGroups)) {
      move(group, GROUP.fileOffset, shift);
      set(group, GROUP.ordinal, groups.length);
      for (const chunk of structs(group, GROUP.columns)) moveChunk(chunk, shift);
      groups.push(writeThrift(group)); // as the bytes that it will be: a tenth of the memory
    }
    const total = this.footer.metadata.get(FILE.numRows);
    if (total) total.value = (total.value as bigint) + (metadata.get(FILE.numRows)?.value as bigint);
  }

  /** Writes the footer of them all. */
  async finish(): Promise<void> {
    const bytes = writeThrift(this.footer.metadata);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    const tail = Buffer.concat([bytes, length, MAGIC]);
    await this.file.write(tail, 0, tail.length, this.end);
    await this.file.truncate(this.end + tail.length);
  }

  private groups(): ThriftValue[] {
    return (this.footer.metadata.get(FILE.rowGroups)?.value as ThriftList).items;
  }
}

function moveChunk(chunk: ThriftStruct, shift: bigint): void {
  for (const field of [CHUNK.fileOffset, CHUNK.offsetIndex, CHUNK.columnIndex]) move(chunk, field, shift);
  const column = chunk.get(CHUNK.metadata)?.value as ThriftStruct;
  for (const field of [COLUMN.dataPage, COLUMN.indexPage, COLUMN.dictionaryPage, COLUMN.bloomFilter]) move(column, field, shift);
}

/** 0 is no place. */
function move(struct: ThriftStruct, field: number, shift: bigint): void {
  const place = struct.get(field);
  if (place && place.value !== 0n) place.value = (place.value as bigint) + shift;
}

function set(struct: ThriftStruct, field: number, value: number): void {
  const place = struct.get(field);
  if (place) place.value = value;
}

function checkPlace(chunk: ThriftStruct, end: number): void {
  const column = chunk.get(CHUNK.metadata)?.value;
  if (!(column instanceof Map)) return;
  const size = bigintAt(column, COLUMN.compressedSize);
  const pages = [COLUMN.dataPage, COLUMN.dictionaryPage].flatMap((field) => bigintAt(column, field) ?? []).filter((at) => at !== 0n);
  const first = pages.reduce((least, at) => (at < least ? at : least), BigInt(end));
  if (size === undefined || size < 0n || first < 0n || first + size > BigInt(end))
    throw new MalformedBytes(`its footer tells of ${size ?? "no"} bytes of a column at ${first}, but the columns end at ${end}`);
}

function bigintAt(struct: ThriftStruct, field: number): bigint | undefined {
  const value = struct.get(field)?.value;
  return typeof value === "bigint" ? value : undefined;
}

function numberAt(struct: ThriftStruct | undefined, field: number): number {
  const value = struct?.get(field)?.value;
  return typeof value === "number" ? value : 0;
}

function textAt(struct: ThriftStruct | undefined, field: number): string {
  const value = struct?.get(field)?.value;
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString() : "";
}

function structs(of: ThriftStruct, field: number): ThriftStruct[] {
  const list = of.get(field)?.value;
  if (typeof list !== "object" || !("items" in list)) return [];
  return list.items.filter((item) => item instanceof Map);
}

async function read(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, at);
  if (bytesRead < length) throw new MalformedBytes("it became shorter while it was read");
  return buffer;
}

const COPY_BYTES = 2 ** 20;

async function copy(source: FileHandle, { from, to, into, at }: { from: number; to: number; into: FileHandle; at: number }): Promise<void> {
  const buffer = Buffer.allocUnsafe(COPY_BYTES);
  for (let done = 0; from + done < to;) {
    const { bytesRead } = await source.read(buffer, 0, Math.min(COPY_BYTES, to - from - done), from + done);
    if (bytesRead === 0) throw new MalformedBytes("it became shorter while it was read");
    await into.write(buffer, 0, bytesRead, at + done);
    done += bytesRead;
  }
}
