// SPDX-License-Identifier: Apache-2.0
// Compose files. The tables follow bake/compose_test.go of buildx.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { attestationText, cacheText, secretText, sshText } from "#src/bake/index.js";
import {
  errorOf,
  failing,
  groupsOf,
  namesOf,
  printed,
  read,
  said,
  target,
  type Options,
} from "./reading.js";

const compose = (text: string): Readonly<Record<string, string>> => ({ "compose.yml": text });
/** A service `app` with what its build says. */
const app = (...build: readonly string[]): Readonly<Record<string, string>> =>
  compose(
    [
      "services:",
      "  app:",
      "    build:",
      "      context: .",
      ...build.map((line) => `      ${line}`),
    ].join("\n"),
  );

describe("services", () => {
  const files = compose(`
services:
  db:
    build: ./db
    command: ./entrypoint.sh
    image: docker.io/tonistiigi/db
  webapp:
    build:
      context: ./dir
      additional_contexts:
        foo: ./bar
      dockerfile: Dockerfile-alternate
      network:
        none
      args:
        buildno: 123
      cache_from:
        - type=local,src=path/to/cache
      cache_to:
        - type=local,dest=path/to/cache
      extra_hosts:
        - "somehost:162.242.195.82"
        - "somehost:162.242.195.83"
        - "myhostv6:::1"
      ssh:
        - key=/path/to/key
        - default
      secrets:
        - token
        - aws
  webapp2:
    profiles:
      - test
    build:
      context: ./dir
      dockerfile_inline: |
        FROM alpine
  external:
    image: "verycooldb:1337"
secrets:
  token:
    environment: ENV_TOKEN
  aws:
    file: /root/.aws/credentials
`);

  it("that are built are targets, whatever their profiles", () => {
    assert.deepEqual(namesOf(read(files)), ["db", "webapp", "webapp2"]);
    assert.deepEqual(groupsOf(read(files)), { default: ["db", "webapp", "webapp2"] });
    assert.deepEqual(printed(files, ["default"]).target, {
      db: { context: "db", dockerfile: "Dockerfile", tags: ["docker.io/tonistiigi/db"] },
      webapp: {
        context: "dir",
        contexts: { foo: "bar" },
        dockerfile: "Dockerfile-alternate",
        args: { buildno: "123" },
        "cache-from": [{ src: "path/to/cache", type: "local" }],
        "cache-to": [{ dest: "path/to/cache", type: "local" }],
        secret: [
          { id: "token", env: "ENV_TOKEN" },
          { id: "aws", src: "/root/.aws/credentials" },
        ],
        ssh: [{ id: "default" }, { id: "key", paths: ["/path/to/key"] }],
        network: "none",
        "extra-hosts": { myhostv6: "::1", somehost: "162.242.195.82,162.242.195.83" },
      },
      webapp2: {
        context: "dir",
        dockerfile: "Dockerfile",
        "dockerfile-inline": "FROM alpine\n",
      },
    });
  });

  const builds: readonly [what: string, build: readonly string[], said: object][] = [
    ["empty lists of caches", ["cache_from: []", "cache_to: []"], {}],
    ["a stage", ["target: db"], { target: "db" }],
    ["tags", ["tags: [foo, bar]"], { tags: ["foo", "bar"] }],
    [
      "platforms",
      ["platforms:", "  - linux/amd64", "  - linux/arm64"],
      { platforms: ["linux/amd64", "linux/arm64"] },
    ],
    ["arguments that are null", ["args:", "  FOO: null", '  bar: "baz"'], { args: { bar: "baz" } }],
    [
      "arguments of all kinds",
      ["args: { a: 1.0, b: true, c: 12345678901234567890, d: x }"],
      { args: { a: "1", b: "true", c: "12345678901234567890", d: "x" } },
    ],
    ["a list of arguments", ["args: [A=b=c, D]"], { args: { A: "b=c" } }],
    ["labels", ["labels: [a=b, c]"], { labels: { a: "b", c: "" } }],
    ["pull", ["pull: true"], { pull: true }],
    ["pull: no", ["pull: false"], {}],
    ["no_cache", ["no_cache: 'yes'"], { "no-cache": true }],
    ["a size", ["shm_size: 128m"], { "shm-size": "128MiB" }],
    ["a size in bytes", ["shm_size: 1536"], { "shm-size": "1.5KiB" }],
    [
      "limits",
      ["ulimits: { nofile: { soft: 1024, hard: 2048 }, nproc: 5 }"],
      { ulimits: ["nofile=1024:2048", "nproc=5:5"] },
    ],
    [
      "hosts as a mapping",
      ["extra_hosts: { a: 1.2.3.4, b: ['[::1]', 1.1.1.1] }"],
      { "extra-hosts": { a: "1.2.3.4", b: "::1,1.1.1.1" } },
    ],
    [
      "a context elsewhere",
      ["additional_contexts: [a=docker-image://alpine, b=https://x/y.git, c=../z/]"],
      { contexts: { a: "docker-image://alpine", b: "https://x/y.git", c: "../z" } },
    ],
    [
      "what others know of",
      [
        "isolation: x",
        "privileged: true",
        "entitlements: [a]",
        "no_cache_filter: a",
        "x-other: [1]",
      ],
      {},
    ],
  ];
  for (const [what, build, expected] of builds)
    it(`with ${what}`, () => {
      assert.deepEqual(said(app(...build), "app"), expected);
    });

  it("without a context are built of the directory", () => {
    assert.deepEqual(said(compose("services:\n  db:\n    build:\n      target: db\n"), "db"), {
      target: "db",
    });
  });

  it("have attestations", () => {
    const texts = (...build: string[]): unknown =>
      target(app(...build), "app").attest?.map(attestationText);
    assert.deepEqual(texts("sbom: true", "provenance: mode=max"), [
      "type=sbom",
      "type=provenance,mode=max",
    ]);
    assert.deepEqual(texts("sbom: false", "provenance: false"), [
      "type=sbom,disabled=true",
      "type=provenance,disabled=true",
    ]);
  });

  it("are contexts of others", () => {
    const dotted = compose(`
services:
  base.1:
    build:
      dockerfile: baseapp.Dockerfile
  foo.1:
    build:
      dockerfile: fooapp.Dockerfile
  webapp:
    build:
      context: ./dir
      additional_contexts:
        base: service:base.1
      x-bake:
        contexts:
          foo: target:foo.1
`);
    assert.deepEqual(groupsOf(read(dotted)), { default: ["base_1", "foo_1", "webapp"] });
    assert.deepEqual(said(dotted, "webapp"), {
      context: "dir",
      contexts: { base: "target:base_1", foo: "target:foo_1" },
    });
  });

  for (const name of ["a", "abc", "a.b", "_a", "a_b", "AbC", "AbC-0123"])
    it(`of the name ${name} are targets`, () => {
      const one = compose(`services:\n  ${name}:\n    build:\n      context: .\n`);
      assert.deepEqual(namesOf(read(one)), [name.replace(".", "_")]);
    });

  it("can have much that is not about building", () => {
    const much = compose(`
version: "3.8"
services:
  foo:
    bar: baz
    cgroup: private
    build:
      context: .
    ports:
      - 3306:3306
      - mode: ingress
        target: 3306
        published: "3306"
    depends_on:
      bar:
        condition: service_healthy
    networks:
      default:
        aliases: [integration-tests]
    develop:
      watch:
        - path: ./webapp/html
          action: sync
          ignore:
            - node_modules/
  bar:
    build: .
    healthcheck:
      test: ["CMD", "echo", "success"]
      retries: 5
networks:
  example.com:
    ipam:
      config:
        - subnet: 10.5.0.0/24
foo:
  - bar.baz
`);
    assert.deepEqual(namesOf(read(much)), ["foo", "bar"]);
  });
});

