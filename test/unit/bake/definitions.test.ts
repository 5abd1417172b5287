// SPDX-License-Identifier: Apache-2.0
// What files in HCL and JSON define: variables, functions, references, matrices. The tables follow bake/hcl_test.go of buildx.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { attestationText, cacheText, outputText, secretText, sshText } from "#src/bake/index.js";
import {
  errorOf,
  failing,
  groupsOf,
  namesOf,
  printed,
  read,
  said,
  target,
  type Files,
} from "./reading.js";

/** The arguments of a target. */
function args(
  files: Files,
  name: string,
  env: Readonly<Record<string, string>> = {},
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(target(files, name, [], { env }).args ?? []);
}

const basic = {
  hcl: `
group "default" {
  targets = ["db", "webapp"]
}
target "db" {
  context = "./db"
  tags = ["docker.io/tonistiigi/db"]
}
target "webapp" {
  context = "./dir"
  dockerfile = "Dockerfile-alternate"
  args = {
    buildno = "123"
  }
}
target "cross" {
  platforms = [
    "linux/amd64",
    "linux/arm64"
  ]
}
target "webapp-plus" {
  inherits = ["webapp", "cross"]
  args = {
    IAMCROSS = "true"
  }
}`,
  json: JSON.stringify({
    group: { default: { targets: ["db", "webapp"] } },
    target: {
      db: { context: "./db", tags: ["docker.io/tonistiigi/db"] },
      webapp: { context: "./dir", dockerfile: "Dockerfile-alternate", args: { buildno: "123" } },
      cross: { platforms: ["linux/amd64", "linux/arm64"] },
      "webapp-plus": { inherits: ["webapp", "cross"], args: { IAMCROSS: "true" } },
    },
  }),
};

describe("a file", () => {
  for (const [kind, text] of Object.entries(basic))
    it(`in ${kind}`, () => {
      const files = { [`docker-bake.${kind}`]: text };
      const bake = read(files);
      assert.deepEqual(namesOf(bake), ["db", "webapp", "cross", "webapp-plus"]);
      assert.deepEqual(groupsOf(bake), { default: ["db", "webapp"] });
      assert.deepEqual(said(files, "db"), { context: "db", tags: ["docker.io/tonistiigi/db"] });
      assert.deepEqual(said(files, "webapp-plus"), {
        context: "dir",
        dockerfile: "Dockerfile-alternate",
        args: { buildno: "123", IAMCROSS: "true" },
        platforms: ["linux/amd64", "linux/arm64"],
      });
    });

  it("in JSON with lists of blocks, on top of one in HCL", () => {
    const metadata = (name: string): string =>
      JSON.stringify({
        target: [{ [`metadata-${name}`]: [{ tags: [`app/${name}:1.0.0`, `app/${name}:latest`] }] }],
      });
    const files = {
      "docker-bake.hcl": `
group "default" {
  targets = ["a"]
}
target "metadata-a" {}
target "metadata-b" {}
target "a" {
  inherits = ["metadata-a"]
  context = "."
  target = "a"
}
target "b" {
  inherits = ["metadata-b"]
  context = "."
  target = "b"
}`,
      "metadata-a.json": metadata("a"),
      "metadata-b.json": metadata("b"),
    };
    assert.deepEqual(namesOf(read(files)), ["metadata-a", "metadata-b", "a", "b"]);
    assert.deepEqual(said(files, "a"), { target: "a", tags: ["app/a:1.0.0", "app/a:latest"] });
    assert.deepEqual(said(files, "b"), { target: "b", tags: ["app/b:1.0.0", "app/b:latest"] });
  });

  it("in JSON with a string that has no end is refused at once", { timeout: 10_000 }, () => {
    const files = { "docker-bake.json": `{"target": {"${"a".repeat(100_000)}` };
    assert.throws(() => read(files), failing("HCL_SYNTAX"));
  });

  it("that says a target twice: the later counts", () => {
    const files = `target "app" {\n dockerfile = "x"\n}\ntarget "app" {\n dockerfile = "y"\n}`;
    assert.deepEqual(namesOf(read(files)), ["app"]);
    assert.deepEqual(said(files, "app"), { dockerfile: "y" });
  });

  it("with entries in both notations", () => {
    const app = target(
      `
target "app" {
  attest = [
    { type = "provenance", mode = "max" },
    "type=sbom,disabled=true,generator=foo,\\"ENV1=bar,baz\\",ENV2=hello",
  ]
  cache-from = [
    { type = "registry", ref = "user/app:cache" },
    "type=local,src=path/to/cache",
  ]
  cache-to = [
    { type = "local", dest = "path/to/cache" },
  ]
  output = [
    { type = "oci", dest = "../out.tar" },
    "type=local,dest=../out",
  ]
  secret = [
    { id = "mysecret", src = "/local/secret" },
    { id = "mysecret2", env = "TOKEN" },
  ]
  ssh = [
    { id = "default" },
    { id = "key", paths = ["path/to/key"] },
  ]
}`,
      "app",
    );
    assert.deepEqual(app.attest?.map(attestationText), [
      "type=provenance,mode=max",
      'type=sbom,disabled=true,"ENV1=bar,baz",ENV2=hello,generator=foo',
    ]);
    assert.deepEqual(app.output?.map(outputText), [
      "type=oci,dest=../out.tar",
      "type=local,dest=../out",
    ]);
    assert.deepEqual(app.cacheFrom?.map(cacheText), [
      "user/app:cache",
      "type=local,src=path/to/cache",
    ]);
    assert.deepEqual(app.cacheTo?.map(cacheText), ["type=local,dest=path/to/cache"]);
    assert.deepEqual(app.secret?.map(secretText), [
      "id=mysecret,src=/local/secret",
      "id=mysecret2,env=TOKEN",
    ]);
    assert.deepEqual(app.ssh?.map(sshText), ["default", "key=path/to/key"]);
  });

  const missing: readonly [attribute: string, name: string][] = [
    [`attest = ["type=sbom,disabled=\${SBOM}"]`, "SBOM"],
    [`cache-from = [{ type = "registry", ref = "user/app:\${FOO1}" }]`, "FOO1"],
    [`cache-to = [{ type = "local", dest = "path/to/\${BAR}" }]`, "BAR"],
    [`output = [{ type = "oci", dest = "../\${OUTPUT}.tar" }]`, "OUTPUT"],
    [`secret = [{ id = "mysecret", src = "/local/\${SECRET}" }]`, "SECRET"],
    [`ssh = [{ id = "key", paths = ["path/to/\${SSH_KEY}"] }]`, "SSH_KEY"],
  ];
  for (const [attribute, name] of missing)
    it(`that mentions ${name}, which there is not`, () => {
      const error = errorOf(() => read(`target "app" {\n  ${attribute}\n}`));
      assert.equal(error.code, "HCL_EVALUATION");
      assert.match(error.message, new RegExp(name));
      assert.equal(error.location?.range.startLine, 2);
    });
});

