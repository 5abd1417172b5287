// SPDX-License-Identifier: Apache-2.0
// Targets and groups: what is asked for, inheritance, links, and how files add up. The tables follow bake/bake_test.go of buildx.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { attestationText, inputsOf, outputText } from "#src/bake/index.js";
import { failing, namesOf, printed, read, resolved, said, target } from "./reading.js";

const inheriting = `
target "webDEP" {
  args = {
    VAR_INHERITED = "webDEP"
    VAR_BOTH = "webDEP"
  }
  no-cache = true
  shm-size = "128m"
  ulimits = ["nofile=1024:1024"]
  resources = {
    memory = "2g"
    memory-swap = "4g"
    cpu-shares = 1024
    cpu-period = 100000
    cpu-quota = 50000
    cpuset-cpus = "0-3"
    cpuset-mems = "0,1"
  }
  extra-hosts = {
    my_hostname = "8.8.8.8"
  }
}
target "webapp" {
  dockerfile = "Dockerfile.webapp"
  args = {
    VAR_BOTH = "webapp"
  }
  annotations = ["index,manifest:org.opencontainers.image.authors=dvdksn"]
  attest = ["type=provenance,mode=max"]
  platforms = ["linux/amd64"]
  secret = ["id=FOO,env=FOO"]
  inherits = ["webDEP"]
}`;

describe("a target that inherits", () => {
  it("has what it says, and what it inherits", () => {
    assert.deepEqual(printed(inheriting, ["webapp"]), {
      group: { default: { targets: ["webapp"] } },
      target: {
        webapp: {
          annotations: ["index,manifest:org.opencontainers.image.authors=dvdksn"],
          attest: [{ mode: "max", type: "provenance" }],
          context: ".",
          dockerfile: "Dockerfile.webapp",
          args: { VAR_BOTH: "webapp", VAR_INHERITED: "webDEP" },
          secret: [{ id: "FOO", env: "FOO" }],
          platforms: ["linux/amd64"],
          "no-cache": true,
          "shm-size": "128m",
          ulimits: ["nofile=1024:1024"],
          resources: {
            memory: "2g",
            "memory-swap": "4g",
            "cpu-shares": 1024,
            "cpu-period": 100000,
            "cpu-quota": 50000,
            "cpuset-cpus": "0-3",
            "cpuset-mems": "0,1",
          },
          "extra-hosts": { my_hostname: "8.8.8.8" },
        },
      },
    });
  });

  const diamond = `
target "a" {
  args = { foo = "123", bar = "234" }
}
target "b" {
  inherits = ["a"]
  args = { bar = "567" }
}
target "c" {
  inherits = ["a"]
  args = { baz = "890" }
}
target "d" {
  inherits = ["b", "c"]
}`;
  const overrides: readonly [
    what: string,
    set: readonly string[],
    args: Readonly<Record<string, string>>,
  ][] = [
    ["none", [], { bar: "234", baz: "890", foo: "123" }],
    ["first", ["a.args.foo=321", "b.args.bar=432"], { bar: "234", baz: "890", foo: "321" }],
    ["last", ["a.args.foo=321", "c.args.bar=432"], { bar: "432", baz: "890", foo: "321" }],
  ];
  for (const [what, set, args] of overrides)
    it(`from several, with overrides: ${what}`, () => {
      assert.deepEqual(said(diamond, "d", set), { args });
    });

  const family = `
target "grandparent" {
  output = ["type=docker"]
  args = { BAR = "fuu" }
}
target "parent" {
  inherits = ["grandparent"]
  args = { FOO = "bar" }
}
target "child1" {
  inherits = ["parent"]
}
target "child2" {
  inherits = ["parent"]
  args = { FOO2 = "bar2" }
}
group "default" {
  targets = ["child1", "child2"]
}`;
  const inGroup: readonly [set: readonly string[], first: object, second: object][] = [
    [[], { BAR: "fuu", FOO: "bar" }, { BAR: "fuu", FOO: "bar", FOO2: "bar2" }],
    [
      ["grandparent.args.BAR=fii", "child1.args.FOO=baaar"],
      { BAR: "fii", FOO: "baaar" },
      { BAR: "fii", FOO: "bar", FOO2: "bar2" },
    ],
    [
      ["grandparent.args.BAR=fii", "child2.args.FOO=baaar"],
      { BAR: "fii", FOO: "bar" },
      { BAR: "fii", FOO: "baaar", FOO2: "bar2" },
    ],
  ];
  for (const [set, first, second] of inGroup)
    it(`in a group, with ${set.length === 0 ? "no overrides" : set.join(", ")}`, () => {
      const all = printed(family, ["default"], set);
      assert.deepEqual(all.group, { default: { targets: ["child1", "child2"] } });
      assert.deepEqual(all.target["child1"]?.["args"], first);
      assert.deepEqual(all.target["child2"]?.["args"], second);
      for (const name of ["child1", "child2"])
        assert.deepEqual(all.target[name]?.["output"], [{ type: "docker" }]);
    });

  it("from itself inherits nothing of that", () => {
    const files = `
target "a" {
  inherits = ["b"]
  args = { a = 1 }
}
target "b" {
  inherits = ["a"]
  args = { b = 2 }
}`;
    assert.deepEqual(said(files, "a"), { args: { a: "1", b: "2" } });
  });

  it("does not change what others inherit", () => {
    const files = `
target "base" {
  resources = { memory = "1g" }
}
target "child1" {
  inherits = ["base"]
  resources = { memory = "2g" }
}
target "child2" {
  inherits = ["base"]
}`;
    const { target: all } = printed(files, ["child1", "child2"]);
    assert.deepEqual(all["child1"]?.["resources"], { memory: "2g" });
    assert.deepEqual(all["child2"]?.["resources"], { memory: "1g" });
  });

  it("in too long a chain is refused", () => {
    const chain = Array.from(
      { length: 5000 },
      (_, i) => `target "t${i}" {\n inherits = ["t${i + 1}"]\n}`,
    );
    const files = `${chain.join("\n")}\ntarget "t5000" {}`;
    assert.throws(() => resolved(files, ["t0"]), failing("BAKE_LIMIT"));
  });

  it("in two ways, over many generations, has each attribute once", () => {
    const generations = (attribute: string): string =>
      Array.from(
        { length: 60 },
        (_, i) => `target "t${i}" {\n inherits = ["t${i + 1}", "t${i + 1}"]\n}`,
      )
        .concat(`target "t60" {\n ${attribute}\n}`)
        .join("\n");
    const { target: all } = printed(generations(`entitlements = ["network.host"]`), ["t0"]);
    assert.deepEqual(all["t0"]?.["entitlements"], ["network.host"]);
    // Policies are no set: these would be a thousand million million.
    const policies = generations(`policy = [{ filename = "p.rego" }]`);
    assert.throws(() => resolved(policies, ["t0"]), failing("BAKE_LIMIT"));
  });

  it("from nothing that there is fails", () => {
    assert.throws(
      () => resolved(`target "app" {\n inherits = ["bsae"]\n}\ntarget "base" {}`, ["app"]),
      failing("BAKE_UNKNOWN_TARGET", /failed to find target bsae \(did you mean base\?\)/),
    );
  });
});

