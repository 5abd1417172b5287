// SPDX-License-Identifier: Apache-2.0
// The socket behind `--ssh ID=...`: the user's own agent, or for private keys an agent of our own that holds nothing else
// and ends with the build. Keys go to it through a pipe; they are in no argument, file or variable of ours.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TsbuildError, errnoOf, messageOf, printable, readSmallInput } from "../base/index.js";

/** A socket that speaks the agent's protocol. Disposing ends the agent, if it is ours. */
export interface SshAgent extends AsyncDisposable {
  readonly socket: string;
}

/** An agent's socket, or private keys. */
export interface AgentPaths {
  readonly id: string;
  readonly paths: readonly string[];
}

/** Real keys have a few kilobytes. */
const maxKeyBytes = 100 * 1024;

/** Opens what `--ssh` names. Throws CONTEXT_SSH. */
export async function keyAgent({ id, paths }: AgentPaths, signal: AbortSignal): Promise<SshAgent> {
  const sockets: string[] = [];
  for (const path of paths) if (await isSocket(id, path)) sockets.push(path);
  const [socket] = sockets;
  if (socket === undefined) return startAgent(id, paths, signal);
  if (paths.length > 1)
    throw new TsbuildError("CONTEXT_SSH", `--ssh ${id}: a socket stands alone`, {
      hint: "Name one agent's socket, or key files only.",
    });
  return { socket, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function isSocket(id: string, path: string): Promise<boolean> {
  try {
    return (await stat(path)).isSocket();
  } catch (error) {
    throw new TsbuildError("CONTEXT_SSH", `--ssh ${id}: cannot read ${path}: ${messageOf(error)}`, {
      details: { path },
      cause: error,
    });
  }
}

async function startAgent(
  id: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<SshAgent> {
  // A name that is short: a socket's path has at most 107 bytes. mkdtemp makes the directory ours alone.
  const directory = await mkdtemp(join(tmpdir(), "tsbuild-ssh-"));
  const socket = join(directory, "agent");
  // The agent watches the command that it was started for: it ends soon after us even when we are killed.
  const command = ["sh", "-c", "echo $SSH_AGENT_PID && exec cat"];
  const holder = spawn("ssh-agent", ["-a", socket, ...command], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const closed = new Promise<void>((resolve) => holder.once("close", () => resolve()));
  let pid: number | undefined;
  const dispose = async (): Promise<void> => {
    holder.stdin.end();
    await closed;
    if (pid !== undefined) stop(pid);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    pid = await agentPid(holder);
    for (const key of keys) await addKey(id, key, socket, signal);
    return { socket, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The process id that the agent's command prints first. */
async function agentPid(holder: ChildProcess): Promise<number> {
  const failed = new Promise<never>((_, reject) => {
    holder.once("error", (error) => {
      reject(notInstalled("ssh-agent", error));
    });
    holder.once("close", () => {
      reject(new TsbuildError("CONTEXT_SSH", "ssh-agent ended before it was used"));
    });
  });
  const printed = new Promise<number>((resolve) => {
    holder.stdout?.once("data", (data: Buffer) => {
      resolve(Number.parseInt(data.toString("ascii"), 10));
    });
  });
  return Promise.race([printed, failed]);
}

function stop(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    // It has noticed by itself that its command is gone.
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

async function addKey(
  id: string,
  path: string,
  socket: string,
  signal: AbortSignal,
): Promise<void> {
  const key = await readKey(id, path);
  // Detached from our terminal, so that a passphrase is not asked for where nobody waits for the question.
  const child = spawn("ssh-add", ["-q", "-"], {
    detached: true,
    env: { PATH: process.env["PATH"], SSH_AUTH_SOCK: socket, SSH_ASKPASS_REQUIRE: "never" },
    stdio: ["pipe", "ignore", "pipe"],
    signal,
  });
  let said = "";
  child.stderr.on("data", (data: Buffer) => {
    said = (said + data.toString("utf8")).slice(0, 1000);
  });
  // A program that refuses the key may close its input before it has all of it; its exit code says so.
  child.stdin.on("error", () => undefined);
  child.stdin.end(key);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => {
      reject(signal.aborted ? error : notInstalled("ssh-add", error));
    });
    child.once("close", resolve);
  });
  signal.throwIfAborted();
  if (code !== 0)
    throw new TsbuildError("CONTEXT_SSH", `--ssh ${id}: ${path} is no usable private key`, {
      details: { path, said: printable(said).trim() },
      hint: "A key with a passphrase has to be in an agent: ssh-add it, and pass the agent's socket.",
    });
}

async function readKey(id: string, path: string): Promise<Buffer> {
  const bytes = await readSmallInput(path, maxKeyBytes);
  if (bytes === "too large")
    throw new TsbuildError("CONTEXT_SSH", `--ssh ${id}: ${path} is too large for a key`, {
      details: { path },
    });
  // The parser of ssh wants the last line ended.
  return bytes.at(-1) === 0x0a ? bytes : Buffer.concat([bytes, Buffer.from("\n")]);
}

function notInstalled(program: string, cause: Error): TsbuildError {
  return new TsbuildError("CONTEXT_SSH", `${program}: ${errnoOf(cause) ?? cause.message}`, {
    hint: "Install it (Debian, Ubuntu: apt-get install openssh-client), or pass the socket of a running agent.",
    cause,
  });
}
