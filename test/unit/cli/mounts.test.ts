// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { parseMount, parseTmpfs, parseVolume } from "#src/cli/options/mounts.js";

const wrong = (error: unknown): boolean => isTsbuildError(error, "CLI_USAGE");

describe("--volume", () => {
  const parse = (text: string): unknown => parseVolume(text, "/work");
  it("is a path where it looks like one, and the name of a volume otherwise", () => {
    assert.deepEqual(parse("/s:/t"), { kind: "bind", source: "/s", target: "/t", readOnly: false });
    assert.deepEqual(parse("./s:/t:ro"), {
      ...{ kind: "bind", source: "/work/s", target: "/t", readOnly: true },
    });
    assert.deepEqual(parse("..:/t:rw"), {
      ...{ kind: "bind", source: "/", target: "/t", readOnly: false },
    });
    assert.deepEqual(parse("name:/t:ro,nocopy"), {
      ...{ kind: "volume", name: "name", target: "/t", readOnly: true, copy: false },
    });
    assert.deepEqual(parse("/s:/t:O"), {
      ...{ kind: "bind", source: "/s", target: "/t", readOnly: false, overlay: true },
    });
    assert.throws(() => parse("/s:/t:ro,O"), { code: "CLI_USAGE" });
    assert.throws(() => parse("name:/t:O"), { code: "CLI_USAGE" });
    assert.deepEqual(parse("/t"), { kind: "volume", target: "/t", readOnly: false, copy: true });
  });
  it("refuses empty parts, options that it does not know, and names that are none", () => {
    for (const bad of [
      "",
      ":/t",
      "a:",
      "/a:/t:ro:x",
      "/a:/t:shared",
      "/a:/t:ro,rw",
      "a b:/t",
      "a:/t:",
    ])
      assert.throws(() => parse(bad), wrong, bad);
  });
});

describe("--mount", () => {
  const parse = (text: string): unknown => parseMount(text, "/work");
  it("knows the words of each type", () => {
    assert.deepEqual(parse("type=bind,src=s,dst=/t,readonly"), {
      ...{ kind: "bind", source: "/work/s", target: "/t", readOnly: true },
    });
    assert.deepEqual(parse('type=bind,"source=/a,b",target=/t,ro=false'), {
      ...{ kind: "bind", source: "/a,b", target: "/t", readOnly: false },
    });
    assert.deepEqual(parse("source=name,destination=/t,volume-nocopy"), {
      ...{ kind: "volume", name: "name", target: "/t", readOnly: false, copy: false },
    });
    assert.deepEqual(parse("type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=0700"), {
      ...{ kind: "tmpfs", target: "/t", size: 1 << 20, mode: 0o700 },
    });
  });
  it("refuses others", () => {
    for (const bad of [
      "",
      "type=bind,target=/t",
      "type=bind,source=/s",
      "type=npipe,source=/s,target=/t",
      "type=tmpfs,target=/t,source=/s",
      "type=tmpfs,target=/t,tmpfs-mode=9",
      "type=volume,source=../x,target=/t",
      "type=bind,source=/s,target=/t,readonly=perhaps",
      "type=bind,source=/s,target=/t,bind-propagation=shared",
    ])
      assert.throws(() => parse(bad), wrong, bad);
  });
});

describe("--tmpfs", () => {
  it("is a target and, if wanted, size and mode", () => {
    assert.deepEqual(parseTmpfs("/t"), { kind: "tmpfs", target: "/t" });
    assert.deepEqual(parseTmpfs("/t:rw,size=64k,mode=755"), {
      ...{ kind: "tmpfs", target: "/t", size: 65_536, mode: 0o755 },
    });
    for (const bad of ["t", "", "/t:uid=1", "/t:size=x"])
      assert.throws(() => parseTmpfs(bad), wrong, bad);
  });
});
