// SPDX-License-Identifier: Apache-2.0
// SOURCE_DATE_EPOCH by number, and by the name of what it is the time of.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { baseContexts, workspace, type RunResult } from "../support/runner.js";
import { tarOf } from "../support/tar-builder.js";

const space = workspace();
after(async () => space[Symbol.asyncDispose]());

const newest = 1_650_000_000;
const modified = 1_600_000_000;
/** What the step sees of the variable. */
const show = 'FROM busybox\nARG SOURCE_DATE_EPOCH\nRUN echo "[$SOURCE_DATE_EPOCH]" > /epoch\n';

const archive = tarOf(
  { name: "Dockerfile", content: show, mtime: newest - 5 },
  { name: "newest", content: "x", mtime: newest },
  { name: "directory/", type: "5", mtime: newest + 100 },
);
const server = createServer((request, response) => {
  if (request.url?.startsWith("/dated") === true)
    response.setHeader("last-modified", new Date(modified * 1000).toUTCString());
  response.end(request.url?.endsWith(".txt") === true ? "text\n" : archive);
});
let base = "";
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

let count = 0;
async function build(
  args: readonly string[],
  input: string,
): Promise<{ readonly result: RunResult; readonly seen?: string; readonly created?: string }> {
  const out = join(space.directory, `out-${count++}`);
  mkdirSync(out);
  const result = await space.tsbuild(
    [
      "build",
      ...baseContexts("busybox"),
      "-o",
      `type=local,dest=${out}/tree`,
      "-t",
      "dated",
    ].concat(["-o", "type=image", ...args]),
    { input, timeout: 60_000 },
  );
  if (result.code !== 0) return { result };
  const inspected = await space.succeed(["inspect", "dated"]);
  const { created } = JSON.parse(inspected.stdout) as { created: string };
  return { result, seen: readFileSync(join(out, "tree/epoch"), "utf8").trim(), created };
}

async function assertTime(args: readonly string[], input: string, time: number): Promise<void> {
  const { result, seen, created } = await build(args, input);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(seen, `[${time}]`);
  assert.equal(created, new Date(time * 1000).toISOString().replace(".000Z", "Z"));
}

async function assertRefused(args: readonly string[], input: string): Promise<void> {
  const { result } = await build(args, input);
  assert.equal(result.code, 1, result.stderr);
  assert.match(result.stderr, /SOURCE_DATE_EPOCH/);
}

describe("SOURCE_DATE_EPOCH", () => {
  const argument = (value: string): string => `--build-arg=SOURCE_DATE_EPOCH=${value}`;
  it("is the latest time in outputs of files", async () => {
    const out = join(space.directory, "files");
    mkdirSync(join(out, "unpacked"), { recursive: true });
    const outputs = ["-o", `type=local,dest=${out}/tree`, "-o", `type=tar,dest=${out}/tree.tar`];
    await space.succeed(["build", ...baseContexts("busybox"), ...outputs, argument("60"), "-"], {
      input: "FROM busybox\nRUN mkdir /d && touch /d/new && ln -s new /d/link\n",
    });
    execFileSync("tar", ["-xf", `${out}/tree.tar`, "-C", `${out}/unpacked`, "d"]);
    for (const tree of ["tree", "unpacked"])
      for (const path of ["d", "d/new", "d/link"])
        assert.equal(lstatSync(join(out, tree, path)).mtimeMs, 60_000, `${tree}/${path}`);
  });

  it("has a default in the Dockerfile, under the argument", async () => {
    const dockerfile = `ARG SOURCE_DATE_EPOCH=1000\n${show}`;
    await assertTime(["-"], dockerfile, 1000);
    await assertTime([argument("2000"), "-"], dockerfile, 2000);
  });
  it("is what the server of the context says, else the time of the newest file in it", async () => {
    await assertTime([argument("context"), `${base}/dated.tar`], "", modified);
    await assertTime([argument("context"), `${base}/plain.tar`], "", newest);
  });
  it("is nothing for a directory of this machine", async () => {
    const context = join(space.directory, "context");
    mkdirSync(context);
    writeFileSync(join(context, "Dockerfile"), show);
    const { result, seen } = await build([argument("context"), context], "");
    assert.equal(result.code, 0, result.stderr);
    assert.equal(seen, "[]");
  });
  it("is the time of a named context", async () => {
    const dockerfile = `ARG SOURCE_DATE_EPOCH=src\n${show}`;
    await assertTime([`--build-context=src=${base}/dated.tar`, "-"], dockerfile, modified);
    await assertTime([`--build-context=src=${base}/plain.tar`, "-"], dockerfile, newest);
  });
  it("is the time of what a stage downloads", async () => {
    const stage = (url: string): string =>
      `ARG SOURCE_DATE_EPOCH=Source\nARG HOST=${base}\nFROM scratch AS source\nARG FILE=${url}\nADD $HOST/$FILE /\n${show}`;
    await assertTime(["-"], stage("plain.tar"), newest);
    await assertTime(["--build-arg=FILE=dated.txt", "-"], stage("plain.tar"), modified);
  });
  it("refuses names that nothing has, and stages that do more than download", async () => {
    await assertRefused([argument("nothing"), "-"], show);
    for (const stage of [
      "COPY x /",
      "ADD local /",
      "RUN true",
      `ADD ${base}/a ${base}/b /`,
      "ARG A",
    ])
      await assertRefused(["-"], `ARG SOURCE_DATE_EPOCH=s\nFROM scratch AS s\n${stage}\n${show}`);
    await assertRefused(
      ["-"],
      `ARG SOURCE_DATE_EPOCH=s\nFROM busybox AS s\nADD ${base}/a /\n${show}`,
    );
  });
});
