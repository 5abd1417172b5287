// SPDX-License-Identifier: Apache-2.0
// Source policies: what the file may say, how rules decide in the two dialects, and ways around a rule that must not be.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { formatReference, parseDigest, parseReference, withDefaultTag } from "#src/oci/index.js";
import { parsePolicy, SourcePolicy, type Dialect } from "#src/policy/index.js";

const hub = "docker-image://docker.io/library/";
const digest = parseDigest(`sha256:${"a".repeat(64)}`);

interface RuleText {
  readonly action?: string | number;
  readonly selector?: unknown;
  readonly updates?: unknown;
}

const allow = (identifier: string, more: object = {}): RuleText => ({
  action: "ALLOW",
  selector: { identifier, ...more },
});
const deny = (identifier: string, more: object = {}): RuleText => ({
  action: "DENY",
  selector: { identifier, ...more },
});
const convert = (identifier: string, to: string, more: object = {}): RuleText => ({
  action: "CONVERT",
  selector: { identifier, ...more },
  updates: { identifier: to },
});

function policy(dialect: Dialect, ...rules: RuleText[]): SourcePolicy {
  return new SourcePolicy(parsePolicy(JSON.stringify({ rules }), "p.json", dialect));
}

function image(rules: SourcePolicy, name: string, resolved?: typeof digest): string {
  return formatReference(rules.image(withDefaultTag(parseReference(name)), resolved).reference);
}

function failsWith(code: string, message: RegExp = /./): (error: unknown) => boolean {
  return (error) => isTsbuildError(error, code) && message.test(error.message);
}
const denied = failsWith(
  "POLICY_DENIED",
  /source denied by policy: ".*" is denied by source policy p.json \(rules\[\d\]\)/,
);

