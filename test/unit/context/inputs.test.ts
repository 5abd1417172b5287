// SPDX-License-Identifier: Apache-2.0
// Opening contexts: directories, standard input, HTTP, and which Dockerfile and ignore file each gives.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { TsbuildError } from "#src/base/index.js";
import {
  detectCompression,
  fetchUrl,
  findNamedContext,
  isTarHeader,
  openContext,
  openNamedContext,
  parseBuildContexts,
  type ContextEnvironment,
  type ContextRequest,
} from "#src/context/index.js";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tsbuild-context-"));
  mkdirSync(join(root, "scratch"));
  mkdirSync(join(root, "app"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const put = (path: string, text: string): void => {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
};
const environment = (stdin?: Readable): ContextEnvironment => ({
  cwd: root,
  scratch: join(root, "scratch"),
  env: process.env,
  signal: new AbortController().signal,
  ...(stdin === undefined ? {} : { stdin }),
});

async function rejection(promise: Promise<unknown>): Promise<TsbuildError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof TsbuildError, String(error));
    return error;
  }
  assert.fail("it did not reject");
}

async function loaded(request: ContextRequest, stdin?: Readable) {
  await using context = await openContext(request, environment(stdin));
  const { dockerfile, ignore, ignoreFile } = await context.load();
  return {
    tree: context.tree.kind,
    name: dockerfile.name,
    text: dockerfile.bytes.toString(),
    ignore,
    ignoreFile,
  };
}