describe("names", () => {
  const good = ["a", "abc", "_a", "a_b", "AbC", "AbC-0123"];
  for (const name of good)
    it(`${name} is that of a target`, () => {
      assert.deepEqual([...resolved(`target "${name}" {}`, [name]).targets.keys()], [name]);
    });
  for (const name of ["a/b", "a.b", "", "a b"])
    it(`${JSON.stringify(name)} is none`, () => {
      assert.throws(() => read(`target "${name}" {}`), failing("BAKE_BLOCK", /is not the name of/));
    });

  const many = `
group "default" {
  targets = ["foo", "foo-bar"]
}
group "baz" {
  targets = ["baz-foo", "baz-bar", "baz-fuu"]
}
target "foo" {}
target "foo-bar" {}
target "foo-baz" {}
target "foo-fuu" {}
target "bar-foo" {}
target "bar-baz" {}
target "bar-fuu" {}
target "baz-foo" {}
target "baz-bar" {}
target "baz-fuu" {}
target "mtx" {
  name = "mtx-\${foo}-\${bar}-\${baz}"
  matrix = {
    foo = ["a"]
    bar = ["b", "c"]
    baz = ["d", "e", "f"]
  }
}`;
  const abc = ["mtx-a-b-d", "mtx-a-b-e", "mtx-a-b-f"];
  const matrix = [...abc, "mtx-a-c-d", "mtx-a-c-e", "mtx-a-c-f"];
  const foos = ["foo-bar", "foo-baz", "foo-fuu"];
  const all = ["bar-baz", "bar-foo", "bar-fuu", "baz-bar", "baz-foo", "baz-fuu", "foo", ...foos];
  const patterns: readonly [patterns: readonly string[], targets: readonly string[]][] = [
    [["foo"], ["foo"]],
    [["foo-*"], foos],
    [["baz*"], ["baz-bar", "baz-foo", "baz-fuu"]],
    [["mtx"], matrix],
    [["mtx-a-b-*"], abc],
    [["*"], [...all, ...matrix]],
    [
      ["*", "default"],
      [...all, ...matrix],
    ],
    [["foo-ba[rz]"], ["foo-bar", "foo-baz"]],
    [["foo-[^f]*"], ["foo-bar", "foo-baz"]],
    [["???-foo"], ["bar-foo", "baz-foo"]],
  ];
  for (const [names, targets] of patterns)
    it(`${names.join(" ")} ask for what matches`, () => {
      assert.deepEqual([...resolved(many, names).targets.keys()].sort(), targets);
    });
  for (const name of ["aaa-*", "foo-[", "nothing"])
    it(`${name} asks for nothing that there is`, () => {
      assert.throws(() => resolved(many, [name]), failing("BAKE_UNKNOWN_TARGET"));
    });
  it("of patterns take no time to speak of", () => {
    const name = "a".repeat(5000);
    assert.throws(
      () => resolved(`target "${name}" {}`, ["*a".repeat(2000) + "b"]),
      failing("BAKE_UNKNOWN_TARGET"),
    );
  });
});

