// SPDX-License-Identifier: Apache-2.0
// Git sources: the addresses, and checkouts of real repositories (over file:// and git's smart HTTP) with their attacks.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { TsbuildError } from "#src/base/index.js";
import {
  checkoutGit,
  openContext,
  parseGitUrl,
  resolveGit,
  type GitSource,
} from "#src/context/index.js";

async function rejection(action: () => unknown): Promise<TsbuildError> {
  try {
    await action();
  } catch (error) {
    assert.ok(error instanceof TsbuildError, String(error));
    return error;
  }
  assert.fail("nothing was thrown");
}

describe("git addresses", () => {
  const remote = "https://h/o/r.git";
  const rows: [text: string, expected: Partial<GitSource> | undefined][] = [
    [remote, { remote }],
    [`${remote}#v1`, { remote, ref: "v1" }],
    [`${remote}#v1:a/b/`, { ref: "v1", subdir: "a/b" }],
    [`${remote}#:a`, { subdir: "a" }],
    [`${remote}#a%20b`, { ref: "a b" }],
    [`${remote}?ref=x&subdir=/s`, { remote, ref: "x", subdir: "s" }],
    [`${remote}?branch=main`, { ref: "refs/heads/main" }],
    [`${remote}?tag=v1#refs/tags/v1`, { ref: "refs/tags/v1" }],
    [`${remote}?commit=ABCDEF1`, { checksum: "abcdef1" }],
    [
      `${remote}?submodules=false&keep-git-dir&mtime=commit`,
      { submodules: false, keepGitDir: true, mtime: "commit" },
    ],
    [
      "https://u:p@h/r.git#x",
      { remote: "https://u:p@h/r.git", display: "https://***@h/r.git", ref: "x" },
    ],
    ["git@h:o/r#x:y", { remote: "git@h:o/r", ref: "x", subdir: "y" }],
    ["git@h:o/r.git?tag=1", { remote: "git@h:o/r.git", ref: "refs/tags/1" }],
    ["ssh://git@h:22/r", { remote: "ssh://git@h:22/r" }],
    ["git://h/r", { remote: "git://h/r" }],
    ["https://h/r", undefined],
    ["https://h/r.git/x", undefined],
    ["github.com/o/r", undefined],
    ["./r.git", undefined],
    ["r.git", undefined],
    ["file:///r.git", undefined],
  ];
  for (const [text, expected] of rows)
    it(`reads ${text}`, () => {
      const found = parseGitUrl(text);
      if (expected === undefined) assert.equal(found, undefined);
      else assert.deepEqual({ ...found, ...expected }, found);
    });
  it("takes github.com/... and file:// for contexts", () => {
    const github = parseGitUrl("github.com/o/r#v", { context: true });
    assert.deepEqual([github?.remote, github?.ref], ["https://github.com/o/r", "v"]);
    assert.equal(parseGitUrl("file:///r.git", { context: true })?.remote, "file:///r.git");
  });
  for (const bad of [
    `${remote}?x=1`,
    `${remote}?ref=a&ref=b`,
    `${remote}?ref=a#b`,
    `${remote}?subdir=a#:b`,
    `${remote}?tag=a&branch=b`,
    `${remote}?tag=a#b`,
    `${remote}?ref=`,
    `${remote}?submodules=maybe`,
    `${remote}?mtime=now`,
    `${remote}?commit=xyz`,
    `${remote}?fetch-by-commit=1`,
    `${remote}#--upload-pack=touch x`,
    `${remote}#main:../..`,
    `${remote}#main:a/../../b`,
    `${remote}#a%0ab`,
    `${remote}#%zz`,
  ])
    it(`refuses ${bad}`, async () => {
      assert.equal((await rejection(() => parseGitUrl(bad))).code, "CONTEXT_BAD_REFERENCE");
    });
});