async function tarOf(files: Record<string, string>): Promise<Buffer> {
  const archive = pack();
  for (const [name, text] of Object.entries(files)) archive.entry({ name }, text);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("a directory", () => {
  it("gives its Dockerfile, whatever of the usual names it has", async () => {
    put("app/Containerfile", "C");
    assert.equal((await loaded({ context: "app" })).text, "C");
    put("app/dockerfile", "d");
    assert.equal((await loaded({ context: "app" })).text, "d");
    put("app/Dockerfile", "D");
    const found = await loaded({ context: "app" });
    assert.deepEqual([found.text, found.name, found.tree], ["D", "Dockerfile", "directory"]);
  });
  it("gives dockerfile for a -f that says Dockerfile, where only that is", async () => {
    put("app/dockerfile", "d");
    for (const file of ["app/Dockerfile", "Dockerfile"])
      assert.equal((await loaded({ context: "app", file })).text, "d");
    const error = await rejection(loaded({ context: "app", file: "app/MyDockerfile" }));
    assert.equal(error.code, "CONTEXT_NO_DOCKERFILE");
  });
  it("is meant by a Dockerfile in its place", async () => {
    put("beside/Dockerfile", "wrong");
    put("beside/app.Dockerfile", "right");
    const found = await loaded({ context: "beside/app.Dockerfile" });
    assert.deepEqual([found.text, found.tree], ["right", "directory"]);
    put("beside/notes.txt", "FROM scratch");
    const error = await rejection(loaded({ context: "beside/notes.txt" }));
    assert.equal(error.code, "CONTEXT_NOT_FOUND");
  });
  it("takes -f relative to the current directory, else to the context", async () => {
    put("app/sub/Dockerfile", "in the context");
    put("other/Dockerfile", "outside");
    assert.equal((await loaded({ context: "app", file: "other/Dockerfile" })).text, "outside");
    assert.equal((await loaded({ context: "app", file: "sub/Dockerfile" })).text, "in the context");
    put("sub/Dockerfile", "in the current directory");
    assert.equal(
      (await loaded({ context: "app", file: "sub/Dockerfile" })).text,
      "in the current directory",
    );
  });
  it("prefers the ignore file of the Dockerfile to that of the context", async () => {
    put("app/Dockerfile", "FROM scratch");
    put("app/.containerignore", "c");
    assert.equal((await loaded({ context: "app" })).ignore.ignored("c"), true);
    put("app/.dockerignore", "d");
    assert.equal((await loaded({ context: "app" })).ignoreFile, ".dockerignore");
    put("app/Dockerfile.dockerignore", "own");
    assert.equal((await loaded({ context: "app" })).ignore.ignored("own"), true);
    put("x/y", "FROM scratch");
    put("x/y.dockerignore", "beside");
    const outside = await loaded({ context: "app", file: "x/y" });
    assert.deepEqual(
      [outside.ignore.ignored("beside"), outside.ignore.ignored("d")],
      [true, false],
    );
    put("named", "named");
    const named = await loaded({ context: "app", ignoreFile: "named" });
    assert.equal(named.ignore.ignored("named"), true);
    const plain = await loaded({ context: "app", applyIgnore: false });
    assert.equal(plain.ignore.empty, true);
  });
  it("reads the Dockerfile from standard input with -f -", async () => {
    put("app/.dockerignore", "d");
    const found = await loaded({ context: "app", file: "-" }, Readable.from(["FROM ", "scratch"]));
    assert.deepEqual([found.name, found.text, found.tree], ["-", "FROM scratch", "directory"]);
    assert.equal(found.ignore.ignored("d"), true);
  });
  it("reads the Dockerfile from a pipe that -f names", async () => {
    const file = join(root, "pipe");
    execFileSync("mkfifo", [file]);
    const [found] = await Promise.all([
      loaded({ context: "app", file }),
      writeFile(file, "FROM scratch"),
    ]);
    assert.deepEqual([found.name, found.text], [file, "FROM scratch"]);
  });
  it("may have a Dockerfile that is a symlink out of it: it is the user's own", async () => {
    put("elsewhere", "E");
    symlinkSync("../elsewhere", join(root, "app/Dockerfile"));
    assert.equal((await loaded({ context: "app" })).text, "E");
  });
  it("fails clearly without a Dockerfile, without itself, with a bad ignore file", async () => {
    assert.equal((await rejection(loaded({ context: "app" }))).code, "CONTEXT_NO_DOCKERFILE");
    const named = await rejection(loaded({ context: "app", file: "nix" }));
    assert.deepEqual([named.code, named.details["file"]], ["CONTEXT_NO_DOCKERFILE", "nix"]);
    assert.equal((await rejection(loaded({ context: "missing" }))).code, "CONTEXT_NOT_FOUND");
    put("app/Dockerfile", "");
    put("app/.dockerignore", "a\n[");
    const bad = await rejection(loaded({ context: "app" }));
    assert.deepEqual([bad.code, bad.location?.range.startLine], ["CONTEXT_BAD_PATTERN", 2]);
  });
});

describe("standard input as the context", () => {
  it("is a Dockerfile when it is text", async () => {
    const found = await loaded({ context: "-" }, Readable.from([Buffer.from("FROM scratch\n")]));
    assert.deepEqual([found.tree, found.name, found.text], ["empty", "-", "FROM scratch\n"]);
  });
  it("is an archive when its first bytes say so, and keeps every byte", async () => {
    const tar = await tarOf({ Dockerfile: "FROM scratch", a: "x".repeat(3000) });
    for (const [bytes, compression] of [
      [tar, "none"],
      [gzipSync(tar), "gzip"],
    ] as const) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / 100) }, (_, i) =>
        bytes.subarray(i * 100, i * 100 + 100),
      );
      await using context = await openContext(
        { context: "-" },
        environment(Readable.from(pieces, { objectMode: false })),
      );
      assert.ok(context.tree.kind === "archive");
      assert.equal(context.tree.compression, compression);
      const read: Buffer[] = [];
      for await (const chunk of context.tree.stream as AsyncIterable<Buffer>) read.push(chunk);
      assert.deepEqual(Buffer.concat(read), bytes);
      const reader = {
        read: async (path: string) =>
          Promise.resolve(path === "Dockerfile" ? Buffer.from("FROM scratch") : undefined),
      };
      assert.equal((await context.load(reader)).dockerfile.name, "Dockerfile");
      assert.equal(
        (
          await rejection(
            (async () => {
              await using other = await openContext(
                { context: "-", file: "sub/D" },
                environment(Readable.from([bytes])),
              );
              return await other.load(reader);
            })(),
          )
        ).code,
        "CONTEXT_NO_DOCKERFILE",
      );
    }
  });
  it("cannot be two things, nor nothing", async () => {
    const open = async (request: ContextRequest, text: string): Promise<string> =>
      (await rejection(openContext(request, environment(Readable.from([text]))))).code;
    assert.equal(await open({ context: "-", file: "-" }, "x"), "CONTEXT_CONFLICT");
    assert.equal(await open({ context: "-", file: "Dockerfile" }, "FROM x"), "CONTEXT_CONFLICT");
    const empty = await rejection(openContext({ context: "-" }, environment(Readable.from([]))));
    assert.equal(empty.code, "CONTEXT_EMPTY_INPUT");
  });
  it("tells compressions and tars by content", async () => {
    const head = (...bytes: number[]): string => detectCompression(Uint8Array.from(bytes));
    assert.equal(head(0x42, 0x5a, 0x68, 0x39), "bzip2");
    assert.equal(head(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), "xz");
    assert.equal(head(0x28, 0xb5, 0x2f, 0xfd), "zstd");
    assert.equal(head(0x1f, 0x8b), "gzip");
    assert.equal(head(), "none");
    assert.equal(isTarHeader(await tarOf({ a: "" })), true);
    assert.equal(isTarHeader(Buffer.alloc(1024)), true);
    assert.equal(isTarHeader(Buffer.alloc(512, "FROM scratch\n")), false);
  });
});

