// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  checkOutputs,
  createExporter,
  exporters,
  parseAnnotation,
  parseOutput,
} from "#src/export/index.js";
import { parseReference } from "#src/oci/index.js";

describe("the text of an output", () => {
  for (const [text, type, attributes] of [
    [".", "local", { dest: "." }],
    ["out/dir", "local", { dest: "out/dir" }],
    ["a=b", "local", { dest: "a=b" }],
    ["-", "tar", { dest: "-" }],
    ["type=oci,dest=x.tar", "oci", { dest: "x.tar" }],
    ["type=oci", "oci", {}],
    ["dest=x,type=docker", "docker", { dest: "x" }],
    ["type=oci,Dest=X,NAME=a", "oci", { dest: "X", name: "a" }],
    ['type=image,"name=a,b",push=true', "image", { name: "a,b", push: "true" }],
    ['type=oci,"dest=a ""q"" b"', "oci", { dest: 'a "q" b' }],
    ["type=oci,dest=a=b", "oci", { dest: "a=b" }],
    ["type=oci,annotation.Key.X=v", "oci", { "annotation.Key.X": "v" }],
    ["type=oci,dest=", "oci", { dest: "" }],
  ] as const)
    it(`${text} is understood`, () => {
      assert.deepEqual(parseOutput(text), { type, attributes });
    });

  for (const text of [
    "",
    "dest=x,name=y",
    "dest=x",
    "type=oci,dest",
    "type=",
    'type=oci,"dest',
    'type=oci,a"b=c',
    "type=oci,",
  ])
    it(`${JSON.stringify(text)} is refused`, () => {
      assert.throws(() => parseOutput(text), { code: "EXPORT_SYNTAX" });
    });
});

describe("annotations", () => {
  it("have a level and a platform, or go to the manifest", () => {
    assert.deepEqual(parseAnnotation("a=b=c"), [{ level: "manifest", key: "a", value: "b=c" }]);
    assert.deepEqual(parseAnnotation("index,manifest-descriptor[linux/arm64]:k=v"), [
      { level: "index", key: "k", value: "v" },
      {
        level: "manifest-descriptor",
        platform: { os: "linux", architecture: "arm64" },
        key: "k",
        value: "v",
      },
    ]);
    for (const text of ["", "=v", "novalue", "nolevel:k=v", "manifest:=v", "manifest[x/y/z/w]:k=v"])
      assert.throws(() => parseAnnotation(text), Error, text);
  });
});

describe("the attributes of an output", () => {
  const create = (text: string) =>
    createExporter(parseOutput(text), { cwd: "/tmp", stdoutIsTerminal: true });

  it("say what the layers have to be", () => {
    assert.deepEqual(create("type=oci,dest=x").layers, {
      compression: "gzip",
      force: false,
      rewriteTimestamp: false,
    });
    assert.deepEqual(
      create(
        "type=oci,dest=x,compression=zstd,compression-level=19,force-compression=1,rewrite-timestamp=true,source-date-epoch=0",
      ).layers,
      { compression: "zstd", level: 19, force: true, rewriteTimestamp: true, sourceDateEpoch: 0 },
    );
    assert.equal(create("type=image,compression=uncompressed").layers.compression, "none");
    assert.equal(create("type=image,compression=estargz").layers.compression, "estargz");
  });

  it("say what the build has to give", () => {
    for (const { name } of exporters) {
      const needs = create(
        `type=${name}${name === "cacheonly" || name === "image" || name === "registry" ? "" : ",dest=x"}`,
      ).needs;
      const expected =
        name === "cacheonly" ? "nothing" : name === "local" || name === "tar" ? "tree" : "image";
      assert.equal(needs, expected, name);
    }
  });

  for (const text of [
    "type=oci,dest=x,compresion=gzip",
    "type=oci,dest=x,push=true",
    "type=oci,dest=x,compression=lzma",
    "type=oci,dest=x,compression=estargz,compression-level=10",
    "type=oci,dest=x,compression=zstd,compression-level=23",
    "type=oci,dest=x,compression-level=10",
    "type=oci,dest=x,compression-level=-1",
    "type=oci,dest=x,compression-level=six",
    "type=oci,dest=x,force-compression=maybe",
    "type=oci,dest=x,source-date-epoch=yesterday",
    "type=oci,dest=x,compression=estargz,oci-mediatypes=false",
    "type=oci,dest=x,annotation.a=b,oci-mediatypes=false",
    "type=oci,dest=x,annotation-nolevel.a=b",
    "type=oci,dest=x,name-canonical=true",
    "type=image,compatibility-version=20",
    "type=image,name=app:v1,push-by-digest=true",
    "type=image,store=maybe",
    "type=oci,tar=false",
    "type=oci,tar=false,dest=-",
    "type=oci",
    "type=docker,dest=-",
    "type=tar",
    "-",
    "type=local",
    "type=local,dest=-",
    "type=local,dest=x,mode=move",
    "type=local,dest=/elsewhere,mode=delete",
    "type=local,dest=.,mode=delete",
    "type=cacheonly,dest=x",
  ])
    it(`${text} are refused`, () => {
      assert.throws(() => create(text), { code: "EXPORT_OPTION" });
    });

  it("that are misspelt bring a suggestion, and so do types", () => {
    assert.throws(() => create("type=oci,dest=x,compresion=gzip"), /did you mean compression\?/);
    assert.throws(() => create("type=dockr"), {
      code: "EXPORT_TYPE",
      message: /did you mean docker\?/,
    });
  });
});

describe("outputs together", () => {
  const check = (specs: readonly string[], ...names: string[]): void => {
    checkOutputs(
      specs.map((spec) => createExporter(parseOutput(spec), { cwd: "/work" })),
      names.map((name) => parseReference(name)),
    );
  };

  it("have one standard output", () => {
    assert.throws(() => {
      check(["type=oci", "-"]);
    }, /several outputs would go to the standard output/);
    check(["type=oci", "type=tar,dest=x", "type=docker", "type=oci,tar=false,dest=y"]);
  });

  it("have one place each, however it is written", (t) => {
    const path = mkdtempSync(join(tmpdir(), "tsbuild-outputs-"));
    t.after(() => {
      rmSync(path, { recursive: true });
    });
    symlinkSync(".", join(path, "link"));
    for (const specs of [
      ["type=oci,dest=/work/a", "type=docker,dest=./b/../a"],
      ["type=local,dest=x", "x"],
      ["type=oci,tar=false,dest=x", "type=oci,tar=false,dest=x/"],
      [`type=oci,dest=${path}/new`, `type=tar,dest=${path}/link/new`],
    ])
      assert.throws(() => {
        check(specs);
      }, /several outputs would go to/);
    check(["type=oci,dest=/dev/null", "type=tar,dest=/dev/null"]);
    check(["type=oci,dest=a", "type=oci,dest=A"]);
  });

  it("that push by digest take no tag, before anything is built", () => {
    for (const spec of ["type=image,push-by-digest=true", "type=registry,push-by-digest=true"]) {
      check([spec], "example.com/app");
      assert.throws(() => {
        check([spec], "example.com/app:v1");
      }, /cannot push example\.com\/app:v1 by digest/);
    }
  });

  it("that push need a name, before anything is built", () => {
    for (const spec of [
      "type=registry",
      "type=image,push=true",
      "type=image,push-by-digest=true",
    ]) {
      assert.throws(() => {
        check([spec]);
      }, /a push needs a name/);
      check([spec], "app");
      check([`${spec},name=app`]);
    }
    check(["type=image"]);
  });
});
