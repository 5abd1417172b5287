// SPDX-License-Identifier: Apache-2.0
// The builders that are compared: how each is called, how it gets an empty store, and how its store goes away. All write an OCI
// tarball, with layers in gzip unless a row says otherwise.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { program, removeTree } from "../support/runner.js";
import { noDaemons, type Command, type Daemons } from "./measure.js";

export interface Build {
  readonly context: string;
  /** Base images: the name in the Dockerfile, and the OCI layout that stands for it. */
  readonly bases: Readonly<Record<string, string>>;
  /** `none`: RUN has no network. `default`: what the builder gives it unasked. */
  readonly network: "none" | "default";
  /** Layers are not compressed; otherwise gzip. */
  readonly uncompressed?: boolean;
  /** The tarball to write. */
  readonly output: string;
}

/** Where a builder keeps what it remembers. */
export interface BuilderStore {
  command(build: Build): Command;
  remove(): void;
}

export interface Builder {
  readonly name: string;
  readonly version: string;
  readonly daemons: Daemons;
  /** Forgets everything, and starts anew below `directory`. */
  empty(directory: string): BuilderStore;
}

const tsbuild: Builder = {
  name: "tsbuild",
  get version() {
    return execFileSync(process.execPath, [program, "--version"], { encoding: "utf8" }).trim();
  },
  daemons: noDaemons,
  empty(directory) {
    const root = join(directory, "tsbuild-store");
    removeTree(root);
    return {
      command: ({ context, bases, network, uncompressed, output }) => ({
        argv: [
          process.execPath,
          program,
          "build",
          "--progress=plain",
          ...(network === "none" ? ["--network=none"] : []),
          ...flags(bases, "--build-context", (name, layout) => `${name}=oci-layout://${layout}`),
          `--output=type=oci,dest=${output}${compression(uncompressed)}`,
          context,
        ],
        env: { TSBUILD_ROOT: root },
      }),
      remove: () => {
        removeTree(root);
      },
    };
  },
};

const daemonNames = ["dockerd", "containerd", "buildkitd", "runc", "buildkit-runc"];
const daemons = (): Daemons => ({
  names: daemonNames,
  commandLine: process.env["TSBUILD_BENCH_DAEMONS"] ?? "",
});

function flags(
  bases: Build["bases"],
  flag: string,
  value: (name: string, layout: string) => string,
): string[] {
  return Object.entries(bases).flatMap(([name, layout]) => [flag, value(name, layout)]);
}

const compression = (uncompressed = false): string =>
  uncompressed ? ",compression=uncompressed" : "";

