// SPDX-License-Identifier: Apache-2.0
// Source policies over whole builds: what is denied is never asked for, by whatever way a build comes to it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { makeImage } from "../support/image.js";
import { RegistryServer } from "../support/registry-server.js";
import { workspace, type RunResult } from "../support/runner.js";

const space = workspace();
const { directory } = space;
const architecture = { x64: "amd64", ia32: "386" }[process.arch as string] ?? process.arch;
const registry = await RegistryServer.start();
const asked: string[] = [];
const web = createServer((request, response) => {
  const [path = ""] = (request.url ?? "").split("?");
  asked.push(path);
  const [, target] = /^\/to(\/.*)/.exec(path) ?? [];
  if (target !== undefined) response.writeHead(302, { location: target }).end();
  else
    try {
      // Repositories, as plain files.
      response.end(
        path.includes(".git/") ? readFileSync(join(directory, path)) : `content of ${path}`,
      );
    } catch {
      response.writeHead(404).end();
    }
});
let site = "";

before(async () => {
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  site = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  putImage("good", "good");
  putImage("evil", "evil");
  putImage("triggers", "x", { OnBuild: [`COPY --from=${registry.host}/evil:1 / /`] });
});
after(async () => {
  web.closeAllConnections();
  web.close();
  await registry[Symbol.asyncDispose]();
  await space[Symbol.asyncDispose]();
});

/** An image with one file. Gives the digest of its manifest. */
function putImage(name: string, content: string, config: object = {}): string {
  const image = makeImage([Buffer.from(content)], { os: "linux", architecture }, config);
  for (const { bytes } of [image.config, ...image.layers]) registry.putBlob(name, bytes);
  return registry.putManifest(name, "1", image.manifest.mediaType, image.manifest.bytes);
}

interface Build {
  readonly rules: readonly object[];
  readonly dockerfile: string;
  readonly args?: readonly string[];
  /** Default: Buildah's flag. */
  readonly variable?: boolean;
  readonly context?: string;
}

let builds = 0;
async function build({
  rules,
  dockerfile,
  args = [],
  variable,
  context,
}: Build): Promise<RunResult> {
  const file = join(directory, `policy${builds++}.json`);
  writeFileSync(file, JSON.stringify({ rules }));
  registry.log.length = 0;
  asked.length = 0;
  mkdirSync(join(directory, "context"), { recursive: true });
  writeFileSync(join(directory, "context/Dockerfile"), dockerfile);
  return space.tsbuild(
    [
      ...["build", "--debug", "-o", "out", ...args],
      ...(variable === true ? [] : ["--source-policy-file", file]),
      context ?? "context",
    ],
    {
      env: {
        TSBUILD_ROOT: join(directory, `store${builds}`),
        ...(variable === true ? { EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: file } : {}),
      },
      timeout: 60_000,
    },
  );
}

const rule = (action: string, identifier: string, updates?: object): object => ({
  action,
  selector: { identifier },
  ...(updates === undefined ? {} : { updates }),
});
const denyEvil = (): object => rule("DENY", `docker-image://${registry.host}/evil*`);

function assertDenied({ code, stderr }: RunResult): void {
  assert.equal(code, 1, stderr);
  assert.match(stderr, /denied by source policy/);
  assert.match(stderr, /\(POLICY_DENIED\)/);
}