describe("groups", () => {
  it("that are not there: the target default", () => {
    const files = `target "default" {\n dockerfile = "test"\n}`;
    assert.deepEqual(printed(files, ["default"]).group, { default: { targets: ["default"] } });
    assert.deepEqual([...resolved(files, []).targets.keys()], ["default"]);
    assert.deepEqual(said(files, "default"), { dockerfile: "test" });
  });

  it("that are not there, and no target default", () => {
    const files = `target "image" {\n dockerfile = "test"\n}`;
    assert.throws(() => resolved(files, []), failing("BAKE_UNKNOWN_TARGET", /target default/));
    assert.deepEqual(printed(files, ["image"]).group, { default: { targets: ["image"] } });
  });

  const group = (members: string, more = ""): string =>
    `group "foo" {\n targets = [${members}]\n}\ntarget "foo" {\n dockerfile = "bar"\n}\ntarget "image" {\n output = ["type=docker"]\n}${more}`;
  const cases: readonly [
    what: string,
    files: string,
    names: readonly string[],
    groups: object,
    targets: readonly string[],
  ][] = [
    [
      "with a target of the same name",
      group(`"image"`),
      ["foo"],
      { default: ["foo"], foo: ["image"] },
      ["image"],
    ],
    [
      "asked for twice",
      group(`"image"`),
      ["foo", "foo"],
      { default: ["foo"], foo: ["image"] },
      ["image"],
    ],
    [
      "whose member is the target of the same name",
      group(`"foo"`),
      ["foo"],
      { default: ["foo"], foo: ["foo"] },
      ["foo"],
    ],
    [
      "whose member is that and another",
      group(`"foo", "image"`),
      ["foo"],
      { default: ["foo"], foo: ["foo", "image"] },
      ["foo", "image"],
    ],
    [
      "asked for with a member",
      group(`"foo", "image"`),
      ["foo", "image"],
      { default: ["foo", "image"], foo: ["foo", "image"] },
      ["foo", "image"],
    ],
  ];
  for (const [what, files, names, groups, targets] of cases)
    it(what, () => {
      const result = resolved(files, names);
      assert.deepEqual(
        Object.fromEntries(result.groups.map(({ name, targets: members }) => [name, members])),
        groups,
      );
      assert.deepEqual([...result.targets.keys()], targets);
    });

  const nested = `
group "a" { targets = ["b", "c"] }
group "b" { targets = ["d"] }
group "c" { targets = ["b"] }
target "d" {
  context = "."
  dockerfile = "./testdockerfile"
}
group "e" { targets = ["a", "f"] }
target "f" { context = "./foo" }`.replace(/\{ (targets|context) (.*) \}/g, "{\n $1 $2\n}");
  const inside: readonly [names: readonly string[], groups: readonly string[], count: number][] = [
    [["a"], ["a", "b", "c", "default"], 1],
    [["b"], ["b", "default"], 1],
    [["c"], ["b", "c", "default"], 1],
    [["d"], ["default"], 1],
    [["e"], ["a", "b", "c", "default", "e"], 2],
    [["a", "e"], ["a", "b", "c", "default", "e"], 2],
  ];
  for (const [names, groups, count] of inside)
    it(`in groups: ${names.join(" and ")}`, () => {
      const result = resolved(nested, names);
      assert.deepEqual(
        result.groups.map(({ name }) => name),
        groups,
      );
      assert.deepEqual(result.groups.find(({ name }) => name === "default")?.targets, names);
      assert.equal(result.targets.size, count);
      assert.equal(result.targets.get("d")?.dockerfile, "./testdockerfile");
    });

  it("that contain themselves end", () => {
    const files = `group "a" {\n targets = ["b", "t"]\n}\ngroup "b" {\n targets = ["a"]\n}\ntarget "t" {}\ntarget "a" {}`;
    assert.deepEqual([...resolved(files, ["a"]).targets.keys()].sort(), ["a", "t"]);
  });

  it("by the name of default, and more", () => {
    const files = `
group "default" {
  targets = ["app", "multiarch"]
}
target "app" {}
target "foo" {}
target "multiarch" {}`;
    assert.deepEqual(printed(files, ["default", "foo"]).group, {
      default: { targets: ["app", "foo", "multiarch"] },
    });
    const none = `target "default" {}\ntarget "multiarch" {}`;
    assert.deepEqual(printed(none, ["default", "multiarch"]).group, {
      default: { targets: ["default", "multiarch"] },
    });
  });

  const wrong: readonly [what: string, files: string, message: RegExp][] = [
    ["without targets", `group "g" {\n description = "d"\n}`, /group g: targets is required/],
    ["with a name", `group "g" {\n name = "x"\n targets = ["x"]\n}`, /not supported for groups/],
    ["with a matrix", `group "g" {\n matrix = { name = ["x"] }\n}`, /not supported for groups/],
    ["with two labels", `group "g" "h" {\n targets = ["x"]\n}`, /one label/],
  ];
  for (const [what, files, message] of wrong)
    it(`${what} are refused`, () => {
      assert.throws(() => read(files), failing("BAKE_BLOCK", message));
    });
});

