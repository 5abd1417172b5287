// SPDX-License-Identifier: Apache-2.0
// What attacks are made of: base images with hostile layers, and canaries on the host that must stay as they are.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  cpSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  baseContexts,
  baseLayout,
  type RunOptions,
  type RunResult,
  type Workspace,
} from "./runner.js";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}
interface Manifest {
  readonly layers: readonly Descriptor[];
  readonly config: Descriptor;
}
interface Config {
  readonly config?: Record<string, unknown>;
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] };
}

const sha256 = (bytes: Uint8Array): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

const fileOf = (layout: string, digest: string): string =>
  join(layout, "blobs", digest.replace(":", "/"));

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Puts bytes into a layout under their digest. */
export function putBlob(layout: string, mediaType: string, bytes: Buffer): Descriptor {
  const digest = sha256(bytes);
  writeFileSync(fileOf(layout, digest), bytes);
  return { mediaType, digest, size: bytes.length };
}

/** Makes a manifest the only one of a layout. */
export function setIndex(layout: string, manifest: object): void {
  const annotations = { "org.opencontainers.image.ref.name": "latest" };
  const index = { schemaVersion: 2, manifests: [{ annotations, ...manifest }] };
  writeFileSync(join(layout, "index.json"), JSON.stringify(index));
}

/** The manifest and the config of a layout's only image. */
export function imageOf(layout: string): { manifest: Manifest; config: Config; digest: string } {
  const index = readJson(join(layout, "index.json")) as { manifests: readonly Descriptor[] };
  const digest = index.manifests[0]?.digest;
  assert.ok(digest !== undefined);
  const manifest = readJson(fileOf(layout, digest)) as Manifest;
  const config = readJson(fileOf(layout, manifest.config.digest)) as Config;
  return { manifest, config, digest };
}

export interface HostileLayer {
  /** The layer's bytes, as they are stored. */
  readonly blob: Buffer;
  /** Default: a plain tar. */
  readonly mediaType?: string;
  /** The digest of the tar; default: of the blob. */
  readonly diffId?: string;
}

/** Writes an OCI layout: busybox with the given layers on top, and changes to the image's settings. Returns its directory. */
export function hostileImage(
  layout: string,
  tars: readonly (Buffer | HostileLayer)[],
  settings: Readonly<Record<string, unknown>> = {},
): string {
  cpSync(baseLayout("busybox"), layout, { recursive: true });
  const { manifest, config } = imageOf(layout);
  const layers = tars.map((tar) => (Buffer.isBuffer(tar) ? { blob: tar } : tar));
  const added = layers.map(({ blob, mediaType = "application/vnd.oci.image.layer.v1.tar" }) =>
    putBlob(layout, mediaType, blob),
  );
  const diffIds = layers.map(({ blob, diffId }) => diffId ?? sha256(blob));
  const newConfig = putBlob(
    layout,
    manifest.config.mediaType,
    Buffer.from(
      JSON.stringify({
        ...config,
        config: { ...config.config, ...settings },
        rootfs: { type: "layers", diff_ids: [...config.rootfs.diff_ids, ...diffIds] },
        history: [],
      }),
    ),
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const newManifest = {
    schemaVersion: 2,
    mediaType,
    config: newConfig,
    layers: [...manifest.layers, ...added],
  };
  setIndex(layout, putBlob(layout, mediaType, Buffer.from(JSON.stringify(newManifest))));
  return layout;
}

/** What files look like to someone who looks for changes: kind, mode, size, time and content of everything below a directory. */
export function stateOf(directory: string): Record<string, string> {
  const state: Record<string, string> = {};
  const look = (path: string): void => {
    const found = lstatSync(path);
    const content = found.isFile()
      ? readFileSync(path).toString("base64")
      : found.isSymbolicLink()
        ? readlinkSync(path)
        : "";
    const facts = [found.mode.toString(8), found.uid, found.gid, found.nlink, found.mtimeMs];
    state[path] = [...facts, content].join(" ");
    if (found.isDirectory()) for (const name of readdirSync(path)) look(join(path, name));
  };
  look(directory);
  return state;
}

/** Files of the host that an attack is after. */
export interface Canary {
  readonly directory: string;
  /** A file with content. */
  readonly victim: string;
  /** What is in the victim, to be looked for where it must not be. */
  readonly content: string;
  /** An empty file: what a clean-up of mount points might take for its own. */
  readonly empty: string;
  /** An empty directory. */
  readonly hollow: string;
  /** Fails when anything is not as it was. */
  assertUntouched(): void;
}

/** Makes a directory with canaries. */
export function canaryIn(parent: string): Canary {
  const directory = join(parent, "canary");
  const content = "canary-of-the-host-8f1c";
  const [victim, empty, hollow] = ["victim", "empty", "hollow"].map((n) => join(directory, n));
  assert.ok(victim !== undefined && empty !== undefined && hollow !== undefined);
  mkdirSync(hollow, { recursive: true });
  writeFileSync(victim, content);
  writeFileSync(empty, "");
  const then = new Date("2020-02-02T02:02:02Z");
  for (const path of [victim, empty, hollow, directory]) utimesSync(path, then, then);
  const before = stateOf(directory);
  const mounts = hostMounts();
  return {
    directory,
    victim,
    content,
    empty,
    hollow,
    assertUntouched() {
      assert.deepEqual(stateOf(directory), before, "the host's files are as they were");
      assert.deepEqual(hostMounts(), mounts, "the host's mounts are as they were");
    },
  };
}

/** The mount points of the host that do not belong to other tests at work. */
function hostMounts(): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => !path.startsWith("/tmp/") && !path.startsWith("/var/tmp/"));
}

/** A place for one attack: a directory with canaries, and builds beside them. */
export interface Scene {
  readonly directory: string;
  readonly canary: Canary;
  /** What the builds write. */
  readonly output: string;
  /** Builds with busybox as a named context, whatever comes of it, and looks at the canaries afterwards. */
  build(args: readonly string[], options?: RunOptions): Promise<RunResult>;
}

let scenes = 0;

/** Makes a scene in a workspace. `type` is the exporter of its builds. */
export function sceneIn(space: Workspace, type: "oci" | "tar"): Scene {
  const directory = join(space.directory, `scene-${scenes++}`);
  mkdirSync(directory);
  const canary = canaryIn(directory);
  const output = join(directory, "out.tar");
  return {
    directory,
    canary,
    output,
    async build(args, options = {}) {
      const common = ["--debug", ...baseContexts("busybox"), "-o", `type=${type},dest=${output}`];
      const result = await space.tsbuild(["build", ...common, ...args], {
        timeout: 60_000,
        ...options,
      });
      canary.assertUntouched();
      return result;
    },
  };
}

/** Every file below a directory that holds some bytes. */
export function filesWith(directory: string, bytes: string): string[] {
  const wanted = Buffer.from(bytes);
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesWith(path, bytes);
    return entry.isFile() && readFileSync(path).includes(wanted) ? [path] : [];
  });
}
