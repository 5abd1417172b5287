// SPDX-License-Identifier: Apache-2.0
// The cache service of GitHub Actions: where it is, what a token opens, and entries that somebody else has taken.

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { ActionsEntries } from "#src/cache/actions/entries.js";
import { signedUrl } from "#src/cache/actions/protocol.js";
import { actionsSettings, type ActionsSettings } from "#src/cache/actions/settings.js";
import { scopesOf } from "#src/cache/actions/token.js";
import { parseCacheSpecs } from "#src/cache/index.js";
import { parseRecords } from "#src/cache/document.js";
import { Connections } from "#src/registry/index.js";
import { ActionsCacheServer, actionsToken } from "../../support/actions-cache-server.js";

type Texts = Readonly<Record<string, string>>;
const settings = (attributes: Texts, env: Texts): ReturnType<typeof actionsSettings> =>
  actionsSettings("gha", attributes, { cwd: "/", env });

describe("where the cache service is", () => {
  const token = { ACTIONS_RUNTIME_TOKEN: "t" };
  const results = { ACTIONS_RESULTS_URL: "https://results.example/" };
  const old = { ACTIONS_CACHE_URL: "https://old.example/path/" };
  const github = "https://results-receiver.actions.githubusercontent.com/";
  const table: readonly (readonly [Texts, Texts, string | undefined])[] = [
    [{}, { ...token, ...results, ACTIONS_CACHE_SERVICE_V2: "True" }, "2 https://results.example"],
    [
      {},
      { ...token, ...results, ...old, ACTIONS_CACHE_SERVICE_V2: "1" },
      "2 https://results.example",
    ],
    [{}, { ...token, ...results, ...old }, "1 https://old.example/path"],
    [
      {},
      { ...token, ...results, ...old, ACTIONS_CACHE_SERVICE_V2: "" },
      "1 https://old.example/path",
    ],
    [{}, { ...token, ...results }, "1 https://results.example"],
    [{}, { ...token, ACTIONS_RESULTS_URL: github }, `2 ${github.slice(0, -1)}`],
    [{ version: "1" }, { ...token, ACTIONS_RESULTS_URL: github }, `1 ${github.slice(0, -1)}`],
    [{ version: "2" }, { ...token, ...results, ...old }, "2 https://results.example"],
    [{ version: "2" }, { ...token, ...old }, "2 https://old.example/path"],
    [
      { version: "1" },
      { ...token, ...results, ...old, ACTIONS_CACHE_SERVICE_V2: "1" },
      "1 https://old.example/path",
    ],
    [{ url_v2: "http://127.0.0.1:9/" }, { ...token, ...results, ...old }, "2 http://127.0.0.1:9"],
    [{ url: "http://127.0.0.1:9//" }, { ...token, ...results }, "1 http://127.0.0.1:9"],
    [{ url: "http://127.0.0.1:9/", token: "x" }, {}, "1 http://127.0.0.1:9"],
    [{ url: "http://127.0.0.1:9/" }, {}, undefined],
    [{ url: "http://127.0.0.1:9/", token: "" }, { ACTIONS_RUNTIME_TOKEN: "" }, undefined],
    [{}, token, undefined],
    [{}, { ...results, ...old }, undefined],
  ];
  for (const [attributes, env, expected] of table)
    it(`${JSON.stringify(attributes)} ${JSON.stringify(env)}`, () => {
      const found = settings(attributes, env);
      const shown = "absent" in found ? undefined : `${found.version} ${found.url}`;
      assert.equal(shown, expected);
    });

  it("is known by its attributes, or refused", () => {
    const found = settings({ timeout: "1m30s", scope: "" }, { ...token, ...results });
    assert.ok(!("absent" in found));
    assert.equal(found.patience, 90_000);
    assert.equal(found.scope, "tsbuild");
    const wrong: readonly Texts[] = [
      { version: "3" },
      { timeout: "10" },
      { timeout: "-1s" },
      { url: "results.example" },
      { url: "file:///x" },
      { url: "https://x/?sig=1" },
      { version: "1", url_v2: "https://x/" },
    ];
    for (const attributes of wrong)
      assert.throws(() => settings(attributes, token), { code: "CACHE_OPTION" });
  });

  it("is in no message with its token", () => {
    assert.throws(
      () => parseCacheSpecs("--cache-to", "type=gha,token=SECRET,GHTOKEN=SECRET,x"),
      (error: Error) => !error.message.includes("SECRET") && error.message.includes("type=gha"),
    );
  });
});

