// SPDX-License-Identifier: Apache-2.0
// Hostile inputs other than archives: contexts, git addresses, image layouts, bombs; and what must not be seen where it does
// not belong: secrets, credentials, terminal escapes, the store.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import {
  filesWith,
  hostileImage,
  imageOf,
  putBlob,
  setIndex,
  sceneIn,
  type Scene,
} from "../support/attack.js";
import { baseLayout, run, workspace } from "../support/runner.js";
import { tarOf, type RawEntry } from "../support/tar-builder.js";
import { makeTree } from "../support/tree.js";

const space = workspace();
after(async () => space[Symbol.asyncDispose]());

const scene = (): Scene => sceneIn(space, "oci");

describe("a directory that a build writes into", () => {
  it("gets the files in the place of what is there, and nothing behind it is written or removed", async () => {
    const place = scene();
    const out = join(place.directory, "out");
    makeTree(out, {
      "file/old/link": { symlink: place.canary.directory },
      directory: { symlink: place.canary.directory },
      where: "a file",
      victim: { symlink: place.canary.victim },
    });
    const { code, stderr } = await place.build(["-o", `type=local,dest=${out}`, "-"], {
      input: tarOf(
        { name: "Dockerfile", content: "FROM scratch\nCOPY in /\n" },
        { name: "in/file", content: "new" },
        { name: "in/directory/victim", content: "new" },
        { name: "in/where/file", content: "new" },
        { name: "in/victim", content: "new" },
      ),
    });
    assert.equal(code, 0, stderr);
    for (const path of ["file", "directory/victim", "where/file", "victim"])
      assert.equal(readFileSync(join(out, path), "utf8"), "new");
  });
});

describe("a context from a stranger", () => {
  const contexts: Readonly<Record<string, (host: string) => RawEntry[]>> = {
    "Dockerfile is a symlink out (CVE-2026-44517)": (host) => [
      { name: "Dockerfile", type: "2", link: `${host}/victim` },
    ],
    "Dockerfile is a symlink to nothing": (host) => [
      { name: "Dockerfile", type: "2", link: `${host}/new` },
    ],
    "Dockerfile is a fifo": () => [{ name: "Dockerfile", type: "6" }],
    "Dockerfile is a hard link out": (host) => [
      { name: "Dockerfile", type: "1", link: `../../../../../..${host}/victim` },
    ],
  };
  for (const [what, entries] of Object.entries(contexts))
    it(`is read without leaving it: its ${what}`, async () => {
      const place = scene();
      const { code, stderr } = await place.build(["-"], {
        input: tarOf(...entries(place.canary.directory)),
      });
      assert.equal(code, 1, stderr);
      assert.ok(!stderr.includes(place.canary.content));
    });

  it("has an ignore file that is not read through a symlink out (Buildah issue 6861)", async () => {
    const place = scene();
    const { stderr } = await place.build(["-"], {
      input: tarOf(
        { name: "Dockerfile", content: "FROM scratch\nCOPY . /in/\n" },
        { name: ".dockerignore", type: "2", link: place.canary.victim },
        { name: place.canary.content, content: "would be ignored" },
      ),
    });
    assert.ok(!stderr.includes(`${place.canary.content}\n`));
    // Either the link is refused, or it is an ignore file without lines.
    if (existsSync(place.output)) assert.ok(readFileSync(place.output).length > 0);
  });
});