describe("x-bake", () => {
  const files = compose(`
services:
  addon:
    image: ct-addon:bar
    build:
      context: .
      dockerfile: ./Dockerfile
      cache_from:
        - user/app:cache
      cache_to:
        - user/app:cache
      tags:
        - ct-addon:baz
      ssh:
        key: /path/to/key
      args:
        CT_ECR: foo
        CT_TAG: bar
      x-bake:
        contexts:
          alpine: docker-image://alpine:3.13
        tags:
          - ct-addon:foo
          - ct-addon:alp
        ssh:
          - default
          - other=path/to/otherkey
        platforms:
          - linux/amd64
          - linux/arm64
        cache-from:
          - type=local,src=path/to/cache
        cache-to:
          - type=local,dest=path/to/cache
        pull: true
  aws:
    image: ct-fake-aws:bar
    build:
      dockerfile: ./aws.Dockerfile
      shm_size: 128m
      ulimits:
        nofile:
          soft: 1024
          hard: 1024
      x-bake:
        secret:
          - id=mysecret,src=/local/secret
          - id=mysecret2,src=/local/secret2
        ssh: default
        platforms: linux/arm64
        output: type=docker
        no-cache: true
        no-cache-filter: a b
`);
  it("adds to what the build says", () => {
    const addon = target(files, "addon");
    assert.deepEqual(addon.tags, ["ct-addon:baz", "ct-addon:foo", "ct-addon:alp"]);
    assert.deepEqual(addon.platforms, ["linux/amd64", "linux/arm64"]);
    assert.deepEqual(addon.cacheFrom?.map(cacheText), [
      "user/app:cache",
      "type=local,src=path/to/cache",
    ]);
    assert.deepEqual(addon.cacheTo?.map(cacheText), [
      "user/app:cache",
      "type=local,dest=path/to/cache",
    ]);
    assert.deepEqual(addon.ssh?.map(sshText), [
      "default",
      "key=/path/to/key",
      "other=path/to/otherkey",
    ]);
    assert.equal(addon.pull, true);
    assert.deepEqual(Object.fromEntries(addon.contexts ?? []), {
      alpine: "docker-image://alpine:3.13",
    });
    const aws = target(files, "aws");
    assert.deepEqual(aws.secret?.map(secretText), [
      "id=mysecret,src=/local/secret",
      "id=mysecret2,src=/local/secret2",
    ]);
    assert.deepEqual(said(files, "aws"), {
      dockerfile: "./aws.Dockerfile",
      tags: ["ct-fake-aws:bar"],
      secret: [
        { id: "mysecret", src: "/local/secret" },
        { id: "mysecret2", src: "/local/secret2" },
      ],
      ssh: [{ id: "default" }],
      platforms: ["linux/arm64"],
      output: [{ type: "docker" }],
      "no-cache": true,
      "no-cache-filter": ["a", "b"],
      "shm-size": "128MiB",
      ulimits: ["nofile=1024:1024"],
    });
  });

  it("says nothing twice", () => {
    const twice = app(
      "cache_from: [user/app:cache]",
      "cache_to: [user/app:cache]",
      "tags: [ct-addon:foo]",
      "ssh: [default]",
      "x-bake:",
      "  tags: [ct-addon:foo, ct-addon:baz]",
      "  cache-from: [user/app:cache, 'type=local,src=path/to/cache']",
      "  cache-to: ['type=local,dest=path/to/cache']",
      "  ssh: [default, key=path/to/key]",
    );
    const found = target(twice, "app");
    assert.deepEqual(found.tags, ["ct-addon:foo", "ct-addon:baz"]);
    assert.deepEqual(found.cacheFrom?.map(cacheText).toSorted(), [
      "type=local,src=path/to/cache",
      "user/app:cache",
    ]);
    assert.deepEqual(found.ssh?.map(sshText), ["default", "key=path/to/key"]);
  });

  it("with a word that nobody knows is warned of", () => {
    const { warnings } = read(app("x-bake:", "  platform: linux/arm64"));
    assert.match(warnings[0]?.message ?? "", /x-bake has no platform; .*did you mean platforms/);
  });
});

