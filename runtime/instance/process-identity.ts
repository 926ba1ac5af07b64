import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Owner } from "../../src/storage/run-store.js";

/** Who this process is, so that another can tell whether it is still there. */
export function thisProcess(): Owner {
  return { pid: process.pid, processStartedAt: startOf(process.pid) ?? "", bootId: bootId(), host: hostname() };
}

/** Whether the process that owns a run is gone for certain: same host, and no process of that number and start (or the machine was started anew). */
export function isGone(owner: Owner): boolean {
  if (owner.host !== hostname()) return false;
  if (owner.bootId !== bootId()) return true;
  const started = startOf(owner.pid);
  if (started !== undefined) return started !== owner.processStartedAt;
  if (existsSync("/proc/self/stat")) return true;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** The start of a process in clock ticks since boot, where the system tells. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
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