describe("a token", () => {
  it("says which branches it opens", () => {
    const token = actionsToken(
      { Scope: "refs/pull/7/merge", Permission: 3 },
      { Scope: "refs/heads/main", Permission: 1 },
    );
    assert.deepEqual(scopesOf(token), [
      { ref: "refs/pull/7/merge", read: true, write: true },
      { ref: "refs/heads/main", read: true, write: false },
    ]);
  });

  it("that says nothing opens one place without a name", () => {
    const part = (value: unknown): string =>
      Buffer.from(JSON.stringify(value)).toString("base64url");
    const texts = ["", "opaque", "a.b.c", `a.${part({})}.c`, `a.${part({ ac: "{" })}.c`];
    for (const token of [...texts, `a.${part({ ac: '"x"' })}.c`, `a.${part([])}.c`])
      assert.deepEqual(scopesOf(token), [{ ref: "", read: true, write: true }], token);
  });

  it("is read without what makes no sense, and not for ever", () => {
    const token = (ac: unknown): string =>
      `a.${Buffer.from(JSON.stringify({ ac: JSON.stringify(ac) })).toString("base64url")}.c`;
    assert.deepEqual(scopesOf(token([1, {}, { Scope: 1, Permission: 3 }, { Scope: "x" }])), []);
    const many = Array.from({ length: 99 }, () => ({ Scope: "x", Permission: 1 }));
    assert.equal(scopesOf(token(many)).length, 16);
  });
});

describe("a signed URL", () => {
  it("is http or https, and no less safe than the service", () => {
    assert.equal(signedUrl("https://b.example/x?sig=1", "http://s").host, "b.example");
    assert.equal(signedUrl("http://b.example/x?sig=1", "http://s").host, "b.example");
    for (const value of [
      ...[undefined, 1, "", "x", "file:///x", "http://b.example/x?sig=1"],
      `https://b.example/${"x".repeat(9000)}`,
    ])
      assert.throws(() => signedUrl(value, "https://s"), { code: "CACHE_SERVICE" });
  });
});

describe("a document that stands for itself", () => {
  it("describes its layers", () => {
    const digest = `sha256:${"a".repeat(64)}`;
    const annotations = { mediaType: "application/x", diffID: digest, size: 3 };
    const document = (fields: object): Buffer =>
      Buffer.from(
        JSON.stringify({
          layers: [{ blob: digest, parent: -1, annotations: { ...annotations, ...fields } }],
          records: [{ digest, layers: [{ layer: 0 }] }],
        }),
      );
    const [layer] = parseRecords(document({})).get("a".repeat(64)) ?? [];
    assert.deepEqual(layer?.descriptor, { mediaType: "application/x", digest, size: 3 });
    for (const fields of [{ size: -1 }, { size: "3" }, { size: 2 ** 60 }, { mediaType: 1 }])
      assert.throws(() => parseRecords(document(fields)), { code: "OCI_JSON" });
  });
});

