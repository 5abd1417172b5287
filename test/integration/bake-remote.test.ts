// SPDX-License-Identifier: Apache-2.0
// `tsbuild bake URL`: files of targets that a repository has.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { GitSite } from "../support/git-site.js";
import { workspace, type RunResult, type Workspace } from "../support/runner.js";

const inline = (line: string): string => `dockerfile-inline = "FROM scratch\\n${line}"`;
const out = "*.output=type=local,dest=out";

interface Remote extends AsyncDisposable {
  readonly space: Workspace;
  readonly site: GitSite;
  /** Runs `bake` in a directory of its own, with these files. */
  readonly bake: (
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<RunResult>;
  readonly here: (files: Readonly<Record<string, string>>) => void;
  readonly made: (name: string) => boolean;
}

async function remote(): Promise<Remote> {
  const space = workspace();
  const site = await GitSite.start(join(space.directory, "site"));
  const cwd = join(space.directory, "here");
  mkdirSync(cwd);
  return {
    space,
    site,
    bake: (args, env = {}) => space.tsbuild(["bake", "--progress=plain", ...args], { cwd, env }),
    here: (files) => {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
    },
    made: (name) => existsSync(join(cwd, "out", name)),
    async [Symbol.asyncDispose]() {
      await site[Symbol.asyncDispose]();
      await space[Symbol.asyncDispose]();
    },
  };
}

function succeeded({ code, stderr }: RunResult): void {
  assert.equal(code, 0, stderr);
}

describe("bake from a repository", () => {
  it("has the repository as the context, and directories of it", async () => {
    await using at = await remote();
    const url = await at.site.publish("app", {
      "docker-bake.hcl": `
        group "default" { targets = ["whole", "part"] }
        target "whole" { ${inline("COPY foo /foo")} }
        target "part" {
          context = "./build"
          contexts = { files = "./files/", all = "." }
        }`,
      foo: "foo\n",
      "build/Dockerfile":
        "FROM scratch\nCOPY bar /\nCOPY --from=files file /\nCOPY --from=all foo /all\n",
      "build/bar": "bar\n",
      "files/file": "file\n",
    });
    succeeded(await at.bake([url, "--set", out]));
    for (const name of ["foo", "bar", "file", "all"]) assert.ok(at.made(name), name);
    const contextOf = async (ref: string): Promise<string> => {
      const { stdout } = await at.bake([`${url}${ref}`, "--print", "part"]);
      return (JSON.parse(stdout) as { target: { part: { context: string } } }).target.part.context;
    };
    assert.equal(await contextOf(""), `${url}#:build`);
    assert.equal(await contextOf("#main"), `${url}#main:build`);
    assert.match((await at.bake([url, "--list=targets"])).stdout, /^whole\b/m);
  });

  it("has files and contexts of this machine where they are said to be", async () => {
    await using at = await remote();
    const url = await at.site.publish("app", {
      "docker-bake.hcl": `
        target "default" { ${inline("COPY there /there")} }
        target "local" {
          context = BAKE_CMD_CONTEXT
          ${inline("COPY here /here")}
        }
        target "dockerfile" { dockerfile = "cwd://Dockerfile.here" }
        target "neither" {
          context = BAKE_CMD_CONTEXT
          dockerfile = "Dockerfile.here"
        }`,
      there: "there\n",
      both: "both\n",
    });
    at.here({
      here: "here\n",
      "Dockerfile.here": "FROM scratch\nCOPY both /both\n",
      "over.hcl": `target "default" { ${inline("COPY both /over")} }`,
    });
    succeeded(await at.bake([url, "--set", out]));
    assert.ok(at.made("there"));
    succeeded(await at.bake([url, "-f", "cwd://over.hcl", "--set", out]));
    assert.ok(at.made("over"));
    succeeded(await at.bake([url, "local", "--set", out]));
    assert.ok(at.made("here"));
    succeeded(await at.bake([url, "dockerfile", "--set", out]));
    assert.ok(at.made("both"));
    const neither = await at.bake([url, "neither"]);
    assert.notEqual(neither.code, 0);
    assert.match(neither.stderr, /its context is here, and its Dockerfile .* in a repository/);
    const other = await at.site.publish("other", { here: "elsewhere\n" });
    succeeded(await at.bake([url, other, "local", "--set", "*.output=type=local,dest=out/2"]));
    assert.ok(at.made("2/here"));
  });

  it("reads nothing of this machine beyond the directory, unless the user says so", async () => {
    await using at = await remote();
    writeFileSync(join(at.space.directory, "foo"), "secret\n");
    const url = await at.site.publish("app", {
      "docker-bake.hcl": `
        target "default" {
          context = "cwd://../"
          ${inline("COPY foo /foo")}
        }
        target "dockerfile" { dockerfile = "cwd://../foo" }
        target "up" {
          context = "../.."
          ${inline("COPY foo /foo")}
        }
        target "link" { context = "." }`,
    });
    for (const name of ["default", "dockerfile"]) {
      const { code, stderr } = await at.bake([url, name, "--set", out]);
      assert.notEqual(code, 0, name);
      assert.match(stderr, /were not given: fs\.read=/, name);
    }
    assert.notEqual((await at.bake([url, "up", "--set", out, "--allow=fs=*"])).code, 0);
    assert.ok(!at.made("foo"));
    succeeded(await at.bake([url, "--set", out], { BAKE_ALLOW_REMOTE_FS_ACCESS: "1" }));
    assert.ok(at.made("foo"));
  });

  it("shows the user's token to the repository's host only", async () => {
    await using at = await remote();
    await using other = await GitSite.start(join(at.space.directory, "other-site"));
    const elsewhere = await other.publish("lib", { lib: "lib\n" });
    const url = await at.site.publish("app", {
      "docker-bake.hcl": `
        target "default" {
          contexts = { lib = "${elsewhere}" }
          ${inline("COPY foo /foo\\nCOPY --from=lib lib /")}
        }`,
      foo: "foo\n",
    });
    at.site.authorization = `Basic ${btoa("x-access-token:hunter2")}`;
    const without = await at.bake([url, "--set", out]);
    assert.notEqual(without.code, 0);
    succeeded(await at.bake([url, "--set", out], { BUILDX_BAKE_GIT_AUTH_TOKEN: "hunter2" }));
    assert.ok(at.made("foo") && at.made("lib"));
    assert.ok(other.shown.length > 0 && other.shown.every((header) => header === undefined));
  });

  it("says what is not there", async () => {
    await using at = await remote();
    const url = await at.site.publish("app", { file: "" });
    assert.match((await at.bake([url])).stderr, /there is no file of build targets/);
    assert.match((await at.bake([url, "-f", "x.hcl"])).stderr, /x\.hcl is not in the repository/);
    assert.match((await at.bake([`${at.site.url}/none.git`])).stderr, /ERROR: /);
    assert.match((await at.bake([url, url, url])).stderr, /expected the name of a target/);
  });

  it("reads a file at a URL as if it was here", async () => {
    await using at = await remote();
    await at.site.publish("app", {
      "bake.hcl": `target "default" { ${inline("COPY here /here")} }`,
    });
    at.here({ here: "here\n" });
    succeeded(await at.bake([`${at.site.url}/app.work/bake.hcl`, "--set", out]));
    assert.ok(at.made("here"));
  });
});