describe("a denied image", () => {
  const ways: readonly [what: string, dockerfile: () => string, args?: () => string[]][] = [
    ["FROM", () => `FROM ${registry.host}/evil:1\n`],
    ["FROM with an ARG", () => `ARG A=evil\nFROM ${registry.host}/\${A}:1\n`],
    ["COPY --from", () => `FROM scratch\nCOPY --from=${registry.host}/evil:1 / /\n`],
    [
      "RUN --mount",
      () => `FROM ${registry.host}/good:1\nRUN --mount=from=${registry.host}/evil:1,target=/m x\n`,
    ],
    ["ONBUILD of a base image", () => `FROM ${registry.host}/triggers:1\n`],
    ["--from", () => "FROM x\n", () => ["--from", `${registry.host}/evil:1`]],
    [
      "a named context",
      () => "FROM x\n",
      () => ["--build-context", `x=docker-image://${registry.host}/evil:1`],
    ],
    ["a mapping of rules", () => `FROM ${registry.host}/other:1\n`],
  ];
  for (const [what, dockerfile, args] of ways)
    it(`is not asked for by ${what}`, async () => {
      const { host } = registry;
      const other = rule("CONVERT", `docker-image://${host}/other:1`, {
        identifier: `docker-image://${host}/evil:1`,
      });
      const rules = [denyEvil(), other];
      assertDenied(
        await build({ rules, variable: true, dockerfile: dockerfile(), args: args?.() ?? [] }),
      );
      assert.deepEqual(registry.requests(/evil/), []);
    });

  it("is denied by its digest when its tag is found to mean that", async () => {
    const digest = putImage("tagged", "tagged");
    const rules = [rule("DENY", `docker-image://*@${digest}`)];
    assertDenied(await build({ rules, dockerfile: `FROM ${registry.host}/tagged:1\n` }));
    assert.deepEqual(registry.requests(/blobs/), []);
  });
});

describe("a policy", () => {
  it("puts one image in the place of another", async () => {
    const { host } = registry;
    const digest = registry.putManifest(
      "good",
      "2",
      registry.manifest("good", "1")?.mediaType ?? "",
      registry.manifest("good", "1")?.bytes ?? Buffer.alloc(0),
    );
    const rules = [
      rule("CONVERT", `docker-image://${host}/evil:?`, {
        identifier: `docker-image://${host}/good:1@${digest}`,
      }),
      rule("DENY", "*"),
    ];
    const { code, stderr } = await build({ rules, dockerfile: `FROM ${host}/evil:1\n` });
    assert.equal(code, 0, stderr);
    assert.equal(readFileSync(join(directory, "out/file0"), "utf8"), "good");
    assert.deepEqual(registry.requests(/evil/), []);
  });

  it("puts one download in the place of another, under the name that the Dockerfile gives it", async () => {
    const rules = [
      rule("CONVERT", `${site}/a/*`, { identifier: `${site}/b/\${1}.mirrored` }),
      rule("CONVERT", `${site}/b/*`, { attrs: { "http.checksum": `sha256:${"0".repeat(64)}` } }),
    ];
    const dockerfile = `FROM scratch\nADD ${site}/a/f /\n`;
    const moved = await build({ rules: rules.slice(0, 1), variable: true, dockerfile });
    assert.equal(moved.code, 0, moved.stderr);
    assert.deepEqual(asked, ["/b/f.mirrored"]);
    assert.equal(readFileSync(join(directory, "out/f"), "utf8"), "content of /b/f.mirrored");
    const pinned = await build({ rules, variable: true, dockerfile });
    assert.match(pinned.stderr, /\(STEPS_CHECKSUM\)/);
    const context = await build({ rules, variable: true, dockerfile: "", context: `${site}/a/f` });
    assert.match(context.stderr, /\(CONTEXT_HTTP_CHECKSUM\)/);
  });

  it("is the only one, and one that can be read", async () => {
    const args = ["--source-policy-file", "missing.json", "context"];
    const env = { TSBUILD_ROOT: join(directory, "store") };
    const missing = await space.tsbuild(["build", "--debug", ...args], { env });
    assert.match(missing.stderr, /loading source policy missing.json: .*ENOENT/);
    const both = await space.tsbuild(["build", ...args], {
      env: { ...env, EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: "x" },
    });
    assert.equal(both.code, 2, both.stderr);
  });
});

