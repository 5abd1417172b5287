// SPDX-License-Identifier: Apache-2.0
// What reading from other machines may use: secrets as authorization, proxies, and agents for keys.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import {
  checkoutGit,
  fetchUrl,
  keyAgent,
  parseGitUrl,
  type RemoteAccess,
} from "#src/context/index.js";
import { proxyRoute } from "#src/registry/index.js";

const signal = new AbortController().signal;
const directory = mkdtempSync(join(tmpdir(), "tsbuild-remotes-"));
after(() => {
  rmSync(directory, { recursive: true, force: true });
});

function withSecrets(secrets: Readonly<Record<string, string>>): RemoteAccess {
  return {
    secret: (id) => {
      const value = secrets[id];
      return Promise.resolve(value === undefined ? undefined : Buffer.from(`${value}\n`));
    },
    agentSocket: () => Promise.resolve(undefined),
    route: () => Promise.resolve(undefined),
  };
}

describe("secrets for a host", () => {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    const { port } = server.address() as AddressInfo;
    if (request.url === "/from")
      response.writeHead(302, { location: `http://localhost:${port}/to` }).end();
    else response.writeHead(request.url?.includes("git") === true ? 404 : 200).end("x");
  });
  let host = "";
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  let downloads = 0;
  const sentTo = async (
    path: string,
    secrets: Readonly<Record<string, string>>,
  ): Promise<(string | undefined)[]> => {
    seen.length = 0;
    await fetchUrl({
      url: `http://${host}${path}`,
      destination: join(directory, `download-${downloads++}`),
      remotes: withSecrets(secrets),
      signal,
    });
    return seen.map(({ headers }) => headers.authorization);
  };

  it("authorize downloads from it, as a token or as the whole header", async () => {
    assert.deepEqual(await sentTo("/x", { "HTTP_AUTH_TOKEN_127.0.0.1": "t1" }), ["Bearer t1"]);
    assert.deepEqual(await sentTo("/x", { [`HTTP_AUTH_TOKEN_${host}`]: "t2" }), ["Bearer t2"]);
    assert.deepEqual(
      await sentTo("/x", {
        "HTTP_AUTH_HEADER_127.0.0.1": "Custom h",
        "HTTP_AUTH_TOKEN_127.0.0.1": "t1",
      }),
      ["Custom h"],
    );
  });
  it("are sent to no other host", async () => {
    const secrets = { HTTP_AUTH_TOKEN_localhost: "other", HTTP_AUTH_TOKEN_h: "other" };
    assert.deepEqual(await sentTo("/x", secrets), [undefined]);
    const own = { "HTTP_AUTH_TOKEN_127.0.0.1": "t1" };
    assert.deepEqual(await sentTo("/from", own), ["Bearer t1", undefined]);
  });
  it("authorize git, the one for the host before the one for all", async () => {
    const basic = (token: string): string => `Basic ${btoa(`x-access-token:${token}`)}`;
    for (const [secrets, expected] of [
      [{ GIT_AUTH_TOKEN: "all" }, basic("all")],
      [{ GIT_AUTH_TOKEN: "all", "GIT_AUTH_TOKEN.127.0.0.1": "one" }, basic("one")],
      [{ GIT_AUTH_TOKEN: "all", GIT_AUTH_HEADER: "Bearer b" }, "Bearer b"],
      [{ "GIT_AUTH_TOKEN.example.test": "other" }, undefined],
    ] as const) {
      seen.length = 0;
      const source = parseGitUrl(`http://${host}/r.git`);
      assert.ok(source);
      await assert.rejects(
        checkoutGit(source, {
          scratch: directory,
          env: { PATH: process.env["PATH"], HOME: directory },
          remotes: withSecrets(secrets),
          signal,
        }),
        (error) => isTsbuildError(error, "CONTEXT_GIT_FAILED"),
      );
      assert.equal(seen[0]?.headers.authorization, expected);
    }
  });
});

describe("a proxy", () => {
  it("gets the whole URL of a download, with its own credentials beside the server's", async () => {
    const seen: IncomingMessage[] = [];
    const proxy = createServer((request, response) => {
      seen.push(request);
      response.end("through the proxy");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = proxy.address() as AddressInfo;
      const env = { http_proxy: `http://me:pw@127.0.0.1:${port}`, NO_PROXY: "direct.test" };
      const destination = join(directory, "proxied");
      await fetchUrl({
        url: "http://files.test/a/b",
        destination,
        remotes: {
          ...withSecrets({ "HTTP_AUTH_TOKEN_files.test": "t" }),
          route: (url, abort) => proxyRoute(url, env, abort),
        },
        signal,
      });
      assert.equal(readFileSync(destination, "utf8"), "through the proxy");
      const [request] = seen;
      assert.equal(request?.url, "http://files.test/a/b");
      assert.equal(request.headers.host, "files.test");
      assert.equal(request.headers.authorization, "Bearer t");
      assert.equal(request.headers["proxy-authorization"], `Basic ${btoa("me:pw")}`);
      assert.equal(await proxyRoute(new URL("http://direct.test/x"), env, signal), undefined);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });
});

describe("an agent for keys", () => {
  const key = (name: string): string => {
    const path = join(directory, name);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path]);
    return path;
  };
  const listed = (socket: string): string =>
    execFileSync("ssh-add", ["-l"], {
      env: { PATH: process.env["PATH"], SSH_AUTH_SOCK: socket },
      encoding: "utf8",
    });

  it("holds the keys that it was asked for, whatever their file's mode, and is gone afterwards", async () => {
    const first = key("first");
    const second = key("second");
    // ssh itself refuses a key that others may read; the file is the user's business, not ours.
    writeFileSync(second, readFileSync(second, "utf8").trimEnd(), { mode: 0o644 });
    let socket: string;
    {
      await using agent = await keyAgent({ id: "default", paths: [first, second] }, signal);
      socket = agent.socket;
      assert.match(listed(socket), /first.*\n.*second/);
    }
    assert.equal(existsSync(dirname(socket)), false);
  });
  it("is the user's own when a socket is named, and then outlives the build", async () => {
    await using ours = await keyAgent({ id: "a", paths: [key("third")] }, signal);
    {
      await using agent = await keyAgent({ id: "b", paths: [ours.socket] }, signal);
      assert.equal(agent.socket, ours.socket);
    }
    assert.match(listed(ours.socket), /third/);
    await assert.rejects(
      keyAgent({ id: "b", paths: [ours.socket, join(directory, "third")] }, signal),
      (error) => isTsbuildError(error, "CONTEXT_SSH"),
    );
  });
  it("refuses what is no key, without its content in the error", async () => {
    const path = join(directory, "not-a-key");
    writeFileSync(path, "hunter2\n");
    for (const bad of [path, join(directory, "missing")])
      await assert.rejects(keyAgent({ id: "default", paths: [bad] }, signal), (error) => {
        assert.ok(isTsbuildError(error, "CONTEXT_SSH"));
        assert.equal(error.details["path"], bad);
        assert.doesNotMatch(JSON.stringify([error.message, error.details]), /hunter2/);
        return true;
      });
  });
});
