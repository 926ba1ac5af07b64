/** What a codec is told besides the value: whom to name in an error, and when to stop. */
export interface CodecContext {
  readonly assetKey: string;
  readonly signal?: AbortSignal;
}

/** Turns a value into the bytes of one file and back. The file's name, its safety and its publication are the IO manager's. */
export interface Codec {
  /** File extension without the dot, e.g. `json`. */
  readonly extension: string;
  /** Writes the whole value to the path, which nobody else reads. @throws IOError for a value that would not come back equal */
  write(value: unknown, path: string, context: CodecContext): Promise<void>;
  /** The value as it was written. @throws IOError with path and position when the bytes are not what `write` wrote */
  read(path: string, context: CodecContext): Promise<unknown>;
}
