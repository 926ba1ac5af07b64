import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { Owner } from "../../src/storage/run-store.js";

/** Who this process is, so that another can tell whether it is still there. */
export function thisProcess(): Owner {
  const pidNamespace = namespaceOfPids();
  return {
    pid: process.pid,
    processStartedAt: startOf(process.pid) ?? "",
    bootId: bootId(),
    host: hostname(),
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
  };
}

/** What can be told of the process that owns a run. UNKNOWN: it cannot be looked at from here. */
export type ProcessState = "ALIVE" | "GONE" | "UNKNOWN";

/** Looks for a process by its number and start; only where that tells it from any other: same host, same boot, same pid namespace. */
export function stateOf(owner: Owner): ProcessState {
  if (owner.host !== hostname() || owner.bootId !== bootId() || owner.pidNamespace !== namespaceOfPids()) return "UNKNOWN";
  const started = startOf(owner.pid);
  if (started !== undefined) return started === owner.processStartedAt ? "ALIVE" : "GONE";
  if (existsSync("/proc/self/stat")) return "GONE";
  try {
    process.kill(owner.pid, 0);
    return "ALIVE";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH" ? "GONE" : "ALIVE";
  }
}

/** The start of a process in clock ticks since boot, where the system tells; one that is dead and waits for its parent has none. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

function namespaceOfPids(): string | undefined {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return undefined;
  }
}