describe("functions", () => {
  it("of the language", () => {
    assert.deepEqual(
      args(`target "webapp" {\n args = { buildno = "\${add(123, 1)}" }\n}`, "webapp"),
      {
        buildno: "124",
      },
    );
  });

  it("of a file", () => {
    const files = `
function "increment" {
  params = [number]
  result = number + 1
}
target "webapp" {
  args = {
    buildno = "\${increment(123)}"
  }
}`;
    assert.deepEqual(args(files, "webapp"), { buildno: "124" });
  });

  it("with variables", () => {
    const files = `
variable "REPO" {
  default = "user/repo"
}
function "tag" {
  params = [tag]
  result = ["\${REPO}:\${tag}"]
}
target "webapp" {
  tags = tag("v1")
}`;
    assert.deepEqual(said(files, "webapp"), { tags: ["user/repo:v1"] });
    const env = { REPO: "docker/buildx" };
    assert.deepEqual(said(files, "webapp", [], { env }), { tags: ["docker/buildx:v1"] });
  });

  it("that call others, in attributes at the top", () => {
    const files = `
function "brace" {
  params = [inp]
  result = "[\${inp}]"
}
function "myupper" {
  params = [val]
  result = "\${upper(val)} <> \${brace(v2)}"
}
v1=myupper("foo")
v2=lower("BAZ")
target "app" {
  args = { "v1": v1 }
}`;
    assert.deepEqual(args(files, "app"), { v1: "FOO <> [baz]" });
  });

  it("in JSON", () => {
    const files = {
      "docker-bake.json": `{
        "FOO": "abc",
        "function": {
          "myfunc": { "params": ["inp"], "result": "<\${upper(inp)}-\${FOO}>" }
        },
        "target": { "app": { "args": { "v1": "pre-\${myfunc(\\"foo\\")}", "v2": "myfunc(\\"foo\\")" } } }
      }`,
    };
    assert.deepEqual(args(files, "app"), { v1: "pre-<FOO-abc>", v2: 'myfunc("foo")' });
  });

  it("with any number of arguments", () => {
    const files = `
function "all" {
  params = [first]
  variadic_params = rest
  result = "\${first}:\${join("+", rest)}"
}
target "app" {
  args = { none = all("a"), some = all("a", "b", "c"), nested = all(all("x")) }
}`;
    assert.deepEqual(args(files, "app"), { none: "a:", some: "a:b+c", nested: "x::" });
  });

  const app = `target "app" {\n args = { x = f("a") }\n}`;
  const wrong: readonly [what: string, files: string, code: string, message: RegExp][] = [
    ["without params", `function "f" {\n result = "bar"\n}`, "BAKE_FUNCTION", /params is required/],
    [
      "without a result",
      `function "f" {\n params = ["a"]\n}`,
      "BAKE_FUNCTION",
      /result is required/,
    ],
    [
      "with something else",
      `function "f" {\n params = []\n result = 1\n parms = []\n}`,
      "BAKE_FUNCTION",
      /there is no parms/,
    ],
    [
      "with params that are no names",
      `function "f" {\n params = ["a"]\n result = 1\n}`,
      "BAKE_FUNCTION",
      /list of names/,
    ],
    [
      "with too few arguments",
      `function "f" {\n params = [a, b]\n result = 1\n}\n${app}`,
      "BAKE_FUNCTION",
      /takes 2 arguments, not 1/,
    ],
    [
      "with too many arguments",
      `function "f" {\n params = []\n result = 1\n}\n${app}`,
      "BAKE_FUNCTION",
      /takes 0 arguments, not 1/,
    ],
    [
      "that calls itself",
      `function "f" {\n params = [a]\n result = f(a)\n}\n${app}`,
      "BAKE_CYCLE",
      /function f calls itself/,
    ],
    [
      "that mentions nothing that there is",
      `function "f" {\n params = [abc]\n result = acb\n}`,
      "BAKE_FUNCTION",
      /variable acb does not exist \(did you mean abc\?\)/,
    ],
    [
      "that calls nothing that there is",
      `function "f" {\n params = [a]\n result = g(a)\n}`,
      "BAKE_FUNCTION",
      /function g does not exist/,
    ],
  ];
  for (const [what, files, code, message] of wrong)
    it(`${what} are refused`, () => {
      assert.throws(() => read(files), failing(code, message));
    });

  it("of the language cannot be redefined", () => {
    const bake = read(`function "upper" {\n params = [a]\n result = "mine"\n}\ntarget "app" {}`);
    assert.match(bake.warnings[0]?.message ?? "", /function upper is one of the language's own/);
  });
});

describe("variables", () => {
  it("have a default, or what they are set to", () => {
    const files = `
variable "BUILD_NUMBER" {
  default = "123"
}
target "webapp" {
  args = { buildno = "\${BUILD_NUMBER}" }
}`;
    const env = { BUILD_NUMBER: "456" };
    assert.deepEqual(args(files, "webapp"), { buildno: "123" });
    assert.deepEqual(args(files, "webapp", env), { buildno: "456" });
    const vars = new Map([["BUILD_NUMBER", "789"]]);
    assert.deepEqual(said(files, "webapp", [], { env, vars }), { args: { buildno: "789" } });
    const hidden = { ...env, BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP: "true" };
    assert.deepEqual(args(files, "webapp", hidden), { buildno: "123" });
    assert.deepEqual(said(files, "webapp", [], { env: hidden, vars }), {
      args: { buildno: "789" },
    });
  });

  it("are those of all files", () => {
    const files = {
      "c1.hcl": `variable "FOO" {\n default = "abc"\n}\ntarget "app" {\n args = { v1 = "pre-\${FOO}" }\n}`,
      "c2.hcl": `target "app" {\n args = { v2 = "\${FOO}-post" }\n}`,
    };
    assert.deepEqual(args(files, "app"), { v1: "pre-abc", v2: "abc-post" });
    assert.deepEqual(args(files, "app", { FOO: "def" }), { v1: "pre-def", v2: "def-post" });
  });

  it("refer to others", () => {
    const files = {
      "c1.hcl": `
variable "FOO" {
  default = upper("\${BASE}def")
}
variable "BAR" {
  default = "-\${FOO}-"
}
target "app" {
  args = { v1 = "pre-\${BAR}" }
}`,
      "c2.hcl": `variable "BASE" {\n default = "abc"\n}\ntarget "app" {\n args = { v2 = "\${FOO}-post" }\n}`,
    };
    assert.deepEqual(args(files, "app"), { v1: "pre--ABCDEF-", v2: "ABCDEF-post" });
    assert.deepEqual(args(files, "app", { BASE: "new" }), {
      v1: "pre--NEWDEF-",
      v2: "NEWDEF-post",
    });
  });

  const typed = `
variable "FOO" {
  default = 3
}
variable "IS_FOO" {
  default = true
}
target "app" {
  args = {
    v1 = FOO > 5 ? "higher" : "lower"
    v2 = IS_FOO ? "yes" : "no"
  }
}`;
  it("are of the type of their default", () => {
    assert.deepEqual(args(typed, "app"), { v1: "lower", v2: "yes" });
    assert.deepEqual(args(typed, "app", { FOO: "5.1", IS_FOO: "0" }), { v1: "higher", v2: "no" });
    assert.throws(
      () => read(typed, { env: { FOO: "NaN" } }),
      failing("BAKE_VARIABLE", /failed to parse FOO as number/),
    );
    assert.throws(
      () => read(typed, { env: { FOO: "0", IS_FOO: "maybe" } }),
      failing("BAKE_VARIABLE", /failed to parse IS_FOO as bool/),
    );
    assert.throws(
      () =>
        read(`variable "FOO" {\n default = []\n}\ntarget "default" {}`, { env: { FOO: "bar" } }),
      failing("BAKE_VARIABLE", /unsupported type/),
    );
  });

  const nulls: Readonly<Record<string, string>> = {
    hcl: `variable "FOO" {\n default = null\n}\ntarget "default" {\n args = { foo = FOO, bar = "baz" }\n labels = { a = FOO, b = "c" }\n}`,
    json: `{"variable":{"FOO":{"default":null}},"target":{"default":{"args":{"foo":"\${FOO}","bar":"baz"},"labels":{"a":"\${FOO}","b":"c"}}}}`,
  };
  for (const [kind, text] of Object.entries(nulls))
    it(`that are null in ${kind} set nothing`, () => {
      const files = { [`docker-bake.${kind}`]: text };
      assert.deepEqual(said(files, "default"), { args: { bar: "baz" }, labels: { b: "c" } });
      assert.deepEqual(said(files, "default", [], { env: { FOO: "x" } }), {
        args: { bar: "baz", foo: "x" },
        labels: { a: "x", b: "c" },
      });
    });

  const types = [
    "any",
    "string",
    "number",
    "bool",
    "list(string)",
    "set(string)",
    "map(string)",
    "tuple([string])",
    "object({val: string})",
  ];
  for (const type of types)
    for (const byDefault of ["", "\n default = null"])
      it(`of type ${type}${byDefault === "" ? "" : " with the default null"} are null`, () => {
        const files = `variable "FOO" {\n type = ${type}${byDefault}\n}\ntarget "default" {\n args = { foo = equal(FOO, null) }\n}`;
        assert.deepEqual(args(files, "default"), { foo: "true" });
      });
  for (const type of types.slice(0, 4)) {
    const with_ = (value: string): string =>
      `variable "FOO" {\n type = ${type}\n}\ntarget "default" {\n args = { foo = ${value} }\n}`;
    it(`of type ${type} without a value are used as null`, () => {
      assert.deepEqual(args(with_("FOO"), "default"), {});
      assert.deepEqual(args(with_(`FOO == null ? "hi" : FOO`), "default"), { foo: "hi" });
      assert.deepEqual(args(with_(`FOO == null ? FOO : "hi"`), "default"), {});
    });
  }

  it("without a type and a value are empty", () => {
    const files = `variable "FOO" {}\ntarget "default" {\n args = { foo = equal(FOO, "") }\n}`;
    assert.deepEqual(args(files, "default"), { foo: "true" });
    assert.deepEqual(namesOf(read({ "docker-bake.json": `{"variable": {"VAR": {}}}` })), []);
  });

  const cycles: readonly [what: string, files: string][] = [
    [
      "variables",
      `variable "FOO" {\n default = BAR\n}\nvariable "FOO2" {\n default = FOO\n}\nvariable "BAR" {\n default = FOO\n}`,
    ],
    ["itself", `a = a`],
    [
      "targets",
      `target "a" {\n context = target.b.context\n}\ntarget "b" {\n context = target.a.context\n}`,
    ],
    [
      "a target and a variable",
      `variable "V" {\n default = target.a.context\n}\ntarget "a" {\n context = V\n}`,
    ],
    [
      "the names of targets",
      `target "a" {\n matrix = { x = [target.b.context] }\n name = x\n}\ntarget "b" {}`,
    ],
    ["a function and a variable", `x = f()\nfunction "f" {\n params = []\n result = x\n}`],
  ];
  for (const [what, files] of cycles)
    it(`do not depend on themselves by way of ${what}`, () => {
      assert.throws(
        () => read(files),
        (error) => {
          assert.match(String(error), /refers to itself|calls itself/);
          return true;
        },
      );
    });

  it("do not depend on too many others", () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => `v${i} = v${i + 1}`);
    const error = errorOf(() => read(`${chain.join("\n")}\nv20000 = 1`));
    assert.match(error.code, /^(BAKE|HCL)_LIMIT$/);
  });

  it("are attributes at the top, too, which nobody sets", () => {
    const files = `FOO="abc"\nBAR="attr-\${FOO}def"\ntarget "app" {\n args = { "v1": BAR }\n}`;
    assert.deepEqual(args(files, "app"), { v1: "attr-abcdef" });
    assert.deepEqual(args(files, "app", { FOO: "bar" }), { v1: "attr-abcdef" });
    const json = {
      "docker-bake.json": `{"FOO": "abc", "variable": {"BAR": {"default": "def"}}, "target": {"app": {"args": {"v1": "pre-\${FOO}-\${BAR}"}}}}`,
    };
    assert.deepEqual(args(json, "app"), { v1: "pre-abc-def" });
  });

  it("are set at the top of another file", () => {
    const files = {
      "c1.hcl": `variable "FOO" {\n default = "abc"\n}\ntarget "app" {\n args = { v1 = "pre-\${FOO}" }\n}`,
      "c2.hcl": `FOO="def"`,
    };
    assert.deepEqual(args(files, "app"), { v1: "pre-def" });
    assert.deepEqual(args(files, "app", { FOO: "ghi" }), { v1: "pre-ghi" });
    const twice = {
      "c1.hcl": `FOO = "abc"\ntarget "app" {\n args = { v1 = "pre-\${FOO}" }\n}`,
      "c2.hcl": `FOO = "def"`,
    };
    assert.deepEqual(args(twice, "app"), { v1: "pre-def" });
    const json = {
      "docker-bake.hcl": `
variable "ABC" {
  default = "foo"
}
variable "DEF" {
  default = ""
}
target "one" {
  args = { a = "pre-\${ABC}" }
}
target "two" {
  args = { b = "pre-\${DEF}" }
}`,
      "foo.json": `{"variable": {"DEF": {"default": "bar"}}, "target": {"one": {"args": {"a": "pre-\${ABC}-\${DEF}"}}}}`,
      "bar.json": `{"ABC": "ghi", "DEF": "jkl"}`,
    };
    assert.deepEqual(args(json, "one"), { a: "pre-ghi-jkl" });
    assert.deepEqual(args(json, "two"), { b: "pre-jkl" });
  });

  it("that the program sets cannot be set otherwise", () => {
    const files = `
BAKE_LOCAL_PLATFORM = "mine"
variable "BAKE_CMD_CONTEXT" {
  default = "x"
}
target "app" {
  context = BAKE_CMD_CONTEXT
  platforms = [BAKE_LOCAL_PLATFORM]
}`;
    const options = { commandContext: "foo", env: { BAKE_CMD_CONTEXT: "y" } };
    assert.deepEqual(said(files, "app", [], options), {
      context: "foo",
      platforms: ["linux/amd64"],
    });
  });
});