describe("named contexts", () => {
  const files = `
target "base" {
  contexts = {
    foo: "bar"
    abc: "def"
  }
}
target "app" {
  inherits = ["base"]
  contexts = {
    foo: "baz"
  }
}`;
  const cases: readonly [set: readonly string[], contexts: object][] = [
    [[], { abc: "def", foo: "baz" }],
    [["app.contexts.foo=bay", "base.contexts.ghi=jkl"], { abc: "def", foo: "bay", ghi: "jkl" }],
    [["app.contexts.foo="], { abc: "def" }],
  ];
  for (const [set, contexts] of cases)
    it(`with ${set.length === 0 ? "no overrides" : set.join(", ")}`, () => {
      assert.deepEqual(said(files, "app", set), { contexts });
    });
});

describe("a target that is a context", () => {
  const chain = `
target "base" {}
target "mid" {
  output = ["foo"]
  contexts = { parent: "target:base" }
}
target "app" {
  contexts = { foo: "baz", bar: "target:mid" }
}
target "unused" {}`;

  it("is built as well, and nothing comes out of it", () => {
    const { targets } = resolved(chain, ["app"]);
    assert.deepEqual([...targets.keys()].sort(), ["app", "base", "mid"]);
    assert.deepEqual(
      [...targets.values()].map(({ name, linked }) => [name, linked]),
      [
        ["app", false],
        ["mid", true],
        ["base", true],
      ],
    );
    assert.deepEqual(targets.get("mid")?.output?.map(outputText), ["type=cacheonly"]);
    const app = targets.get("app");
    assert.ok(app !== undefined);
    assert.deepEqual([...inputsOf(app).targets], [["bar", "mid"]]);
    assert.deepEqual([...inputsOf(app).contexts], [["foo", "baz"]]);
  });

  it("is built as itself if it is asked for", () => {
    const { targets } = resolved(chain, ["app", "mid"]);
    assert.equal(targets.get("mid")?.linked, false);
    assert.deepEqual(targets.get("mid")?.output?.map(outputText), ["type=local,dest=foo"]);
  });

  const pair = (mid: string, app: string): string => `
target "mid" {
  ${mid}
}
target "app" {
  contexts = { bar: "target:mid" }
  ${app}
}`;
  const wrong: readonly [what: string, files: string, code: string, message: RegExp][] = [
    [
      "unless there is none",
      `target "app" {\n contexts = { bar: "target:bar" }\n}`,
      "BAKE_UNKNOWN_TARGET",
      /failed to find target bar/,
    ],
    [
      "but not of itself",
      `target "app" {\n contexts = { bar: "target:app" }\n}`,
      "BAKE_CYCLE",
      /cannot link to itself/,
    ],
    [
      "but not of its own contexts",
      pair(`contexts = { parent: "target:app" }`, ""),
      "BAKE_CYCLE",
      /infinite loop from/,
    ],
    [
      "but not for other platforms",
      pair(
        `platforms = ["linux/amd64", "linux/riscv64"]`,
        `platforms = ["linux/amd64", "linux/arm64"]`,
      ),
      "BAKE_LINK",
      /not built for linux\/arm64/,
    ],
  ];
  for (const [what, files, code, message] of wrong)
    it(what, () => {
      assert.throws(() => resolved(files, ["app"]), failing(code, message));
    });
  it("that is asked for too is refused in a loop", () => {
    assert.throws(
      () => resolved(pair(`contexts = { parent: "target:app" }`, ""), ["app", "mid"]),
      failing("BAKE_CYCLE"),
    );
  });

  const same = `platforms = ["linux/amd64", "linux/arm64"]`;
  const allowed: readonly [what: string, files: string][] = [
    ["for the same platforms", pair(same, same)],
    [
      "for more platforms",
      pair(`platforms = ["linux/amd64", "linux/riscv64", "linux/arm64"]`, same),
    ],
    ["for one platform", pair(`platforms = ["linux/amd64"]`, same)],
  ];
  for (const [what, files] of allowed)
    it(what, () => {
      assert.equal(resolved(files, ["app"]).targets.size, 2);
    });

  it("needs what those need that have it", () => {
    const files = pair(`network = "host"`, `entitlements = ["security.insecure"]`);
    assert.deepEqual(target(files, "app").entitlements, ["security.insecure", "network.host"]);
  });

  it("in a long chain is found", () => {
    const links = Array.from(
      { length: 3000 },
      (_, i) => `target "t${i}" {\n contexts = { next = "target:t${i + 1}" }\n}`,
    );
    assert.equal(resolved(`${links.join("\n")}\ntarget "t3000" {}`, ["t0"]).targets.size, 3001);
  });
});

