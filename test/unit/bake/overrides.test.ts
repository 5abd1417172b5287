// SPDX-License-Identifier: Apache-2.0
// --set: what it does to which targets. The tables follow bake/bake_test.go of buildx.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { outputText } from "#src/bake/index.js";
import { failing, printed, resolved, said, target } from "./reading.js";

const webapp = `
target "webDEP" {
  args = { VAR_INHERITED = "webDEP", VAR_BOTH = "webDEP" }
}
target "webapp" {
  dockerfile = "Dockerfile.webapp"
  args = { VAR_BOTH = "webapp" }
  annotations = ["index:a=b"]
  attest = ["type=provenance,mode=max"]
  platforms = ["linux/amd64"]
  secret = ["id=FOO,env=FOO"]
  resources = { memory = "2g" }
  inherits = ["webDEP"]
}`;

describe("--set", () => {
  const cases: readonly [set: readonly string[], changed: Readonly<Record<string, unknown>>][] = [
    [
      [
        "webapp.args.VAR_UNSET",
        "webapp.args.VAR_EMPTY=",
        "webapp.args.VAR_SET=bananas",
        "webapp.args.VAR_FROMENV",
        "webapp.args.VAR_INHERITED=override",
      ],
      {
        args: {
          VAR_BOTH: "webapp",
          VAR_EMPTY: "",
          VAR_FROMENV: "fromEnv",
          VAR_INHERITED: "override",
          VAR_SET: "bananas",
        },
      },
    ],
    [
      ["webDEP.args.VAR_INHERITED=override", "webDEP.args.VAR_BOTH=override"],
      { args: { VAR_BOTH: "webapp", VAR_INHERITED: "override" } },
    ],
    [
      ["webapp.args.A.B=c=d"],
      { args: { "A.B": "c=d", VAR_BOTH: "webapp", VAR_INHERITED: "webDEP" } },
    ],
    [["webapp.annotations=index:c=d"], { annotations: ["index:a=b", "index:c=d"] }],
    [
      ["webapp.attest=type=sbom"],
      { attest: [{ type: "provenance", mode: "max" }, { type: "sbom" }] },
    ],
    [
      ["webapp.attest+=type=sbom"],
      { attest: [{ type: "provenance", mode: "max" }, { type: "sbom" }] },
    ],
    [["webapp.context=foo"], { context: "foo" }],
    [["webapp.no-cache=false"], { "no-cache": false }],
    [["webapp.platform=linux/arm64"], { platforms: ["linux/arm64"] }],
    [["webapp.platform+=linux/arm64"], { platforms: ["linux/amd64", "linux/arm64"] }],
    [
      ["webapp.platform+=linux/arm64", "webapp.platform+=linux/riscv64"],
      { platforms: ["linux/amd64", "linux/arm64", "linux/riscv64"] },
    ],
    [
      ["webapp.platform+=linux/arm64", "webapp.platform=linux/riscv64"],
      { platforms: ["linux/arm64", "linux/riscv64"] },
    ],
    [["webapp.secrets=id=BAR,env=BAR"], { secret: [{ id: "BAR", env: "BAR" }] }],
    [
      ["webapp.secrets+=id=BAR,env=BAR"],
      {
        secret: [
          { id: "FOO", env: "FOO" },
          { id: "BAR", env: "BAR" },
        ],
      },
    ],
    [["webapp.secret.FOO=env=BAR"], { secret: [{ id: "FOO", env: "BAR" }] }],
    [["webapp.secret.FOO=src=/tmp/foo"], { secret: [{ id: "FOO", src: "/tmp/foo" }] }],
    [
      ["webapp.secret.FOO=env=BAR", "webapp.secrets=id=FOO,src=/tmp/foo"],
      { secret: [{ id: "FOO", env: "BAR" }] },
    ],
    [["webapp.shm-size=256m"], { "shm-size": "256m" }],
    [
      ["webapp.resources.memory=512m", "webapp.resources.cpu-quota=25000"],
      { resources: { memory: "512m", "cpu-quota": 25000 } },
    ],
    [["webapp.pull=false"], { pull: false }],
    [["webapp.tags=a", "webapp.tags=b"], { tags: ["a", "b"] }],
    [["webapp.network=host"], { network: "host", entitlements: ["network.host"] }],
    [["webapp.no-cache-filter=a", "webapp.no-cache-filter=b"], { "no-cache-filter": ["a", "b"] }],
    [["webapp.ulimits=nofile=1:2"], { ulimits: ["nofile=1:2"] }],
    [
      ["webapp.cache-from=x,y"],
      {
        "cache-from": [
          { ref: "x", type: "registry" },
          { ref: "y", type: "registry" },
        ],
      },
    ],
    [["webapp.cache-to=type=local,dest=d"], { "cache-to": [{ type: "local", dest: "d" }] }],
    [["webapp.ssh=default"], { ssh: [{ id: "default" }] }],
    [["webapp.labels.a.b=c"], { labels: { "a.b": "c" } }],
    [["webapp.extra-hosts.h=1.2.3.4"], { "extra-hosts": { h: "1.2.3.4" } }],
    [["webapp.target=t", "webapp.call=check"], { target: "t", call: "check" }],
    [["webapp.dockerfile=D"], { dockerfile: "D" }],
    [
      ["webapp.policy=disabled=true"],
      { policy: [{ Files: null, Reset: false, Disabled: true, Strict: null, LogLevel: null }] },
    ],
  ];
  const env = { VAR_FROMENV: "fromEnv" };
  const before = said(webapp, "webapp");
  for (const [set, changed] of cases)
    it(set.join(" "), () => {
      assert.deepEqual(said(webapp, "webapp", set, { env }), { ...before, ...changed });
    });

  const patterns: readonly [
    names: readonly string[],
    set: readonly string[],
    dockerfiles: Readonly<Record<string, string>>,
  ][] = [
    [["webapp", "webDEP"], ["web*.dockerfile=foo"], { webDEP: "foo", webapp: "foo" }],
    [
      ["webapp", "webDEP"],
      ["web*.dockerfile=foo", "*.args.VAR_BOTH=bar"],
      { webDEP: "foo", webapp: "foo" },
    ],
    [["webapp"], ["web*.dockerfile=foo"], { webapp: "foo" }],
    [
      ["webapp", "webDEP"],
      ["web[A-Z]*.dockerfile=foo"],
      { webDEP: "foo", webapp: "Dockerfile.webapp" },
    ],
  ];
  for (const [names, set, dockerfiles] of patterns)
    it(`${set.join(" ")} for ${names.join(", ")}`, () => {
      const all = printed(webapp, names, set);
      assert.deepEqual(
        Object.fromEntries(
          Object.entries(all.target).map(([name, each]) => [name, each["dockerfile"]]),
        ),
        dockerfiles,
      );
      assert.deepEqual(all.group?.["default"]?.targets, [...names].sort());
    });

  const wrong: readonly [set: string, code: string, message: RegExp][] = [
    ["nosuchtarget.context=foo", "BAKE_UNKNOWN_TARGET", /any target matching "nosuchtarget"/],
    ["nomatch*.dockerfile=foo", "BAKE_UNKNOWN_TARGET", /any target matching "nomatch\*"/],
    ["webapq.context=foo", "BAKE_UNKNOWN_TARGET", /did you mean webapp/],
    ["web[.context=foo", "BAKE_OVERRIDE", /is not a pattern/],
    ["webapp.context", "BAKE_OVERRIDE", /must be TARGET\.context=VALUE/],
    ["webapp", "BAKE_OVERRIDE", /must be TARGET\.KEY=VALUE/],
    ["webapp.args=x", "BAKE_OVERRIDE", /must be TARGET\.args\.NAME=VALUE/],
    ["webapp.contexts=x", "BAKE_OVERRIDE", /must be TARGET\.contexts\.NAME=VALUE/],
    ["webapp.resources.memory+=1g", "BAKE_OVERRIDE", /cannot be appended to/],
    ["webapp.secret.FOO+=env=X", "BAKE_OVERRIDE", /cannot be appended to/],
    ["webapp.resources.cpu-quota=notanumber", "BAKE_OVERRIDE", /a whole number is required/],
    ["webapp.secret.BAR=env=BAR", "BAKE_OVERRIDE", /secret "BAR" must be declared/],
    ["webapp.secret.FOO=id=BAR,env=BAR", "BAKE_OVERRIDE", /the id "BAR" is another's/],
    ["webapp.no-cache=maybe", "BAKE_OVERRIDE", /no boolean/],
    ["webapp.platforms=x", "BAKE_OVERRIDE", /unknown key platforms \(did you mean platform\?\)/],
    ["webapp.tagz=x", "BAKE_OVERRIDE", /unknown key tagz \(did you mean tags\?\)/],
    ["webapp.output=type=image,x", "BAKE_OVERRIDE", /setting output of target webapp/],
  ];
  for (const [set, code, message] of wrong)
    it(`${set} is refused`, () => {
      assert.throws(() => resolved(webapp, ["webapp"], [set]), failing(code, message));
    });

  it("takes nothing from an environment that is not to be looked at", () => {
    const hidden = { ...env, BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP: "1" };
    const set = ["webapp.args.VAR_FROMENV"];
    assert.deepEqual(said(webapp, "webapp", set, { env: hidden }), before);
  });

  it("takes the place of what the file says", () => {
    const files = `target "app" {\n platforms = ["linux/amd64"]\n output = ["foo"]\n}`;
    const set = [
      "app.platform=linux/arm",
      "app.platform=linux/ppc64le",
      "app.output=type=registry",
    ];
    assert.deepEqual(said(files, "app", set), {
      platforms: ["linux/arm", "linux/ppc64le"],
      output: [{ type: "registry" }],
    });
    assert.deepEqual(said(`target "app" {\n output = ["./bin"]\n}`, "app", ["app.output="]), {});
  });
});

describe("push and load", () => {
  const cases: readonly [
    outputs: readonly string[],
    set: readonly string[],
    expected: readonly string[],
  ][] = [
    [[], ["*.push=true"], ["type=image,push=true"]],
    [["type=image,compression=zstd"], ["*.push=true"], ["type=image,compression=zstd,push=true"]],
    [["type=image,compression=zstd"], ["*.push=false"], ["type=image,compression=zstd,push=false"]],
    [["type=registry"], ["*.push=true"], ["type=registry"]],
    [["type=registry"], ["*.push=false"], []],
    [["type=local,dest=out"], ["*.push=true"], ["type=local,dest=out"]],
    [["type=docker"], ["*.push=true"], ["type=docker", "type=image,push=true"]],
    [[], ["*.load=true"], ["type=docker"]],
    [["type=docker"], ["*.load=true"], ["type=docker"]],
    [["type=image"], ["*.load=true"], ["type=docker", "type=image"]],
    [["type=image"], ["*.load=false"], ["type=image"]],
    [["type=registry"], ["*.load=true"], ["type=docker", "type=registry"]],
    [["type=oci,dest=out"], ["*.load=true"], ["type=docker", "type=oci,dest=out"]],
    [["type=docker,dest=out"], ["*.load=true"], ["type=docker", "type=docker,dest=out"]],
    [["type=local,dest=out"], ["*.load=true"], ["type=local,dest=out"]],
    [["type=local,dest=out"], ["*.load=true", "*.push=true"], ["type=local,dest=out"]],
    [[], ["*.load=true", "*.push=true"], ["type=docker", "type=image,push=true"]],
    [["type=registry"], ["*.load=true", "*.push=true"], ["type=docker", "type=registry"]],
    [["type=docker"], ["*.push=true", "app.output=type=oci,dest=x"], ["type=oci,dest=x"]],
  ];
  for (const [outputs, set, expected] of cases)
    it(`${set.join(" ")} with ${JSON.stringify(outputs)}`, () => {
      const files = `target "app" {\n output = ${JSON.stringify(outputs)}\n}`;
      const found = target(files, "app", set).output ?? [];
      assert.deepEqual(found.map(outputText).sort(), expected);
    });
});