describe("git addresses", () => {
  it("are no options of git (CVE-2019-13139, GHSA-hw3h-2gp9-cxpv)", async () => {
    const place = scene();
    const touch = `touch ${place.canary.directory}/pwned`;
    const addresses = [
      `https://127.0.0.1:1/r.git#--upload-pack=${touch}`,
      `git@127.0.0.1:-oProxyCommand=${touch}/r.git`,
      `ssh://-oProxyCommand=${touch}/r.git`,
      `file://${place.directory}#--upload-pack=${touch}:sub`,
    ];
    for (const address of addresses) {
      assert.notEqual((await place.build([address], { timeout: 90_000 })).code, 0, address);
      const dockerfile = `FROM scratch\nADD ["${address}", "/x"]\n`;
      assert.notEqual(
        (await place.build(["-"], { input: dockerfile, timeout: 90_000 })).code,
        0,
        address,
      );
    }
  });

  it("and others are not so long that nobody could take them", async () => {
    const place = scene();
    const long = "a.".repeat(200_000);
    for (const source of [`https://${long}/x`, `git@${long}:r.git`, `https://${long}/r.git`]) {
      const input = `FROM scratch\nADD ${source} /\n`;
      const { code, stderr } = await place.build(["--progress=plain", "-"], { input });
      assert.equal(code, 1);
      assert.match(stderr, /ERROR: a URL of 4\d* characters is refused/);
      assert.ok(stderr.length < 20_000, `${stderr.length}`);
    }
  });

  it("name a directory inside the repository only (CVE-2026-33748)", async () => {
    const place = scene();
    const repository = join(place.directory, "r");
    const script =
      `git init -q -b main r && cd r && ln -s ${place.canary.directory} sub && echo "FROM scratch" >Dockerfile && ` +
      "git add . && git -c user.name=n -c user.email=e commit -qm m";
    assert.equal((await run("sh", ["-c", script], { cwd: place.directory })).code, 0);
    for (const subdirectory of ["sub", "../..", "../canary"]) {
      const result = await place.build([`file://${repository}#main:${subdirectory}`]);
      assert.equal(result.code, 1, subdirectory);
    }
  });
});

describe("an image layout", () => {
  it("names no files by its digests (CVE-2024-3727)", async () => {
    const place = scene();
    const layout = join(place.directory, "layout");
    cpSync(baseLayout("busybox"), layout, { recursive: true });
    const { digest, manifest } = imageOf(layout);
    const size = readFileSync(join(layout, "blobs", digest.replace(":", "/"))).length;
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const digests = [
      `sha256:../../../canary/victim`,
      `../..:canary`,
      digest.slice(0, 40),
      digest.toUpperCase(),
      "md5:d41d8cd98f00b204e9800998ecf8427e",
    ];
    for (const bad of digests) {
      setIndex(layout, { mediaType, digest: bad, size });
      const first = await place.build(["--build-context", `evil=oci-layout://${layout}`, "-"], {
        input: "FROM evil\n",
      });
      assert.equal(first.code, 1, bad);
      const layers = [{ ...manifest.layers[0], digest: bad }];
      setIndex(
        layout,
        putBlob(
          layout,
          mediaType,
          Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...manifest, layers })),
        ),
      );
      const second = await place.build(["--build-context", `evil=oci-layout://${layout}`, "-"], {
        input: "FROM evil\n",
      });
      assert.equal(second.code, 1, bad);
    }
  });

  it("has no document that is two things (CVE-2021-41190)", async () => {
    const place = scene();
    const layout = join(place.directory, "layout");
    cpSync(baseLayout("busybox"), layout, { recursive: true });
    const { manifest } = imageOf(layout);
    for (const type of ["manifest", "index"]) {
      const mediaType = `application/vnd.oci.image.${type}.v1+json`;
      const both = Buffer.from(
        JSON.stringify({ schemaVersion: 2, mediaType, ...manifest, manifests: [] }),
      );
      setIndex(layout, putBlob(layout, mediaType, both));
      const result = await place.build(["--build-context", `evil=oci-layout://${layout}`, "-"], {
        input: "FROM evil\n",
      });
      assert.equal(result.code, 1);
      assert.match(result.stderr, /\(OCI_/);
    }
  });

  it("is unpacked by what its layers are, not by what they were called (diff IDs)", async () => {
    const place = scene();
    const layer = {
      blob: tarOf({ name: "x", content: "evil" }),
      diffId: `sha256:${"0".repeat(64)}`,
    };
    const layout = hostileImage(join(place.directory, "evil"), [layer]);
    const result = await place.build(["--build-context", `evil=oci-layout://${layout}`, "-"], {
      input: "FROM evil\nWORKDIR /w\n",
    });
    assert.equal(result.code, 1);
    assert.match(result.stderr, /\(LAYER_DIGEST\)/);
  });
});

