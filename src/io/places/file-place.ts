import type { InputContext, OutputContext } from "../../config/io-manager.js";
import type { Stored } from "./attempt-file.js";

/** Where the files of an IO manager lie: a folder, or a bucket. What an attempt stores is seen by nobody before it is published. */
export interface FilePlace {
  /** The path or URL at which readers find a value. */
  addressOf(stored: Stored): string;
  /** Keeps the file that `write` makes under the attempt's name. After a failure nothing is left of it. @returns its size */
  store(context: OutputContext, write: (path: string) => Promise<void>): Promise<StoredFile>;
  /** Makes it the value, for all readers at once. Repeatable. */
  publish(context: OutputContext): Promise<void>;
  /** Removes it; nothing there is fine. */
  discard(context: OutputContext): Promise<void>;
  /** The value's file. @throws {@link IOError} `IO.NOT_FOUND` when there is none */
  find(context: InputContext): Promise<PlacedFile>;
}

/** A file as it was stored. */
export interface StoredFile {
  readonly sizeBytes: number;
}

/** A published file. */
export interface PlacedFile {
  /** Its path or URL, for people. */
  readonly address: string;
  /** The file as one on this machine. Who opens it closes it; opened again, it may be another version. */
  open(): Promise<OpenFile>;
}

/** A file on this machine that can be read until it is closed. */
export interface OpenFile {
  readonly path: string;
  close(): Promise<void>;
}
