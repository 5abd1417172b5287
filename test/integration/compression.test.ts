// SPDX-License-Identifier: Apache-2.0
// Images with layers of every compression: valid to the byte, the same every time, and good to build on.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readEstargz } from "../support/estargz.js";
import { baseContexts, workspace, type Workspace } from "../support/runner.js";
import { makeTree } from "../support/tree.js";
import { validateImage, type ValidImage } from "../support/validate.js";

const ociLayer = "application/vnd.oci.image.layer.v1.tar";
const tocAnnotation = "containerd.io/snapshot/stargz/toc.digest";

const forms: readonly {
  readonly compression: string;
  readonly levels: readonly string[];
  readonly mediaType: string;
}[] = [
  { compression: "uncompressed", levels: [""], mediaType: ociLayer },
  { compression: "gzip", levels: ["", "0", "9"], mediaType: `${ociLayer}+gzip` },
  { compression: "zstd", levels: ["", "0", "1", "22"], mediaType: `${ociLayer}+zstd` },
  { compression: "estargz", levels: ["", "0", "9"], mediaType: `${ociLayer}+gzip` },
];

// A layer that is written from its files, and one that is written straight from the sources and large enough for a program.
const dockerfile = "FROM busybox\nRUN mkdir /made && echo made > /made/file\nCOPY tree /tree\n";

function contextIn(space: Workspace): void {
  makeTree(join(space.directory, "context"), {
    Dockerfile: dockerfile,
    "tree/a/one": "one",
    "tree/large": Buffer.alloc(5_000_000, "some text that is repeated\n").toString(),
    "tree/empty": "",
  });
}

async function build(
  space: Workspace,
  attributes: string,
  ...flags: string[]
): Promise<ValidImage> {
  rmSync(join(space.directory, "layout"), { recursive: true, force: true });
  await space.succeed([
    ...baseContexts("busybox"),
    "--build-arg=SOURCE_DATE_EPOCH=1700000000",
    `--output=type=oci,dest=layout,tar=false,rewrite-timestamp=true${attributes}`,
    ...flags,
    "context",
  ]);
  const [image, ...others] = await validateImage(join(space.directory, "layout"));
  assert.ok(image !== undefined && others.length === 0);
  return image;
}

function layerBytes(space: Workspace, digest: string): Buffer {
  return readFileSync(join(space.directory, "layout/blobs", digest.replace(":", "/")));
}

const reader = `FROM image
RUN [ "$(cat /made/file)" = made ] && [ "$(cat /tree/a/one)" = one ] && [ $(wc -c < /tree/large) = 5000000 ] \\
  && [ ! -e /stargz.index.json ]
`;

