// SPDX-License-Identifier: Apache-2.0
// Builds for the tests of caches outside the store: what one machine built, another takes over. A machine is a store of its own.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { putBlob, setIndex } from "./attack.js";
import { baseContexts, type RunResult, type Workspace } from "./runner.js";
import { tarOf, type RawEntry } from "./tar-builder.js";
import { validateImage } from "./validate.js";

/** Five steps, of which one is not in the image. Run again, most give something else. */
export const cachedSteps = `FROM busybox AS tool
RUN echo tool > /tool && date +%s%N > /when
FROM busybox
RUN date +%s%N > /first
COPY file /file
COPY --from=tool /tool /when /
RUN date +%s%N > /last
CMD ["cat", "/last"]
`;

export interface CacheBuilds {
  /** A store that has nothing. */
  readonly machine: () => string;
  /** Builds with `context/` and demands success. */
  readonly build: (
    store: string,
    args: readonly string[],
    text?: string,
    env?: Readonly<Record<string, string | undefined>>,
  ) => Promise<RunResult>;
  /** The digest of the only image of an archive, which is checked. */
  readonly digestOf: (file: string) => Promise<string | undefined>;
}

/** Makes `context/` in the workspace, with a file in it. */
export function cacheBuilds(space: Workspace): CacheBuilds {
  mkdirSync(join(space.directory, "context"));
  writeFileSync(join(space.directory, "context/file"), "content\n");
  let machines = 0;
  return {
    machine: () => join(space.directory, `machine-${machines++}`),
    build: async (store, args, text = cachedSteps, env = {}) =>
      space.succeed(
        [
          "build",
          ...baseContexts("busybox"),
          "--network=none",
          "--progress=plain",
          ...args,
          "-f",
          "-",
          "context",
        ],
        { input: text, env: { TSBUILD_ROOT: store, ...env } },
      ),
    digestOf: async (file) => (await validateImage(join(space.directory, file)))[0]?.digest,
  };
}

/** How many steps ran a command or copied something. */
export function ran({ stderr }: RunResult): string[] {
  const names = new Map<string, string>();
  const done: string[] = [];
  for (const line of stderr.split("\n")) {
    const [, id = "", rest = ""] = /^#(\d+) (.*)$/.exec(line) ?? [];
    if (rest.startsWith("[")) names.set(id, rest);
    if (/^DONE/.test(rest) && names.has(id)) done.push(names.get(id) ?? "");
  }
  return done.filter((name) => !name.includes(" FROM "));
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Puts an archive in the place of all layers of a cache, with the digests that it takes to be believed. */
export function forgeLayers(layout: string, ...entries: readonly RawEntry[]): void {
  const read = (path: string): unknown => JSON.parse(readFileSync(join(layout, path), "utf8"));
  const blob = ({ digest }: Descriptor): unknown => read(`blobs/${digest.replace(":", "/")}`);
  const [top] = (read("index.json") as { manifests: readonly Descriptor[] }).manifests;
  assert.ok(top);
  const manifest = blob(top) as { config: Descriptor };
  const document = blob(manifest.config) as { layers: readonly object[] };
  const archive = tarOf(...entries);
  const layer = putBlob(layout, "application/vnd.oci.image.layer.v1.tar", archive);
  const diffID = `sha256:${createHash("sha256").update(archive).digest("hex")}`;
  const { mediaType, size, digest } = layer;
  const annotations = { mediaType, size, diffID };
  const layers = document.layers.map(() => ({ blob: digest, parent: -1, annotations }));
  const put = (type: string, value: object): Descriptor =>
    putBlob(layout, type, Buffer.from(JSON.stringify(value)));
  const config = put(manifest.config.mediaType, { ...document, layers });
  setIndex(layout, put(top.mediaType, { ...manifest, config, layers: [layer] }));
}
