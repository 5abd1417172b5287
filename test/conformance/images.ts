// SPDX-License-Identifier: Apache-2.0
// Base images of the cases: busybox (fixtures/images), and images made up here that lack or carry what a case is about.

import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { baseLayout } from "../support/runner.js";
import type { ArchiveMember } from "./case.js";
import { makeArchive } from "./context.js";

interface MadeImage {
  /** Layers over busybox, bottom first; `alone`: over nothing. */
  readonly layers: readonly (readonly ArchiveMember[])[];
  readonly alone?: true;
  /** The `config` object. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly author?: string;
}

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export const madeImages: Readonly<Record<string, MadeImage>> = {
  "made-onbuild": {
    layers: [],
    config: {
      Env: [path],
      OnBuild: ["COPY f /on/", 'RUN echo "$STAGE_ARG run" > /on/run', "ENV TRIGGERED=1"],
    },
  },
  "made-onbuild-from": {
    layers: [],
    config: { Env: [path], OnBuild: ["COPY --from=other /made /copied"] },
  },
  "made-onbuild-bad": { layers: [], config: { Env: [path], OnBuild: ["COPY missing /x"] } },
  "made-onbuild-arg": {
    layers: [],
    config: { Env: [path], OnBuild: ["ARG V=image", "RUN echo $V > /v", "WORKDIR /on/$V"] },
  },
  "made-no-path": { layers: [], config: { Env: ["A=base"] } },
  "made-config": {
    layers: [],
    author: "someone <s@example.org>",
    config: {
      Env: [path, "A=base", "B=two words"],
      Cmd: ["base-cmd"],
      WorkingDir: "/work/dir",
      User: "daemon",
      Labels: { from: "base", both: "base" },
      ExposedPorts: { "80/tcp": {} },
      Volumes: { "/data": {} },
      StopSignal: "SIGINT",
      Shell: ["/bin/ash", "-c"],
      Healthcheck: { Test: ["CMD", "true"], Interval: 5_000_000_000 },
    },
  },
  "made-entrypoint": { layers: [], config: { Env: [path], Entrypoint: ["/e"], Cmd: ["c"] } },
  "made-tree": {
    layers: [
      [
        { name: "d/", dir: true, mode: 0o711, uid: 7, gid: 8 },
        { name: "d/one", file: "one\n", uid: 7, gid: 8, mode: 0o640 },
        { name: "d/sub/", dir: true, mode: 0o770, uid: 9 },
        { name: "d/sub/two", file: "two\n" },
        { name: "link-dir", symlink: "/d" },
        { name: "link-rel", symlink: "d/sub" },
        { name: "link-file", symlink: "d/one" },
        { name: "dangling", symlink: "/nowhere/at/all" },
        { name: "out", symlink: "../../../../tmp" },
        { name: "hard-a", file: "linked\n" },
        { name: "hard-b", link: "hard-a" },
        { name: "suid", file: "s", mode: 0o4755 },
        { name: "sgid/", dir: true, mode: 0o2775, gid: 50 },
        { name: "sticky/", dir: true, mode: 0o1777 },
        { name: "fifo", fifo: true, mode: 0o600 },
        { name: "owned", file: "o", uid: 1234, gid: 4321 },
      ],
      [
        { name: "d/", dir: true, mode: 0o711, uid: 7, gid: 8 },
        { name: "d/.wh.gone", file: "" },
        { name: "d/three", file: "three\n", uid: 7 },
      ],
    ],
    config: { Env: [path] },
  },
  "made-opaque": {
    layers: [
      [
        { name: "o/", dir: true },
        { name: "o/low", file: "low" },
        { name: "o/both", file: "low" },
        { name: "p/", dir: true },
        { name: "p/low", file: "low" },
        { name: "q", file: "file" },
      ],
      [
        { name: "o/", dir: true },
        { name: "o/both", file: "high" },
        { name: "o/.wh..wh..opq", file: "" },
        { name: "p/.wh.low", file: "" },
        { name: "p/low", file: "again" },
        { name: "q/", dir: true },
        { name: "q/in", file: "in" },
      ],
    ],
    config: { Env: [path] },
  },
  "made-bare": {
    layers: [
      [
        { name: ".wh.dev", file: "" },
        { name: ".wh.proc", file: "" },
        { name: ".wh.sys", file: "" },
      ],
    ],
    config: { Env: [path] },
  },
  "made-alone": {
    alone: true,
    layers: [[{ name: "only", file: "only\n" }]],
    config: { Env: [path], Cmd: ["/only"] },
  },
  "made-users": {
    layers: [
      [
        {
          name: "etc/passwd",
          file: [
            "root:x:0:0:root:/root:/bin/sh",
            "daemon:x:1:1:daemon:/usr/sbin:/bin/false",
            "app:x:1500:1600:app:/home/app:/bin/sh",
            "other:x:1501:1501::/nonexistent:/bin/sh",
            "",
          ].join("\n"),
        },
        {
          name: "etc/group",
          file: "root:x:0:\ndaemon:x:1:\napp:x:1600:\nextra:x:1700:app,other\nwheel:x:10:root,app\n",
        },
        { name: "home/app/", dir: true, uid: 1500, gid: 1600 },
      ],
    ],
    config: { Env: [path] },
  },
};

/** Writes a made-up image as an OCI layout (tag `latest`), over the busybox of the fixtures. */
export async function writeMadeImage(name: string, layout: string): Promise<void> {
  const image = madeImages[name];
  if (image === undefined) throw new Error(`there is no made-up image ${name}`);
  const busybox = baseLayout("busybox");
  mkdirSync(join(layout, "blobs/sha256"), { recursive: true });
  if (image.alone !== true)
    cpSync(join(busybox, "blobs"), join(layout, "blobs"), { recursive: true });
  const put = (mediaType: string, bytes: Buffer): Descriptor => {
    const digest = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(layout, "blobs/sha256", digest), bytes);
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
  };
  const read = (digest: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(busybox, "blobs", digest.replace(":", "/")), "utf8")) as Record<
      string,
      unknown
    >;
  const index = JSON.parse(readFileSync(join(busybox, "index.json"), "utf8")) as {
    manifests: Descriptor[];
  };
  const below = read(index.manifests[0]?.digest ?? "") as unknown as {
    config: Descriptor;
    layers: Descriptor[];
  };
  const base = read(below.config.digest) as unknown as Config;

  const layers = image.alone === true ? [] : [...below.layers];
  const diffIds = image.alone === true ? [] : [...base.rootfs.diff_ids];
  for (const members of image.layers) {
    const layer = put("application/vnd.oci.image.layer.v1.tar", await makeArchive(members));
    layers.push(layer);
    diffIds.push(layer.digest);
  }
  const config = put(
    "application/vnd.oci.image.config.v1+json",
    json({
      ...base,
      ...(image.author === undefined ? {} : { author: image.author }),
      config: image.config,
      rootfs: { type: "layers", diff_ids: diffIds },
      history: diffIds.map((_, i) => ({ created: base.created, created_by: `layer ${i}` })),
    }),
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = put(mediaType, json({ schemaVersion: 2, mediaType, config, layers }));
  const { architecture, os, variant } = base;
  const annotations = { "org.opencontainers.image.ref.name": "latest" };
  writeFileSync(
    join(layout, "index.json"),
    json({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [
        {
          ...manifest,
          platform: { architecture, os, ...(variant === undefined ? {} : { variant }) },
          annotations,
        },
      ],
    }),
  );
  writeFileSync(join(layout, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Config {
  readonly created: string;
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly rootfs: { readonly diff_ids: string[] };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