describe("attributes", () => {
  const one = (body: string): string => `target "app" {\n${body}\n}`;
  const cases: readonly [what: string, body: string, said: object][] = [
    [
      "entitlements",
      `entitlements = ["security.insecure", "network.host"]`,
      { entitlements: ["security.insecure", "network.host"] },
    ],
    ["network: host", `network = "host"`, { network: "host", entitlements: ["network.host"] }],
    ["network: none", `network = "none"`, { network: "none" }],
    [
      "names of caches",
      `cache-from = ["ref1,ref2"]`,
      {
        "cache-from": [
          { ref: "ref1", type: "registry" },
          { ref: "ref2", type: "registry" },
        ],
      },
    ],
    ["an empty Dockerfile", `dockerfile = ""`, {}],
    ["an empty output", `output = [""]`, {}],
    [
      "annotations",
      `output = ["type=image,name=foo"]\nannotations = ["manifest[linux/amd64]:foo=bar"]`,
      {
        annotations: ["manifest[linux/amd64]:foo=bar"],
        output: [{ name: "foo", type: "image" }],
      },
    ],
    [
      "what is null",
      `args = { a = null, b = "c" }\nlabels = { a = null }\ntags = null\npull = null`,
      { args: { b: "c" } },
    ],
    [
      "what comes twice",
      `tags = ["a", "b", "a", ""]\nplatforms = ["x", "x"]`,
      { tags: ["a", "b"], platforms: ["x"] },
    ],
    [
      "policies",
      `policy = [{ filename = "p.rego", strict = true }, "disabled=true,log-level=warn"]`,
      {
        policy: [
          {
            Files: [{ Filename: "p.rego", Data: null }],
            Reset: false,
            Disabled: false,
            Strict: true,
            LogLevel: null,
          },
          { Files: null, Reset: false, Disabled: true, Strict: null, LogLevel: "warning" },
        ],
      },
    ],
    [
      "texts that look like templates",
      `args = { a = "$\${b}" }\nlabels = { l = "%%{if}" }\ndockerfile-inline = "RUN $\${x}"\ntags = ["$\${t}"]`,
      {
        args: { a: "$${b}" },
        labels: { l: "%%{if}" },
        "dockerfile-inline": "RUN $${x}",
        tags: ["${t}"],
      },
    ],
    [
      "all others",
      `call = "check"\npull = false\ntarget = "t"\nno-cache-filter = ["a"]\nssh = ["default", "k=a,b"]\ndescription = "d"`,
      {
        description: "d",
        target: "t",
        ssh: [{ id: "default" }, { id: "k", paths: ["a", "b"] }],
        pull: false,
        "no-cache-filter": ["a"],
        call: "check",
      },
    ],
  ];
  for (const [what, body, expected] of cases)
    it(what, () => {
      assert.deepEqual(said(one(body), "app"), expected);
    });

  it("of attestations: of each type the last", () => {
    const files = one(
      `attest = ["type=sbom", "type=sbom,generator=custom", "type=sbom,foo=bar", "type=provenance,mode=max"]`,
    );
    const texts = (set: readonly string[]): unknown =>
      target(files, "app", set).attest?.map(attestationText);
    assert.deepEqual(texts([]), ["type=sbom,foo=bar", "type=provenance,mode=max"]);
    assert.deepEqual(texts(["*.attest=type=sbom,disabled=true"]), [
      "type=sbom,disabled=true",
      "type=provenance,mode=max",
    ]);
  });

  const wrong: readonly [body: string, message: RegExp][] = [
    [`tags = "a"`, /target\.app\.tags: a list is required/],
    [`args = ["a"]`, /args: an object is required/],
    [`args = { a = ["b"] }`, /a string is required, not a list/],
    [`contexts = { a = null }`, /a string is required, not null/],
    [`pull = "maybe"`, /a bool is required/],
    [`output = ["type=image,foo"]`, /must be a key=value pair/],
    [`output = [{ dest = "x" }]`, /type of an output is required/],
    [`cache-to = ["mode=max"]`, /type of a cache is required/],
    [`attest = ["mode=max"]`, /type of an attestation is required/],
    [`secret = ["id=a,sorce=b"]`, /unexpected key "sorce"/],
    [`secret = ["type=vault,id=a"]`, /unsupported secret type/],
    [`secret = ["\\"id=a"]`, /quotes/],
    [`resources = { memroy = "1g" }`, /unknown resource memroy \(did you mean memory\?\)/],
    [`resources = { cpu-quota = "x" }`, /a whole number is required/],
    [`policy = ["name=x"]`, /unexpected "name=x"/],
    [`platforms = [null]`, /a string is required, not null/],
  ];
  for (const [body, message] of wrong)
    it(`${body} is refused`, () => {
      assert.throws(
        () => read(one(body)),
        (error) => {
          assert.ok(failing("BAKE_ATTRIBUTE", message)(error), String(error));
          return (
            (error as { location?: { range: { startLine: number } } }).location?.range.startLine ===
            2
          );
        },
      );
    });

  for (const attribute of ["context", "dockerfile"])
    it(`${attribute} cannot be standard input`, () => {
      assert.throws(
        () => resolved(one(`${attribute} = "-"`), ["app"]),
        failing("BAKE_ATTRIBUTE", /standard input/),
      );
    });

  it("that nobody knows are said, and count for nothing", () => {
    const bake = read(`target "app" {\n tag = ["x"]\n}\nvolume "x" {}`);
    assert.deepEqual(
      bake.warnings.map(({ message, location }) => [message, location?.range.startLine]),
      [
        ["a target has no attribute tag; what it says counts for nothing (did you mean tags?)", 2],
        ["there are no blocks volume; what it says counts for nothing", 4],
      ],
    );
  });

  it("of the prototype of objects are none", () => {
    const files = one(`args = { __proto__ = "a", constructor = "b" }`);
    assert.deepEqual(
      [...(target(files, "app").args ?? [])],
      [
        ["__proto__", "a"],
        ["constructor", "b"],
      ],
    );
    assert.throws(
      () => read(`x = target.app.constructor\ntarget "app" {}`),
      failing("HCL_EVALUATION"),
    );
    assert.throws(() => read(`x = target.toString\ntarget "app" {}`), failing("HCL_EVALUATION"));
  });
});

