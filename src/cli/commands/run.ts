// SPDX-License-Identifier: Apache-2.0
// `tsbuild run`: flags to a request; signals and the size of the terminal to the program; its exit code to the shell.

import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { messageOf } from "../../base/index.js";
import {
  exitCodeOfError,
  parseEnvFile,
  runImage,
  type RunControl,
  type RunImageRequest,
} from "../../build/run/run-image.js";
import { parseDevices } from "../options/devices.js";
import { parseMount, parseTmpfs, parseVolume } from "../options/mounts.js";
import { runLimits } from "../options/limits.js";
import type { RunFlags } from "../options/run-flags.js";
import {
  parseBytes,
  parseDns,
  parseHost,
  parseTime,
  parseWhole,
  separated,
  usageError,
} from "../options/values.js";
import { formatError, Interrupted, isInterruption } from "../print-error.js";
import { createProgress } from "../progress/create.js";

/** Gives the exit code: the program's, or 124 to 127 when there is none. */
export async function runCommand(
  image: string,
  command: readonly string[],
  flags: RunFlags & { readonly debug?: boolean },
): Promise<number> {
  const progress = createProgress(flags.quiet === true ? "quiet" : "auto");
  const signals = new Signals(flags.tty ?? false);
  try {
    const result = await runImage({
      ...requestOf(image, command, flags),
      events: progress.sink,
      onStart: (control) => {
        progress.close();
        signals.connect(control);
      },
      signal: signals.aborted,
    });
    if (result.outOfMemory !== undefined)
      process.stderr.write(`ERROR: out of memory: limit ${result.outOfMemory} bytes\n`);
    if (result.committed !== undefined && flags.quiet !== true)
      process.stderr.write(`image id ${result.committed.digest}\n`);
    return result.exitCode;
  } catch (error) {
    progress.close();
    if (isInterruption(error)) return 130;
    process.stderr.write(formatError(error, flags.debug === true));
    return exitCodeOfError(error);
  } finally {
    signals.close();
  }
}

/** What the program is told of; SIGWINCH too, which the kernel does not send across sessions. */
const handedOn = [
  "SIGINT",
  "SIGTERM",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
] as const;

/** A program whose terminal is gone has so long to end by itself (milliseconds): nobody could end it later. */
const farewell = 2000;

/** So many interruptions end a program that does not listen. */
const patience = 3;

/** Signals that reach us: before the program runs they cancel, afterwards they are the program's. */
class Signals {
  readonly #controller = new AbortController();
  readonly #listeners: (() => void)[] = [];
  #control: RunControl | undefined;
  #interruptions = 0;
  #hangup: NodeJS.Timeout | undefined;
  readonly #terminal: boolean;

  constructor(terminal: boolean) {
    this.#terminal = terminal;
    for (const name of handedOn) {
      const listener = (): void => {
        this.#receive(name);
      };
      process.on(name, listener);
      this.#listeners.push(() => process.off(name, listener));
    }
  }

  get aborted(): AbortSignal {
    return this.#controller.signal;
  }

  connect(control: RunControl): void {
    this.#control = control;
  }