void describe("an image in each compression", () => {
  const zstd = spawnSync("zstd", ["--version"]).error === undefined;
  for (const { compression, levels, mediaType } of forms)
    void it(
      compression,
      { skip: compression === "zstd" && !zstd && "zstd is missing" },
      async () => {
        await using space = workspace();
        contextIn(space);
        for (const level of levels) {
          const suffix = level === "" ? "" : `,compression-level=${level}`;
          const attributes = `,compression=${compression}${suffix}`;
          const image = await build(space, attributes);
          const own = image.manifest.layers.slice(-2);
          assert.deepEqual(
            own.map((layer) => layer.mediaType),
            [mediaType, mediaType],
          );
          const again = await build(space, attributes, "--no-cache");
          assert.equal(
            again.digest,
            image.digest,
            `level ${level}: the same bytes when built again`,
          );
          for (const { digest, annotations } of own)
            if (compression === "estargz") {
              const { tocDigest, files } = readEstargz(layerBytes(space, digest));
              assert.equal(annotations?.[tocAnnotation], tocDigest);
              assert.ok(files.size > 0);
            } else assert.equal(annotations?.[tocAnnotation], undefined);
        }
        makeTree(join(space.directory, "reader"), { Dockerfile: reader });
        for (const store of [space.store, join(space.directory, "other-store")])
          await space.succeed(["--build-context=image=oci-layout://layout", "reader"], {
            env: { TSBUILD_ROOT: store },
          });
      },
    );

  void it("has a base's layers in it, too, when that is forced", async () => {
    await using space = workspace();
    contextIn(space);
    const plain = await build(space, "");
    for (const { compression, mediaType } of forms) {
      if (compression === "zstd" && !zstd) continue;
      const kept = await build(space, `,compression=${compression}`);
      assert.equal(kept.manifest.layers[0]?.digest, plain.manifest.layers[0]?.digest);
      const forced = await build(space, `,compression=${compression},force-compression=true`);
      for (const layer of forced.manifest.layers) {
        assert.equal(layer.mediaType, mediaType);
        if (compression === "estargz")
          assert.equal(
            readEstargz(layerBytes(space, layer.digest)).tocDigest,
            layer.annotations?.[tocAnnotation],
          );
      }
      const same = compression !== "estargz";
      assert.equal(
        JSON.stringify(forced.config) === JSON.stringify(plain.config),
        same,
        "only a table of contents changes what the configuration says",
      );
      assert.deepEqual(forced.config.history, plain.config.history);
    }
  });

  void it("keeps eStargz layers of a base as they came, and brings them into zstd", async () => {
    await using space = workspace();
    contextIn(space);
    const base = await build(space, ",compression=estargz,force-compression=true");
    const layout = join(space.directory, "base");
    execFileSync("cp", ["-r", join(space.directory, "layout"), layout]);
    makeTree(join(space.directory, "context"), { Dockerfile: "FROM image\nCOPY tree/a /more\n" });
    const on = "--build-context=image=oci-layout://base";
    const count = base.manifest.layers.length;
    for (const attributes of ["", ",compression=estargz,force-compression=true"]) {
      const image = await build(space, attributes, on);
      assert.deepEqual(image.manifest.layers.slice(0, count), base.manifest.layers);
    }
    if (!zstd) return;
    const image = await build(space, ",compression=zstd,force-compression=true", on);
    assert.deepEqual(
      image.config.rootfs.diff_ids.slice(0, count),
      base.config.rootfs.diff_ids,
      "the tables stay where they are",
    );
    assert.equal(image.manifest.layers[0]?.annotations, undefined);
  });

  const umoci = spawnSync("umoci", ["--version"]).error === undefined;
  void it("is unpacked by umoci", { skip: umoci ? false : "umoci is missing" }, async () => {
    await using space = workspace();
    contextIn(space);
    for (const compression of ["gzip", "estargz"]) {
      await build(space, `,compression=${compression}`, "--tag=image:latest");
      const rootless = process.getuid?.() === 0 ? [] : ["--rootless"];
      const bundle = join(space.directory, compression);
      execFileSync("umoci", ["unpack", ...rootless, "--image=layout:latest", bundle], {
        cwd: space.directory,
        stdio: ["ignore", "ignore", "pipe"],
      });
      assert.equal(readFileSync(join(bundle, "rootfs/tree/a/one"), "utf8"), "one");
    }
  });
});

void describe("ADD", () => {
  void it("says of what may be an archive in a form that it cannot read that it is added as it is", async () => {
    await using space = workspace();
    makeTree(join(space.directory, "context"), { Dockerfile: "FROM scratch\nADD a.tar.gz /\n" });
    writeFileSync(
      join(space.directory, "context/a.tar.gz"),
      Buffer.from("\x1f\x8b\x08 no", "latin1"),
    );
    const { stderr } = await space.succeed(["-o", "out", "context"]);
    assert.match(
      stderr,
      /a\.tar\.gz may be an archive, but is added as it is: the gzip data is damaged/,
    );
    assert.ok(existsSync(join(space.directory, "out/a.tar.gz")));
  });
});