describe("paths", () => {
  const cases: readonly [body: string, context: string, dockerfile: string][] = [
    [`context = "cwd://foo"\n dockerfile = "test"`, "foo", "foo/test"],
    [`context = "."\n dockerfile = "cwd://Dockerfile.app"`, ".", "Dockerfile.app"],
    [`context = "./a/../b/"`, "b", "b/Dockerfile"],
    [`dockerfile = "/abs/Dockerfile"`, ".", "/abs/Dockerfile"],
    [`context = "https://example.com/r.git"`, "https://example.com/r.git", "Dockerfile"],
    [`context = "git@example.com:r.git#main:d"`, "git@example.com:r.git#main:d", "Dockerfile"],
    [`context = BAKE_CMD_CONTEXT`, ".", "Dockerfile"],
  ];
  for (const [body, context, dockerfile] of cases)
    it(body, () => {
      const app = target(`target "app" {\n ${body}\n}`, "app");
      const inputs = inputsOf(app);
      assert.deepEqual(
        [app.context, inputs.context, inputs.dockerfile],
        [context, context, dockerfile],
      );
    });

  it("of named contexts", () => {
    const app = target(
      `target "app" {\n contexts = { a = "cwd://x/../y", b = "docker-image://alpine" }\n}`,
      "app",
    );
    assert.deepEqual(
      [...inputsOf(app).contexts],
      [
        ["a", "y"],
        ["b", "docker-image://alpine"],
      ],
    );
  });
});