describe("a Dockerfile called NAME.in", () => {
  const code = "CONTEXT_PREPROCESS";
  const main = '# a comment\nFROM busybox\n#include "common"\nGREET\n#if MORE\nRUN more\n#endif\n';
  beforeEach(() => {
    put("app/Main.in", main);
    put("app/common", '#define GREET RUN echo "hello"\n');
  });
  const lines = async (request: Partial<ContextRequest>): Promise<readonly string[]> =>
    (await loaded({ context: "app", file: "Main.in", ...request })).text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
  it("includes files of the context, and its comments are no errors", async () => {
    const expected = ["FROM busybox", 'RUN echo "hello"'];
    assert.deepEqual(await lines({}), expected);
    assert.deepEqual(await lines({ cppFlags: ["-DMORE"] }), [...expected, "RUN more"]);
  });
  it("fails as its directives say", async () => {
    put("app/Error.in", "FROM scratch\n#error not like this\n");
    put("app/Missing.in", '#include "nothing-here"\nFROM scratch\n');
    await assert.rejects(lines({ file: "Error.in" }), { code, message: /not like this/ });
    await assert.rejects(lines({ file: "Missing.in" }), { code, message: /nothing-here/ });
  });
  it("needs cpp", async () => {
    const request = { context: "app", file: "Main.in" };
    await using context = await openContext(request, { ...environment(), env: { PATH: root } });
    await assert.rejects(context.load(), { code, message: /not installed/ });
  });
  it("of a stranger's context is refused, because it could include any file", async () => {
    const stdin = Readable.from([await tarOf({ "Main.in": main })]);
    await using context = await openContext({ context: "-", file: "Main.in" }, environment(stdin));
    const reader = { read: () => Promise.resolve(Buffer.from(main)) };
    await assert.rejects(context.load(reader), { code });
  });
});

