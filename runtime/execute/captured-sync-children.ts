import { currentSink, outsideUserCode } from "./captured-output.js";
import { CopiedOutput } from "./copied-output.js";
import { inheritedStream, ownStream } from "./inherited-stdio.js";
import type { OutputChannels } from "./output-channels.js";

interface Slot {
  readonly type: string;
  readonly fd?: number;
}
interface SyncOptions {
  readonly stdio: readonly Slot[];
  readonly maxBuffer?: number;
}
interface SyncBinding {
  spawn(options: SyncOptions): { readonly output?: (Uint8Array | null)[] | null };
}

/**
 * Captures what children of `spawnSync`, `execSync` and `execFileSync` write, until the returned function is called. All three end in this
 * binding; code that took one of them from the module before the run began is reached here only.
 */
export function captureSyncChildren(): () => void {
  const binding = syncBinding();
  if (!binding) return () => undefined;
  const { spawn } = binding;
  binding.spawn = (options) => {
    const output = currentSink()?.output;
    if (!output) return spawn.call(binding, options);
    const inherited = options.stdio.map((slot, index) => inheritedStream(slot.type === "inherit" ? slot.type : slot.fd, index));
    const piped = inherited.some((stream) => stream !== undefined);
    const result = spawn.call(binding, {
      ...options,
      stdio: options.stdio.map((slot, index) => (inherited[index] ? { type: "pipe", readable: false, writable: true } : slot)),
      ...(piped ? { maxBuffer: Infinity } : {}), // inherited output has no limit
    });
    const written = result.output;
    if (written) outsideUserCode(() => written.forEach((_, index) => takeSlot(written, index, inherited, output)));
    return result;
  };
  return () => {
    binding.spawn = spawn;
  };
}

/** Where synchronous spawning ends; `undefined` under Node's `--permission`, which hands no binding out. */
function syncBinding(): SyncBinding | undefined {
  try {
    return (process as unknown as { binding(name: string): SyncBinding }).binding("spawn_sync");
  } catch {
    return undefined;
  }
}

function takeSlot(
  written: (Uint8Array | null)[],
  index: number,
  inherited: readonly ("stdout" | "stderr" | undefined)[],
  output: Pick<OutputChannels, "open" | "expectEcho">,
): void {
  const bytes = written[index];
  const stream = inherited[index] ?? ownStream(index);
  if (!bytes || !stream) return;
  const channel = output.open(stream);
  if (inherited[index]) {
    void channel.write(bytes);
    written[index] = null;
  } else {
    new CopiedOutput(channel).write(bytes);
    if (stream === "stderr") output.expectEcho(bytes);
  }
  channel.flush();
}