describe("paths relative to the file", () => {
  const relative = { relativeToFiles: true };
  it("are those of contexts", () => {
    const files = {
      "subdir/docker-bake.hcl": `
target "base" {
  context = "base"
}
target "app" {
  context = "."
  dockerfile = "Dockerfile.app"
  contexts = {
    shared = "../shared"
    cwd = "cwd://local"
    linked = "target:base"
    image = "docker-image://alpine:latest"
    layout = "oci-layout://layout"
  }
}`,
    };
    const { targets } = resolved(files, ["app"], [], relative);
    const app = targets.get("app");
    assert.ok(app !== undefined);
    assert.equal(app.context, "subdir");
    assert.deepEqual(Object.fromEntries(app.contexts ?? []), {
      shared: "shared",
      cwd: "cwd://local",
      linked: "target:base",
      image: "docker-image://alpine:latest",
      layout: "oci-layout://layout",
    });
    assert.equal(inputsOf(app).dockerfile, "subdir/Dockerfile.app");
    assert.equal(targets.get("base")?.context, "subdir/base");
  });

  it("are the file's directory by default", () => {
    const files = {
      "definitions/docker-bake.hcl": `target "app" {\n dockerfile-inline = "FROM scratch"\n}`,
    };
    assert.equal(target(files, "app", [], relative).context, "definitions");
    assert.equal(target(files, "app").context, ".");
  });

  it("are those of the file that says them", () => {
    const files = {
      "one/docker-bake.hcl": `
target "app" {
  context = "."
  contexts = { shared = "../shared" }
}
target "implicit" {}`,
      "two/docker-bake.hcl": `
target "app" {
  tags = ["app:latest"]
}
target "other" {
  context = "."
}`,
    };
    const { targets } = resolved(files, ["*"], [], relative);
    assert.deepEqual(
      [...targets.values()].map(({ name, context, contexts }) => [
        name,
        context,
        contexts?.get("shared"),
      ]),
      [
        ["app", "one", "shared"],
        ["implicit", "one", undefined],
        ["other", "two", undefined],
      ],
    );
  });

  it("are inherited as what they are", () => {
    const base = `target "base" {\n context = "basectx"\n}\n`;
    const app = `target "app" {\n inherits = ["base"]\n}\n`;
    assert.equal(
      target({ "subdir/b.hcl": base + app }, "app", [], relative).context,
      "subdir/basectx",
    );
    assert.equal(
      target({ "one/b.hcl": base, "two/b.hcl": app }, "app", [], relative).context,
      "one/basectx",
    );
  });

  it("are referred to as what they are", () => {
    const files = {
      "one/docker-bake.hcl": `target "base" {\n context = "basectx"\n}`,
      "two/docker-bake.hcl": `target "app" {\n  context = target.base.context\n}`,
    };
    assert.equal(target(files, "app", [], relative).context, "one/basectx");
  });

  it("are not those of overrides", () => {
    const files = {
      "subdir/docker-bake.hcl": `target "app" {\n context = "."\n contexts = { shared = "../shared" }\n}`,
    };
    const set = ["app.context=override", "app.contexts.shared=override-shared"];
    const app = target(files, "app", set, relative);
    assert.equal(app.context, "override");
    assert.equal(app.contexts?.get("shared"), "override-shared");
  });

  it("are those of the first Compose file", () => {
    const files = {
      "tests/docker-compose.yml": `
services:
  debian:
    build:
      context: ./dockerfiles/debian
      additional_contexts:
        shared: ../shared
  implicit:
    build:
      dockerfile_inline: |
        FROM scratch
`,
      "overrides/compose.yml": `
services:
  debian:
    build:
      additional_contexts:
        more: ./more
  other:
    build:
      context: ./other
`,
    };
    const { targets } = resolved(files, ["*"], [], relative);
    assert.equal(targets.get("debian")?.context, "tests/dockerfiles/debian");
    assert.deepEqual(Object.fromEntries(targets.get("debian")?.contexts ?? []), {
      shared: "shared",
      more: "tests/more",
    });
    assert.equal(targets.get("implicit")?.context, "tests");
    assert.equal(targets.get("other")?.context, "tests/other");
  });
});