describe("a denied download", () => {
  const denied = (): object[] => [rule("DENY", `${site}/evil*`)];
  const ways: readonly [
    what: string,
    dockerfile: () => string,
    args?: () => string[],
    context?: () => string,
  ][] = [
    ["ADD", () => `FROM scratch\nADD ${site}/evil /\n`],
    ["ADD of something that redirects to it", () => `FROM scratch\nADD ${site}/to/evil /\n`],
    ["a context", () => "", () => [], () => `${site}/evil`],
    ["a context that redirects to it", () => "", () => [], () => `${site}/to/evil`],
    ["-f", () => "", () => ["-f", `${site}/evil`]],
    [
      "a named context",
      () => "FROM scratch\nCOPY --from=x / /\n",
      () => ["--build-context", `x=${site}/evil`],
    ],
    [
      "the time of a stage",
      () => `FROM scratch AS s\nADD ${site}/evil /\nFROM scratch\nCOPY Dockerfile /\n`,
      () => ["--build-arg", "SOURCE_DATE_EPOCH=s"],
    ],
  ];
  for (const [what, dockerfile, args, context] of ways)
    it(`is not asked for by ${what}`, async () => {
      const given = context === undefined ? {} : { context: context() };
      assertDenied(
        await build({ rules: denied(), dockerfile: dockerfile(), args: args?.() ?? [], ...given }),
      );
      assert.deepEqual(
        asked.filter((path) => path.startsWith("/evil")),
        [],
      );
    });
});

describe("a denied repository", () => {
  // Not synchronously: the server that git asks is this process.
  const git = async (repository: string, ...args: string[]): Promise<void> => {
    const who = ["-c", "user.name=n", "-c", "user.email=e@x"];
    const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
    await promisify(execFile)("git", [...who, ...args], { cwd: join(directory, repository), env });
  };
  /** A repository with a file of its name, or with another as its submodule. */
  const publish = async (name: string, submodule?: string): Promise<void> => {
    const work = `${name}.work`;
    mkdirSync(join(directory, work));
    await git(work, "init", "-q", "-b", "main");
    if (submodule === undefined) writeFileSync(join(directory, work, "f"), name);
    else await git(work, "submodule", "--quiet", "add", `${site}/${submodule}.git`, "sub");
    await git(work, "add", "-A");
    await git(work, "commit", "-q", "-m", "1");
    await git(".", "clone", "-q", "--bare", work, `${name}.git`);
    await git(`${name}.git`, "update-server-info");
  };
  before(async () => {
    await publish("evil");
    await publish("inner", "evil");
    await publish("outer", "inner");
    await git(".", "clone", "-q", "--bare", "evil.git", "mirror.git");
    await git("mirror.git", "update-server-info");
  });
  const denied = (): object[] => [rule("DENY", `git://${new URL(site).host}/evil`)];
  for (const name of ["evil", "inner", "outer"]) {
    it(`is not asked for by ADD of ${name}`, async () => {
      assertDenied(
        await build({ rules: denied(), dockerfile: `FROM scratch\nADD ${site}/${name}.git /\n` }),
      );
      assert.deepEqual(
        asked.filter((path) => path.startsWith("/evil")),
        [],
      );
    });
    it(`is not asked for by a context of ${name}`, async () => {
      assertDenied(
        await build({ rules: denied(), dockerfile: "", context: `${site}/${name}.git` }),
      );
      assert.deepEqual(
        asked.filter((path) => path.startsWith("/evil")),
        [],
      );
    });
  }
  it("is replaced where a rule says by what, in submodules too", async () => {
    const { host } = new URL(site);
    const mirror = { identifier: `git://${host}/mirror.git` };
    const { code, stderr } = await build({
      rules: [rule("CONVERT", `git://${host}/evil.git*`, mirror)],
      dockerfile: `FROM scratch\nADD ${site}/outer.git /outer/\nADD ${site}/evil.git#main /evil/\n`,
    });
    assert.equal(code, 0, stderr);
    for (const path of ["outer/sub/sub/f", "evil/f"])
      assert.equal(readFileSync(join(directory, "out", path), "utf8"), "evil");
    assert.deepEqual(
      asked.filter((path) => path.startsWith("/evil")),
      [],
    );
  });
});