describe("several Compose files", () => {
  it("add up", () => {
    const files = {
      "docker-compose.yml": `
version: "3"
services:
  db:
    build: .
    image: docker.io/tonistiigi/db
  webapp:
    build:
      dockerfile: Dockerfile.webapp
      tags: [a, b]
      args:
        buildno: 1
        other: x
`,
      "docker-compose2.yml": `
services:
  newservice:
    build: .
  webapp:
    build:
      tags: [b, c]
      args:
        - buildno2=12
        - other=y
`,
      "docker-compose3.yml": `
services:
  webapp:
    entrypoint: echo 1
`,
    };
    const all = printed(files, ["default"]);
    assert.deepEqual(all.group, { default: { targets: ["db", "newservice", "webapp"] } });
    assert.deepEqual(all.target["webapp"], {
      context: ".",
      dockerfile: "Dockerfile.webapp",
      args: { buildno: "1", buildno2: "12", other: "y" },
      tags: ["a", "b", "c"],
    });
  });

  it("with names that differ in a dot only", () => {
    const first = `services:\n  web.app:\n    build:\n      dockerfile: Dockerfile.webapp\n      args:\n        buildno: 1\n`;
    const second = `services:\n  web_app:\n    build:\n      args:\n        buildno2: 12\n`;
    assert.deepEqual(said({ "a.yml": first }, "web_app"), {
      dockerfile: "Dockerfile.webapp",
      args: { buildno: "1" },
    });
    assert.deepEqual(
      [...read({ "a.yml": first }).resolve(["web.app"], []).targets.keys()],
      ["web_app"],
    );
    assert.deepEqual(printed({ "a.yml": first, "b.yml": second }, ["default"]), {
      group: { default: { targets: ["web_app"] } },
      target: {
        web_app: {
          context: ".",
          dockerfile: "Dockerfile.webapp",
          args: { buildno: "1", buildno2: "12" },
        },
      },
    });
  });

  it("take back what others say", () => {
    const files = {
      "a.yml": `services:\n  app:\n    build:\n      args: { A: 1, B: 2 }\n      tags: [x]\n      target: t\n  gone:\n    build: .\n`,
      "b.yml": `services:\n  app:\n    build:\n      args:\n        B: !reset null\n      tags: !override [y]\n      target: !reset ""\n  gone: !reset null\n`,
    };
    assert.deepEqual(namesOf(read(files)), ["app"]);
    assert.deepEqual(said(files, "app"), { args: { A: "1" }, tags: ["y"] });
  });

  it("have several documents", () => {
    const files = compose(`services:\n  a:\n    build: .\n---\nservices:\n  b:\n    build: ./b\n`);
    assert.deepEqual(namesOf(read(files)), ["a", "b"]);
  });
});