describe("types of variables", () => {
  for (const type of [
    "bool",
    "number",
    "string",
    "any",
    "list(string)",
    "set(string)",
    "tuple([string, number])",
  ])
    it(`${type} is one`, () => {
      assert.deepEqual(namesOf(read(`variable "FOO" {\n type = ${type}\n}\ntarget "default" {}`)), [
        "default",
      ]);
    });
  for (const type of ["boolean", "BOOL", `lower("bool")`])
    it(`${type} is none`, () => {
      assert.throws(() => read(`variable "FOO" {\n type = ${type}\n}`), failing("HCL_TYPE"));
    });

  const defaults: readonly [
    type: string,
    value: string,
    arg: string,
    result: string | undefined,
  ][] = [
    ["number", "99", "FOO + 1", "100"],
    ["number", `"99"`, "FOO + 1", "100"],
    ["bool", "true", "and(FOO, true)", "true"],
    ["bool", `"true"`, "and(FOO, true)", "true"],
    ["number", `"oops"`, "FOO", undefined],
    ["list(number)", "[2,3]", `join("", [for v in FOO: v + 1])`, "34"],
    ["list(number)", `["2","3"]`, `join("", [for v in FOO: v + 1])`, "34"],
    ["list(number)", `["oops"]`, "FOO", undefined],
  ];
  for (const [type, value, arg, result] of defaults)
    it(`${type} with the default ${value}`, () => {
      const files = `variable "FOO" {\n type = ${type}\n default = ${value}\n}\ntarget "default" {\n args = { foo = ${arg} }\n}`;
      if (result !== undefined) assert.deepEqual(args(files, "default"), { foo: result });
      else
        assert.throws(
          () => read(files),
          failing("BAKE_VARIABLE", /invalid type for variable FOO default value/),
        );
    });

  const attributes: readonly [value: string, type: string, fits: boolean][] = [
    [`"hello"`, "string", true],
    [`"99"`, "number", true],
    [`substr("99 bottles", 0, 2)`, "number", true],
    [`split(",", "1,2,3foo")`, "list(number)", false],
    ["99", "bool", false],
    [`split(",", "1,2,3")`, "list(number)", true],
  ];
  for (const [value, type, fits] of attributes)
    it(`${type} with a default that is ${value} elsewhere`, () => {
      const files = `BAR = ${value}\nvariable "FOO" {\n type = ${type}\n default = BAR\n}\ntarget "default" {}`;
      if (fits) assert.deepEqual(namesOf(read(files)), ["default"]);
      else
        assert.throws(
          () => read(files),
          failing("BAKE_VARIABLE", /invalid type.*FOO default value/),
        );
    });

  interface Override {
    readonly type: string;
    readonly text: string;
    readonly arg?: string;
    readonly result: string | RegExp;
    readonly code?: string;
  }
  const files = ({ type, arg = "FOO" }: Override): string =>
    `variable "FOO" {\n type = ${type}\n}\ntarget "default" {\n args = { foo = ${arg} }\n}`;
  const plusOne = `join("-", [for v in FOO: v + 1])`;
  const bottles = `format("%d %s", FOO[0], FOO[1])`;
  const check = (name: string, each: Override): void => {
    it(`${each.type} set to ${each.text} by ${name}`, () => {
      const env = { [name]: each.text };
      const { result } = each;
      if (typeof result === "string")
        assert.deepEqual(args(files(each), "default", env), { foo: result });
      else
        assert.throws(
          () => read(files(each), { env }),
          failing(each.code ?? "BAKE_VARIABLE", result),
        );
    });
  };
  const texts: readonly Override[] = [
    { type: "bool", text: "true", result: "true" },
    { type: "number", text: "99", result: "99" },
    { type: "string", text: "hello", result: "hello" },
    { type: "string", text: '"hello"', result: '"hello"' },
    { type: "list(string)", text: "hi,there", arg: `join("-", FOO)`, result: "hi-there" },
    { type: "list(number)", text: "3,1,4", arg: plusOne, result: "4-2-5" },
    {
      type: "set(number)",
      text: "3,1,4",
      arg: `join("-", [for v in sort(FOO): v + 1])`,
      result: "2-4-5",
    },
    {
      type: "map(number)",
      text: "foo:1,bar:2",
      arg: `join("-", sort(values(FOO)))`,
      result: "1-2",
    },
    { type: "tuple([number,string])", text: "99,bottles", arg: bottles, result: "99 bottles" },
    {
      type: "tuple([number,string])",
      text: "99,100",
      result: /a string is required/,
      code: "BAKE_ATTRIBUTE",
    },
    { type: "tuple([number,string])", text: "99", result: /has 2 elements, and 1 are given/ },
    { type: "list(string)", text: '"hello,world', result: /from CSV/ },
    { type: "object({message: string})", text: "does not matter", result: /unsupported type/ },
    { type: "any", text: "x", result: /unsupported type/ },
    { type: "list(list(number))", text: "1,2", result: /unsupported type/ },
    { type: "set(set(number))", text: "1,2", result: /unsupported type/ },
    { type: "tuple([list(number)])", text: "1", result: /unsupported type/ },
    { type: "map(list(number))", text: "foo:1", result: /unsupported type/ },
    { type: "map(string)", text: 'a:b,foo:"bar', result: /CSV/ },
    { type: "list(number)", text: "1,1z", result: /failed to parse element/ },
    { type: "set(number)", text: "1,1z", result: /failed to parse element/ },
    { type: "tuple([number])", text: "1z", result: /failed to parse element/ },
    { type: "map(number)", text: "foo:1z", result: /failed to parse element/ },
    { type: "map(number)", text: "foo:1:1", result: /expected one k\/v pair/ },
    { type: "number", text: "1z", result: /failed to parse/ },
    { type: "number", text: "1e999", result: /failed to parse/ },
  ];
  for (const each of texts) check("FOO", each);
  const json: readonly Override[] = [
    { type: "bool", text: "true", result: "true" },
    { type: "number", text: "99", result: "99" },
    { type: "string", text: "hello", result: /from JSON/ },
    { type: "string", text: '"hello"', result: "hello" },
    { type: "list(string)", text: '["hi","there"]', arg: `join("-", FOO)`, result: "hi-there" },
    { type: "list(number)", text: "[3, 1, 4]", arg: plusOne, result: "4-2-5" },
    {
      type: "map(number)",
      text: '{"foo": 1, "bar": 2}',
      arg: `join("-", sort(values(FOO)))`,
      result: "1-2",
    },
    { type: "map(number)", text: '{"foo": "oops", "bar": 2}', result: /from JSON/ },
    { type: "tuple([number,string])", text: '[99, "bottles"]', arg: bottles, result: "99 bottles" },
    {
      type: "tuple([number,string])",
      text: "[99, 100]",
      result: /a string is required/,
      code: "BAKE_ATTRIBUTE",
    },
    {
      type: "object({messages: list(string)})",
      text: '{"messages": ["hi", "there"]}',
      arg: `join("-", FOO["messages"])`,
      result: "hi-there",
    },
  ];
  for (const each of json) check("FOO_JSON", each);

  const list = (names: readonly string[], arg: string): string =>
    `${names.map((name) => `variable "${name}" {\n type = list(number)\n}`).join("\n")}\ntarget "default" {\n args = { foo = ${arg} }\n}`;
  const priorities: readonly [
    what: string,
    files: string,
    env: Readonly<Record<string, string>>,
    result: string | RegExp,
  ][] = [
    [
      "not by a variable of its own",
      list(["FOO", "FOO_JSON"], "FOO"),
      { FOO: "[1,2]", FOO_JSON: "[3,4]" },
      /failed to parse element/,
    ],
    [
      "not without a type",
      `variable "FOO" {\n default = [1, 2]\n}\ntarget "default" {\n args = { foo = length(FOO) }\n}`,
      { FOO_JSON: "[3,4]" },
      /unsupported type/,
    ],
    ["not by its own name", list(["FOO_JSON"], "length(FOO_JSON)"), { FOO_JSON: "10,11,12" }, "3"],
    [
      "nor in JSON",
      list(["FOO_JSON"], "length(FOO_JSON)"),
      { FOO_JSON: "[10,11,12]" },
      /failed to parse element/,
    ],
    ["but twice", list(["FOO_JSON"], "length(FOO_JSON)"), { FOO_JSON_JSON: "[4,5,6]" }, "3"],
    [
      "rather than by a text",
      list(["FOO"], "length(FOO)"),
      { FOO: "1,2", FOO_JSON: "[3,4,5]" },
      "3",
    ],
    [
      "but in upper case",
      `variable "foo" {\n type = number\n default = 101\n}\ntarget "default" {\n args = { foo = foo }\n}`,
      { foo_json: "9000" },
      "101",
    ],
    [
      "in upper case",
      `variable "foo" {\n type = number\n default = 101\n}\ntarget "default" {\n args = { foo = foo }\n}`,
      { foo_JSON: "42" },
      "42",
    ],
  ];
  for (const [what, text, env, result] of priorities)
    it(`are set by NAME_JSON: ${what}`, () => {
      if (typeof result === "string") assert.deepEqual(args(text, "default", env), { foo: result });
      else assert.throws(() => read(text, { env }), failing("BAKE_VARIABLE", result));
    });
});