  close(): void {
    for (const off of this.#listeners) off();
    clearTimeout(this.#hangup);
  }

  #receive(name: (typeof handedOn)[number]): void {
    const ends = name === "SIGINT" || name === "SIGTERM" || name === "SIGHUP" || name === "SIGQUIT";
    if (this.#control !== undefined) this.#control.send(constants.signals[name]);
    if (!ends) return;
    this.#interruptions++;
    if (name === "SIGHUP" && this.#terminal)
      this.#hangup = setTimeout(() => {
        this.#controller.abort(new Interrupted(name));
      }, farewell);
    if (this.#control === undefined || this.#interruptions >= patience)
      this.#controller.abort(new Interrupted(name));
  }
}

function requestOf(
  image: string,
  command: readonly string[],
  flags: RunFlags,
): Omit<RunImageRequest, "events" | "onStart" | "signal"> {
  const { env } = process;
  const cwd = process.cwd();
  const terminal = flags.tty ?? false;
  const input = flags.interactive ?? false;
  if (terminal && input && !isatty(0))
    throw usageError("--tty", "true", "standard input is no terminal; leave -t or -i out");
  const network = flags.network === "bridge" ? "default" : flags.network;
  if (network !== "default" && network !== "none" && network !== "host")
    throw usageError("--network", flags.network, "expected default, none or host");
  const { pull } = flags;
  if (pull !== "always" && pull !== "missing" && pull !== "never")
    throw usageError("--pull", pull, "expected always, missing or never");
  if (flags.readOnly === true && flags.commit !== undefined)
    throw usageError("--commit", flags.commit, "with --read-only there is nothing to commit");
  return {
    image,
    command,
    variables: variablesOf(flags),
    ...optional("entrypoint", flags.entrypoint),
    ...optional("user", flags.user),
    ...optional("workingDirectory", flags.workdir),
    ...optional("hostname", flags.hostname),
    ...optional("stopSignal", flags.stopSignal),
    ...optional("platform", flags.platform),
    ...optional("commit", flags.commit),
    input,
    terminal,
    init: flags.init ?? false,
    readOnly: flags.readOnly ?? false,
    mounts: [
      ...flags.volume.map((text) => parseVolume(text, cwd)),
      ...flags.mount.map((text) => parseMount(text, cwd)),
      ...flags.tmpfs.map(parseTmpfs),
      ...devicesOf(flags.device),
    ],
    network,
    addHosts: flags.addHost.flatMap(parseHost),
    dns: parseDns(flags),
    limits: limitsOf(flags),
    ...(flags.shmSize === undefined ? {} : { shmSize: parseBytes("--shm-size", flags.shmSize) }),
    securityOptions: flags.securityOpt,
    groups: flags.groupAdd,
    capAdd: separated(flags.capAdd),
    capDrop: separated(flags.capDrop),
    pull,
    ...(flags.timeout === undefined ? {} : { timeout: parseTime("--timeout", flags.timeout) }),
    stopTimeout: parseWhole("--stop-timeout", flags.stopTimeout ?? "10") * 1000,
    cwd,
    env,
  };
}

function devicesOf(texts: readonly string[]): RunImageRequest["mounts"] {
  const { mounts, registered } = parseDevices(texts);
  const [name] = registered;
  if (name === undefined) return mounts;
  throw usageError("--device", name, "expected a path such as /dev/fuse");
}

function optional<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, string>);
}

/** Files first, then flags. A name alone has our value; without one here it takes the image's away. */
function variablesOf(flags: RunFlags): string[] {
  const { env } = process;
  const fromFiles = flags.envFile.flatMap((file) => {
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(file);
    } catch (error) {
      throw usageError("--env-file", file, messageOf(error));
    }
    return parseEnvFile(bytes, file, env);
  });
  const fromFlags = flags.env.map((text) => {
    if (text === "" || text.startsWith("="))
      throw usageError("--env", text, "expected NAME=VALUE or NAME");
    return text.includes("=") || env[text] === undefined ? text : `${text}=${env[text]}`;
  });
  return [...fromFiles, ...fromFlags];
}

function limitsOf(flags: RunFlags): RunImageRequest["limits"] {
  const limits = runLimits(flags);
  if (flags.cpus === undefined) return limits;
  if (flags.cpuQuota !== undefined || flags.cpuPeriod !== undefined)
    throw usageError("--cpus", flags.cpus, "--cpu-quota and --cpu-period say the same otherwise");
  const cpus = Number(flags.cpus);
  if (!/^\d+(?:\.\d+)?$/.test(flags.cpus) || cpus < 0.01)
    throw usageError("--cpus", flags.cpus, "expected a number such as 1.5");
  return { ...limits, cpuPeriod: 100_000, cpuQuota: Math.round(cpus * 100_000) };
}
