// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  digestOf,
  familiarReference,
  formatReference,
  isDigest,
  parseDigest,
  parseReference,
  withDefaultTag,
} from "#src/oci/index.js";

const sha = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("references", () => {
  const full: readonly (readonly [text: string, full: string, familiar?: string])[] = [
    ["alpine", "docker.io/library/alpine"],
    ["alpine:3.20", "docker.io/library/alpine:3.20"],
    ["library/alpine", "docker.io/library/alpine", "alpine"],
    ["docker.io/alpine", "docker.io/library/alpine", "alpine"],
    ["docker.io/library/alpine:3", "docker.io/library/alpine:3", "alpine:3"],
    ["index.docker.io/library/alpine", "docker.io/library/alpine", "alpine"],
    ["user/app", "docker.io/user/app"],
    ["user/app:v1.0_x-y", "docker.io/user/app:v1.0_x-y"],
    ["a/b/c/d", "docker.io/a/b/c/d"],
    ["localhost/app", "localhost/app"],
    ["localhost:5000/app:v1", "localhost:5000/app:v1"],
    ["host:5000", "docker.io/library/host:5000"],
    ["quay.io/org/app:latest", "quay.io/org/app:latest"],
    ["EXAMPLE/app", "EXAMPLE/app"],
    ["127.0.0.1:5000/library/busybox", "127.0.0.1:5000/library/busybox"],
    ["[::1]:5000/app", "[::1]:5000/app"],
    ["[2001:db8::1]/app:t", "[2001:db8::1]/app:t"],
    ["my-host.example.com/a__b/c-d/e.f", "my-host.example.com/a__b/c-d/e.f"],
    ["a---b/c", "docker.io/a---b/c"],
    [`alpine@${sha}`, `docker.io/library/alpine@${sha}`],
    [`alpine:3@${sha}`, `docker.io/library/alpine:3@${sha}`],
    [`x/y@sha512:${"ab".repeat(64)}`, `docker.io/x/y@sha512:${"ab".repeat(64)}`],
    ["docker.io/library/a/b", "docker.io/library/a/b", "library/a/b"],
  ];
  for (const [text, expected, familiar = text] of full)
    it(`reads ${text.slice(0, 40)}`, () => {
      const reference = parseReference(text);
      assert.equal(formatReference(reference), expected);
      assert.equal(familiarReference(reference), familiar);
      assert.deepEqual(parseReference(expected), reference);
      assert.deepEqual(parseReference(familiar), reference);
    });

  for (const text of [
    "",
    " ",
    "Alpine",
    "user/App",
    "a//b",
    "/a",
    "a/",
    "a/b:",
    ":tag",
    "a:b:c",
    "a@b",
    "a@",
    `a@${sha}0`,
    `a@${sha.toUpperCase()}`,
    "a@sha256:../../etc/passwd",
    "a@md5:0123",
    "a..b/c",
    "a___b",
    ".a",
    "a.",
    "-a/b",
    "a b",
    "a\nb",
    "http://host/a",
    "ho_st.x/a",
    "host:port/a",
    "host:123456/a",
    "a:-tag",
    "a:.tag",
    `a:${"t".repeat(129)}`,
    "a".repeat(256),
    "a".repeat(5000),
    "0123456789abcdef".repeat(4),
    "../a",
    "a/../b",
    "a:tag/..",
  ])
    it(`refuses ${JSON.stringify(text).slice(0, 40)}`, () => {
      assert.throws(
        () => parseReference(text),
        (error: unknown) =>
          error instanceof Error &&
          "code" in error &&
          (error.code === "OCI_REFERENCE" || error.code === "OCI_DIGEST"),
      );
    });

  it("accepts names up to the limits of length", () => {
    parseReference("a".repeat(247));
    parseReference(`x/${"a".repeat(253)}`);
    parseReference(`a:${"t".repeat(128)}`);
  });

  it("is not slow on names made to be", () => {
    const started = performance.now();
    for (const evil of ["a-".repeat(500), "a_".repeat(500), `${"a.".repeat(500)}!/x`])
      assert.throws(() => parseReference(evil));
    assert.ok(performance.now() - started < 200);
  });

  it("adds latest only where neither tag nor digest is", () => {
    assert.equal(withDefaultTag(parseReference("a")).tag, "latest");
    assert.equal(withDefaultTag(parseReference("a:b")).tag, "b");
    assert.equal(withDefaultTag(parseReference(`a@${sha}`)).tag, undefined);
  });
});

describe("digests", () => {
  it("of known values are right", () => {
    assert.equal(
      digestOf(""),
      "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    assert.equal(digestOf("abc"), digestOf(Buffer.from("abc")));
  });

  it("are algorithm and lower-case hex, and nothing else", () => {
    assert.equal(parseDigest(sha), sha);
    for (const bad of [
      "",
      "sha256",
      "sha256:",
      `sha256:${"0".repeat(63)}`,
      `sha256:${"0".repeat(65)}`,
      `sha256:${"A".repeat(64)}`,
      `sha512:${"0".repeat(64)}`,
      `md5:${"0".repeat(32)}`,
      `sha256:../../../../${"0".repeat(52)}`,
      `${sha}\n`,
      ` ${sha}`,
    ]) {
      assert.equal(isDigest(bad), false);
      assert.throws(() => parseDigest(bad), { code: "OCI_DIGEST" });
    }
  });
});