describe("conditions of variables", () => {
  const condition = (body: string, more = ""): string =>
    `variable "FOO" {${more}\n validation {\n${body}\n }\n}\ntarget "app" {\n args = { FOO = FOO }\n}`;
  const required = condition(`condition = FOO != ""\n error_message = "FOO is required."`);
  const both = condition(
    `condition = FOO != ""\n error_message = "FOO is required."\n }\n validation {\n condition = strlen(FOO) > 4\n error_message = "longer than 4."`,
  );
  const other = `variable "FOO" {}\nvariable "BAR" {\n validation {\n condition = FOO != ""\n error_message = "BAR requires FOO."\n }\n}\ntarget "app" {}`;
  const number = condition(
    `condition = FOO > 5\n error_message = "greater than 5."`,
    "\n default = 0",
  );
  const cases: readonly [
    what: string,
    files: string,
    env: Readonly<Record<string, string>>,
    message: RegExp | undefined,
  ][] = [
    ["met", required, { FOO: "bar" }, undefined],
    ["not met", required, {}, /^FOO is required\.$/],
    ["two, both met", both, { FOO: "barbar" }, undefined],
    ["two, one not met", both, { FOO: "bar" }, /longer than 4/],
    ["two, none met", both, {}, /FOO is required/],
    ["of others, met", other, { FOO: "bar" }, undefined],
    ["of others, met by both", other, { FOO: "bar", BAR: "baz" }, undefined],
    ["of others, not met", other, {}, /BAR requires FOO/],
    ["of numbers, met", number, { FOO: "10" }, undefined],
    ["of numbers, not met", number, {}, /greater than 5/],
    ["without a condition", condition(""), {}, /true or false, not null/],
    ["that is no condition", condition(`condition = "foo"`), {}, /must be either true or false: /],
    ["without a message", condition(`condition = false`), {}, /invalid error message/],
  ];
  for (const [what, files, env, message] of cases)
    it(what, () => {
      if (message === undefined) assert.deepEqual(namesOf(read(files, { env })), ["app"]);
      else assert.throws(() => read(files, { env }), failing("BAKE_VALIDATION", message));
    });
});

