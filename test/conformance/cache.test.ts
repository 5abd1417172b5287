// SPDX-License-Identifier: Apache-2.0
// What a second build runs again after one thing has changed, and what it takes from the cache.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { baseContexts, workspace, type RunResult } from "../support/runner.js";
import type { ContextSpec } from "./case.js";
import { makeContext } from "./context.js";

interface Build {
  readonly dockerfile?: string;
  readonly context?: ContextSpec;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface CacheCase extends Build {
  readonly name: string;
  /** What is other in the second build. */
  readonly change: Build;
  /** The steps that run again; all others are cached. */
  readonly again: readonly string[];
}

const copy: Build = {
  dockerfile: "FROM busybox\nCOPY f /f\nCOPY d /d\nRUN cat /f\n",
  context: { f: "f", "d/a": "a", "d/b": "b", other: "other" },
};
const withFile = (name: string, node: ContextSpec[string]): Build => ({
  context: { ...copy.context, [name]: node },
});

const cases: readonly CacheCase[] = [
  { name: "nothing", ...copy, change: {}, again: [] },
  {
    name: "a file's time",
    ...copy,
    change: withFile("f", { file: "f", mtime: 1_500_000_000 }),
    again: [],
  },
  {
    name: "a file's content",
    ...copy,
    change: withFile("f", "g"),
    again: ["COPY f /f", "COPY d /d", "RUN cat /f"],
  },
  {
    name: "a file's mode",
    ...copy,
    change: withFile("f", { file: "f", mode: 0o600 }),
    again: ["COPY f /f", "COPY d /d", "RUN cat /f"],
  },
  {
    name: "the mode of a directory above what is copied",
    ...copy,
    change: { context: { ...copy.context, d: { dir: true, mode: 0o700 } } },
    again: [],
  },
  {
    name: "the mode of a directory that is copied with --parents",
    dockerfile: "FROM busybox\nCOPY --parents d/a /x/\n",
    context: { "d/a": "a" },
    change: { context: { d: { dir: true, mode: 0o700 }, "d/a": "a" } },
    again: ["COPY --parents d/a /x/"],
  },
  {
    name: "a file in a copied directory",
    ...copy,
    change: withFile("d/b", "c"),
    again: ["COPY d /d", "RUN cat /f"],
  },
  {
    name: "a file more in a copied directory",
    ...copy,
    change: withFile("d/c", "c"),
    again: ["COPY d /d", "RUN cat /f"],
  },
  { name: "a file that nothing copies", ...copy, change: withFile("other", "changed"), again: [] },
  { name: "a file more that nothing copies", ...copy, change: withFile("new", "new"), again: [] },
  {
    name: "an archive that is named instead of its directory",
    dockerfile: "FROM busybox\nADD d/ /x/\n",
    context: { "d/a.tar": { archive: [{ name: "f", file: "f" }] } },
    change: { dockerfile: "FROM busybox\nADD d/a.tar /x/\n" },
    again: ["ADD d/a.tar /x/"],
  },
  {
    name: "an ignore file that leaves out what nothing copies",
    ...copy,
    change: withFile(".dockerignore", "other\n"),
    again: [],
  },
  {
    name: "an ignore file that leaves out what is copied",
    ...copy,
    change: withFile(".dockerignore", "d/a\n"),
    again: ["COPY d /d", "RUN cat /f"],
  },
  {
    name: "the name of a file that a wildcard finds",
    dockerfile: "FROM scratch\nCOPY *.x /\n",
    context: { "a.x": "x" },
    change: { context: { "b.x": "x" } },
    again: ["COPY *.x /"],
  },
  {
    name: "the directory that a copied directory is called",
    dockerfile: "FROM scratch\nARG D=one\nCOPY $D /d\n",
    context: { "one/a": "a" },
    change: { context: { "two/a": "a" }, args: ["--build-arg=D=two"] },
    again: [],
  },
  {
    name: "where a link in a copied directory points",
    dockerfile: "FROM scratch\nCOPY d /d\n",
    context: { "d/l": { symlink: "a" } },
    change: { context: { "d/l": { symlink: "b" } } },
    again: ["COPY d /d"],
  },
  {
    name: "the target of a link that is a source",
    dockerfile: "FROM scratch\nCOPY l /l\n",
    context: { l: { symlink: "t" }, t: "one" },
    change: { context: { l: { symlink: "t" }, t: "two" } },
    again: ["COPY l /l"],
  },
  {
    name: "where a link that is a source points, to the same content",
    dockerfile: "FROM scratch\nCOPY l /l\n",
    context: { l: { symlink: "t" }, t: "one", u: "one" },
    change: { context: { l: { symlink: "u" }, t: "one", u: "one" } },
    again: [],
  },
  {
    name: "an extended attribute",
    dockerfile: "FROM scratch\nCOPY f /f\n",
    context: { f: "f" },
    change: { context: { f: { file: "f", xattrs: { "user.x": "y" } } } },
    again: ["COPY f /f"],
  },
  {
    name: "the destination",
    ...copy,
    change: { dockerfile: "FROM busybox\nCOPY f /g\nCOPY d /d\nRUN cat /g\n" },
    again: ["COPY f /g", "COPY d /d", "RUN cat /g"],
  },
  {
    name: "the owner that a COPY gives",
    dockerfile: "FROM scratch\nCOPY --chown=1 f /f\n",
    context: { f: "f" },
    change: { dockerfile: "FROM scratch\nCOPY --chown=2 f /f\n" },
    again: ["COPY --chown=2 f /f"],
  },
  {
    name: "labels, commands and comments",
    dockerfile: "FROM busybox\nLABEL a=1\nCMD a\nRUN true # same\n",
    change: {
      dockerfile:
        "# comment\nFROM busybox\nLABEL a=2\nEXPOSE 80\nCMD b\nSTOPSIGNAL 9\nRUN true # same\n",
    },
    again: [],
  },
  {
    name: "a variable of the environment",
    dockerfile: "FROM busybox\nRUN echo one\nENV A=1\nRUN echo two\n",
    change: { dockerfile: "FROM busybox\nRUN echo one\nENV A=2\nRUN echo two\n" },
    again: ["RUN echo two"],
  },
  {
    name: "an argument: only what comes after its declaration",
    dockerfile: "FROM busybox\nRUN echo one\nARG A\nRUN echo two\n",
    args: ["--build-arg=A=1"],
    change: { args: ["--build-arg=A=2"] },
    again: ["RUN echo two"],
  },
  {
    name: "an argument that no step after it can see",
    dockerfile: "FROM busybox\nRUN echo one\nARG A\n",
    args: ["--build-arg=A=1"],
    change: { args: ["--build-arg=A=2"] },
    again: [],
  },
  {
    name: "a proxy",
    dockerfile: "FROM busybox\nRUN echo one\n",
    args: ["--build-arg=http_proxy=a"],
    change: { args: ["--build-arg=http_proxy=b"] },
    again: [],
  },
  {
    name: "the address of an additional host, not its name",
    dockerfile: "FROM busybox\nRUN echo one\n",
    args: ["--add-host=h:1.2.3.4"],
    change: { args: ["--add-host=h:4.3.2.1"] },
    again: [],
  },
  {
    name: "the name of an additional host",
    dockerfile: "FROM busybox\nRUN echo one\n",
    args: ["--add-host=h:1.2.3.4"],
    change: { args: ["--add-host=i:1.2.3.4"] },
    again: ["RUN echo one"],
  },
  {
    name: "the user",
    dockerfile: "FROM busybox\nRUN echo one\n",
    change: { dockerfile: "FROM busybox\nUSER daemon\nRUN echo one\n" },
    again: ["RUN echo one"],
  },
  {
    name: "the shell",
    dockerfile: "FROM busybox\nRUN echo one\n",
    change: { dockerfile: 'FROM busybox\nSHELL ["/bin/sh","-ec"]\nRUN echo one\n' },
    again: ["RUN echo one"],
  },
  {
    name: "the network of a step",
    dockerfile: "FROM busybox\nRUN echo one\n",
    args: ["--network=default"],
    change: { args: ["--network=none"] },
    again: ["RUN echo one"],
  },
  {
    name: "a secret's value",
    dockerfile: "FROM busybox\nRUN --mount=type=secret,id=s cat /run/secrets/s\n",
    args: ["--secret=id=s,env=S"],
    env: { S: "one" },
    change: { env: { S: "two" } },
    again: [],
  },
  {
    name: "what a here-document says",
    dockerfile: "FROM busybox\nCOPY <<EOF /f\none\nEOF\nRUN <<EOF\necho one\nEOF\n",
    change: { dockerfile: "FROM busybox\nCOPY <<EOF /f\none\nEOF\nRUN <<EOF\necho two\nEOF\n" },
    again: ["RUN <<EOF"],
  },
  {
    name: "what a here-document of COPY says",
    dockerfile: "FROM scratch\nCOPY <<EOF /f\none\nEOF\n",
    change: { dockerfile: "FROM scratch\nCOPY <<EOF /f\ntwo\nEOF\n" },
    again: ["COPY <<EOF /f"],
  },
  {
    name: "the working directory",
    dockerfile: "FROM busybox\nWORKDIR /a\nRUN echo one\n",
    change: { dockerfile: "FROM busybox\nWORKDIR /b\nRUN echo one\n" },
    again: ["WORKDIR /b", "RUN echo one"],
  },
  {
    name: "a file that a bind mount shows",
    dockerfile: "FROM busybox\nRUN --mount=source=d,target=/d cat /d/a\n",
    context: { "d/a": "a", other: "x" },
    change: { context: { "d/a": "b", other: "x" } },
    again: ["RUN --mount=source=d,target=/d cat /d/a"],
  },
  {
    name: "a file beside what a bind mount shows",
    dockerfile: "FROM busybox\nRUN --mount=source=d,target=/d cat /d/a\n",
    context: { "d/a": "a", other: "x" },
    change: { context: { "d/a": "a", other: "y" } },
    again: [],
  },
  {
    name: "a stage whose output is the same in the end",
    dockerfile:
      "FROM busybox AS s\nCOPY f /f\nRUN echo constant > /out\nFROM busybox\nCOPY --from=s /out /out\nRUN cat /out\n",
    context: { f: "one" },
    change: { context: { f: "two" } },
    again: ["COPY f /f", "RUN echo constant > /out"],
  },
  {
    name: "a stage of which something else is copied",
    dockerfile: "FROM busybox AS s\nCOPY . /all\nFROM busybox\nCOPY --from=s /all/a /a\n",
    context: { a: "a", b: "b" },
    change: { context: { a: "a", b: "changed" } },
    again: ["COPY . /all"],
  },
  {
    name: "the name of a stage",
    dockerfile: "FROM busybox AS one\nRUN echo x > /x\nFROM scratch\nCOPY --from=one /x /x\n",
    change: {
      dockerfile: "FROM busybox AS two\nRUN echo x > /x\nFROM scratch\nCOPY --from=two /x /x\n",
    },
    again: [],
  },
  {
    name: "--no-cache",
    dockerfile: "FROM busybox\nRUN echo one\nCOPY f /f\n",
    context: { f: "f" },
    change: { args: ["--no-cache"] },
    again: ["RUN echo one", "COPY f /f"],
  },
  {
    name: "--no-cache-filter",
    dockerfile:
      "FROM busybox AS a\nRUN echo a > /a\nFROM busybox AS b\nRUN echo b > /b\nCOPY --from=a /a /a\n",
    change: { args: ["--no-cache-filter=a"] },
    again: ["RUN echo a > /a"],
  },
];

const held = workspace();
after(async () => {
  await held[Symbol.asyncDispose]();
});

/** Builds in `directory`, whose context is made anew. */
async function build(
  directory: string,
  store: string,
  spec: Build,
  fails = false,
): Promise<RunResult> {
  const context = join(directory, "context");
  rmSync(context, { recursive: true, force: true });
  mkdirSync(context, { recursive: true });
  await makeContext(context, { ...spec.context, Dockerfile: spec.dockerfile ?? "" });
  const network =
    spec.args?.some((arg) => arg.startsWith("--network")) === true ? [] : ["--network=none"];
  const args = [
    "--progress=plain",
    ...baseContexts("busybox"),
    ...network,
    ...(spec.args ?? []),
    context,
  ];
  const options = { env: { ...spec.env, TSBUILD_ROOT: store } };
  return fails ? held.fail(1, args, options) : held.succeed(args, options);
}

/** Steps of the Dockerfile that ran, in order; those that were cached are left out. */
function ran(result: RunResult): string[] {
  const names = new Map<string, string>();
  const done: string[] = [];
  for (const line of result.stderr.split("\n")) {
    const [, id = "", text = ""] = /^#(\d+) (.*)$/.exec(line) ?? [];
    const step = /^\[.* \d+\/\d+\] (.*)$/.exec(text)?.[1];
    if (step !== undefined) names.set(id, step);
    const name = names.get(id);
    if (name !== undefined && /^(DONE|ERROR)\b/.test(text)) done.push(name);
  }
  return done;
}

describe("a build after a change of", { concurrency: 3 }, () => {
  cases.forEach(({ name, change, again, ...first }, i) => {
    it(`${name} runs ${again.length === 0 ? "nothing" : "what depends on it"}`, async () => {
      const directory = join(held.directory, `cache-${i}`);
      const store = join(held.directory, `store-${i}`);
      const before = ran(await build(directory, store, first));
      assert.ok(before.length > 0, "the first build runs its steps");
      assert.deepEqual(ran(await build(directory, store, { ...first, ...change })), again);
    });
  });
});

describe("a cache", { concurrency: 3 }, () => {
  it("knows a context that was moved", async () => {
    const store = join(held.directory, "store-moved");
    await build(join(held.directory, "moved-a"), store, copy);
    cpSync(join(held.directory, "moved-a"), join(held.directory, "moved-b"), { recursive: true });
    assert.deepEqual(ran(await build(join(held.directory, "moved-b"), store, copy)), []);
  });

  it("does not keep a step that failed, and keeps those before it", async () => {
    const directory = join(held.directory, "failing");
    const store = join(held.directory, "store-failing");
    const failing = { dockerfile: "FROM busybox\nRUN echo one\nRUN false\n" };
    assert.deepEqual(ran(await build(directory, store, failing, true)), [
      "RUN echo one",
      "RUN false",
    ]);
    assert.deepEqual(ran(await build(directory, store, failing, true)), ["RUN false"]);
  });

  it("gives the same image again", async () => {
    const directory = join(held.directory, "same");
    const store = join(held.directory, "store-same");
    const id = (result: RunResult): string | undefined =>
      /^image id (.*)$/m.exec(result.stderr)?.[1];
    const first = id(await build(directory, store, copy));
    assert.match(first ?? "", /^sha256:/);
    assert.equal(id(await build(directory, store, copy)), first);
  });

  it("serves a COPY for every platform", async () => {
    const directory = join(held.directory, "platform");
    const store = join(held.directory, "store-platform");
    const dockerfile = "FROM scratch\nCOPY f /f\n";
    await build(directory, store, { dockerfile, context: { f: "f" } });
    const other = { dockerfile, context: { f: "f" }, args: ["--platform=linux/s390x"] };
    // A COPY is the same on every platform.
    assert.deepEqual(ran(await build(directory, store, other)), []);
  });

  it("keeps the RUNs of platforms apart, but for stages on the platform that builds", async () => {
    const directory = join(held.directory, "platforms");
    const store = join(held.directory, "store-platforms");
    const dockerfile = [
      "FROM --platform=$BUILDPLATFORM busybox AS here",
      "RUN echo built > /out",
      "FROM scratch",
      "COPY --from=here /bin/busybox /out /",
      'RUN ["/busybox", "true"]',
      "",
    ].join("\n");
    const other = { dockerfile, args: ["--platform=linux/s390x"] };
    assert.equal(ran(await build(directory, store, { dockerfile })).length, 3);
    assert.deepEqual(ran(await build(directory, store, other)), ['RUN ["/busybox", "true"]']);
    assert.deepEqual(ran(await build(directory, store, other)), []);
    assert.deepEqual(ran(await build(directory, store, { dockerfile })), []);
  });
});
