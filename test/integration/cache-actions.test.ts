// SPDX-License-Identifier: Apache-2.0
// The cache type `gha`, on a cache service as GitHub Actions has it. A machine is a store of its own here, a runner that GitHub
// gave a token.

import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, afterEach, describe, it } from "node:test";
import { ActionsCacheServer, actionsToken } from "../support/actions-cache-server.js";
import { cacheBuilds, cachedSteps, ran } from "../support/cache-builds.js";
import { baseContexts, workspace, type RunResult } from "../support/runner.js";

const space = workspace();
const { machine, build, digestOf } = cacheBuilds(space);
const main = { Scope: "refs/heads/main", Permission: 3 } as const;
const token = actionsToken(main);
let server: ActionsCacheServer;
beforeEach(async () => {
  server = await ActionsCacheServer.start();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
});
after(async () => {
  await space[Symbol.asyncDispose]();
});

type Variables = Readonly<Record<string, string | undefined>>;

/** What a runner sets for actions. */
const second = (own = token): Variables => ({
  ACTIONS_CACHE_SERVICE_V2: "True",
  ACTIONS_RESULTS_URL: server.url,
  ACTIONS_CACHE_URL: undefined,
  ACTIONS_RUNTIME_TOKEN: own,
});
const first = (own = token): Variables => ({
  ACTIONS_CACHE_SERVICE_V2: undefined,
  ACTIONS_RESULTS_URL: undefined,
  ACTIONS_CACHE_URL: `${server.url}some/path/`,
  ACTIONS_RUNTIME_TOKEN: own,
});

const to = (attributes = ""): string[] => ["--cache-to", `type=gha${attributes}`];
const from = (attributes = ""): string[] => ["--cache-from", `type=gha${attributes}`];
const archive = (name: string): string[] => ["-o", `type=oci,dest=${name}`];

/** Requests that brought bytes of layers or documents. */
const sent = (): number => server.requests(/^(PUT|PATCH) /).length;

/** Builds on a new machine. */
const anew = (args: readonly string[], env = second(), text?: string): Promise<RunResult> =>
  build(machine(), args, text, env);

function withoutSecrets({ stdout, stderr }: RunResult): void {
  for (const secret of [token, server.signature])
    assert.ok(!(stdout + stderr).includes(secret), "a secret is printed");
}