describe("several files", () => {
  const hcl = `
group "default" {
  targets = ["image"]
}
target "nocache" {
  no-cache = true
}
group "release" {
  targets = ["image-release"]
}
target "image" {
  inherits = ["nocache"]
  output = ["type=docker"]
}
target "image-release" {
  inherits = ["image"]
  output = ["type=image,push=true"]
  tags = ["user/app:latest"]
}`;
  const yaml = `
services:
  addon:
    build:
      context: .
      dockerfile: ./Dockerfile
      args:
        CT_ECR: foo
        CT_TAG: bar
    image: ct-addon:bar
    environment:
      - NODE_ENV=test
      - AWS_ACCESS_KEY_ID=dummy
  aws:
    build:
      dockerfile: ./aws.Dockerfile
      args:
        CT_ECR: foo
        CT_TAG: bar
    image: ct-fake-aws:bar`;
  const json = `{
  "group": { "default": { "targets": ["image"] } },
  "target": { "image": { "context": ".", "dockerfile": "Dockerfile", "output": ["type=docker"] } }
}`;
  const all = { "docker-compose.yml": yaml, "docker-bake.hcl": hcl };
  const cases: readonly [
    what: string,
    files: Readonly<Record<string, string>>,
    names: readonly string[],
    members: readonly string[],
  ][] = [
    ["HCL", { "docker-bake.hcl": hcl }, ["default"], ["image"]],
    ["another target", { "docker-bake.hcl": hcl }, ["image-release"], ["image-release"]],
    [
      "two targets",
      { "docker-bake.hcl": hcl },
      ["image", "image-release"],
      ["image", "image-release"],
    ],
    ["Compose and HCL: the group of HCL", all, ["default"], ["image"]],
    ["JSON", { "docker-bake.json": json }, ["default"], ["image"]],
    ["Compose", { "docker-compose.yml": yaml }, ["default"], ["addon", "aws"]],
    ["Compose and HCL: targets of one", all, ["addon", "aws"], ["addon", "aws"]],
    ["Compose and HCL: targets of both", all, ["addon", "aws", "image"], ["addon", "aws", "image"]],
  ];
  for (const [what, files, names, members] of cases)
    it(what, () => {
      const result = resolved(files, names);
      assert.deepEqual(
        result.groups.map(({ name, targets }) => [name, targets]),
        [["default", members]],
      );
      assert.deepEqual([...result.targets.keys()].sort(), members);
    });

  it("say one target together, whatever they are", () => {
    const files = {
      "c1.foo": `target "app" {\n context = "dir"\n args = { v1 = "foo" }\n}`,
      "c2.bar": `
services:
  app:
    build:
      dockerfile: Dockerfile-alternate
      args:
        v2: "bar"
`,
    };
    assert.deepEqual(namesOf(read(files)), ["app"]);
    assert.deepEqual(said(files, "app"), {
      context: "dir",
      dockerfile: "Dockerfile-alternate",
      args: { v1: "foo", v2: "bar" },
    });
  });

  it("are none of them the other's kind", () => {
    const files = { app: `target "app" {\n network = "host"\n}`, other: json, third: yaml };
    assert.deepEqual(namesOf(read(files)).toSorted(), ["addon", "app", "aws", "image"]);
    assert.throws(
      () => read({ "bake.foo": "neither: [nor" }),
      failing("BAKE_FILE", /as a Compose file: .*; as HCL: .*; as JSON: /),
    );
    assert.throws(() => read({ "x.yaml": `target "app" {}` }), failing("BAKE_COMPOSE"));
    assert.throws(() => read({ "x.json": `target "app" {}` }), failing("HCL_SYNTAX"));
    assert.throws(() => read({ "x.hcl": json }), failing("HCL_SYNTAX"));
  });

  it("of Compose and HCL: what is needed of the network", () => {
    const files = {
      "docker-bake.hcl": `target "app" {\n dockerfile = "app.Dockerfile"\n}`,
      "docker-compose.yml": `services:\n  app:\n    build:\n      network: "host"\n`,
    };
    assert.deepEqual(said(files, "app"), {
      dockerfile: "app.Dockerfile",
      network: "host",
      entitlements: ["network.host"],
    });
  });

  it("with targets that say nothing", () => {
    const files = {
      "docker-bake.hcl": `target "app1" {}`,
      "docker-compose.yml": `services:\n  app2:\n    build: {}\n`,
    };
    assert.deepEqual(printed(files, ["app1", "app2"]).target, {
      app1: { context: ".", dockerfile: "Dockerfile" },
      app2: { context: ".", dockerfile: "Dockerfile" },
    });
  });
});
