// SPDX-License-Identifier: Apache-2.0
// A registry of the benchmark's own with one image in it, for the row that pulls.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { RegistryServer } from "../support/registry-server.js";
import { makeLargeFiles, makeSmallFiles } from "./inputs.js";

export interface ServedImage extends AsyncDisposable {
  /** For FROM. */
  readonly reference: string;
  /** Where plain tools find the compressed layers. */
  readonly layers: readonly string[];
}

/** Serves an image of `layers` layers, each of one file of `bytes` bytes and `files` small ones. */
export async function serveImage(
  directory: string,
  { layers, bytes, files }: { layers: number; bytes: number; files: number },
): Promise<ServedImage> {
  const server = await RegistryServer.start();
  const repository = "bench/image";
  const diffIds: string[] = [];
  const descriptors: { mediaType: string; digest: string; size: number }[] = [];
  for (let i = 0; i < layers; i++) {
    const root = join(directory, `layer${i}`);
    makeLargeFiles(join(root, `usr/lib/part${i}`), { count: 1, bytes });
    makeSmallFiles(join(root, `usr/share/part${i}`), { count: files, bytes: 1000, seed: `${i}` });
    const tar = join(directory, "layer.tar");
    execFileSync("tar", ["--sort=name", "--owner=0", "--group=0", "-cf", tar, "-C", root, "."]);
    diffIds.push(`sha256:${createHash("sha256").update(readFileSync(tar)).digest("hex")}`);
    execFileSync("gzip", ["-n", "-f", "-6", tar]);
    const blob = readFileSync(`${tar}.gz`);
    descriptors.push({
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest: server.putBlob(repository, blob),
      size: blob.length,
    });
    rmSync(root, { recursive: true });
  }
  const architecture = { x64: "amd64", ia32: "386" }[process.arch as string] ?? process.arch;
  const config = Buffer.from(
    JSON.stringify({
      os: "linux",
      architecture,
      config: {},
      rootfs: { type: "layers", diff_ids: diffIds },
    }),
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: {
        mediaType: "application/vnd.oci.image.config.v1+json",
        digest: server.putBlob(repository, config),
        size: config.length,
      },
      layers: descriptors,
    }),
  );
  server.putManifest(repository, "latest", mediaType, manifest);
  return {
    reference: `${server.host}/${repository}:latest`,
    layers: descriptors.map(
      ({ digest }) => `http://${server.host}/v2/${repository}/blobs/${digest}`,
    ),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