describe("a cache of GitHub Actions", () => {
  for (const [version, environment] of [
    [2, second],
    [1, first],
  ] as const)
    it(`gives another machine the image, to the byte (version ${version})`, async () => {
      const made = await anew([...archive("a.tar"), ...to(",mode=max")], environment());
      assert.equal(ran(made).length, 5, made.stderr);
      const taken = await anew([...archive("b.tar"), ...from()], environment());
      assert.deepEqual(ran(taken), [], taken.stderr);
      assert.equal(await digestOf("b.tar"), await digestOf("a.tar"));
      for (const result of [made, taken]) withoutSecrets(result);
      const paths = version === 1 ? /^\w+ \/some\/path\/_apis\// : /^POST \/twirp\//;
      assert.ok(server.requests(paths).length > 0);
      assert.ok(server.entries.every(({ complete }) => complete));
    });

  it("gets nothing twice: neither layers nor a document that has not changed", async () => {
    const store = machine();
    await build(store, to(",mode=max"), cachedSteps, second());
    const before = sent();
    const again = await build(store, to(",mode=max"), cachedSteps, second());
    assert.match(again.stderr, /exporting cache to gha \(scope tsbuild\)/);
    assert.equal(sent(), before);
    // One layer more is one layer and a document.
    await build(store, to(",mode=max"), `${cachedSteps}RUN echo more > /more\n`, second());
    assert.equal(sent(), before + 2);
  });

  it("has the steps of the image only, and with mode=max all others", async () => {
    const changed = cachedSteps.replace("COPY --from=tool", "COPY --from=tool --chmod=600");
    await anew(to(",scope=min"));
    await anew(to(",scope=max,mode=max"));
    const least = await anew(from(",scope=min"), second(), changed);
    assert.ok(
      ran(least).some((name) => name.includes("RUN echo tool")),
      least.stderr,
    );
    const most = await anew(from(",scope=max"), second(), changed);
    assert.equal(ran(most).length, 2, most.stderr);
  });

  it("has cache mounts, when they are asked for, and those that no command used stay in it", async () => {
    const step = (name: string): string =>
      `FROM busybox\nRUN --mount=type=cache,target=/c echo ${name} sees $(cat /c/names) && echo ${name} >> /c/names\n`;
    const mounts = to(",scope=mounts,mounts=true");
    await anew(mounts, second(), step("one"));
    const { stderr } = await anew([...from(",scope=mounts"), ...mounts], second(), step("one"));
    assert.match(stderr, /CACHED/);
    const later = await anew(from(",scope=mounts"), second(), step("two"));
    assert.match(later.stderr, /two sees one\n/);
  });

  it("is one for each scope, and for each branch those that its token opens", async () => {
    await anew(to(",scope=one"));
    assert.deepEqual(ran(await anew(from(",scope=one"))), []);
    const other = await anew(from(",scope=two"));
    assert.match(
      other.stderr,
      /WARNING: the cache gha \(scope two\) is not used: there is none yet/,
    );
    assert.equal(ran(other).length, 5);

    const branch = { Scope: "refs/heads/feature", Permission: 3 } as const;
    const onBranch = second(actionsToken(branch, { ...main, Permission: 1 }));
    const text = "FROM busybox\nRUN date +%s%N > /branch\n";
    assert.deepEqual(ran(await anew(from(",scope=one"), onBranch)), []);
    await anew(to(",scope=one"), onBranch, text);
    // Both are there for the branch, and its own is not for others.
    assert.deepEqual(ran(await anew(from(",scope=one"), onBranch, text)), []);
    assert.deepEqual(ran(await anew(from(",scope=one"), onBranch)), []);
    assert.equal(ran(await anew(from(",scope=one"), second(), text)).length, 1);
  });

  it("takes attributes before the environment", async () => {
    const attributes = `,url_v2=${server.url},token=${token},version=2,timeout=1m,repository=a/b,ghtoken=x`;
    const nothing = { ...second(""), ACTIONS_RESULTS_URL: "http://127.0.0.1:1/" };
    await anew(to(attributes), nothing);
    const taken = await anew(from(attributes), nothing);
    assert.deepEqual(ran(taken), []);
    withoutSecrets(taken);
  });

  it("gets large layers in pieces", async () => {
    const text = "FROM busybox\nRUN head -c 20000000 /dev/urandom > /large\n";
    for (const environment of [first, second]) {
      server.log.length = 0;
      await anew([...archive("a.tar"), ...to()], environment(), text);
      const pieces = server
        .requests(/^(PATCH|PUT .*comp=block&)/)
        .filter(({ length }) => length > 0);
      assert.ok(pieces.length >= 5, `${pieces.length} pieces`);
      assert.ok(pieces.every(({ length }) => length <= 4 * 1024 * 1024));
      assert.deepEqual(ran(await anew([...archive("b.tar"), ...from()], environment(), text)), []);
      assert.equal(await digestOf("b.tar"), await digestOf("a.tar"));
      server.evict(/./);
    }
  });

  it("is whole when two machines write it at once", async () => {
    const [one, other] = [machine(), machine()];
    const results = await Promise.all([
      build(one, to(",mode=max"), cachedSteps, second()),
      build(other, to(",mode=max"), cachedSteps, second()),
    ]);
    assert.ok(results.every(({ code }) => code === 0));
    assert.deepEqual(ran(await anew(from())), []);
  });

  it("gets the token, and places of bytes do not", async () => {
    await anew(to());
    await anew(from());
    for (const { host, headers } of server.log)
      assert.equal(headers.authorization, host === "service" ? `Bearer ${token}` : undefined);
  });
});

describe("a cache of GitHub Actions that is not as it was", () => {
  const twoSteps = "FROM busybox\nRUN date +%s%N > /first\nRUN date +%s%N > /second\n";
  /** The layer of the last step. */
  const last = (): (typeof server.entries)[number] => {
    const [entry] = server.entries
      .filter(({ key }) => key.startsWith("tsbuild-blob-"))
      .sort((a, b) => a.bytes.length - b.bytes.length);
    return entry ?? assert.fail("no layers");
  };

  it("costs time, and nothing else: a layer that is gone, and is there again after the next build", async () => {
    await anew(to(), second(), twoSteps);
    server.evict(new RegExp(last().key));
    const result = await anew([...from(), ...to()], second(), twoSteps);
    assert.match(result.stderr, /WARNING: a cached step is run, .* it is no longer there/);
    assert.ok(ran(result).length >= 1, result.stderr);
    assert.deepEqual(ran(await anew(from(), second(), twoSteps)), []);
  });

  it("costs time, and nothing else: damaged layers", async () => {
    await anew(to(), second(), twoSteps);
    const { bytes } = last();
    bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
    const result = await anew([...archive("good.tar"), ...from()], second(), twoSteps);
    assert.match(result.stderr, /WARNING: a cached step is run/);
    assert.ok(ran(result).length >= 1, result.stderr);
    assert.equal(typeof (await digestOf("good.tar")), "string");
  });

  it("costs time, and nothing else: a document that is none", async () => {
    await anew(to(), second(), twoSteps);
    for (const text of [
      "",
      "no JSON",
      "[]",
      '{"layers":[{"annotations":{}}]}',
      "\u0000".repeat(17e6),
    ]) {
      const entry = server.entries.find(({ key }) => key.startsWith("tsbuild-index-"));
      assert.ok(entry !== undefined);
      entry.bytes = Buffer.from(text);
      const result = await anew(from(), second(), twoSteps);
      assert.match(result.stderr, /WARNING: the cache gha \(scope tsbuild\) is not used/);
      assert.equal(ran(result).length, 2, result.stderr);
    }
  });
});

