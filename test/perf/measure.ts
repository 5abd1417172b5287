// SPDX-License-Identifier: Apache-2.0
// Runs one command and takes its time, its CPU time and its memory, those of its children and of its daemons included.

import { execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readLayout } from "#src/sandbox/cgroup-layout.js";

export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Which processes work for a command without being its children. */
export interface Daemons {
  /** Beginnings of their names, as in /proc/PID/comm. */
  readonly names: readonly string[];
  /** What their command line must contain as well. */
  readonly commandLine: string;
}

export const noDaemons: Daemons = { names: [], commandLine: "" };

export interface Measured {
  /** Seconds. */
  readonly wall: number;
  /** Seconds of user and system time together. */
  readonly cpu: number;
  /** The largest sum of resident bytes seen; pages that processes share count once for each. */
  readonly memory: number;
}

const sampleMilliseconds = 40;
const pageBytes = Number(execFileSync("getconf", ["PAGESIZE"], { encoding: "utf8" }));
const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** The text of a file of /proc; undefined: the process has ended. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

function daemonPids({ names, commandLine }: Daemons): number[] {
  if (names.length === 0) return [];
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      const name = readProc(`/proc/${pid}/comm`)?.trim();
      if (name === undefined || !names.some((known) => name.startsWith(known))) return false;
      return readProc(`/proc/${pid}/cmdline`)?.includes(commandLine) ?? false;
    })
    .map(Number);
}

/** CPU seconds of processes and of the children that they have waited for. */
function cpuOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    // The name, in parentheses, may contain anything; the fields are counted from behind it.
    const fields = readProc(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ");
    for (const index of [11, 12, 13, 14]) ticks += Number(fields?.[index] ?? 0);
  }
  return ticks / ticksPerSecond;
}

/** Its bit in the flags of /proc/PID/stat: a process that has not executed a program yet, whose pages are its parent's. */
const forkedOnly = 0x40;

/** Bytes of memory of one process: its resident pages; for one that has only been forked those of its own. */
function residentBytes(pid: number): number {
  const flags = Number(readProc(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ")[6] ?? 0);
  if ((flags & forkedOnly) === 0)
    return Number(readProc(`/proc/${pid}/statm`)?.split(" ")[1] ?? 0) * pageBytes;
  const own = readProc(`/proc/${pid}/smaps_rollup`)?.matchAll(/^Private_\w+:\s+(\d+) kB/gm) ?? [];
  return [...own].reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0);
}

/** Bytes of memory of processes and all below them. */
function memoryOf(roots: readonly number[]): number {
  const seen = new Set<number>();
  const open = [...roots];
  let bytes = 0;
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    if (seen.has(pid)) continue;
    seen.add(pid);
    bytes += residentBytes(pid);
    // Each thread has children of its own.
    for (const thread of threadsOf(pid)) {
      const children = readProc(`/proc/${pid}/task/${thread}/children`)?.trim() ?? "";
      if (children !== "") open.push(...children.split(" ").map(Number));
    }
  }
  return bytes;
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return [];
    throw error;
  }
}

/** A control group for one command, which also counts what nobody waits for; undefined where none can be had. */
function openGroup(name: string): { readonly procs: string; close(): Promise<number> } | undefined {
  const { controllers, unified } = readLayout();
  const old = controllers.get("cpuacct");
  const place = old ?? unified;
  if (place === undefined) return undefined;
  const directory = join(place.mount, place.own, name);
  try {
    mkdirSync(directory);
  } catch {
    return undefined;
  }
  const procs = join(directory, "cgroup.procs");
  const read = (file: string): string => readFileSync(join(directory, file), "utf8");
  const used = (): number =>
    old === undefined
      ? Number(/^usage_usec (\d+)/.exec(read("cpu.stat"))?.[1]) / 1e6
      : Number(read("cpuacct.usage")) / 1e9;
  return {
    procs,
    async close() {
      // What the command has left behind ends by itself.
      for (let i = 0; i < 100 && read("cgroup.procs") !== ""; i++) await sleep(20);
      const seconds = used();
      rmdirSync(directory);
      return seconds;
    },
  };
}

/** Node reads that file at every start: a setting of the machine's, not of what is measured. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  return env;
}

/** Runs a command once. Throws with its output if it fails; with the signal's reason when that ended it. */
export async function measure(
  command: Command,
  signal: AbortSignal,
  daemons: Daemons = noDaemons,
): Promise<Measured> {
  signal.throwIfAborted();
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-bench-run-"));
  const times = join(directory, "times");
  const log = join(directory, "log");
  const fds = [openSync(log, "w"), openSync(times, "w")] as const;
  const group = openGroup(`tsbuild-bench-${process.pid}`);
  let inGroup = 0;
  try {
    const working = daemonPids(daemons);
    const cpuBefore = cpuOf(working);
    // bash adds up the CPU time of everything that was waited for.
    const script =
      '[ -z "$1" ] || echo $$ > "$1"; shift; { TIMEFORMAT="%3R %3U %3S"; time "$@" 2>&1 3>&-; } 2>&3';
    const child = spawn("bash", ["-c", script, "bench", group?.procs ?? "", ...command.argv], {
      cwd: command.cwd,
      env: { ...environment(), ...command.env },
      stdio: ["ignore", fds[0], fds[0], fds[1]],
      // A process group of its own, which can be ended as a whole.
      detached: true,
    });
    const end = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    };
    signal.addEventListener("abort", end);
    let memory = 0;
    const sample = (): void => {
      if (child.pid !== undefined) memory = Math.max(memory, memoryOf([child.pid, ...working]));
    };
    const timer = setInterval(sample, sampleMilliseconds);
    const code = await new Promise<number | null>((done, failed) => {
      child.once("error", failed);
      child.once("close", done);
    }).finally(async () => {
      clearInterval(timer);
      signal.removeEventListener("abort", end);
      inGroup = (await group?.close()) ?? 0;
    });
    signal.throwIfAborted();
    if (code !== 0)
      throw new Error(
        `${command.argv.join(" ")} ended with ${code ?? "a signal"}:\n${readFileSync(log, "utf8").slice(-4000)}`,
      );
    const [wall = NaN, user = NaN, system = NaN] = readFileSync(times, "utf8")
      .trim()
      .split(" ")
      .map(Number);
    // Neither counts all: a group lacks what a builder puts into groups of its own, the times what nobody waited for.
    const own = Math.max(user + system, inGroup);
    return { wall, cpu: own + cpuOf(working) - cpuBefore, memory };
  } finally {
    for (const fd of fds) closeSync(fd);
    rmSync(directory, { recursive: true });
  }
}
