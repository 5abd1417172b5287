// SPDX-License-Identifier: Apache-2.0
// dist/cli/main.cjs: the compiled code that it keeps beside the program.

import assert from "node:assert/strict";
import {
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { asRoot } from "../support/sandbox.js";
import { program, repository, run, workspace, type Workspace } from "../support/runner.js";

/** A copy of the program in a directory of its own, without compiled code. */
function installed(space: Workspace): string {
  const cli = join(space.directory, "program/dist/cli");
  mkdirSync(cli, { recursive: true });
  for (const name of ["main.cjs", "bundle.cjs", "bundle-bake.cjs"])
    copyFileSync(join(dirname(program), name), join(cli, name));
  for (const name of ["native", "node_modules", "package.json"])
    symlinkSync(join(repository, name), join(space.directory, "program", name));
  writeFileSync(join(space.directory, "Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n");
  writeFileSync(join(space.directory, "docker-bake.hcl"), 'target "default" {}\n');
  return cli;
}

async function start(space: Workspace, ...args: string[]): Promise<void> {
  const main = join(space.directory, "program/dist/cli/main.cjs");
  const { code, stderr } = await run(process.execPath, [main, ...args], {
    cwd: space.directory,
    env: { TSBUILD_ROOT: space.store },
  });
  assert.equal(code, 0, stderr);
}

const build = ["--quiet", "--output=out", "."] as const;

const compiledIn = (cli: string): string[] =>
  readdirSync(cli).filter((name) => name.includes(".code"));

/** Tells at the end which parts of Node were loaded after the first flag of V8 was set. */
const tellLateParts = `
const v8 = require("node:v8");
const { setFlagsFromString } = v8;
let before;
v8.setFlagsFromString = (flag) => {
  before ??= new Set(process.moduleLoadList);
  setFlagsFromString(flag);
};
process.on("exit", () => {
  const late = process.moduleLoadList.filter((name) => !before.has(name));
  // What is internal loads with the others, or is of the standard streams' kind.
  process.stderr.write(late.filter((name) => /^NativeModule (?!internal)/.test(name)).join(" "));
});
`;

describe("the launcher", () => {
  it("loads what a build needs of Node before it sets flags, under which that would be compiled anew", async () => {
    await using space = workspace();
    const cli = installed(space);
    const hook = join(space.directory, "hook.cjs");
    writeFileSync(hook, tellLateParts);
    await start(space, ...build);
    const { code, stderr } = await run(
      process.execPath,
      ["--require", hook, join(cli, "main.cjs"), ...build],
      { cwd: space.directory, env: { TSBUILD_ROOT: space.store } },
    );
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
  });

  it("keeps the compiled code of a build, and makes it anew where it is of no use", async () => {
    await using space = workspace();
    const cli = installed(space);
    await start(space, "--version");
    assert.deepEqual(compiledIn(cli), []);
    await start(space, ...build);
    const [name = "", ...others] = compiledIn(cli);
    assert.deepEqual(others, []);
    await start(space, "bake", "--set", "*.output=bake");
    assert.deepEqual(compiledIn(cli).length, 2);
    assert.match(name, new RegExp(`^bundle-[0-9a-f]+-${process.version}-${process.arch}\\.code$`));
    const code = join(cli, name);
    const whole = readFileSync(code);
    const { mtimeMs } = statSync(code);
    await start(space, ...build);
    assert.equal(statSync(code).mtimeMs, mtimeMs, "used as it is, it is not written again");
    for (const damaged of ["", "no code", whole.subarray(0, 1000)]) {
      writeFileSync(code, damaged);
      await start(space, ...build);
      assert.ok(readFileSync(code).length > whole.length / 2);
    }
    assert.equal(
      readFileSync(join(space.directory, "out/Dockerfile"), "utf8").split("\n")[0],
      "FROM scratch",
    );
  });
  it("writes nothing where the program is somebody else's", { skip: !asRoot }, async () => {
    await using space = workspace();
    const cli = installed(space);
    chownSync(cli, 12345, 12345);
    await start(space, ...build);
    assert.deepEqual(compiledIn(cli), []);
  });
});