describe("a policy file", () => {
  const parse = (text: string) => (): unknown => parsePolicy(text, "p.json", "buildkit");
  const rule = (value: unknown) => parse(JSON.stringify({ rules: [value] }));
  const bad: readonly [what: string, run: () => unknown, message: RegExp][] = [
    ["that is no JSON", parse('{\n"rules": [}\n'), /^loading source policy p.json: /],
    ["that is a list", parse("[]"), /the policy is not an object/],
    ["of another version", parse('{"version": 2}'), /version 2 is not known/],
    ["with an unknown key", parse('{"rule": []}'), /unknown key rule \(did you mean rules/],
    [
      "without an action",
      rule({ selector: { identifier: "x" } }),
      /rules\[0\]: action is required/,
    ],
    ["with another action", rule({ action: "deny", selector: {} }), /rules\[0\]: action "deny"/],
    ["without a selector", rule({ action: "DENY" }), /rules\[0\]: selector.identifier is required/],
    [
      "that converts to nothing",
      rule({ ...allow("x"), action: "CONVERT" }),
      /updates.identifier is required for CONVERT/,
    ],
    [
      "that changes what it denies",
      rule({ ...deny("x"), updates: { identifier: "y" } }),
      /updates are for CONVERT/,
    ],
    ["with another match type", rule(deny("x", { matchType: "GLOB" })), /matchType "GLOB"/],
    [
      "with a broken expression",
      rule(deny("(", { matchType: "REGEX" })),
      /rules\[0\].selector.identifier: /,
    ],
    ["with a look-ahead", rule(deny("a(?=b)", { matchType: "REGEX" })), /\(\?= is not supported/],
    ["with a back reference", rule(deny("(a)\\1", { matchType: "REGEX" })), /back references/],
    ["with two stars", rule(deny("x**")), /invalid wildcard/],
    ["with a name that no image has", rule(deny(`${hub}A`)), /must be lowercase/],
    [
      "that sets an attribute nobody knows",
      rule({ ...convert("x", "y"), updates: { attrs: { "http.sum": "z" } } }),
      /unknown key http.sum/,
    ],
    [
      "with a broken constraint",
      rule(deny("*", { constraints: [{ value: "x" }] })),
      /constraints\[0\].key is required/,
    ],
  ];
  for (const [what, run, message] of bad)
    it(`${what} is an error with its place`, () => {
      assert.throws(run, failsWith("POLICY_FILE", message));
    });
});

describe("rules", () => {
  it("decide in BuildKit's reading by the last that allows or denies", () => {
    const rules = policy("buildkit", deny(`${hub}*`), allow(`${hub}alpine:3.*`), deny("*:3.1"));
    assert.equal(image(rules, "alpine:3.2"), "docker.io/library/alpine:3.2");
    assert.throws(() => image(rules, "alpine:3.1"), denied);
    assert.throws(() => image(rules, "busybox"), denied);
    assert.equal(image(rules, "quay.io/x"), "quay.io/x:latest");
  });

  it("decide in Buildah's reading by the first that matches, and take what it converts to", () => {
    const rules = policy(
      "buildah",
      allow(`${hub}alpine`),
      convert(`${hub}busybox:?`, "docker-image://mirror.example/busybox:9"),
      deny("*"),
    );
    assert.equal(image(rules, "alpine"), "docker.io/library/alpine:latest");
    assert.equal(image(rules, "busybox:1"), "mirror.example/busybox:9");
    assert.throws(() => image(rules, "busybox:12"), denied);
    assert.throws(() => image(rules, "mirror.example/busybox:9"), denied);
  });

  it("look again at what they converted, in BuildKit's reading", () => {
    const chain = [convert(`${hub}a:*`, `${hub}b:\${1}`), convert(`${hub}b:*`, `${hub}c:$1`)];
    assert.equal(image(policy("buildkit", ...chain), "a:1"), "docker.io/library/c:1");
    assert.throws(() => image(policy("buildkit", ...chain, deny(`${hub}c:1`)), "a:1"), denied);
    assert.throws(
      () => image(policy("buildkit", ...chain, convert(`${hub}c:1`, `${hub}a:1`)), "a:1"),
      failsWith("POLICY_CONVERT", /in a circle/),
    );
  });

  it("match with expressions of Go, and fill in their groups", () => {
    const regex = { matchType: "REGEX" };
    const rules = policy(
      "buildkit",
      convert(
        `\\A${hub}(?P<name>[a-z]+)\\:(\\d+)$`,
        `docker-image://m.example/\${name}:v$2`,
        regex,
      ),
    );
    assert.equal(image(rules, "app:7"), "m.example/app:v7");
    assert.throws(() => policy("buildkit", deny("(?i)EVIL(?i)", regex)), failsWith("POLICY_FILE"));
    assert.throws(() => image(policy("buildkit", deny("(?i)EVIL", regex)), "evil"), denied);
  });

  it("are given up when a pattern never ends", () => {
    const endless = policy(
      "buildkit",
      deny("library/(([a-z])+.)+[A-Z]([a-z])+$", { match_type: "REGEX" }),
    );
    assert.throws(() => image(endless, "a".repeat(200)), failsWith("POLICY_SLOW"));
    const stars = policy("buildkit", deny(`${"*a".repeat(40)}X`));
    assert.throws(() => image(stars, "a".repeat(200)), failsWith("POLICY_SLOW"));
  });

  it("look at attributes, and set them", () => {
    const rules = policy(
      "buildkit",
      deny("https://*", { constraints: [{ key: "http.checksum", value: "" }] }),
      {
        action: "CONVERT",
        selector: { identifier: "https://h/pinned" },
        updates: { attrs: { "http.checksum": digest } },
      },
      deny("git://*", {
        constraints: [{ key: "git.fullurl", value: "^ssh://", condition: "MATCHES" }],
      }),
    );
    assert.deepEqual(rules.http("https://h/pinned"), { url: "https://h/pinned", checksum: digest });
    assert.equal(rules.http("https://h/x", digest).checksum, digest);
    assert.throws(() => rules.http("https://h/x"), denied);
    assert.throws(() => rules.git({ remote: "ssh://git@h/r.git" }), denied);
    assert.equal(rules.git({ remote: "https://h/r.git" }).remote, "https://h/r.git");
  });

  it("count again when a digest is known", () => {
    const rules = policy(
      "buildkit",
      deny(`*@${digest}`),
      convert(`${hub}b@${digest}`, `${hub}c:1`),
    );
    assert.equal(image(rules, "a"), "docker.io/library/a:latest");
    assert.throws(() => image(rules, "a", digest), denied);
    assert.equal(image(rules, "b", digest), "docker.io/library/c:1");
    const allowed = policy("buildkit", deny("*"), allow(`${hub}a:latest`, { matchType: "EXACT" }));
    assert.equal(image(allowed, "a", digest), "docker.io/library/a:latest");
    const pinned = policy("buildkit", convert(`${hub}a*`, `${hub}a:3`));
    assert.equal(image(pinned, "a:3", digest), "docker.io/library/a:3");
  });

  it("may say actions and kinds of matches by their numbers", () => {
    const rules = policy(
      "buildkit",
      { action: 1, selector: { identifier: "*" } },
      { action: 0, selector: { identifier: `${hub}a:latest`, matchType: 1 } },
    );
    assert.equal(image(rules, "a"), "docker.io/library/a:latest");
    assert.throws(() => image(rules, "b"), denied);
  });

  it("convert a source into its kind only", () => {
    const rules = policy("buildkit", convert("*", "https://h/x"));
    assert.throws(() => image(rules, "a"), failsWith("POLICY_CONVERT"));
    assert.throws(() => rules.git({ remote: "https://h/r.git" }), failsWith("POLICY_CONVERT"));
    assert.throws(
      () => policy("buildkit", convert("*", "git://h/x")).http("https://h/y"),
      failsWith("POLICY_CONVERT"),
    );
  });

  it("move repositories, by the protocol they have or by the URL that the rule gives", () => {
    const rules = policy("buildkit", convert("git://h.example/*", "git://m.example/${1}"));
    const place = { remote: "https://u:p@h.example/o/r.git", ref: "v1", subdir: "d" };
    assert.deepEqual(rules.git(place), {
      remote: "https://m.example/o/r.git",
      ref: "v1",
      subdir: "d",
    });
    assert.equal(rules.git({ remote: "git@h.example:o/r" }).remote, "git@m.example:o/r");
    const full = {
      action: "CONVERT",
      selector: { identifier: "git://h.example/o/r.git#main" },
      updates: {
        identifier: "git://h.example/o/r.git#v2",
        attrs: { "git.fullurl": "ssh://git@m/r" },
      },
    };
    assert.deepEqual(
      policy("buildkit", full).git({ remote: "https://h.example/o/r.git", ref: "main" }),
      {
        remote: "ssh://git@m/r",
        ref: "v2",
      },
    );
  });
});

describe("a denied source", () => {
  const images = policy("buildkit", deny(`${hub}alpine:latest`), deny("docker-image://alpine:3"));
  for (const name of [
    "alpine",
    "library/alpine",
    "docker.io/alpine",
    "index.docker.io/library/alpine:latest",
    `alpine:latest@${digest}`,
    "alpine:3",
    `alpine:3@${digest}`,
  ])
    it(`cannot be had as ${name}`, () => {
      assert.throws(() => image(images, name), denied);
    });
  const downloads = policy("buildkit", deny("https://evil.example/*"));
  for (const url of [
    "https://evil.example/x",
    "HTTPS://EVIL.example/x",
    "https://evil.example:443/x",
    "https://user:pw@evil.example/x",
    "https://evil.example./x",
    "https://evil.example",
    "https://evil.example/a/../x",
    "https:\\\\evil.example/x",
    "https://%65vil.example/x",
  ])
    it(`cannot be had as ${url}`, () => {
      assert.throws(() => downloads.http(url), denied);
    });
  it("cannot be had with an encoded path", () => {
    assert.throws(
      () => policy("buildkit", deny("https://h/secret")).http("https://h/s%65cret"),
      denied,
    );
  });
  const repositories = policy("buildkit", deny("git://evil.example/o/r.git"));
  for (const remote of [
    "https://evil.example/o/r.git",
    "https://user:pw@evil.example/o/r",
    "ssh://git@evil.example/o/r.git",
    "git@evil.example:o/r.git",
    "evil.example:/o/r",
    "https://EVIL.example//o/./r.git/",
    "https://evil.example./o/r.git",
  ])
    it(`cannot be had as ${remote}`, () => {
      assert.throws(() => repositories.git({ remote, ref: "main" }), denied);
    });
  it("is not what a URL only begins with", () => {
    const rules = policy("buildkit", deny("*"), allow("https://good.example*"));
    assert.throws(() => rules.http("https://good.example@evil.example/"), denied);
  });
  it("cannot be pinned to another digest than its tag's", () => {
    const rules = policy("buildkit", deny("*"), allow(`${hub}alpine:latest`));
    assert.throws(() => image(rules, `alpine:latest@${digest}`), denied);
  });
  it("cannot be redirected to, nor can what is converted", () => {
    assert.throws(() => {
      downloads.redirect("https://evil.example/x");
    }, denied);
    assert.throws(
      () => {
        policy("buildkit", convert("http://h/x", "http://m/x")).redirect("http://h/x");
      },
      failsWith("POLICY_DENIED", /a redirect leads to "http:\/\/h\/x"/),
    );
  });
});