describe("entries of the cache service", () => {
  const { signal } = new AbortController();
  const contentOf = (text: string): { size: number; open: () => Readable } => ({
    size: text.length,
    open: () => Readable.from([Buffer.from(text)]),
  });

  async function serve(
    use: (entries: ActionsEntries, server: ActionsCacheServer) => Promise<void>,
  ): Promise<void> {
    await using server = await ActionsCacheServer.start();
    const connections = new Connections({});
    const found: ActionsSettings = {
      url: server.url.slice(0, -1),
      version: 2,
      token: actionsToken({ Scope: "refs/heads/main", Permission: 3 }),
      scope: "s",
      patience: 1000,
    };
    try {
      await use(new ActionsEntries(connections, found, { patience: 20, interval: 10 }), server);
    } finally {
      connections.close();
    }
  }
  const textOf = async (entries: ActionsEntries): Promise<string | undefined> =>
    (await entries.read("name", 1000, signal))?.toString();

  it("are written anew under the next number, or left as they are", async () => {
    await serve(async (entries, server) => {
      assert.equal(await textOf(entries), undefined);
      for (const text of ["one", "two"])
        await entries.save("name", contentOf(text), { replace: true }, signal);
      await entries.save("name", contentOf("three"), { replace: false }, signal);
      assert.equal(await textOf(entries), "two");
      assert.deepEqual(
        server.entries.map(({ key }) => key),
        ["name#1", "name#2"],
      );
    });
  });

  it("are waited for while another writes them, and written beside those who never came to the end", async () => {
    await serve(async (entries, server) => {
      await entries.save("name", contentOf("other"), { replace: true }, signal);
      const [other] = server.entries;
      assert.ok(other !== undefined);
      other.complete = false;
      setTimeout(() => (other.complete = true), 5);
      await entries.save("name", contentOf("own"), { replace: false }, signal);
      assert.equal(await textOf(entries), "other");
      other.complete = false;
      await entries.save("name", contentOf("own"), { replace: false }, signal);
      assert.equal(await textOf(entries), "own");
      assert.equal(server.entries.at(-1)?.key, "name#2");
    });
  });

  it("are all whole when several write at once", async () => {
    await serve(async (entries, server) => {
      const texts = ["a", "b", "c", "d", "e"];
      await Promise.all(
        texts.map((text) => entries.save("name", contentOf(text), { replace: true }, signal)),
      );
      assert.ok(texts.includes((await textOf(entries)) ?? ""));
      assert.ok(server.entries.every(({ complete }) => complete));
    });
  });

  it("of names that begin alike are told apart, and keys of others are none", async () => {
    await serve(async (entries, server) => {
      await entries.save("name-2", contentOf("other"), { replace: true }, signal);
      assert.equal(await textOf(entries), undefined);
      await entries.save("name", contentOf("own"), { replace: true }, signal);
      const own = server.entries.at(-1);
      assert.ok(own !== undefined);
      for (const key of ["name#", "name#x", "name#01", "name#1x", "name#-1"]) {
        server.entries.splice(0, server.entries.length, { ...own, key });
        assert.equal(await textOf(entries), undefined, key);
      }
    });
  });

  it("are given up where they are not what they should be", async () => {
    await serve(async (entries, server) => {
      await entries.save("name", contentOf("12345"), { replace: true }, signal);
      const bytes = async (size: number): Promise<number> => {
        let length = 0;
        for await (const chunk of entries.stream("name", size, signal)) length += chunk.length;
        return length;
      };
      assert.equal(await bytes(5), 5);
      await assert.rejects(bytes(4), { code: "CACHE_SERVICE" });
      await assert.rejects(entries.read("name", 4, signal), { code: "CACHE_SERVICE" });
      const range = { "content-range": "bytes 0-4/5" };
      server.fault({ match: /^GET /, truncateAt: 2 });
      server.fault({ match: /^GET /, status: 206, headers: range, body: "12345" });
      await assert.rejects(bytes(5), { code: "CACHE_SERVICE" });
      const answers = [
        "[]",
        '{"ok":true,"matched_key":"name#1","signed_download_url":"file:///x"}',
      ];
      for (const body of [...answers, '{"ok":true,"matched_key":"name#1"}', "<html>"]) {
        server.fault({ match: /GetCacheEntry/, status: 200, body });
        if (body === "[]") assert.equal(await textOf(entries), undefined);
        else await assert.rejects(textOf(entries), { code: "CACHE_SERVICE" }, body);
      }
    });
  });

  it("end with the signal's reason", async () => {
    await serve(async (entries, server) => {
      const abort = new AbortController();
      server.fault({ match: /./, times: 9, status: 429, headers: { "retry-after": "30" } });
      const read = entries.read("name", 10, abort.signal);
      setTimeout(() => {
        abort.abort(new Error("enough"));
      }, 20);
      await assert.rejects(read, /enough/);
    });
  });
});