describe("anchors", () => {
  it("are what they stand for", () => {
    const files = compose(`
x-args: &args
  A: "1"
  B: "2"
x-build: &build
  context: ./ctx
  args:
    <<: *args
    B: "3"
services:
  a:
    build: *build
  b:
    build:
      <<: *build
      target: t
  c:
    build:
      args:
        <<: [*args, { C: "4" }]
`);
    assert.deepEqual(said(files, "a"), { context: "ctx", args: { A: "1", B: "3" } });
    assert.deepEqual(said(files, "b"), { context: "ctx", args: { A: "1", B: "3" }, target: "t" });
    assert.deepEqual(said(files, "c"), { args: { A: "1", B: "2", C: "4" } });
  });

  const lines = Array.from(
    { length: 20 },
    (_, i) => `x-${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(", ")}]`,
  );
  const bad: readonly [what: string, text: string, message: RegExp][] = [
    [
      "that grow without end",
      `x-0: &a0 [x]\n${lines.join("\n")}\nservices: {}\n`,
      /more than 100000 values/,
    ],
    ["that contain themselves", `x: &a [*a]\nservices: {}\n`, /contains itself|anchor/i],
    ["that are not there", `x: *nothing\nservices: {}\n`, /nothing/],
    [
      "that are no maps where maps are merged",
      `x: &a [1]\ny:\n  <<: *a\nservices: {}\n`,
      /merges maps only/,
    ],
  ];
  for (const [what, text, message] of bad)
    it(`${what} are refused`, () => {
      assert.throws(() => read(compose(text)), failing("BAKE_FILE", message));
    });
});

