// SPDX-License-Identifier: Apache-2.0
// Runs git: one command, its environment and its configuration. No shell, no prompts, no hooks, no system configuration, no
// credentials on a command line. What is fetched and how is in git-checkout.ts.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { TsbuildError, errnoOf, printable } from "../base/index.js";
import { decodedUserInfo, gitAuthorization } from "./authorization.js";
import type { GitSource, RemoteAccess } from "./types.js";

/** What git needs from outside. */
export interface GitOptions {
  /** An existing directory; git's files go into a new directory in it. */
  readonly scratch: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly remotes?: RemoteAccess;
  /** The rules have been asked about the repository. They are still asked about its submodules. */
  readonly decided?: boolean;
}

/** Variables of the environment that git and ssh may see; any other GIT_* could point git somewhere else. */
const passedOn = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "TMPDIR",
  "XDG_CONFIG_HOME",
  "XDG_RUNTIME_DIR",
  "SSH_AUTH_SOCK",
  "GIT_SSH",
  "GIT_SSH_COMMAND",
  "GIT_SSL_CAINFO",
  "GIT_SSL_CAPATH",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "all_proxy",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "ALL_PROXY",
]);

/** Standard output of git is kept up to this; asking for refs by name never comes near it. */
const maxOutput = 16 * 1024 * 1024;
const maxErrorText = 16 * 1024;

/** A place for one repository: its scratch directory, configuration and environment. Disposing removes all of it. */
export class GitSession implements AsyncDisposable {
  /** A private directory; `work` in it is where the checkout goes. */
  readonly directory: string;
  /** The remote as git is told: without user and password where those travel in the configuration. */
  readonly remote: string;
  readonly #env: Record<string, string>;
  readonly #secrets: readonly string[];
  /** Why no redirect is followed; undefined: they are. */
  readonly #staying: string | undefined;
  readonly #signal: AbortSignal;

  private constructor(
    directory: string,
    remote: string,
    env: Record<string, string>,
    secrets: readonly string[],
    staying: string | undefined,
    signal: AbortSignal,
  ) {
    this.directory = directory;
    this.remote = remote;
    this.#env = env;
    this.#secrets = secrets;
    this.#staying = staying;
    this.#signal = signal;
  }

  static async open(source: GitSource, options: GitOptions): Promise<GitSession> {
    const directory = await mkdtemp(join(options.scratch, "git-"));
    const { remote, authorization, secrets } = splitCredentials(source.remote);
    const header = authorization ?? (await secretAuthorization(remote, options.remotes));
    const staying =
      header !== undefined
        ? "credentials go nowhere else"
        : options.remotes?.rules !== undefined
          ? "the source policy knows only the address that was named"
          : undefined;
    const config = join(directory, "config");
    const home = options.env["HOME"] ?? homedir();
    await writeFile(
      config,
      configuration(remote, header, home, options.remotes?.rules !== undefined),
      {
        mode: 0o600,
      },
    );
    const env: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.env))
      if (value !== undefined && passedOn.has(name)) env[name] = value;
    Object.assign(env, {
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: config,
      GIT_ATTR_NOSYSTEM: "1",
      GIT_TERMINAL_PROMPT: "0",
      GIT_ASKPASS: "true",
      SSH_ASKPASS: "true",
      LC_ALL: "C",
    });
    env["GIT_SSH_COMMAND"] ??= "ssh -o BatchMode=yes";
    const agent = await options.remotes?.agentSocket("default");
    if (agent !== undefined) env["SSH_AUTH_SOCK"] = agent;
    return new GitSession(
      directory,
      remote,
      env,
      header === undefined ? secrets : [...secrets, header],
      staying,
      options.signal,
    );
  }

  /** Runs `git` in a directory and returns what it printed. Throws CONTEXT_GIT_MISSING and CONTEXT_GIT_FAILED. */
  async run(args: readonly string[], cwd: string = this.directory): Promise<string> {
    this.#signal.throwIfAborted();
    const { code, stdout, stderr } = await this.#spawn(args, cwd);
    this.#signal.throwIfAborted();
    if (code === 0) return stdout;
    const said = this.#redact(printable(stderr)).trim();
    throw new TsbuildError(
      "CONTEXT_GIT_FAILED",
      `git ${args[0] ?? ""} failed for ${this.#redact(this.remote)}: ${said.split("\n").at(-1) ?? ""}`,
      { details: { command: args[0], exitCode: code, stderr: said }, ...this.#hintFor(said) },
    );
  }

  #hintFor(said: string): { hint?: string } {
    return this.#staying !== undefined && /returned error: 30\d/.test(said)
      ? { hint: `the server redirects, and ${this.#staying}: name the new address` }
      : {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  async #spawn(
    args: readonly string[],
    cwd: string,
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    // Files of a checkout get their mode from git and the umask. The process is forked before `spawn` returns, so
    // the wider umask holds for git alone.
    const before = process.umask(0o022);
    let child;
    try {
      child = spawn("git", args, {
        cwd,
        env: this.#env,
        stdio: ["ignore", "pipe", "pipe"],
        // A process group of its own: git's programs for a protocol outlive it, and hold its output open.
        detached: true,
      });
    } finally {
      process.umask(before);
    }
    const stop = (): void => {
      if (child.pid !== undefined) killGroup(child.pid);
    };
    this.#signal.addEventListener("abort", stop, { once: true });
    const closed = new Promise<number | null>((resolve, reject) => {
      child.once("error", (error) => {
        reject(errnoOf(error) === "ENOENT" ? missing(error) : error);
      });
      child.once("close", resolve);
    });
    try {
      const [code, stdout, stderr] = await Promise.all([
        closed,
        collect(child.stdout, maxOutput),
        collect(child.stderr, maxErrorText),
      ]);
      return { code, stdout, stderr };
    } finally {
      this.#signal.removeEventListener("abort", stop);
    }
  }

  #redact(text: string): string {
    return this.#secrets.reduce((safe, secret) => safe.replaceAll(secret, "***"), text);
  }
}