describe("a bomb", () => {
  const bombs: Readonly<Record<string, RawEntry>> = {
    "of extended headers": { name: "a", pax: { comment: "x".repeat(2 << 20) } },
    "of directories in directories": { name: "a", pax: { path: "d/".repeat(1500) + "f" } },
    "of pieces of a sparse file (CVE-2025-58183)": {
      name: "a",
      pax: {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.realsize": "1",
        "GNU.sparse.name": "a",
      },
      content: "99999999\n".padEnd(512, "\0"),
    },
    "of holes": {
      name: "a",
      pax: {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.realsize": String(2 ** 50),
        "GNU.sparse.name": "a",
      },
      content: `1\n${2 ** 50 - 1}\n1\n`.padEnd(512, "\0") + "x",
    },
  };
  for (const [what, entry] of Object.entries(bombs))
    it(`is refused before it costs anything: ${what}`, async () => {
      const place = scene();
      const tar = tarOf(entry);
      const blob = gzipSync(tar);
      const diffId = `sha256:${createHash("sha256").update(tar).digest("hex")}`;
      const mediaType = "application/vnd.oci.image.layer.v1.tar+gzip";
      const layout = hostileImage(join(place.directory, "evil"), [{ blob, mediaType, diffId }]);
      const result = await place.build(["--build-context", `evil=oci-layout://${layout}`, "-"], {
        input: "FROM evil\nWORKDIR /w\n",
      });
      assert.equal(result.code, 1, result.stderr);
      assert.match(result.stderr, /\((LAYER_LIMIT|LAYER_TAR)\)/);
    });

  it("of variables that double ends with an error", async () => {
    const place = scene();
    const lines = Array.from({ length: 40 }, (_, i) => `ENV A${i + 1}="\${A${i}}\${A${i}}"`);
    const input = `FROM scratch\nENV A0=${"x".repeat(64)}\n${lines.join("\n")}\n`;
    assert.equal((await place.build(["-"], { input })).code, 1);
  });

  it("of values that are long a thousand times ends with an error", async () => {
    const place = scene();
    const doubled = "ENV A=$A$A\n".repeat(15);
    const input = `FROM scratch\nENV A=${"x".repeat(16)}\n${doubled}${"LABEL a=$A\n".repeat(9000)}`;
    const { code, stderr } = await place.build(["-"], { input, timeout: 60_000 });
    assert.equal(code, 1);
    assert.match(stderr, /the history of the image is longer than its configuration can be/);
  });

  it("of stages without number is checked in a time that grows as they do", async () => {
    const place = scene();
    const named = Array.from({ length: 80_000 }, (_, i) => `FROM scratch AS s${i}\n`).join("");
    for (const input of ["FROM scratch\n".repeat(20_000), named]) {
      const { code } = await place.build(["--check", "-"], { input, timeout: 60_000 });
      assert.equal(code, 0);
    }
  });

  it("of stages without number is described, and its findings shown, in a time that grows as they do", async () => {
    const place = scene();
    const described = await place.build(["--call=targets", "-"], {
      input: "FROM scratch\n".repeat(200_000),
      timeout: 60_000,
    });
    assert.equal(described.code, 0, described.stderr.slice(0, 1000));
    const input = "FROM scratch AS a\n".repeat(20_000);
    const checked = await place.build(["--check", "-"], { input, timeout: 60_000 });
    assert.match(checked.stdout, /^Check complete, 19999 warnings have been found!/);
    assert.equal((await place.build(["-"], { input, timeout: 60_000 })).code, 0);
  });

  it("of patterns in an expansion takes no time", async () => {
    const place = scene();
    const input = `FROM scratch\nARG a=${"a".repeat(3000)}\nLABEL x="\${a//*a*a*a*a*a*a*a*b/c}"\n`;
    assert.equal((await place.build(["-"], { input })).code, 0);
  });
});

describe("secrets", () => {
  it("of a build are in nothing that it leaves or says", async () => {
    const place = scene();
    const secrets = ["secret-of-a-file-51d2", "secret-of-a-variable-90be"] as const;
    const file = join(place.directory, "secret");
    writeFileSync(file, secrets[0]);
    const metadata = join(place.directory, "metadata.json");
    const mounts = "--mount=type=secret,id=f,target=/run/f --mount=type=secret,id=v,env=V";
    const check = 'test -s /run/f && test -n "$V" && ! grep -q "secret-o[f]" /proc/1/cmdline';
    for (const progress of ["plain", "rawjson"]) {
      const result = await place.build(
        [
          ...["--no-cache", "--progress", progress, "--metadata-file", metadata],
          ...["--secret", `id=f,src=${file}`, "--secret", "id=v,env=MY_SECRET", "-"],
        ],
        {
          input: `FROM busybox\nRUN ${mounts} ${check}\nRUN ! test -e /run/f && test -z "$V"\n`,
          env: { MY_SECRET: secrets[1] },
        },
      );
      assert.equal(result.code, 0, result.stderr);
      for (const secret of secrets) {
        assert.ok(!result.stderr.includes(secret) && !result.stdout.includes(secret), progress);
        assert.ok(!readFileSync(metadata, "utf8").includes(secret));
        assert.ok(!readFileSync(place.output).includes(secret));
        assert.deepEqual(filesWith(space.store, secret), []);
      }
    }
  });

  it("in the URL of an ADD are in nothing that the build leaves or says (CVE-2023-26054)", async () => {
    const place = scene();
    const token = "token-in-a-url-3a7c";
    const server = createServer((_, response) => response.end("content"));
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    try {
      const { port } = server.address() as AddressInfo;
      const input = `FROM scratch\nADD http://user:${token}@127.0.0.1:${port}/file /x\n`;
      const result = await place.build(["-"], { input });
      assert.equal(result.code, 0, result.stderr);
      assert.ok(!result.stderr.includes(token));
      // The store's own database knows downloads by their URLs; nobody else can read it.
      assert.deepEqual(filesWith(join(space.store, "oci"), token), []);
      assert.ok(!readFileSync(place.output).includes(token));
    } finally {
      server.close();
    }
  });
});