describe("variables in Compose files", () => {
  const env = { FOO: "bar", BAR: "foo", ZZZ_BAR: "zzz_foo", EMPTY: "" };
  const values: readonly [text: string, value: string][] = [
    ["$ZZZ_BAR", "zzz_foo"],
    ["${ZZZ_BAR}!", "zzz_foo!"],
    ["$$FOO", "$FOO"],
    ["$1", "$1"],
    ["${NONE:-default}", "default"],
    ["${EMPTY:-default}", "default"],
    ["${EMPTY-default}", ""],
    ["${NONE-${FOO}x}", "barx"],
    ["${FOO:+other}", "other"],
    ["${NONE+other}", ""],
    ["${EMPTY+other}", "other"],
    ["${FOO?needed}", "bar"],
    ["${NONE:-{}}", "{}"],
    ["a${NONE}b", "ab"],
    ["${COMPOSE_PROJECT_NAME}", "bake"],
  ];
  for (const [text, value] of values)
    it(text, () => {
      const files = app("args:", `  X: '${text}'`);
      assert.deepEqual(said(files, "app", [], { env }), { args: { X: value } });
    });

  it("that are set for them", () => {
    const files = app("args:", "  X: ${COMPOSE_PROJECT_NAME}", "  Y: ${FOO}");
    const options = {
      env: { ...env, COMPOSE_PROJECT_NAME: "foo" },
      vars: new Map([["FOO", "var"]]),
    };
    assert.deepEqual(said(files, "app", [], options), { args: { X: "foo", Y: "var" } });
  });

  it("that are not there are warned of once", () => {
    const { warnings } = read(app("args:", "  X: $NONE", "  Y: $NONE"));
    assert.deepEqual(
      warnings.map(({ message }) => message),
      ["compose.yml: the variable NONE is not set, and so it is empty"],
    );
  });

  const bad: readonly [text: string, message: RegExp][] = [
    ["${NONE:?}", /services\.app\.build\.args\.X: required variable NONE is missing a value$/],
    ["${EMPTY:?say $FOO}", /missing a value: say bar/],
    ["${}", /is not a variable/],
    ["${1}", /is not a variable/],
    ["${FOO", /no closing brace/],
    ["${A:-".repeat(2000) + "}".repeat(2000), /nested too deep/],
  ];
  for (const [text, message] of bad)
    it(`${text.slice(0, 20)} fails`, () => {
      assert.throws(
        () => read(app("args:", `  X: '${text}'`), { env }),
        failing("BAKE_COMPOSE", message),
      );
    });

  it("are values of arguments without one", () => {
    const files = app("args:", "  FOO:", "  BAR: $ZZZ_BAR", "  BRB: FOO");
    assert.deepEqual(said(files, "app", [], { env }), {
      args: { BAR: "zzz_foo", BRB: "FOO", FOO: "bar" },
    });
  });

  const disk =
    (files: Readonly<Record<string, string>>): NonNullable<Options["readFile"]> =>
    (path) =>
      files[path];

  it("come from the service and its files, too", () => {
    const files = compose(`
services:
  scratch:
    build:
      context: .
      args:
        CT_ECR: foo
        FOO:
        NODE_ENV:
        HANDED:
    environment:
      - NODE_ENV=test
      - HANDED
    env_file:
      - ./some/env
      - path: nothing
        required: false
`);
    const options = {
      env: { HANDED: "on" },
      readFile: disk({ "some/env": "FOO=bsdf -csdf\nNODE_ENV=x\n" }),
    };
    assert.deepEqual(said(files, "scratch", [], options), {
      args: { CT_ECR: "foo", FOO: "bsdf -csdf", NODE_ENV: "test", HANDED: "on" },
    });
    assert.throws(() => read(files), failing("BAKE_COMPOSE", /some\/env is not there/));
  });

  it("come from .env", () => {
    const readFile = disk({
      ".env": `
# what is needed
TEST_VALUE=\${SYSTEM_VALUE:?system_value_not_set}
FOO_VALUE=\${TEST_VALUE:?test_value_not_set}
export QUOTED="a \\"b\\" $TEST_VALUE\\n" # comment
SINGLE='$TEST_VALUE'
YAML: yes # comment
SYSTEM_VALUE=mine
INHERITED
`,
    });
    const files = app(
      "args: [TEST_VALUE, FOO_VALUE, QUOTED, SINGLE, YAML, SYSTEM_VALUE, INHERITED]",
    );
    const options = { env: { SYSTEM_VALUE: "abc", INHERITED: "i" }, readFile };
    assert.deepEqual(said(files, "app", [], options), {
      args: {
        TEST_VALUE: "abc",
        FOO_VALUE: "abc",
        QUOTED: 'a "b" abc\n',
        SINGLE: "$TEST_VALUE",
        YAML: "yes",
        SYSTEM_VALUE: "abc",
        INHERITED: "i",
      },
    });
    assert.throws(() => read(files, { readFile }), failing("BAKE_COMPOSE", /system_value_not_set/));
    for (const text of ["FOO BAR=x", 'A="b', "=x", "a/b=c"])
      assert.throws(
        () => read(files, { readFile: disk({ ".env": `X=1\n${text}\n` }) }),
        failing("BAKE_COMPOSE", /^\.env, line 2: /),
      );
  });

  it("of .env are not those of HCL", () => {
    const files = `variable "FOO" {}\ntarget "app" {\n args = { f = FOO }\n}`;
    assert.deepEqual(said(files, "app", [], { readFile: disk({ ".env": "FOO=bar" }) }), {
      args: { f: "" },
    });
  });

  it("name further files", () => {
    const files = compose(`
include:
  - sub/compose-foo.yml
services:
  bar:
    build:
      context: .
      target: buildbar
  more:
    extends:
      file: sub/base.yml
      service: base
    build:
      args: { B: 2 }
  most:
    extends: more
    build:
      args: { A: 0 }
`);
    const readFile = disk({
      "sub/compose-foo.yml": `services:\n  foo:\n    build:\n      context: ./x\n      target: \${STAGE}\n    image: i\n`,
      "sub/.env": "STAGE=buildfoo\n",
      "sub/base.yml": `services:\n  base:\n    build:\n      context: .\n      args: { A: 1 }\n`,
    });
    assert.deepEqual(printed(files, ["*"], [], { readFile }).target, {
      foo: { context: "sub/x", dockerfile: "Dockerfile", tags: ["i"], target: "buildfoo" },
      bar: { context: ".", dockerfile: "Dockerfile", target: "buildbar" },
      more: { context: "sub", dockerfile: "Dockerfile", args: { A: "1", B: "2" } },
      most: { context: "sub", dockerfile: "Dockerfile", args: { A: "0", B: "2" } },
    });
  });

  const others: readonly [
    what: string,
    text: string,
    disk: Readonly<Record<string, string>>,
    code: string,
  ][] = [
    ["includes what is not there", "include: [x.yml]\nservices: {}", {}, "BAKE_COMPOSE"],
    [
      "includes itself",
      "include: [x.yml]\nservices: {}",
      { "x.yml": "include: [y.yml]\nservices: {}", "y.yml": "include: [x.yml]\nservices: {}" },
      "BAKE_CYCLE",
    ],
    [
      "includes another service of the name",
      "include: [x.yml]\nservices:\n  a:\n    build: .\n",
      { "x.yml": "services:\n  a:\n    build: ./b\n" },
      "BAKE_COMPOSE",
    ],
    ["extends itself", "services:\n  a:\n    extends: b\n  b:\n    extends: a\n", {}, "BAKE_CYCLE"],
    ["extends nothing", "services:\n  a:\n    extends: b\n", {}, "BAKE_COMPOSE"],
  ];
  for (const [what, text, further, code] of others)
    it(`a file ${what}`, () => {
      assert.throws(() => read(compose(text), { readFile: disk(further) }), failing(code));
    });
});