describe("HTTP", () => {
  let server: Server;
  let base = "";
  const seen: IncomingMessage[] = [];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  before(async () => {
    server = createServer((request, response) => {
      seen.push(request);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    seen.length = 0;
  });
  const signal = new AbortController().signal;
  const destination = (): string => join(root, "scratch", "file");
  const fetchFrom = async (path: string, more: Partial<Parameters<typeof fetchUrl>[0]> = {}) =>
    fetchUrl({ url: base + path, destination: destination(), signal, ...more });

  it("stores the bytes and tells name, time, size, digest and validators", async () => {
    answer = (_request, response) => {
      response.setHeader("etag", '"v1"');
      response.setHeader("last-modified", "Thu, 01 Jan 2015 00:00:10 GMT");
      response.end("abc");
    };
    const result = await fetchFrom("/x/y%20z.txt?q=1#f");
    assert.deepEqual(result, {
      kind: "downloaded",
      path: destination(),
      sha256: "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      size: 3,
      validators: { etag: '"v1"', lastModified: "Thu, 01 Jan 2015 00:00:10 GMT" },
      mtime: 1420070410,
      filename: "y z.txt",
    });
  });
  it("decodes what a server has encoded without being asked, within the limit of size", async () => {
    const send = (bytes: Buffer) => {
      answer = (request, response) => {
        assert.equal(request.headers["accept-encoding"], "identity");
        response.setHeader("content-encoding", "gzip");
        response.setHeader("content-length", bytes.length);
        response.end(bytes);
      };
    };
    send(gzipSync("abc"));
    const result = await fetchFrom("/x");
    assert.equal(readFileSync(destination(), "utf8"), "abc");
    assert.equal(result.kind === "downloaded" && result.size, 3);
    rmSync(destination());
    send(gzipSync(Buffer.alloc(100_000)));
    await assert.rejects(fetchFrom("/x", { maxBytes: 50_000 }), { code: "CONTEXT_HTTP_TOO_LARGE" });
    send(Buffer.from("not encoded"));
    await assert.rejects(fetchFrom("/x"), { code: "CONTEXT_HTTP_FAILED" });
    assert.deepEqual(readdirSync(join(root, "scratch")), []);
  });
  it("revalidates instead of downloading again", async () => {
    answer = (request, response) => {
      response.statusCode = request.headers["if-none-match"] === '"v1"' ? 304 : 200;
      response.end(response.statusCode === 304 ? undefined : "body");
    };
    const result = await fetchFrom("/x", { validators: { etag: '"v1"' } });
    assert.deepEqual(result, { kind: "not-modified", validators: { etag: '"v1"' } });
    assert.deepEqual(readdirSync(join(root, "scratch")), []);
  });
  it("follows redirects, and gives credentials to the first host only", async () => {
    answer = (request, response) => {
      if (request.url === "/from") {
        const { port } = server.address() as AddressInfo;
        response.writeHead(302, { location: `http://localhost:${port}/to` }).end();
      } else response.end("x");
    };
    const { port } = server.address() as AddressInfo;
    await fetchUrl({
      url: `http://user:pass@127.0.0.1:${port}/from`,
      destination: destination(),
      signal,
    });
    const [first, second] = seen;
    assert.equal(first?.headers.authorization, `Basic ${btoa("user:pass")}`);
    assert.equal(second?.headers.authorization, undefined);
  });
  it("takes a user with a stray percent sign as it is written", async () => {
    answer = (_request, response) => response.end("x");
    const { port } = server.address() as AddressInfo;
    const url = `http://50%:a%zz@127.0.0.1:${port}/x`;
    await fetchUrl({ url, destination: destination(), signal });
    assert.equal(seen[0]?.headers.authorization, `Basic ${btoa("50%:a%zz")}`);
  });
  it("gives up on endless redirects and on targets that are not HTTP", async () => {
    answer = (_request, response) => response.writeHead(302, { location: "/again" }).end();
    assert.equal((await rejection(fetchFrom("/"))).code, "CONTEXT_HTTP_FAILED");
    answer = (_request, response) =>
      response.writeHead(302, { location: "file:///etc/passwd" }).end();
    assert.equal((await rejection(fetchFrom("/"))).code, "CONTEXT_HTTP_FAILED");
  });
  it("reports an error status, without secrets and without a file", async () => {
    answer = (_request, response) => response.writeHead(404).end("nope");
    const error = await rejection(fetchFrom("/x?token=hunter2"));
    assert.deepEqual([error.code, error.details["status"]], ["CONTEXT_HTTP_STATUS", 404]);
    assert.match(error.message, /invalid response status 404/);
    assert.doesNotMatch(error.message, /hunter2/);
    assert.equal(seen.length, 1);
    assert.deepEqual(readdirSync(join(root, "scratch")), []);
  });
  it("tries again when the server is busy or the connection breaks", async () => {
    answer = (_request, response) => {
      if (seen.length === 1) response.writeHead(503).end();
      else if (seen.length === 2) {
        response.writeHead(200, { "content-length": "10" });
        response.write("half");
        response.destroy();
      } else response.end("all of it");
    };
    const result = await fetchFrom("/x");
    assert.equal(result.kind === "downloaded" && result.size, 9);
    assert.equal(seen.length, 3);
  });
  it("stops at the cap", async () => {
    answer = (_request, response) => response.end("x".repeat(100));
    assert.equal(
      (await rejection(fetchFrom("/x", { maxBytes: 99 }))).code,
      "CONTEXT_HTTP_TOO_LARGE",
    );
    assert.deepEqual(readdirSync(join(root, "scratch")), []);
  });
  it("stops when told to", async () => {
    answer = () => undefined;
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort(new Error("enough"));
    }, 50);
    await assert.rejects(fetchFrom("/x", { signal: controller.signal }), /enough/);
  });
  it("serves a context: a tarball or a Dockerfile, told by content", async () => {
    const tar = await tarOf({ Dockerfile: "FROM scratch" });
    answer = (request, response) => response.end(request.url === "/c" ? tar : "FROM scratch # d");
    const found = await loaded({ context: `${base}/d` });
    assert.deepEqual([found.tree, found.text], ["empty", "FROM scratch # d"]);
    const remote = await loaded({ context: "app", file: `${base}/d` });
    assert.deepEqual([remote.tree, remote.text], ["directory", "FROM scratch # d"]);
    await using context = await openContext({ context: `${base}/c` }, environment());
    assert.equal(context.tree.kind, "archive");
  });
  it("leaves nothing behind when a context is disposed", async () => {
    answer = (_request, response) => response.end("FROM scratch");
    await loaded({ context: `${base}/d` });
    assert.deepEqual(readdirSync(join(root, "scratch")), []);
  });
  it("serves a named context as one file called context", async () => {
    answer = (_request, response) => response.end("data");
    await using opened = await openNamedContext({ kind: "http", url: base }, environment());
    assert.ok(opened.tree.kind === "file");
    assert.equal(opened.tree.name, "context");
  });
});

