// SPDX-License-Identifier: Apache-2.0
// Running a built image with tools that are not ours: umoci unpacks it, runc (or crun) runs it. The container uses the host's
// network, so that a test can talk to a server in it.

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";
import { run, type RunOptions, type RunResult } from "./runner.js";

/** The runtime there is, or the reason to skip a test that needs one. */
export function findRuntime(): { readonly runtime: string } | { readonly skip: string } {
  const has = (name: string): boolean => spawnSync(name, ["--version"]).error === undefined;
  if (!has("umoci")) return { skip: "umoci is not installed" };
  const runtime = ["runc", "crun"].find(has);
  return runtime === undefined ? { skip: "neither runc nor crun is installed" } : { runtime };
}

/** What of an OCI runtime configuration we touch. */
interface RuntimeConfig {
  process: { terminal: boolean; args: string[]; env: string[] };
  mounts: { destination: string; type: string; source: string; options: string[] }[];
  linux: { namespaces: { type: string }[] };
}

/** An ordinary user's tools run as the root of a user namespace in which all subordinate ids are mapped. */
const prefix: readonly string[] =
  process.getuid?.() === 0 ? [] : ["unshare", "--user", "--map-root-user", "--map-auto"];

/** sysfs can only be mounted by the owner of the network namespace; the host's belongs to the host's root. */
function mountsFor(mounts: RuntimeConfig["mounts"]): RuntimeConfig["mounts"] {
  if (prefix.length === 0) return mounts;
  return mounts
    .filter(({ type }) => type !== "cgroup")
    .map((mount) =>
      mount.type === "sysfs"
        ? {
            ...mount,
            type: "none",
            source: "/sys",
            options: ["rbind", "nosuid", "noexec", "nodev"],
          }
        : mount,
    );
}

/** An unpacked image, ready to run. */
export interface Bundle {
  readonly directory: string;
  /** Runs the image's command (or another) to its end. */
  run(options?: BundleOptions): Promise<RunResult>;
  /** Starts the image's command and hands the process back; `stop` ends it. */
  start(options?: BundleOptions): { readonly child: ChildProcess; stop(): Promise<void> };
}

export interface BundleOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Unpacks image `tag` of an OCI layout into a new directory. */
export async function unpackImage(
  layout: string,
  tag: string,
  directory: string,
  runtime: string,
): Promise<Bundle> {
  assert.equal(existsSync(directory), false);
  const tool = async (args: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
    const [command = "", ...rest] = [...prefix, ...args];
    return run(command, rest, options);
  };
  const unpacked = await tool(["umoci", "unpack", "--image", `${layout}:${tag}`, directory]);
  assert.equal(unpacked.code, 0, unpacked.stderr);
  const file = join(directory, "config.json");
  const config = JSON.parse(readFileSync(file, "utf8")) as RuntimeConfig;
  const prepare = ({ args, env }: BundleOptions): string[] => {
    writeFileSync(
      file,
      JSON.stringify({
        ...config,
        process: {
          ...config.process,
          terminal: false,
          args: args ?? config.process.args,
          env: [
            ...config.process.env,
            ...Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`),
          ],
        },
        mounts: mountsFor(config.mounts),
        linux: {
          ...config.linux,
          namespaces: config.linux.namespaces.filter(({ type }) => type !== "network"),
        },
      }),
    );
    // The state goes below the bundle, so that nothing of it can be left behind elsewhere.
    return [runtime, "--root", join(directory, "state"), "run", "--bundle", directory, name()];
  };
  let count = 0;
  const name = (): string => `${basename(directory)}-${process.pid}-${count++}`;
  return {
    directory,
    run: async (options = {}) =>
      tool(prepare(options), options.input === undefined ? {} : { input: options.input }),
    start(options = {}) {
      const [command = "", ...args] = [...prefix, ...prepare(options)];
      const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
      const ended = new Promise<void>((done) => child.once("close", done));
      return {
        child,
        async stop() {
          child.kill("SIGTERM");
          // A program that is pid 1 and has no handler ignores the signal. (Killing the runtime would leave the container.)
          await Promise.race([ended, sleep(2_000)]);
          const container = args.at(-1) ?? "";
          if (child.exitCode === null)
            await tool([runtime, "--root", join(directory, "state"), "kill", container, "KILL"]);
          await ended;
        },
      };
    },
  };
}

/** A TCP port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((done) =>
    server.close(() => {
      done();
    }),
  );
  return port;
}

/** The body that a URL answers with, once the server behind it is up; at most 30 seconds. */
export async function fetchWhenUp(url: string, child: ChildProcess): Promise<string> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      const response = await fetch(url);
      assert.equal(response.status, 200, url);
      return await response.text();
    } catch (error) {
      assert.equal(child.exitCode, null, "the container ended");
      if (error instanceof assert.AssertionError || Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}
