/**
 * Rows one by one out of batches; iterated again, they are read again.
 * @remarks The iterator is written out: a row of an async generator takes three to five times as long, and streams consist of little else.
 */
export class RowStream<Row = object> implements AsyncIterable<Row> {
  /** The same rows as they are read, for who takes many at once. */
  readonly batches: () => AsyncIterable<readonly Row[]>;

  constructor(batches: () => AsyncIterable<readonly Row[]>) {
    this.batches = batches;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Row> {
    return new RowIterator(this.batches()[Symbol.asyncIterator]());
  }
}

class RowIterator<Row> implements AsyncIterableIterator<Row> {
  readonly #batches: AsyncIterator<readonly Row[]>;
  #batch: readonly Row[] = [];
  #next = 0;
  /** The end of what was asked for last: who asks for several rows at once gets them in their order. */
  #asked: Promise<unknown> | undefined;

  constructor(batches: AsyncIterator<readonly Row[]>) {
    this.#batches = batches;
  }

  next(): Promise<IteratorResult<Row>> {
    if (this.#asked === undefined && this.#next < this.#batch.length)
      return Promise.resolve({ value: this.#batch[this.#next++] as Row, done: false });
    const before = this.#asked;
    const row = before === undefined ? this.#fromNextBatch() : before.then(() => this.#fromNextBatch());
    const asked: Promise<void> = row.then(
      () => this.#settled(asked),
      () => this.#settled(asked),
    );
    this.#asked = asked;
    return row;
  }

  async return(): Promise<IteratorResult<Row>> {
    this.#batch = [];
    await this.#batches.return?.();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #fromNextBatch(): Promise<IteratorResult<Row>> {
    while (this.#next >= this.#batch.length) {
      const { value, done } = await this.#batches.next();
      if (done) return { value: undefined, done: true };
      this.#batch = value;
      this.#next = 0;
    }
    return { value: this.#batch[this.#next++] as Row, done: false };
  }

  #settled(asked: Promise<unknown>): void {
    if (this.#asked === asked) this.#asked = undefined;
  }
}