describe("references", () => {
  it("to attributes of other targets", () => {
    const files = `
target "foo" {
  dockerfile = "xxx"
  context = target.bar.context
  target = target.foo.dockerfile
}
target "bar" {
  dockerfile = target.foo.dockerfile
  context = "yyy"
  target = target.bar.context
}`;
    assert.deepEqual(said(files, "foo"), { context: "yyy", dockerfile: "xxx", target: "xxx" });
    assert.deepEqual(said(files, "bar"), { context: "yyy", dockerfile: "xxx", target: "yyy" });
  });

  const cases: readonly [what: string, files: string, name: string, said: object][] = [
    [
      "by way of variables",
      `target "foo" {\n dockerfile = "x"\n}\nx = target.foo.dockerfile\ny = x\ntarget "bar" {\n dockerfile = y\n}`,
      "bar",
      { dockerfile: "x" },
    ],
    [
      "to the name",
      `target "foo" {\n dockerfile = target.foo.name\n}`,
      "foo",
      { dockerfile: "foo" },
    ],
    [
      "to what is not said",
      `target "foo" {\n context = target.foo.dockerfile\n target = target.foo.context\n}`,
      "foo",
      {},
    ],
    [
      "to lists",
      `platforms=["linux/arm64", "linux/amd64"]\ntarget "app" {\n platforms = platforms\n args = { "v1": platforms[0] }\n}`,
      "app",
      { args: { v1: "linux/arm64" }, platforms: ["linux/arm64", "linux/amd64"] },
    ],
    [
      "to a group",
      `group "g" {\n targets = ["a", "b"]\n}\ntarget "a" {\n tags = group.g.targets\n}`,
      "a",
      { tags: ["a", "b"] },
    ],
    [
      "to maps and to what is empty",
      `target "a" {\n args = { x = 1 }\n}\ntarget "b" {\n args = { x = target.a.args.x, n = length(target.a.output), d = target.a.description }\n}`,
      "b",
      { args: { x: "1", n: "0", d: "" } },
    ],
    [
      "to a target that several blocks say",
      `target "a" {\n context = "x"\n}\ntarget "a" {\n tags = ["t"]\n}\ntarget "b" {\n context = target.a.context\n tags = target.a.tags\n}`,
      "b",
      { context: "x", tags: ["t"] },
    ],
  ];
  for (const [what, files, name, expected] of cases)
    it(what, () => {
      assert.deepEqual(said(files, name), expected);
    });

  it("to entries", () => {
    const files = `
variable "foo" {
  default = "bar"
}
target "app" {
  cache-from = [
    { type = "registry", ref = "user/app:cache" },
    "type=local,src=path/to/cache",
  ]
  cache-to = [ target.app.cache-from[0] ]
  output = [
    { type = "oci", dest = "../out.tar" },
    "type=local,dest=../out",
  ]
  secret = [
    { id = "mysecret", src = "/local/secret" },
  ]
  ssh = [
    { id = "default" },
    { id = "key", paths = ["path/to/\${target.app.output[0].type}"] },
  ]
}
target "web" {
  cache-from = target.app.cache-from
  output = [ "type=oci,dest=../\${foo}.tar" ]
  secret = [
    { id = target.app.output[0].type, src = "/\${target.app.cache-from[1].type}/secret" },
  ]
}`;
    const app = target(files, "app");
    assert.deepEqual(app.cacheTo?.map(cacheText), ["user/app:cache"]);
    assert.deepEqual(app.ssh?.map(sshText), ["default", "key=path/to/oci"]);
    const web = target(files, "web");
    assert.deepEqual(web.output?.map(outputText), ["type=oci,dest=../bar.tar"]);
    assert.deepEqual(web.cacheFrom?.map(cacheText), [
      "user/app:cache",
      "type=local,src=path/to/cache",
    ]);
    assert.deepEqual(web.secret?.map(secretText), ["id=oci,src=/local/secret"]);
  });
});