describe("named contexts", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const rows: [flag: string, expected: object][] = [
    ["a=../lib", { kind: "directory", path: "/lib" }],
    ["a=docker-image://debian:12", { kind: "image", reference: "debian:12" }],
    ["a=docker-image://scratch", { kind: "image", reference: "scratch" }],
    ["a=oci-layout://dir", { kind: "oci-layout", directory: "/w/dir" }],
    ["a=oci-layout:///abs/d:v1", { kind: "oci-layout", directory: "/abs/d", tag: "v1" }],
    [`a=oci-layout://d@${digest}`, { kind: "oci-layout", directory: "/w/d", digest }],
    [`a=oci-layout://d:t@${digest}`, { kind: "oci-layout", directory: "/w/d", tag: "t", digest }],
    ["a=https://h/x.tar", { kind: "http", url: "https://h/x.tar" }],
    ["a=target:build", { kind: "target", stage: "build" }],
    [
      "a=https://h/x.git#main:sub",
      {
        kind: "git",
        source: {
          remote: "https://h/x.git",
          display: "https://h/x.git",
          ref: "main",
          subdir: "sub",
        },
      },
    ],
  ];
  for (const [flag, expected] of rows)
    it(`parses ${flag}`, () => {
      assert.deepEqual(findNamedContext(parseBuildContexts([flag], "/w"), "a"), expected);
    });
  it("takes names of stages and images, with platforms or without", () => {
    for (const name of ["a", "a..b_", "A-b", "example.com:5000/a/b:1", "a::linux/arm64"])
      assert.equal(parseBuildContexts([`${name}=x`], "/w").size, 1, name);
  });
  for (const flag of [
    "a",
    "a=",
    "=x",
    "FOO BAR=x",
    "-a=x",
    "a/=x",
    "a=ftp://x",
    "a=docker-image://",
    "a=oci-layout://",
  ])
    it(`refuses ${flag}`, async () => {
      const error = await rejection(
        (async () => Promise.resolve(parseBuildContexts([flag], "/w")))(),
      );
      assert.equal(error.code, "CONTEXT_BAD_REFERENCE");
    });
  it("finds an image under each of its names, and the platform's own first", () => {
    const contexts = parseBuildContexts(["alpine=x", "alpine::linux/arm64=y", "Stage=z"], "/w");
    const path = (name: string, platform?: string): string | undefined => {
      const found = findNamedContext(contexts, name, platform);
      return found?.kind === "directory" ? found.path : undefined;
    };
    assert.equal(path("docker.io/library/alpine:latest"), "/w/x");
    assert.equal(path("alpine:latest", "linux/amd64"), "/w/x");
    assert.equal(path("alpine", "linux/arm64/v8"), "/w/y");
    assert.equal(path("alpine:3"), undefined);
    assert.equal(path("stage"), "/w/z");
  });
  it("opens a directory with the rules of its own ignore file", async () => {
    put("app/.dockerignore", "x");
    await using opened = await openNamedContext(
      { kind: "directory", path: join(root, "app") },
      environment(),
    );
    assert.equal(opened.ignore.ignored("x"), true);
  });
});
