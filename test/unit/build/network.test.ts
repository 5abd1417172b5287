// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { proxyEnvironment, rewriteResolvConf } from "#src/build/network.js";

const none = { servers: [], search: [], options: [] };

describe("resolv.conf of a step", () => {
  it("loses servers on the host's loopback, and gets public ones when none is left", () => {
    const lines = [
      "nameserver 127.0.0.53",
      "nameserver 10.0.0.2",
      "search corp",
      "options ndots:2",
    ];
    assert.equal(
      rewriteResolvConf(lines, none, false),
      "search corp\nnameserver 10.0.0.2\noptions ndots:2\n",
    );
    assert.equal(
      rewriteResolvConf(["nameserver ::1"], none, false),
      "nameserver 8.8.8.8\nnameserver 8.8.4.4\n",
    );
  });

  it("keeps them on the host's network", () => {
    assert.equal(rewriteResolvConf(["nameserver 127.0.0.1"], none, true), "nameserver 127.0.0.1\n");
  });

  it("has what the flags say instead", () => {
    const dns = { servers: ["9.9.9.9"], search: ["a", "b"], options: ["rotate"] };
    assert.equal(
      rewriteResolvConf(["nameserver 10.0.0.2", "search corp"], dns, false),
      "search a b\nnameserver 9.9.9.9\noptions rotate\n",
    );
  });
});

describe("proxies of a step", () => {
  it("come from build arguments before the environment and nothing else, and are set in both cases of letters", () => {
    const env = {
      HTTP_PROXY: "http://env",
      no_proxy: "localhost",
      Http_Proxy: "odd",
      PATH: "/bin",
      DOCKER_CONFIG: "/nonexistent",
    };
    const args = new Map([
      ["HTTP_PROXY", "http://arg"],
      ["VERSION", "1"],
    ]);
    assert.deepEqual(proxyEnvironment(args, env), [
      "HTTP_PROXY=http://arg",
      "NO_PROXY=localhost",
      "http_proxy=http://arg",
      "no_proxy=localhost",
    ]);
    assert.deepEqual(proxyEnvironment(args, undefined), [
      "HTTP_PROXY=http://arg",
      "http_proxy=http://arg",
    ]);
  });

  it("come from Docker's configuration in the home, also where DOCKER_CONFIG is empty", () => {
    const home = mkdtempSync(join(tmpdir(), "tsbuild-proxies-"));
    try {
      mkdirSync(join(home, ".docker"));
      const config = { proxies: { default: { ftpProxy: "ftp://docker" } } };
      writeFileSync(join(home, ".docker/config.json"), JSON.stringify(config));
      for (const env of [{ HOME: home }, { HOME: home, DOCKER_CONFIG: "" }])
        assert.deepEqual(proxyEnvironment(new Map(), env), [
          "FTP_PROXY=ftp://docker",
          "ftp_proxy=ftp://docker",
        ]);
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
