// SPDX-License-Identifier: Apache-2.0
// The scripts of `tsbuild completion`, asked by the shells they are for.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { program, run, workspace } from "../support/runner.js";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

const space = workspace();
const scriptOf = (shell: Shell): string => join(space.directory, `tsbuild.${shell}`);
before(async () => {
  const bin = join(space.directory, "bin");
  mkdirSync(bin);
  const line = `exec '${process.execPath}' '${program}' "$@"`;
  writeFileSync(join(bin, "tsbuild"), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  for (const shell of shells)
    writeFileSync(scriptOf(shell), (await space.succeed(["completion", shell])).stdout);
  const tags = ["-t", "complete-me:v1", "-t", "localhost:5000/other"];
  await space.succeed(["build", "--quiet", ...tags, "-"], { input: "FROM scratch\nLABEL a=b\n" });
});
after(async () => space[Symbol.asyncDispose]());

/** What a shell prints, sorted. */
async function answers(shell: Shell, script: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(shell, ["-c", script], {
    cwd: space.directory,
    timeout: 30_000,
    env: {
      PATH: `${join(space.directory, "bin")}:${process.env["PATH"] ?? ""}`,
      HOME: space.directory,
      XDG_CONFIG_HOME: undefined,
      XDG_DATA_HOME: undefined,
      TSBUILD_ROOT: space.store,
      NODE_OPTIONS: undefined,
    },
  });
  assert.deepEqual([code, stderr], [0, ""], script);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}

/** Bash, with the cursor behind the last of these words, as bash takes them apart. */
function bash(...words: readonly string[]): Promise<string[]> {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const line = words.join(" ").replaceAll(/ ?([:=]) ?/g, "$1");
  return answers(
    "bash",
    `source ${scriptOf("bash")}
COMP_WORDS=(${quoted}) COMP_CWORD=${words.length - 1} COMP_LINE='${line}' COMP_POINT=${line.length}
COMP_WORDBREAKS=$' \\t\\n=:'
complete -p tsbuild | grep -q -- '-F _tsbuild ' || exit; _tsbuild; printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
}

/** Zsh, whose completion system does nothing without a terminal: what the function tells it. */
function zsh(...words: readonly string[]): Promise<string[]> {
  return answers(
    "zsh",
    `compdef() { : }
for function in _describe _files _arguments compadd; do
  eval "$function() { print -l -- $function \\"\\$@\\" }"
done
source ${scriptOf("zsh")}
words=(${words.map((word) => `'${word}'`).join(" ")}) CURRENT=${words.length}
_tsbuild`,
  );
}

const skipWithout = (shell: Shell): { skip?: string } =>
  spawnSync(shell, ["-c", "true"]).status === 0 ? {} : { skip: `${shell} is not installed` };

describe("completions of bash", () => {
  it("are commands, flags, values of flags, and files", async () => {
    assert.deepEqual(await bash("tsbuild", "ins"), ["inspect"]);
    assert.deepEqual(await bash("tsbuild", "--cache-"), [
      "--cache-from",
      "--cache-to",
      "--cache-ttl",
    ]);
    assert.deepEqual(await bash("tsbuild", "run", "--ent"), ["--entrypoint"]);
    assert.deepEqual(await bash("tsbuild", "imagetools", "cr"), ["create"]);
    assert.deepEqual(await bash("tsbuild", "imagetools", "create", "--dry"), ["--dry-run"]);
    const kinds = ["plain"];
    assert.deepEqual(await bash("tsbuild", "build", "--progress", "pl"), kinds);
    assert.deepEqual(await bash("tsbuild", "build", "--progress", "=", "pl"), kinds);
    assert.equal((await bash("tsbuild", "build", "--progress", "=")).length, 6);
    assert.deepEqual(await bash("tsbuild", "--file", "tsbuild.z"), ["tsbuild.zsh"]);
    assert.deepEqual(await bash("tsbuild", "tsbuild.f"), ["tsbuild.fish"]);
  });
  it("are names of images, from the last colon on", async () => {
    assert.deepEqual(await bash("tsbuild", "run", "compl"), ["complete-me:v1"]);
    assert.deepEqual(await bash("tsbuild", "inspect", "complete-me", ":", "v"), ["v1"]);
    assert.deepEqual(await bash("tsbuild", "push", "localhost", ":", "5000/o"), [
      "5000/other:latest",
    ]);
    assert.deepEqual(await bash("tsbuild", "explain", "compl"), []);
  });
});

describe("completions of zsh", () => {
  it("are commands, flags, and names of images", skipWithout("zsh"), async () => {
    assert.equal((await run("zsh", ["-n", scriptOf("zsh")])).code, 0);
    assert.ok((await zsh("tsbuild", "ins")).includes("_describe"));
    const build = await zsh("tsbuild", "build", "-");
    assert.ok(build.some((line) => /^\*--progress\[.*\]:value:\(auto plain /.test(line)));
    assert.ok(build.includes("*:file:_files"));
    const inspect = await zsh("tsbuild", "inspect", "");
    assert.ok(inspect.includes("*:image:_tsbuild_images"));
    assert.ok((await zsh("tsbuild", "imagetools", "")).includes("*:command:(create inspect)"));
    const names = await answers(
      "zsh",
      `compdef() { : }; _files() { : }; compadd() { print -l -- $names }
source ${scriptOf("zsh")}; _tsbuild_images`,
    );
    assert.deepEqual(names, ["complete-me:v1", "localhost:5000/other:latest"]);
  });
});

describe("completions of fish", () => {
  const fish = async (line: string): Promise<string[]> =>
    (await answers("fish", `source ${scriptOf("fish")}; complete -C '${line}'`)).map(
      (answer) => answer.split("\t", 1)[0] ?? "",
    );
  it("are commands, flags, values of flags, and names of images", skipWithout("fish"), async () => {
    assert.deepEqual(await fish("tsbuild ins"), ["inspect"]);
    assert.deepEqual(await fish("tsbuild run --ent"), ["--entrypoint"]);
    assert.deepEqual(await fish("tsbuild build --progress pl"), ["plain"]);
    assert.deepEqual(await fish("tsbuild inspect compl"), ["complete-me:v1"]);
    assert.deepEqual(await fish("tsbuild imagetools cr"), ["create"]);
  });
});