describe("a cache service of GitHub Actions that fails", () => {
  it("is asked again when it is busy or breaks off", async () => {
    const busy = { status: 429, headers: { "retry-after": "0" } };
    server.fault({ match: /CreateCacheEntry/, times: 7, ...busy });
    server.fault({
      match: /FinalizeCacheEntryUpload/,
      status: 503,
      headers: { "retry-after": "0" },
    });
    server.fault({ match: /^PUT /, reset: true });
    await anew(to());
    server.fault({ match: /GetCacheEntryDownloadURL/, times: 3, ...busy });
    server.fault({ match: /^GET /, status: 500, headers: { "retry-after": "0" } });
    for (const match of [/^GET .*cache\/1\?/, /^GET .*cache\/2\?/])
      for (let i = 0; i < 2; i++) server.fault({ match, truncateAt: 100 });
    assert.deepEqual(ran(await anew(from())), []);
    const ranges = server.requests(/^GET /).filter(({ headers }) => headers.range !== undefined);
    assert.ok(ranges.length > 0);
  });

  it("is a warning when it cannot be read, and the end when it cannot be written", async () => {
    const nowhere = { ...second(), ACTIONS_RESULTS_URL: "http://127.0.0.1:1/" };
    const imported = await anew(from(), nowhere);
    assert.match(imported.stderr, /WARNING: the cache gha .* is not used: .* no connection to 127/);
    assert.equal(ran(imported).length, 5);
    const ignored = await anew(to(",ignore-error=true"), nowhere);
    assert.match(ignored.stderr, /WARNING: the cache gha \(scope tsbuild\) was not written/);
    const args = ["build", ...baseContexts("busybox"), "--network=none", "-f", "-", "context"];
    const input = "FROM busybox\nRUN echo 1 > /x\n";
    const fails = async (env: Variables): Promise<string> => {
      const failed = await space.fail(1, [...args, ...to()], { input, env });
      withoutSecrets(failed);
      return failed.stderr;
    };
    assert.match(await fails(nowhere), /no connection to 127\.0\.0\.1:1/);
    server.fault({ match: /^PUT /, status: 403, headers: { "x-ms-error-code": "NoMore" } });
    assert.match(
      await fails(second()),
      /send a cache entry: 127\.0\.0\.1:\d+ answered 403, NoMore/,
    );
    const said = JSON.stringify({ msg: `no: ${token} and ${server.url}x?sig=${server.signature}` });
    server.fault({ match: /CreateCacheEntry/, status: 400, body: said });
    assert.match(await fails(second()), /the cache service answered 400, no: \*\*\* and/);
    const reading = second(actionsToken({ ...main, Permission: 1 }));
    assert.match(await fails(reading), /may write no cache/);
  });

  it("cannot send its visitors, or their token, elsewhere", async () => {
    await using other = await ActionsCacheServer.start();
    const location = `${other.url}twirp/github.actions.results.api.v1.CacheService/X`;
    server.fault({ match: /^POST /, times: 9, status: 307, headers: { location } });
    const result = await anew([...from(), ...to(",ignore-error=true")]);
    assert.match(result.stderr, /WARNING: the cache gha .* is not used: .* answered 307/);
    assert.equal(other.log.length, 0);
  });

  it("cannot make us hold what it sends", async () => {
    const endless = Buffer.alloc(1_000_000, "[");
    server.fault({ match: /GetCacheEntryDownloadURL/, status: 200, body: endless });
    server.fault({
      match: /GetCacheEntryDownloadURL/,
      status: 500,
      body: endless,
      headers: { "retry-after": "0" },
    });
    const result = await anew(from());
    assert.match(result.stderr, /WARNING: the cache gha .* is not used: .* no JSON, or longer/);
  });
});

describe("type=gha elsewhere", () => {
  it("is left out with one warning where there is no such service", async () => {
    const none = { ...second(), ACTIONS_RUNTIME_TOKEN: "" };
    const { stderr } = await anew([...from(), ...to(",mode=max"), ...from(",scope=b")], none);
    const warnings = stderr.split("\n").filter((line) => line.includes("WARNING"));
    assert.equal(warnings.length, 1, stderr);
    assert.match(warnings[0] ?? "", /type gha are left out: ACTIONS_RUNTIME_TOKEN is not set/);
    assert.equal(server.log.length, 0);
  });

  it("has its attributes checked all the same, and no token is shown", async () => {
    writeFileSync(join(space.directory, "Dockerfile"), "FROM scratch\nLABEL a=1\n");
    for (const flags of [
      to(",mode=some"),
      from(",version=3"),
      from(",timeout=soon"),
      from(",url=ftp://x"),
      from(",url_v2=http://x/,version=1"),
      from(`,scope=${"x".repeat(300)}`),
      from(",scpoe=x"),
      from(",token=SECRET,x"),
    ]) {
      const env = { ...second(), ACTIONS_RESULTS_URL: undefined };
      const { stderr } = await space.fail(1, ["build", ...flags, "."], { env });
      assert.ok(!stderr.includes("SECRET"), stderr);
    }
    rmSync(join(space.directory, "Dockerfile"));
    assert.equal(readFileSync(join(space.directory, "context/file"), "utf8"), "content\n");
  });
});
