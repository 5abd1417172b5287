// SPDX-License-Identifier: Apache-2.0
// The request language: what the encoder writes is what fixtures/protocol holds, which the C decoder is tested with.
// UPDATE_GOLDEN=1 writes the fixtures anew.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { encodeRequest, rootFieldsOf, textBytes, type Field } from "#src/sandbox/encode.js";
import { protocolDocument, protocolHeader, seccompHeader } from "#src/sandbox/generate.js";
import { fieldMax, PROTOCOL_VERSION, verbs } from "#src/sandbox/protocol.js";
import type { LayerDirId } from "#src/sandbox/index.js";

const directory = "fixtures/protocol";
const update = process.env["UPDATE_GOLDEN"] === "1";
const version = `version=${PROTOCOL_VERSION}\0`;

/** Requests that our encoder makes, by fixture name (VERB-NAME). */
const encoded: Readonly<Record<string, readonly Field[]>> = {
  "probe-empty": [],
  "run-step": [
    ["store", "/var/lib/tsbuild"],
    ...rootFieldsOf("root", {
      kind: "stack",
      lowers: ["base" as LayerDirId, "a-1" as LayerDirId],
      upper: "up" as LayerDirId,
    }),
    ["arg", "/bin/sh"],
    ["arg", "-c"],
    ["arg", "echo 'a=b'\n\ttab"],
    ["arg", ""],
    ["env", "A=b=c"],
    ["cwd", "/w d"],
    ["user", ""],
    ["insecure", false],
    ["shm-size", 67_108_864],
  ],
  "run-mounts": [
    ["mount", "bind"],
    ["mount-target", "/m"],
    ...rootFieldsOf("mount-source", { kind: "directory", path: "/ctx" }),
    ["mount", "file"],
    ["mount-target", "/run/secrets/s"],
    ["mount-mode", 0o400],
    ["mount-bytes", Uint8Array.of(0, 1, 254, 255)],
    ["rlimit", "nofile"],
    ["rlimit-soft", -1],
    ["rlimit", "core"],
    ["rlimit-soft", 0],
  ],
  "run-rootless": [
    ["uidmap", "0 1000 1"],
    ["uidmap", "1 100000 65536"],
    ["gidmap", "0 1000 1"],
    ["newuidmap", "/usr/bin/newuidmap"],
  ],
  "run-bytes-that-are-not-utf8": [["arg", "caf\udce9 \udcff"]],
};

/** Requests that nobody should send, as bytes, by fixture name. */
const broken: Readonly<Record<string, string>> = {
  "probe-nothing": "",
  "probe-no-end": "version=1",
  "probe-no-version": "store=/s\0",
  "probe-other-version": "version=999\0",
  "probe-version-with-rest": "version=1x\0",
  "run-no-value": `${version}cwd\0`,
  "run-unknown-field": `${version}colour=red\0`,
  "run-field-of-another-verb": `${version}made-time=1\0`,
  "run-empty-field": `${version}\0`,
  "run-twice": `${version}cwd=/\0cwd=/etc\0`,
  "run-twice-in-a-group": `${version}mount=tmpfs\0mount-target=/a\0mount-target=/b\0`,
  "run-relative-path": `${version}cwd=etc\0`,
  "run-bad-id": `${version}root-upper=../x\0`,
  "run-id-with-dash-first": `${version}root-upper=-rf\0`,
  "run-long-id": `${version}root-upper=${"a".repeat(65)}\0`,
  "run-bad-word": `${version}network=bridge\0`,
  "run-part-of-a-word": `${version}network=non\0`,
  "run-empty-word": `${version}network=\0`,
  "run-bad-bool": `${version}insecure=true\0`,
  "run-bad-int": `${version}shm-size=12a\0`,
  "run-huge-int": `${version}shm-size=9223372036854775808\0`,
  "run-empty-int": `${version}shm-size=\0`,
  "run-odd-hex": `${version}mount=file\0mount-bytes=abc\0`,
  "run-upper-hex": `${version}mount=file\0mount-bytes=AB\0`,
  "run-bad-idmap": `${version}uidmap=0 1000\0`,
  "run-idmap-with-sign": `${version}uidmap=0 -1 1\0`,
  "run-idmap-with-double-space": `${version}uidmap=0  1 1\0`,
  "run-too-long": `${version}hostname=${"h".repeat(65)}\0`,
};

function compare(name: string, content: Buffer | string): void {
  const path = join(directory, name);
  if (update) writeFileSync(path, content);
  assert.deepEqual(
    readFileSync(path),
    Buffer.from(content),
    `${path} differs; UPDATE_GOLDEN=1 renews it`,
  );
}

describe("the encoder", () => {
  for (const [name, fields] of Object.entries(encoded))
    it(`writes ${name} as the fixture has it`, () => {
      const bytes = encodeRequest(name.slice(0, name.indexOf("-")), fields);
      compare(`${name}.bin`, bytes);
      // What the C decoder prints: each field on a line.
      compare(`${name}.txt`, Buffer.from(bytes.map((byte) => (byte === 0 ? 10 : byte))));
    });
  it("refuses NUL bytes and values over their limit, which user input may bring", () => {
    const refused = (fields: readonly Field[]): void => {
      assert.throws(
        () => encodeRequest("run", fields),
        (error) => isTsbuildError(error, "SANDBOX_BAD_REQUEST"),
      );
    };
    refused([["arg", "a\0b"]]);
    refused([["hostname", "h".repeat(65)]]);
    refused([["shm-size", 1.5]]);
  });
  it("gives escaped bytes back and leaves real text alone", () => {
    assert.deepEqual(
      [...textBytes("\udcff/é/\u{1f600}")],
      [0xff, 0x2f, 0xc3, 0xa9, 0x2f, 0xf0, 0x9f, 0x98, 0x80],
    );
  });
  it("refuses a request that the helper would not read to its end", () => {
    const fields: Field[] = Array.from({ length: 8 }, () => ["mount-bytes", Buffer.alloc(1 << 20)]);
    assert.ok(encodeRequest("run", fields.slice(0, 7)).length > 14 << 20);
    assert.throws(
      () => encodeRequest("run", fields),
      (error) => isTsbuildError(error, "SANDBOX_BAD_REQUEST"),
    );
  });
});

describe("the fixtures of broken requests", () => {
  for (const [name, bytes] of Object.entries(broken))
    it(`${name} is what it should be, with a refusal beside it`, () => {
      compare(`${name}.bin`, bytes);
      const answer = JSON.parse(readFileSync(join(directory, `${name}.txt`), "utf8")) as Record<
        string,
        unknown
      >;
      assert.equal(answer["event"], "error");
    });
  it("are all there is", () => {
    const known = [...Object.keys(encoded), ...Object.keys(broken)].flatMap((name) => [
      `${name}.bin`,
      `${name}.txt`,
    ]);
    assert.deepEqual(readdirSync(directory).sort(), known.sort());
  });
});

describe("the table", () => {
  it("is what the generated files say", () => {
    assert.equal(readFileSync("native/protocol.gen.h", "utf8"), protocolHeader());
    assert.equal(readFileSync("native/seccomp.gen.h", "utf8"), seccompHeader());
    assert.equal(readFileSync("docs/protocol.md", "utf8"), protocolDocument());
  });
  it("names each field of a verb once, with a group's leader before its fields", () => {
    for (const { verb, fields } of verbs) {
      const names = fields.map(({ name }) => name);
      assert.deepEqual(names, [...new Set(names)], verb);
      for (const row of fields)
        assert.ok(fieldMax(row) > 0 && (row.type === "word") === (row.words !== undefined));
    }
  });
});
