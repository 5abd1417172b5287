// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  choosePlatform,
  digestOf,
  formatPlatform,
  hostPlatform,
  mediaTypes,
  parsePlatform,
  platformsOf,
  type Descriptor,
  type ImageIndex,
} from "#src/oci/index.js";

function indexOf(...platforms: (string | undefined)[]): ImageIndex {
  const manifests = platforms.map((platform): Descriptor => {
    const [os = "", architecture = "", variant] = platform?.split("/") ?? [];
    return {
      mediaType: mediaTypes.ociManifest,
      digest: digestOf(platform ?? "none"),
      size: 1,
      ...(platform === undefined
        ? {}
        : { platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } }),
    };
  });
  return { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
}

describe("platforms", () => {
  for (const [text, expected] of [
    ["linux/amd64", "linux/amd64"],
    ["linux/x86_64", "linux/amd64"],
    ["Linux/AMD64", "linux/amd64"],
    ["linux/amd64/v1", "linux/amd64"],
    ["linux/amd64/v3", "linux/amd64/v3"],
    ["linux/aarch64", "linux/arm64"],
    ["linux/arm64/v8", "linux/arm64"],
    ["linux/arm64/8", "linux/arm64"],
    ["linux/arm", "linux/arm/v7"],
    ["linux/arm/6", "linux/arm/v6"],
    ["linux/armhf", "linux/arm/v7"],
    ["linux/armel", "linux/arm/v6"],
    ["linux/i386", "linux/386"],
    ["macos/arm64", "darwin/arm64"],
    ["windows(10.0.17763)/amd64", "windows/amd64"],
    ["linux/riscv64", "linux/riscv64"],
    ["wasi/wasm32", "wasi/wasm32"],
  ] as const)
    it(`reads ${text}`, () => {
      assert.equal(formatPlatform(parsePlatform(text)), expected);
    });

  it("takes what is left out from this machine", () => {
    const host = hostPlatform();
    assert.equal(formatPlatform(parsePlatform("local")), formatPlatform(host));
    assert.equal(formatPlatform(parsePlatform("linux")), formatPlatform(host));
    assert.equal(formatPlatform(parsePlatform("s390x")), "linux/s390x");
    assert.equal(parsePlatform("windows(10.0)/amd64")["os.version"], "10.0");
  });

  for (const text of ["", "/", "linux/", "linux/amd64/v1/x", "nothing", "linux/am d64", "a\nb/c"])
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parsePlatform(text), { code: "OCI_PLATFORM" });
    });
});

describe("the choice from an index", () => {
  const table: readonly (readonly [
    wanted: string,
    offered: (string | undefined)[],
    chosen: number,
  ])[] = [
    ["linux/amd64", ["linux/arm64", "linux/amd64"], 1],
    ["linux/amd64", ["linux/amd64/v1"], 0],
    ["linux/amd64", ["linux/amd64/v2"], -1],
    ["linux/amd64/v3", ["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], 1],
    ["linux/amd64", ["linux/386"], 0],
    ["linux/386", ["linux/amd64"], -1],
    ["linux/arm64", ["linux/arm/v7", "linux/arm64/v8"], 1],
    ["linux/arm64", ["linux/arm/v6", "linux/arm/v7"], 1],
    ["linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], 1],
    ["linux/arm/v6", ["linux/arm/v7"], -1],
    ["linux/arm", ["linux/arm"], 0],
    ["linux/s390x", ["linux/amd64", "windows/s390x"], -1],
    ["linux/amd64", ["unknown/unknown", "linux/amd64", "linux/amd64"], 1],
    ["linux/amd64", [undefined], 0],
    ["linux/amd64", [undefined, "linux/amd64"], 1],
    ["linux/amd64", [], -1],
  ];
  for (const [wanted, offered, chosen] of table)
    it(`for ${wanted} of [${offered.join(", ")}] is ${chosen < 0 ? "none" : (offered[chosen] ?? "the one without")}`, () => {
      const index = indexOf(...offered);
      assert.equal(choosePlatform(index, parsePlatform(wanted)), index.manifests[chosen]);
    });

  it("regards the version of the operating system where both name one", () => {
    const index = indexOf("windows/amd64", "windows/amd64");
    const manifests = index.manifests.map((entry, i) => ({
      ...entry,
      platform: { os: "windows", architecture: "amd64", "os.version": `10.${i}` },
    }));
    const found = choosePlatform({ ...index, manifests }, parsePlatform("windows(10.1)/amd64"));
    assert.equal(found, manifests[1]);
  });

  it("can be listed for a message", () => {
    assert.deepEqual(
      platformsOf(indexOf("linux/arm64/v8", "unknown/unknown", "linux/arm", "linux/arm/v7")),
      ["linux/arm64", "linux/arm/v7"],
    );
  });
});