function call(command: readonly string[], ...args: readonly string[]): string {
  const [first = "", ...rest] = command;
  return execFileSync(first, [...rest, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** docker buildx: its daemon has one cache, which is emptied. */
function buildx(command: readonly string[], version: string): Builder {
  return {
    name: "buildx",
    version,
    daemons: daemons(),
    empty() {
      const forget = (): void => {
        call(command, "prune", "--all", "--force");
      };
      forget();
      return {
        command: ({ context, bases, network, uncompressed, output }) => ({
          argv: [
            ...command,
            "build",
            "--progress=plain",
            "--provenance=false",
            ...(network === "none" ? ["--network=none"] : []),
            ...flags(
              bases,
              "--build-context",
              (name, layout) => `${name}=oci-layout://${layout}:latest`,
            ),
            `--output=type=oci,dest=${output}${compression(uncompressed)}`,
            context,
          ],
        }),
        remove: forget,
      };
    },
  };
}

/** buildctl: as buildx, without its client. */
function buildctl(command: readonly string[], version: string): Builder {
  return {
    name: "buildctl",
    version,
    daemons: daemons(),
    empty() {
      const forget = (): void => {
        call(command, "prune", "--all");
      };
      forget();
      return {
        command: ({ context, bases, network, uncompressed, output }) => ({
          argv: [
            ...command,
            "build",
            "--progress=plain",
            "--frontend=dockerfile.v0",
            `--local=context=${context}`,
            `--local=dockerfile=${context}`,
            ...(network === "none" ? ["--opt=force-network-mode=none"] : []),
            ...Object.entries(bases).flatMap(([name, layout], i) => [
              `--oci-layout=base${i}=${layout}`,
              `--opt=context:${name}=oci-layout://base${i}@${manifestDigest(layout)}`,
            ]),
            `--output=type=oci,dest=${output}${compression(uncompressed)}`,
          ],
        }),
        remove: forget,
      };
    },
  };
}

const shellCommand = (argv: readonly string[]): string =>
  argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");

function manifestDigest(layout: string): string {
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as {
    readonly manifests: readonly { readonly digest: string }[];
  };
  const digest = index.manifests[0]?.digest;
  if (digest === undefined) throw new Error(`${layout} holds no image`);
  return digest;
}

/** Buildah, with a storage of its own for the benchmark. `build` does not compress what it writes; `push` does when it is told. */
function buildah(command: readonly string[], version: string): Builder {
  return {
    name: "buildah",
    version,
    daemons: noDaemons,
    empty(directory) {
      const root = join(directory, "buildah-store");
      const own = [...command, `--root=${root}/root`, `--runroot=${root}/run`];
      const remove = (): void => {
        if (!existsSync(root)) return;
        call(own, "rm", "--all");
        call(own, "rmi", "--all", "--force");
        rmSync(root, { recursive: true });
      };
      remove();
      mkdirSync(root, { recursive: true });
      return {
        command: ({ context, bases, network, uncompressed, output }) => {
          const build = [
            ...own,
            "build",
            "--layers",
            "--tls-verify=false",
            ...(network === "none" ? ["--network=none"] : []),
            ...flags(
              bases,
              "--build-context",
              (name, layout) => `${name}=docker-image://oci:${layout}:latest`,
            ),
          ];
          if (uncompressed === true)
            return { argv: [...build, `--tag=oci-archive:${output}`, context] };
          const push = [
            ...own,
            "push",
            "--compression-format=gzip",
            "--force-compression",
            "localhost/bench",
            `oci-archive:${output}`,
          ];
          const both = [[...build, "--tag=localhost/bench", context], push];
          return { argv: ["bash", "-c", both.map(shellCommand).join(" && ")] };
        },
        remove,
      };
    },
  };
}

interface PeerRow {
  readonly name: string;
  /** Names the command; for a builder with a daemon it is the permission to empty the daemon's cache, too. */
  readonly variable: string;
  /** What to look for on PATH; absent: only the variable counts. */
  readonly usual?: string;
  readonly version: (command: readonly string[]) => string;
  readonly create: (command: readonly string[], version: string) => Builder;
}

const peers: readonly PeerRow[] = [
  {
    name: "buildx",
    variable: "TSBUILD_BENCH_BUILDX",
    version: (command) => {
      const client = versionIn(call(command, "version"));
      if (command.at(-1) !== "buildx") return client;
      // BuildKit is a part of the engine here, and often does not know its own version.
      const docker = command.slice(0, -1);
      const engine = call(docker, "version", "--format", "{{.Server.Version}}").trim();
      return `${client} with the engine ${engine}`;
    },
    create: buildx,
  },
  {
    name: "buildctl",
    variable: "TSBUILD_BENCH_BUILDCTL",
    version: (command) => versionIn(call(command, "--version")),
    create: buildctl,
  },
  {
    name: "buildah",
    variable: "TSBUILD_BENCH_BUILDAH",
    usual: "buildah",
    version: (command) => versionIn(call(command, "--version")),
    create: buildah,
  },
];

export interface Found {
  readonly builders: readonly Builder[];
  /** Why a peer is not there. */
  readonly absent: readonly string[];
}

/** tsbuild, and the peers that are installed. */
export function findBuilders(): Found {
  const builders = [tsbuild];
  const absent: string[] = [];
  for (const { name, variable, usual, version, create } of peers) {
    const text = process.env[variable] ?? usual;
    if (text === undefined) {
      absent.push(`${name}: ${variable} does not name it (its build cache would be emptied)`);
      continue;
    }
    const command = text.split(" ").filter((word) => word !== "");
    try {
      builders.push(create(command, version(command)));
    } catch (error) {
      const { code, stderr } = error as { code?: string; stderr?: string };
      absent.push(`${name}: ${text} does not run (${stderr?.trim() ?? code ?? String(error)})`);
    }
  }
  return { builders, absent };
}

/** The first thing in a tool's answer that looks like a version. */
function versionIn(text: string): string {
  return /\bv?\d+\.\d+[\w.+~-]*/.exec(text)?.[0] ?? text.split("\n")[0]?.trim() ?? "";
}