describe("a matrix", () => {
  const foo = (matrix: string, name: string, more = ""): string =>
    `target "default" {\n matrix = ${matrix}\n${name === "" ? "" : ` name = ${name}\n`}${more}\n}`;

  it("is a target for each value, and a group of them", () => {
    const files = foo(`{ foo = ["x", "y"] }`, "foo", `dockerfile = "\${foo}.Dockerfile"`);
    assert.deepEqual(namesOf(read(files)), ["x", "y"]);
    assert.deepEqual(groupsOf(read(files)), { default: ["x", "y"] });
    assert.deepEqual(printed(files, ["default"]), {
      group: { default: { targets: ["x", "y"] } },
      target: {
        x: { context: ".", dockerfile: "x.Dockerfile" },
        y: { context: ".", dockerfile: "y.Dockerfile" },
      },
    });
  });

  it("of several names is a target for each combination", () => {
    const bake = read(
      foo(`{ foo = ["a"], bar = ["b", "c"], baz = ["d", "e"] }`, `"\${foo}-\${bar}-\${baz}"`),
    );
    const names = ["a-b-d", "a-b-e", "a-c-d", "a-c-e"];
    assert.deepEqual(namesOf(bake), names);
    assert.deepEqual(groupsOf(bake), { default: names });
  });

  const cases: readonly [
    what: string,
    files: string,
    expected: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ][] = [
    [
      "of lists",
      foo(`{ aa = [["aa", "bb"], ["cc", "dd"]] }`, "aa[0]", `args = { target = "val\${aa[1]}" }`),
      { aa: { args: { target: "valbb" } }, cc: { args: { target: "valdd" } } },
    ],
    [
      "of objects",
      foo(
        `{ aa = [{ foo = "aa", bar = "bb" }, { foo = "cc", bar = "dd" }] }`,
        "aa.foo",
        `args = { target = "val\${aa.bar}" }`,
      ),
      { aa: { args: { target: "valbb" } }, cc: { args: { target: "valdd" } } },
    ],
    [
      "of variables",
      `a = 1\nvariable "b" {\n default = 2\n}\n${foo("{ foo = [a, b] }", "foo")}`,
      { "1": {}, "2": {} },
    ],
    [
      "of a function of a variable",
      `variable "ABC" {\n default = "11,22"\n}\n${foo(`{ aa = split(",", ABC) }`, `"bar-\${aa}"`, "args = { foo = aa }")}`,
      { "bar-11": { args: { foo: "11" } }, "bar-22": { args: { foo: "22" } } },
    ],
    [
      "that other targets are mentioned in",
      `target "x" {\n tags = ["a", "b"]\n}\n${foo(`{ dummy = [""] }`, "", "tags = target.x.tags")}`,
      { x: { tags: ["a", "b"] }, default: { tags: ["a", "b"] } },
    ],
    [
      "whose names are looked up in a list",
      `variable "V" {\n default = ["1.42.4", "1.42.3"]\n}\n${foo(
        "{ v = V }",
        `"app-\${replace(v, ".", "-")}"`,
        `args = { APP_VERSION = v }\n tags = ["app:\${v}", indexof(V, v) == 0 ? "app:latest" : ""]`,
      )}`,
      {
        "app-1-42-4": { args: { APP_VERSION: "1.42.4" }, tags: ["app:1.42.4", "app:latest"] },
        "app-1-42-3": { args: { APP_VERSION: "1.42.3" }, tags: ["app:1.42.3"] },
      },
    ],
    [
      "that is empty renames the target",
      `target "abc" {\n name = "xyz"\n matrix = {}\n dockerfile = "foo"\n}\ntarget "def" {\n dockerfile = target.xyz.dockerfile\n}`,
      { xyz: { dockerfile: "foo" }, def: { dockerfile: "foo" } },
    ],
    [
      "that renames a target, which is mentioned before",
      `target "def" {\n dockerfile = target.xyz.dockerfile\n}\ntarget "abc" {\n name = "xyz"\n matrix = {}\n dockerfile = "foo"\n}`,
      { def: { dockerfile: "foo" }, xyz: { dockerfile: "foo" } },
    ],
  ];
  for (const [what, files, expected] of cases)
    it(what, () => {
      assert.deepEqual(namesOf(read(files)).toSorted(), Object.keys(expected).toSorted());
      for (const [name, each] of Object.entries(expected))
        assert.deepEqual(said(files, name), each);
    });

  it("in several blocks: one group by each name", () => {
    const bake = read(
      `target "x" {\n matrix = { foo = ["a", "b"] }\n name = foo\n}\ntarget "y" {\n matrix = { bar = ["c", "d"] }\n name = bar\n}`,
    );
    assert.deepEqual(namesOf(bake), ["a", "b", "c", "d"]);
    assert.deepEqual(groupsOf(bake), { x: ["a", "b"], y: ["c", "d"] });
  });

  it("in several blocks of one name: one group", () => {
    const block = (name: string, dockerfile: string): string =>
      `target "x" {\n name = "${name}"\n matrix = {}\n dockerfile = "${dockerfile}"\n}\n`;
    const bake = read(block("y", "foo") + block("z", "bar"));
    assert.deepEqual(namesOf(bake), ["y", "z"]);
    assert.deepEqual(groupsOf(bake), { x: ["y", "z"] });
  });

  it("in several files", () => {
    const files = {
      "c1.hcl": `target "foo" {\n name = "bar"\n matrix = {}\n dockerfile = "x"\n}`,
      "c2.hcl": `target "foo" {\n context = "y"\n}`,
      "c3.hcl": `target "bar" {\n target = "z"\n}`,
    };
    assert.deepEqual(namesOf(read(files)), ["bar", "foo"]);
    assert.deepEqual(said(files, "bar"), { dockerfile: "x", target: "z" });
    assert.deepEqual(groupsOf(read(files)), { foo: ["bar", "foo"] });
  });

  it("of no values is no target", () => {
    const bake = read(foo("{ foo = [] }", "foo"));
    assert.deepEqual(namesOf(bake), []);
    assert.deepEqual(groupsOf(bake), {});
  });

  const wrong: readonly [files: string, code: string, message: RegExp][] = [
    [`target "abc" {\n name = "xyz"\n}`, "BAKE_BLOCK", /requires matrix/],
    [foo(`{ foo = ["a", "b"] }`, `"c"`), "BAKE_BLOCK", /the name c comes twice/],
    [foo(`{ foo = ["a", "b"] }`, ""), "BAKE_BLOCK", /the name default comes twice/],
    [foo(`{ foo = ["a/b"] }`, "foo"), "BAKE_BLOCK", /"a\/b" is not the name/],
    [foo(`"test"`, ""), "BAKE_BLOCK", /a matrix is an object/],
    [foo(`["test"]`, ""), "BAKE_BLOCK", /a matrix is an object/],
    [foo(`{ ["a"] = ["b"] }`, ""), "HCL_EVALUATION", /./],
    [foo(`{ 1 = 2 }`, ""), "BAKE_BLOCK", /values of 1 in a matrix must be a list/],
    [foo(`{ a = "b" }`, ""), "BAKE_BLOCK", /values of a in a matrix must be a list/],
    [
      `target "abc" {\n name = "xyz"\n matrix = {}\n}\ntarget "def" {\n dockerfile = target.abc.dockerfile\n}`,
      "HCL_EVALUATION",
      /abc/,
    ],
    [
      foo(`{ ${["a", "b", "c", "d", "e"].map((n) => `${n} = range(10)`).join(", ")} }`, "a"),
      "BAKE_LIMIT",
      /more than 10000 combinations/,
    ],
  ];
  for (const [files, code, message] of wrong)
    it(`${files.replaceAll("\n", " ").slice(0, 70)} is refused`, () => {
      assert.throws(() => read(files), failing(code, message));
    });
});
