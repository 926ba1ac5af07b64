/** Gathers chunks of output into whole lines, so that each event is a line and a secret is never cut in two. */
export class LineBuffer {
  readonly #rest = { stdout: "", stderr: "" };
  readonly #emit: (stream: "stdout" | "stderr", line: string) => void;

  constructor(emit: (stream: "stdout" | "stderr", line: string) => void) {
    this.#emit = emit;
  }

  write(stream: "stdout" | "stderr", text: string): void {
    const lines = (this.#rest[stream] + text).split("\n");
    this.#rest[stream] = lines.pop() ?? "";
    for (const line of lines) this.#emit(stream, line);
  }

  /** Emits what has no line end yet. */
  flush(): void {
    for (const stream of ["stdout", "stderr"] as const) {
      if (this.#rest[stream] !== "") this.#emit(stream, this.#rest[stream]);
      this.#rest[stream] = "";
    }
  }
}
