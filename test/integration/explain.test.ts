// SPDX-License-Identifier: Apache-2.0
// `tsbuild explain`: what it says of a build before it runs is what the build then does.

import assert from "node:assert/strict";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { baseContexts, workspace, type Workspace } from "../support/runner.js";
import { makeTree } from "../support/tree.js";

interface Reason {
  readonly why: string;
  readonly text: string;
  readonly lines: readonly string[];
}
interface Step {
  readonly name: string;
  readonly outcome: "hit" | "content" | "miss";
  readonly reasons: readonly Reason[];
}

const dockerfile = `
FROM busybox AS build
ARG VERSION=1
RUN echo "$VERSION" > /version
COPY source /source
RUN --mount=type=bind,source=scripts,target=/scripts sh /scripts/make
FROM busybox
COPY --from=build /made /made
RUN cat /made
`;

function prepared(): Workspace {
  const space = workspace();
  makeTree(join(space.directory, "context"), {
    Dockerfile: dockerfile,
    "source/a": "a",
    "source/sub/b": "b",
    "scripts/make": "echo made > /made",
  });
  return space;
}

const flags = (...more: readonly string[]): string[] => [
  ...baseContexts("busybox"),
  ...more,
  "context",
];

/** Steps by what their names end with. */
async function explain(
  space: Workspace,
  ...more: readonly string[]
): Promise<(end: string) => Step> {
  const { stdout } = await space.succeed(["explain", "--format", "json", ...flags(...more)]);
  const steps = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Step);
  // What is foretold is what happens.
  const { stderr } = await space.succeed(["build", "--progress=plain", ...flags(...more)]);
  for (const { name, outcome, reasons } of steps) {
    const number = stderr
      .split("\n")
      .map((line) => /^#(\d+) (.*)$/.exec(line))
      .find((match) => match?.[2] === name)?.[1];
    assert.ok(number !== undefined, `${name} is shown by the build`);
    const cached = new RegExp(`^#${number} CACHED$`, "m").test(stderr);
    const waits = reasons.some(({ why }) => why === "input-runs");
    if (!waits) assert.equal(cached, outcome !== "miss", name);
  }
  return (end) => {
    const step = steps.find(({ name }) => name.endsWith(end));
    assert.ok(step !== undefined, end);
    return step;
  };
}

const linesOf = ({ reasons }: Step): string[] => reasons.flatMap(({ lines }) => lines);

describe("explain", () => {
  it("names files, bind mounts, variables and flags", async () => {
    await using space = prepared();
    const file = (...path: string[]): string => join(space.directory, "context", ...path);
    const first = await explain(space);
    assert.equal(first('RUN echo "$VERSION" > /version').outcome, "miss");
    const second = await explain(space);
    for (const end of ["/version", "/source", "/scripts/make", "/made /made", "cat /made"])
      assert.equal(second(end).outcome, "hit", end);

    writeFileSync(file("source/a"), "other");
    writeFileSync(file("source/new"), "new");
    chmodSync(file("source/sub/b"), 0o755);
    const changed = await explain(space);
    assert.deepEqual(linesOf(changed("COPY source /source")), [
      "changed source/a: other content",
      "added source/new",
      "changed source/sub/b: file 0644 is now file 0755",
    ]);
    assert.equal(changed('RUN echo "$VERSION" > /version').outcome, "hit");

    rmSync(file("source/new"));
    writeFileSync(file("scripts/make"), "echo otherwise > /made");
    const removed = await explain(space);
    assert.deepEqual(linesOf(removed("COPY source /source")), ["removed source/new"]);
    assert.ok(linesOf(removed("sh /scripts/make")).includes("changed scripts/make: other content"));

    const argument = await explain(space, "--build-arg", "VERSION=2");
    assert.deepEqual(linesOf(argument('RUN echo "$VERSION" > /version')), [
      "changed VERSION=1 to VERSION=2",
    ]);
    const asked = await explain(space, "--no-cache");
    assert.deepEqual(
      asked("COPY source /source").reasons.map(({ why }) => why),
      ["no-cache"],
    );
  });

  it("knows what is too old for --cache-ttl", async () => {
    await using space = prepared();
    await space.succeed(["build", ...flags()]);
    const young = await explain(space, "--cache-ttl=1h");
    for (const end of ["/version", "/source", "/made /made", "cat /made"])
      assert.equal(young(end).outcome, "hit", end);
    const old = await explain(space, "--cache-ttl=.01s");
    for (const end of ["/version", "cat /made"]) {
      assert.equal(old(end).outcome, "miss");
      assert.deepEqual(
        old(end).reasons.map(({ why, text }) => [why, text]),
        [["expired", "older than --cache-ttl"]],
      );
    }
    // Base images are no results of steps.
    assert.equal(old("/busybox").outcome, "hit");
    const none = await explain(space, "--cache-ttl=0");
    assert.deepEqual(
      none("/source").reasons.map(({ why }) => why),
      ["no-cache"],
    );
    // What was run again is young.
    assert.equal((await explain(space, "--cache-ttl=1m"))("cat /made").outcome, "hit");
    await space.fail(2, ["build", "--cache-ttl=soon", ...flags()]);
  });

  it("knows of a pruned result, and compares an edited instruction with what stood there before", async () => {
    await using space = prepared();
    await explain(space);
    await space.succeed(["prune", "--force", "--filter", "description~=cat /made"]);
    const pruned = await explain(space);
    assert.equal(pruned("cat /made").outcome, "miss");
    assert.equal(pruned("/made /made").outcome, "hit");
    writeFileSync(
      join(space.directory, "context/Dockerfile"),
      dockerfile.replace("cat /made", "cat /made /made"),
    );
    const edited = await explain(space);
    const { reasons } = edited("cat /made /made");
    assert.deepEqual(
      reasons.map(({ why, text }) => [why, text]),
      [["part-changed", "command changed"]],
    );
  });

  it("is printed before a build with --explain-cache, and runs nothing by itself", async () => {
    await using space = prepared();
    await space.succeed(["explain", ...flags()]);
    assert.doesNotMatch((await space.succeed(["du"])).stdout, /\bRUN\b/);
    const { stderr } = await space.succeed([
      "build",
      "--explain-cache",
      "--progress=plain",
      ...flags("--tag", "x:1"),
    ]);
    assert.match(stderr, /^MISS {2}\[build 3\/4\] COPY source \/source\n/m);
    assert.match(stderr, /named docker.io\/library\/x:1/);
    await space.fail(2, ["build", "--explain-cache", "--file", "-", ...flags()]);
  });
});