/** What git leaves half done is in our scratch directory, which goes. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

/** The last `limit` bytes of a stream, as text. */
async function collect(stream: NodeJS.ReadableStream, limit: number): Promise<string> {
  let kept: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>)
    kept = Buffer.concat([kept, chunk]).subarray(-limit);
  return kept.toString("utf8");
}

function missing(cause: unknown): TsbuildError {
  return new TsbuildError("CONTEXT_GIT_MISSING", "git is not installed", {
    hint: "install it (Debian, Ubuntu: apt-get install git)",
    cause,
  });
}

async function secretAuthorization(
  remote: string,
  remotes: RemoteAccess | undefined,
): Promise<string | undefined> {
  if (remotes === undefined || !isHttp(remote)) return undefined;
  return gitAuthorization(new URL(remote), remotes.secret);
}

function isHttp(remote: string): boolean {
  return /^https?:\/\//i.test(remote) && URL.canParse(remote);
}

interface Credentials {
  readonly remote: string;
  readonly authorization?: string;
  readonly secrets: readonly string[];
}

/** Takes user and password out of an http(s) URL: they become a header, which no process list shows. */
function splitCredentials(remote: string): Credentials {
  if (!isHttp(remote)) return { remote, secrets: [] };
  const url = new URL(remote);
  if (url.username === "" && url.password === "") return { remote, secrets: [] };
  const user = decodedUserInfo(url.username);
  const password = decodedUserInfo(url.password);
  const secrets = [url.password, password, url.username, user].filter((text) => text.length > 2);
  url.username = "";
  url.password = "";
  return {
    remote: url.href,
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
    secrets,
  };
}

/**
 * The one configuration file git reads: the user's own first (credential helpers, proxies), then what may not be otherwise. It is a
 * file and not -c options because git hands it on to every process it starts, submodules' among them.
 */
function configuration(
  remote: string,
  authorization: string | undefined,
  home: string,
  ruled: boolean,
): string {
  const local = remote.startsWith("file:");
  const lines = [
    "[include]",
    `\tpath = ${quote(join(home, ".config/git/config"))}`,
    `\tpath = ${quote(join(home, ".gitconfig"))}`,
    "[core]",
    "\thooksPath = /dev/null",
    "\tfsmonitor = false",
    "\tautocrlf = false",
    "\tsymlinks = true",
    "[protocol]",
    "\tallow = never",
    ...["http", "https", "ssh", "git"].flatMap((name) => [
      `[protocol "${name}"]`,
      "\tallow = always",
    ]),
    // "user": for the repository that the user named, never for a submodule that the repository names.
    '[protocol "file"]',
    `\tallow = ${local ? "user" : "never"}`,
    '[protocol "ext"]',
    "\tallow = never",
    "[fetch]",
    "\trecurseSubmodules = false",
    "[submodule]",
    "\trecurse = false",
    "[advice]",
    "\tdetachedHead = false",
    "[gc]",
    "\tauto = 0",
    "[init]",
    "\ttemplateDir =",
    "\tdefaultBranch = main",
    ...(local ? ["[safe]", "\tdirectory = *"] : []),
  ];
  // Nobody would ask the rules about where a redirect leads.
  if (ruled) lines.push("[http]", "\tfollowRedirects = false");
  // Behind a redirect git sends the header on to whatever server that names, so with a header none is followed.
  if (authorization !== undefined)
    lines.push(
      `[http ${quote(remote)}]`,
      `\textraHeader = ${quote(`Authorization: ${authorization}`)}`,
      "\tfollowRedirects = false",
    );
  return `${lines.join("\n")}\n`;
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}
