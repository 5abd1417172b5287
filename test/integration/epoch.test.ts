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
const archiveOfFiles = tarOf(
  { name: "Dockerfile", content: "FROM scratch\nCOPY sub /sub\nCOPY link /link\n", mtime: newest },
  { name: "sub/", type: "5", mtime: newest },
  { name: "sub/old", content: "x", mtime: 500 },
  { name: "sub/new", content: "x", mtime: newest },
  { name: "link", type: "2", link: "sub/old", mtime: newest },
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

interface Dated {
  readonly created: string;
  readonly history: readonly { readonly created: string }[];
}

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

interface Manifest {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly layers?: readonly { readonly annotations?: Readonly<Record<string, string>> }[];
}

describe("SOURCE_DATE_EPOCH", () => {
  const argument = (value: string): string => `--build-arg=SOURCE_DATE_EPOCH=${value}`;

  it("has a default in the Dockerfile, under the argument", async () => {
    const dockerfile = `ARG SOURCE_DATE_EPOCH=1000\n${show}`;
    await assertTime(["-"], dockerfile, 1000);
    await assertTime([argument("2000"), "-"], dockerfile, 2000);
  });
  it("is the time of all files that an output of files has, which may have one of its own", async () => {
    const { directory } = space;
    const times = async (output: string, args: readonly string[] = []): Promise<string[]> => {
      const tar = `type=tar,dest=${directory}/times.tar${output}`;
      const local = `type=local,dest=${directory}/times${output}`;
      await space.succeed(["build", ...args, "-o", tar, "-o", local, "-"], {
        input: archiveOfFiles,
      });
      const list = execFileSync("tar", ["--utc", "--full-time", "-tvf", `${directory}/times.tar`], {
        encoding: "utf8",
      });
      const inTar = list
        .trim()
        .split("\n")
        .map((line) => line.split(/ +/).slice(3, 5).join(" "));
      const inDirectory = ["sub", "sub/old", "sub/new", "link"].map((path) =>
        lstatSync(join(directory, "times", path))
          .mtime.toISOString()
          .replace(/T(.*)\.000Z/, " $1"),
      );
      return [...new Set([...inTar, ...inDirectory])];
    };
    assert.deepEqual(await times("", [argument("2000")]), ["1970-01-01 00:33:20"]);
    assert.deepEqual(await times(",source-date-epoch=3000", [argument("2000")]), [
      "1970-01-01 00:50:00",
    ]);
    assert.ok((await times("")).length > 1);
  });
  it("is what the server of the context says, else the time of the newest file in it", async () => {
    await assertTime([argument("context"), `${base}/dated.tar`], "", modified);
    await assertTime([argument("context"), `${base}/plain.tar`], "", newest);
  });
  it("is marked on layers whose times it limits, and on no other", async () => {
    const marks = async (attributes: string): Promise<unknown> => {
      const out = join(space.directory, `layout-${count++}`);
      const args = ["build", ...baseContexts("busybox"), argument("5")];
      await space.succeed([...args, "-o", `type=oci,tar=false,dest=${out},${attributes}`, "-"], {
        input: "FROM busybox\nCOPY <<a /a\na\n",
      });
      const read = (path: string): Manifest =>
        JSON.parse(readFileSync(join(out, path), "utf8")) as Manifest;
      const [image] = read("index.json").manifests ?? [];
      const { layers = [] } = read(`blobs/${image?.digest.replace(":", "/") ?? ""}`);
      return layers.map(({ annotations }) => annotations?.["buildkit/rewritten-timestamp"]);
    };
    assert.deepEqual(await marks("rewrite-timestamp=true"), [undefined, "5"]);
    assert.deepEqual(await marks("rewrite-timestamp=false"), [undefined, undefined]);
    const reset = await marks("rewrite-timestamp=true,source-date-epoch=");
    assert.deepEqual(reset, [undefined, undefined]);
  });
  it("is the time of an image, also of one without layers of its own, but not of its base", async () => {
    const imageOf = async (args: readonly string[], input: string): Promise<Dated> => {
      const command = ["build", "--quiet", ...baseContexts("busybox"), ...args, "-t", "dated", "-"];
      await space.succeed(command, { input, timeout: 60_000 });
      return (JSON.parse((await space.succeed(["inspect", "dated"])).stdout) as { config: Dated })
        .config;
    };
    const base = await imageOf([], "FROM busybox\n");
    const time = "1970-01-02T00:00:00Z";
    assert.deepEqual(await imageOf(["--timestamp=86400"], "FROM busybox\n"), base);
    const labelled = await imageOf(["--timestamp=86400"], "FROM busybox\nLABEL a=b\n");
    assert.equal(labelled.created, time);
    assert.deepEqual(labelled.history.slice(0, -1), base.history);
    assert.equal(labelled.history.at(-1)?.created, time);
    // Later than the layer was made: in another store it may be made after that.
    const later = "4000000000";
    const dockerfile = "FROM busybox\nRUN touch /made\nLABEL a=b\n";
    await imageOf([], dockerfile);
    const { created, history } = await imageOf(["--timestamp", later], dockerfile);
    assert.equal(created, "2096-10-02T07:06:40Z");
    assert.deepEqual(
      history.slice(base.history.length).map((entry) => entry.created),
      [created, created],
    );
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