describe("git checkouts", () => {
  let root = "";
  let commits: string[] = [];
  const git = (repository: string, ...args: string[]): string =>
    execFileSync("git", args, {
      cwd: join(root, repository),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_NAME: "n",
        GIT_AUTHOR_EMAIL: "e@x",
        GIT_COMMITTER_NAME: "n",
        GIT_COMMITTER_EMAIL: "e@x",
        GIT_AUTHOR_DATE: "1500000000 +0000",
        GIT_COMMITTER_DATE: "1500000000 +0000",
      },
    }).trim();
  const commitAll = (repository: string, message: string): string => {
    git(repository, "add", "-A");
    git(repository, "commit", "-q", "--allow-empty", "-m", message);
    return git(repository, "rev-parse", "HEAD");
  };
  const newRepository = (name: string, ...options: string[]): void => {
    mkdirSync(join(root, name));
    git(name, "init", "-q", "-b", "main", ...options);
  };
  const put = (path: string, text: string): void => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  before(() => {
    root = mkdtempSync(join(tmpdir(), "tsbuild-git-"));
    mkdirSync(join(root, "scratch"));
    newRepository("r");
    put("r/Dockerfile", "FROM one");
    const one = commitAll("r", "1");
    git("r", "tag", "-a", "v1", "-m", "v1");
    put("r/Dockerfile", "FROM two");
    put("r/sub/Dockerfile", "FROM sub");
    put("r/run.sh", "#!/bin/sh");
    chmodSync(join(root, "r/run.sh"), 0o700);
    symlinkSync("/etc", join(root, "r/evil"));
    symlinkSync("sub", join(root, "r/good"));
    symlinkSync("/etc/passwd", join(root, "r/passwd"));
    const two = commitAll("r", "2");
    git("r", "branch", "v1-branch");
    git("r", "branch", "both", one);
    git("r", "tag", "both");
    git("r", "config", "uploadpack.allowAnySHA1InWant", "true");
    commits = [one, two];
  });
  after(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const options = () => ({
    scratch: join(root, "scratch"),
    env: process.env,
    signal: new AbortController().signal,
  });
  const source = (suffix = "", repository = "r"): GitSource => {
    const found = parseGitUrl(`file://${join(root, repository)}${suffix}`, { context: true });
    assert.ok(found);
    return found;
  };

  it("checks the default branch out, with plain modes and without .git", async () => {
    const mask = process.umask(0o077);
    try {
      await using checkout = await checkoutGit(source(), options());
      assert.equal(checkout.commit, commits[1]);
      assert.equal(checkout.time, 1500000000);
      assert.equal(readFileSync(join(checkout.path, "Dockerfile"), "utf8"), "FROM two");
      const mode = (name: string): number => lstatSync(join(checkout.path, name)).mode & 0o7777;
      assert.deepEqual([mode("Dockerfile"), mode("run.sh"), mode("sub")], [0o644, 0o755, 0o755]);
      assert.equal(existsSync(join(checkout.path, ".git")), false);
    } finally {
      process.umask(mask);
    }
    assert.deepEqual(readdirSync(join(root, "scratch")), []);
  });
  it("finds branches, tags and full commits", async () => {
    const [one = "", two = ""] = commits;
    for (const [ref, expected] of [
      ["main", two],
      ["v1", one],
      ["refs/tags/v1", one],
      ["v1-branch", two],
      ["both", one],
      [one, one],
    ] as const) {
      await using checkout = await checkoutGit(source(`#${ref}`), options());
      assert.equal(checkout.commit, expected, ref);
    }
  });
  it("resolves a ref without fetching", async () => {
    const resolved = await resolveGit(source("#v1"), options());
    assert.equal(resolved.commit, commits[0]);
    assert.equal(resolved.ref, "refs/tags/v1");
    assert.equal(resolved.tag, git("r", "rev-parse", "v1"));
  });
  it("fails for a ref or directory that is not there", async () => {
    for (const suffix of [
      "#nope",
      "#abcdef1234",
      `#${commits[0]?.slice(0, 8) ?? ""}`,
      "#main:nope",
      "#main:Dockerfile",
    ])
      assert.equal(
        (await rejection(async () => checkoutGit(source(suffix), options()))).code,
        "CONTEXT_GIT_REF",
        suffix,
      );
    assert.deepEqual(readdirSync(join(root, "scratch")), []);
  });
  it("holds a checksum against the commit that came", async () => {
    const [one = "", two = ""] = commits;
    await using checkout = await checkoutGit(
      source(`?branch=main&commit=${two.slice(0, 10)}`),
      options(),
    );
    assert.equal(checkout.commit, two);
    const error = await rejection(async () =>
      checkoutGit(source(`?branch=main&commit=${one}`), options()),
    );
    assert.equal(error.code, "CONTEXT_GIT_CHECKSUM");
  });
  it("makes a subdirectory the root, through a symlink only when it stays inside", async () => {
    for (const name of ["sub", "good"]) {
      await using checkout = await checkoutGit(source(`#main:${name}`), options());
      assert.equal(readFileSync(join(checkout.path, "Dockerfile"), "utf8"), "FROM sub");
    }
    const error = await rejection(async () => checkoutGit(source("#main:evil"), options()));
    assert.equal(error.code, "CONTEXT_DOCKERFILE_OUTSIDE");
    const inside = await rejection(async () => checkoutGit(source("#main:.git"), options()));
    assert.equal(inside.code, "CONTEXT_DOCKERFILE_OUTSIDE");
  });
  it("gives files the time of the commit where asked to", async () => {
    await using checkout = await checkoutGit({ ...source(), mtime: "commit" }, options());
    for (const name of ["Dockerfile", "sub", "sub/Dockerfile", "evil"])
      assert.equal(lstatSync(join(checkout.path, name)).mtimeMs, 1500000000000, name);
  });
  it("keeps .git where asked to, without the credentials", async () => {
    await using checkout = await checkoutGit({ ...source(), keepGitDir: true }, options());
    assert.equal(existsSync(join(checkout.path, ".git/HEAD")), true);
    assert.equal(existsSync(join(checkout.path, ".git/FETCH_HEAD")), false);
  });
  it("reads repositories with sha256 ids", async () => {
    newRepository("r256", "--object-format=sha256");
    put("r256/f", "x");
    const id = commitAll("r256", "1");
    assert.equal(id.length, 64);
    await using checkout = await checkoutGit(source("", "r256"), options());
    assert.equal(checkout.commit, id);
  });
  it("opens a context, and refuses a Dockerfile that is a symlink out of it", async () => {
    const environment = { ...options(), cwd: root };
    const context = `file://${join(root, "r")}#main`;
    await using opened = await openContext({ context, file: "sub/Dockerfile" }, environment);
    assert.equal((await opened.load()).dockerfile.bytes.toString(), "FROM sub");
    assert.equal(opened.commit?.id, commits[1]);
    await using evil = await openContext({ context, file: "passwd" }, environment);
    const error = await rejection(async () => evil.load());
    assert.equal(error.code, "CONTEXT_DOCKERFILE_OUTSIDE");
  });
  it("runs no hook and no command that the repository or the environment names", async () => {
    const canary = join(root, "canary");
    newRepository("hooks");
    put("hooks/f", "x");
    put("hooks/.gitattributes", "* filter=evil");
    commitAll("hooks", "1");
    put(
      "home/.gitconfig",
      `[core]\n\thooksPath = ${join(root, "home")}\n\tfsmonitor = touch ${canary}\n`,
    );
    put("home/post-checkout", `#!/bin/sh\ntouch ${canary}\n`);
    chmodSync(join(root, "home/post-checkout"), 0o755);
    const env = {
      ...process.env,
      HOME: join(root, "home"),
      GIT_EXTERNAL_DIFF: `touch ${canary}`,
      GIT_DIR: join(root, "nowhere"),
    };
    await using checkout = await checkoutGit(source("", "hooks"), { ...options(), env });
    assert.equal(readFileSync(join(checkout.path, "f"), "utf8"), "x");
    assert.equal(existsSync(canary), false);
  });
  it("does not fetch a submodule from a local path (CVE-2022-39253)", async () => {
    newRepository("outer");
    git(
      "outer",
      "-c",
      "protocol.file.allow=always",
      "submodule",
      "--quiet",
      "add",
      `file://${join(root, "r")}`,
      "inner",
    );
    commitAll("outer", "1");
    const error = await rejection(async () => checkoutGit(source("", "outer"), options()));
    assert.equal(error.code, "CONTEXT_GIT_FAILED");
    await using checkout = await checkoutGit(source("?submodules=false", "outer"), options());
    assert.deepEqual(readdirSync(join(checkout.path, "inner")), []);
  });
  it("fetches from a server of plain files, submodules too, and keeps .git where the address says so", async () => {
    const server = createServer((request, response) => {
      try {
        const { pathname } = new URL(request.url ?? "/", "http://x");
        response.end(readFileSync(`${root}/plain-${pathname.slice(1)}`));
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      newRepository("plain-in");
      put("plain-in/f", "inner");
      commitAll("plain-in", "1");
      git("plain-in", "update-server-info");
      newRepository("plain-out");
      put("plain-out/Dockerfile", "FROM scratch");
      // The submodule is written by hand: to add it, git would ask the server of this very process, which waits for git.
      put("plain-out/.gitmodules", `[submodule "in"]\n\tpath = in\n\turl = ${url}/in/.git\n`);
      const inner = git("plain-in", "rev-parse", "HEAD");
      mkdirSync(join(root, "plain-out/in"));
      git("plain-out", "update-index", "--add", "--cacheinfo", `160000,${inner},in`);
      commitAll("plain-out", "2");
      git("plain-out", "update-server-info");
      const environment = { ...options(), cwd: root };
      const context = `${url}/out/.git?keep-git-dir=true`;
      await using opened = await openContext({ context, keepGitDir: false }, environment);
      const { tree } = opened;
      assert.ok(tree.kind === "directory");
      assert.equal(readFileSync(join(tree.path, "in/f"), "utf8"), "inner");
      assert.ok(existsSync(join(tree.path, ".git")));
    } finally {
      server.close();
    }
  });
  it("stops when told to", async () => {
    const reason = new Error("enough");
    await assert.rejects(
      checkoutGit(source(), { ...options(), signal: AbortSignal.abort(reason) }),
      reason,
    );
    assert.deepEqual(readdirSync(join(root, "scratch")), []);
  });

  it("stops with all that git started while a server keeps it waiting", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const server = createServer(() => {
      controller.abort(reason);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const remote = `http://127.0.0.1:${(server.address() as AddressInfo).port}/r.git`;
    const found = parseGitUrl(remote, { context: true });
    assert.ok(found);
    try {
      await assert.rejects(checkoutGit(found, { ...options(), signal: controller.signal }), reason);
      const left = readdirSync("/proc").filter((name) => {
        try {
          return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(`${remote}\0`);
        } catch {
          return false; // no process, or none any more
        }
      });
      assert.deepEqual(left, []);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it("gives no credentials to a server that the first one redirects to", async () => {
    const other: (string | undefined)[] = [];
    const servers = [
      createServer((request, response) => {
        other.push(request.headers.authorization);
        response
          .writeHead(200, { "content-type": "application/x-git-upload-pack-advertisement" })
          .end("001e# service=git-upload-pack\n000000000000");
      }),
      createServer((request, response) => {
        response.writeHead(302, { location: `${addressOf(servers[0])}${request.url ?? ""}` }).end();
      }),
    ] as const;
    const addressOf = (server: Server): string =>
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const server of servers)
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const remote = `${addressOf(servers[1]).replace("//", "//user:hunter2@")}/r.git`;
      const named = parseGitUrl(remote);
      assert.ok(named);
      const error = await rejection(async () => resolveGit(named, options()));
      assert.match(error.hint ?? "", /redirects/);
      assert.deepEqual(other, []);
    } finally {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    }
  });

  it("gives credentials to the server, and to no command line, error or file that stays", async () => {
    const execPath = execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim();
    const commandLines: string[] = [];
    const server = createServer((request, response) => {
      for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
        try {
          commandLines.push(readFileSync(`/proc/${pid}/cmdline`, "latin1"));
        } catch (error) {
          // The process ended meanwhile.
          assert.match(String(error), /ENOENT|ESRCH/);
        }
      if (request.headers.authorization !== `Basic ${btoa("user:hunter2")}`) {
        response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
        return;
      }
      const url = new URL(request.url ?? "", "http://h");
      const child = spawn(join(execPath, "git-http-backend"), {
        env: {
          PATH: process.env["PATH"],
          GIT_PROJECT_ROOT: root,
          GIT_HTTP_EXPORT_ALL: "1",
          GIT_CONFIG_COUNT: "1",
          GIT_CONFIG_KEY_0: "safe.directory",
          GIT_CONFIG_VALUE_0: "*",
          PATH_INFO: url.pathname,
          QUERY_STRING: url.search.slice(1),
          REQUEST_METHOD: request.method,
          CONTENT_TYPE: request.headers["content-type"] ?? "",
          HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
          GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
          REMOTE_USER: "user",
        },
      });
      request.pipe(child.stdin);
      const output: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
      child.on("close", () => {
        const all = Buffer.concat(output);
        const end = all.indexOf("\r\n\r\n");
        for (const line of all.subarray(0, end).toString().split("\r\n")) {
          const colon = line.indexOf(":");
          const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
          if (name === "Status") response.statusCode = Number(value.slice(0, 3));
          else response.setHeader(name, value);
        }
        response.end(all.subarray(end + 4));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      git("r", "clone", "-q", "--bare", ".", join(root, "bare.git"));
      const url = (password: string, path: string): GitSource => {
        const found = parseGitUrl(`http://user:${password}@127.0.0.1:${port}/${path}`);
        assert.ok(found);
        return { ...found, keepGitDir: true };
      };
      await using checkout = await checkoutGit(url("hunter2", "bare.git#v1"), options());
      assert.equal(checkout.commit, commits[0]);
      const config = readFileSync(join(checkout.path, ".git/config"), "utf8");
      assert.doesNotMatch(config, /hunter2/);
      for (const [password, path] of [
        ["wrongpass", "bare.git"],
        ["hunter2", "missing.git"],
      ] as const) {
        const error = await rejection(async () => checkoutGit(url(password, path), options()));
        assert.equal(error.code, "CONTEXT_GIT_FAILED");
        assert.doesNotMatch(JSON.stringify([error.message, error.details]), /hunter2|wrongpass/);
      }
      const secret = new RegExp(`hunter2|${btoa("user:hunter2")}`);
      assert.ok(commandLines.some((line) => line.includes("127.0.0.1")));
      for (const line of commandLines) assert.doesNotMatch(line, secret);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