describe("text from strangers", () => {
  it("controls neither the terminal nor the runner of a workflow", async () => {
    const place = scene();
    const input =
      "FROM busybox\nRUN printf '\\033]0;title\\007\\033[2J\\r::add-mask::a\\n::set-output name=x::y\\n'\n" +
      "RUN <<EOT\n::stop-commands::x\nEOT\n" +
      "LABEL l='##[add-mask]b'\nRUN echo 'x ##[set-output name=x]y ##vso[task.setvariable variable=x]y'\n";
    const { stderr } = await place.build(["--progress", "plain", "-"], { input });
    assert.ok(!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(stderr), JSON.stringify(stderr));
    assert.ok(!/^\s*::/m.test(stderr), stderr);
    assert.ok(!/##(?:vso)?\[/.test(stderr), stderr);
    // JSON says the same in other letters.
    const rawjson = await place.build(["--progress", "rawjson", "--no-cache", "-"], { input });
    assert.ok(!/##(?:vso)?\[/.test(rawjson.stderr), rawjson.stderr);
    assert.match(rawjson.stderr, /#\\u0023\[set-output/);
  });

  it("does not turn the direction of a line, nor end one", async () => {
    const place = scene();
    const input = `FROM busybox\nRUN echo 'a\u202eb\u2066c\u2028::error::d'\nLABEL l='\u202e'\n`;
    for (const progress of ["plain", "rawjson"]) {
      const { stderr } = await place.build(["--progress", progress, "-"], { input });
      assert.ok(!/[\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(stderr), stderr);
    }
    const { stderr } = await place.build(["-"], { input: "FROM scratch\nCOPY no\u202ehcus /\n" });
    assert.match(stderr, /no\?hcus/);
  });

  it("controls no runner of a workflow in what a Dockerfile is described by", async () => {
    const place = scene();
    const input =
      "FROM scratch\nRUN --mount=type=secret,id=::error::x --mount=type=cache,id=##[add-mask]x,target=/c x\n";
    const { code, stdout } = await space.tsbuild(["build", "--call=outline", "-"], { input });
    assert.equal(code, 0, place.output);
    assert.match(stdout, /:error::x/);
    assert.ok(!/^\s*::/m.test(stdout), stdout);
    assert.ok(!stdout.includes("##["), stdout);
  });

  it("in an error is one line, whatever is in a name", async () => {
    const place = scene();
    const input = 'FROM scratch\nCOPY ["no\\n::error::such\\u001b[2J", "/"]\n';
    const { code, stderr } = await place.build(["--progress", "plain", "-"], { input });
    assert.equal(code, 1);
    assert.ok(!/^\s*::/m.test(stderr), stderr);
    assert.ok(!stderr.includes("\u001b"));
  });
});

describe("the store", () => {
  it("is its owner's only, and nothing in it is everybody's to write (CVE-2021-41091, CVE-2020-27534)", async () => {
    const place = scene();
    const input = "FROM busybox\nRUN cp /bin/busybox /su && chmod 6777 /su\n";
    assert.equal((await place.build(["-"], { input, env: { HOME: place.directory } })).code, 0);
    assert.equal(statSync(space.store).mode & 0o7777, 0o700);
    for (const name of ["oci", "meta", "tmp", "snapshots"])
      assert.equal(statSync(join(space.store, name)).mode & 0o022, 0, name);
  });
});
