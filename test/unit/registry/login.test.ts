// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  checkLogin,
  createRegistryClient,
  registryOf,
  removeLogin,
  storeLogin,
} from "#src/registry/index.js";
import { RegistryServer, type AuthMode } from "../../support/registry-server.js";

let directory: string;
let file: string;
let env: Record<string, string>;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tsbuild-login-"));
  file = join(directory, "config.json");
  env = { DOCKER_CONFIG: directory, PATH: `${directory}:${process.env["PATH"] ?? ""}` };
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const joe = { username: "joe", password: "pass:word" };
const { signal } = new AbortController();
const config = (): unknown => JSON.parse(readFileSync(file, "utf8"));

describe("a login", () => {
  const modes: readonly AuthMode[] = [
    { kind: "basic", ...joe },
    { kind: "bearer", ...joe },
  ];
  for (const auth of modes)
    it(`is tried at a registry with ${auth.kind} authentication`, async () => {
      await using server = await RegistryServer.start({ auth });
      const options = { env, insecure: false, signal };
      await checkLogin(server.host, joe, options);
      const wrong = { ...joe, password: "other" };
      await assert.rejects(checkLogin(server.host, wrong, options), (error: Error) => {
        assert.equal((error as { code?: string }).code, "REGISTRY_AUTH");
        assert.doesNotMatch(JSON.stringify(error) + error.message, /other/);
        return true;
      });
    });

  it("is kept where pulls find it, with all else that was in the file, and only for its user", async () => {
    await using server = await RegistryServer.start({ auth: { kind: "basic", ...joe } });
    const before = { psFormat: "table", auths: { "https://example.com/v1/": { auth: "eDp5" } } };
    writeFileSync(file, JSON.stringify(before), { mode: 0o644 });
    assert.deepEqual(await storeLogin(server.host, joe, env), { file });
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await using client = await createRegistryClient({ env });
    await assert.rejects(client.manifest({ domain: server.host, path: "app", tag: "1" }), {
      code: "REGISTRY_NOT_FOUND",
    });
    assert.equal(await removeLogin(server.host, env), true);
    assert.equal(await removeLogin(server.host, env), false);
    assert.deepEqual(config(), before);
    assert.deepEqual(readdirSync(directory), ["config.json"]);
  });

  it("replaces an older spelling of the registry's name", async () => {
    writeFileSync(file, JSON.stringify({ auths: { "https://example.com/v1/": { auth: "eDp5" } } }));
    await storeLogin("example.com", joe, env);
    const auth = Buffer.from("joe:pass:word").toString("base64");
    assert.deepEqual(config(), { auths: { "example.com": { auth } } });
    await storeLogin("docker.io", joe, env);
    assert.deepEqual(config(), {
      auths: { "example.com": { auth }, "https://index.docker.io/v1/": { auth } },
    });
  });

  it("keeps a file that is a symlink one", async () => {
    mkdirSync(join(directory, "other"));
    symlinkSync("other/real.json", file);
    writeFileSync(join(directory, "other/real.json"), "{}");
    await storeLogin("example.com", joe, env);
    assert.ok(lstatSync(file).isSymbolicLink());
    assert.match(readFileSync(join(directory, "other/real.json"), "utf8"), /example\.com/);
  });

  it("goes to the credential helper that the file names, and into no file", async () => {
    const helper = join(directory, "docker-credential-test");
    writeFileSync(
      helper,
      `#!/bin/sh\necho "$1" >> ${directory}/asked\ncat >> ${directory}/asked\n`,
    );
    chmodSync(helper, 0o755);
    writeFileSync(file, JSON.stringify({ credHelpers: { "example.com": "test" } }));
    assert.deepEqual(await storeLogin("example.com", joe, env), { file, helper: "test" });
    assert.equal(
      readFileSync(join(directory, "asked"), "utf8"),
      'store\n{"ServerURL":"example.com","Username":"joe","Secret":"pass:word"}',
    );
    assert.deepEqual(config(), { credHelpers: { "example.com": "test" } });
  });

  it("loses no file that cannot be understood or read", async (t) => {
    writeFileSync(file, "{ not JSON");
    await assert.rejects(storeLogin("example.com", joe, env), { code: "REGISTRY_CONFIG" });
    assert.equal(readFileSync(file, "utf8"), "{ not JSON");
    if (process.getuid?.() === 0) {
      t.diagnostic("root reads every file");
      return;
    }
    chmodSync(file, 0o000);
    await assert.rejects(storeLogin("example.com", joe, env), { code: "REGISTRY_CONFIG" });
    chmodSync(file, 0o600);
    assert.equal(readFileSync(file, "utf8"), "{ not JSON");
  });

  it("makes the directory, and has no place without one", async () => {
    const home = join(directory, "home");
    await storeLogin("example.com", joe, { HOME: home });
    assert.ok(existsSync(join(home, ".docker/config.json")));
    await assert.rejects(storeLogin("example.com", joe, {}), { code: "REGISTRY_CONFIG" });
  });
});

describe("the registry that an argument means", () => {
  const table: readonly (readonly [string, string])[] = [
    ["", "docker.io"],
    ["docker.io", "docker.io"],
    ["https://index.docker.io/v1/", "docker.io"],
    ["ghcr.io", "ghcr.io"],
    ["https://Example.com:5000/v2/", "example.com:5000"],
    ["http://127.0.0.1:5000", "127.0.0.1:5000"],
    ["ghcr.io/owner/image", "ghcr.io"],
  ];
  for (const [given, wanted] of table)
    it(`is ${wanted} for ${given || "nothing"}`, () => {
      assert.equal(registryOf(given), wanted);
    });
});