describe("a Compose file that is wrong", () => {
  const service = (...lines: readonly string[]): string =>
    `services:\n  app:\n${lines.map((line) => `    ${line}`).join("\n")}\n`;
  const build = (line: string): string => service("build:", `  ${line}`);
  const cases: readonly [what: string, text: string, code: string, message: RegExp][] = [
    ["is empty", "", "BAKE_COMPOSE", /empty compose file/],
    ["has no services", "foo: bar\n", "BAKE_COMPOSE", /empty compose file/],
    ["is a list", "- a\n", "BAKE_COMPOSE", /must be a mapping/],
    [
      "has services that are a list",
      "services: [a]\n",
      "BAKE_COMPOSE",
      /services: must be a mapping/,
    ],
    ["is no YAML", "services:\n  a: [\n", "BAKE_FILE", /./],
    ["says a name twice", "services:\n  a: {}\n  a: {}\n", "BAKE_FILE", /a is there twice/],
    ["has a key that is no string", "services:\n  1: {}\n", "BAKE_FILE", /a key is not a string/],
    [
      "is nested without end",
      `a: ${"[".repeat(20_000)}${"]".repeat(20_000)}\n`,
      "BAKE_FILE",
      /nested too deep/,
    ],
    [
      "has neither an image nor a build",
      service("entrypoint: echo 1"),
      "BAKE_COMPOSE",
      /neither an image nor a build/,
    ],
    [
      "has an image without a name",
      service('image: ""'),
      "BAKE_COMPOSE",
      /neither an image nor a build/,
    ],
    [
      "has an unknown field in a build",
      build("foo: bar"),
      "BAKE_COMPOSE",
      /additional property foo is not allowed/,
    ],
    [
      "has a misspelt field in a build",
      build("dockerfil: bar"),
      "BAKE_COMPOSE",
      /did you mean dockerfile\?/,
    ],
    [
      "has a Dockerfile twice",
      service("build:", "  dockerfile: a", "  dockerfile_inline: b"),
      "BAKE_COMPOSE",
      /exclude each other/,
    ],
    [
      "has a secret that is none",
      "secrets:\n  foo: {}\n",
      "BAKE_COMPOSE",
      /either file or environment/,
    ],
    [
      "has a secret of an unknown field",
      "secrets:\n  foo:\n    files: x\n",
      "BAKE_COMPOSE",
      /files is not allowed/,
    ],
    [
      "uses a secret that is not there",
      build("secrets: [token]"),
      "BAKE_COMPOSE",
      /undefined build secret token/,
    ],
    [
      "uses an external secret",
      `${build("secrets: [token]")}secrets:\n  token:\n    external: true\n`,
      "BAKE_COMPOSE",
      /unsupported external secret/,
    ],
    [
      "has a context that is no service",
      build("additional_contexts: { a: service:b }"),
      "BAKE_COMPOSE",
      /there is no service b/,
    ],
    [
      "has a context that is not built",
      `${build("additional_contexts: { a: service:b }")}  b:\n    image: x\n`,
      "BAKE_COMPOSE",
      /is not built/,
    ],
    ["has a size that is none", build("shm_size: lots"), "BAKE_COMPOSE", /is no size/],
    [
      "has a limit that is none",
      build("ulimits: { nofile: many }"),
      "BAKE_COMPOSE",
      /must be a number/,
    ],
    ["has a host without an IP", build("extra_hosts: [host]"), "BAKE_COMPOSE", /missing an IP/],
    ["has tags that are no list", build("tags: a"), "BAKE_COMPOSE", /build\.tags: must be a list/],
    [
      "has an argument that is a list",
      build("args: { a: [b] }"),
      "BAKE_COMPOSE",
      /args\.a: must be/,
    ],
    [
      "has a cache without a type",
      build("cache_from: ['mode=max']"),
      "BAKE_COMPOSE",
      /type of a cache/,
    ],
    [
      "has a service's name with spaces",
      "services:\n  a b:\n    build: .\n",
      "BAKE_COMPOSE",
      /invalid service name/,
    ],
  ];
  for (const [what, text, code, message] of cases)
    it(what, () => {
      assert.throws(() => read(compose(text)), failing(code, message));
    });

  const deep: readonly [what: string, text: string][] = [
    ["lists in brackets", `a: ${"[".repeat(500_000)}`],
    ["maps in braces", `a: ${"{a: ".repeat(500_000)}`],
    ["lists in lists", `a:\n  ${"- ".repeat(500_000)}x`],
    ["keys of keys", `${"? ".repeat(500_000)}x`],
    ["indentation", Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
  ];
  for (const [what, text] of deep)
    it(`is nested without end by ${what}`, () => {
      assert.throws(() => read(compose(text)), failing("BAKE_FILE", /nested too deep/));
    });

  it("is long, and is read in a moment all the same", { timeout: 30_000 }, () => {
    const keys = Array.from({ length: 45_000 }, (_, i) => `k${i}: 1`).join("\n");
    assert.throws(() => read(compose(keys)), failing("BAKE_COMPOSE", /empty compose file/));
  });

  it("is shown with its place", () => {
    const error = errorOf(() => read(compose("services:\n  a: {}\n  a: {}\n")));
    assert.deepEqual([error.location?.file, error.location?.range.startLine], ["compose.yml", 3]);
  });

  const good: readonly [what: string, text: string][] = [
    ["secrets by file", "secrets:\n  foo:\n    file: .secret\n"],
    ["secrets by environment", "secrets:\n  foo:\n    environment: TOKEN\n"],
    ["external secrets", "secrets:\n  foo:\n    external: true\n"],
    ["an image", "services:\n  simple:\n    image: nginx\n"],
  ];
  for (const [what, text] of good)
    it(`is not one with ${what}`, () => {
      assert.deepEqual(namesOf(read({ "docker-compose.foo": text })), []);
    });
});
