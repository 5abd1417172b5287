// SPDX-License-Identifier: Apache-2.0
// What --print and --list write, letter by letter.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  defaultFileNames,
  formatList,
  formatPrint,
  listTargets,
  listVariables,
  parseListChoice,
  policyText,
  resourceTexts,
  secretText,
  sshText,
} from "#src/bake/index.js";
import { failing, read, resolved, target } from "./reading.js";

describe("--print", () => {
  it("is JSON with the keys in their order", () => {
    const files = `
group "default" {
  description = "all of <it>"
  targets = ["b", "10"]
}
target "b" {
  description = "B & b"
  labels = { "10" = "x", "9" = "y", z = "\\u001b[0m" }
  pull = true
  tags = ["b:latest"]
  args = { B = "1", A = "2" }
  output = ["type=image,push=true,name=n"]
  context = "./x/"
}
target "10" {
  inherits = ["b"]
  contexts = { base = "target:b" }
}`;
    assert.equal(
      formatPrint(resolved(files, [])),
      `{
  "group": {
    "default": {
      "description": "all of \\u003cit\\u003e",
      "targets": [
        "10",
        "b"
      ]
    }
  },
  "target": {
    "10": {
      "description": "B \\u0026 b",
      "context": "x",
      "contexts": {
        "base": "target:b"
      },
      "dockerfile": "Dockerfile",
      "args": {
        "A": "2",
        "B": "1"
      },
      "labels": {
        "10": "x",
        "9": "y",
        "z": "\\u001b[0m"
      },
      "tags": [
        "b:latest"
      ],
      "output": [
        {
          "name": "n",
          "push": "true",
          "type": "image"
        }
      ],
      "pull": true
    },
    "b": {
      "description": "B \\u0026 b",
      "context": "x",
      "dockerfile": "Dockerfile",
      "args": {
        "A": "2",
        "B": "1"
      },
      "labels": {
        "10": "x",
        "9": "y",
        "z": "\\u001b[0m"
      },
      "tags": [
        "b:latest"
      ],
      "output": [
        {
          "name": "n",
          "push": "true",
          "type": "image"
        }
      ],
      "pull": true
    }
  }
}`,
    );
  });

  it("says the time for reproducible builds", () => {
    const files = `target "a" {}\ntarget "b" {\n args = { SOURCE_DATE_EPOCH = "1" }\n}`;
    const options = { env: { SOURCE_DATE_EPOCH: "5" } };
    assert.equal(target(files, "a", [], options).args?.get("SOURCE_DATE_EPOCH"), "5");
    assert.equal(target(files, "b", [], options).args?.get("SOURCE_DATE_EPOCH"), "1");
  });

  it("can be read again", () => {
    const files = `target "a" {\n args = { X = "$\${Y}", Z = "%%{if" }\n secret = ["id=s,env=E"]\n ssh = ["k=p"]\n attest = ["type=sbom,disabled=true"]\n}`;
    const once = formatPrint(resolved(files, ["a"]));
    assert.equal(formatPrint(resolved({ "docker-bake.json": once }, ["a"])), once);
  });
});

describe("--list", () => {
  const files = `
variable "FOO" {
  default = "bar"
  description = "a foo"
}
variable "N" {
  type = number
}
variable "LIST" {
  type = list(string)
  default = ["b", "a"]
}
variable "S" {
  type = string
  default = "quoted \\"s\\""
}
variable "OBJECT" {
  default = { b = 1, a = true }
}
variable "BOOLEAN" {
  default = true
}
group "default" {
  targets = ["web", "app"]
}
group "described" {
  description = "some"
  targets = ["web"]
}
target "web" {
  description = "the web"
}
target "app" {}
target "_private" {}
target "m" {
  name = "m-\${x}"
  matrix = { x = [1, 2] }
}`;

  it("of targets", () => {
    assert.equal(
      formatList(read(files), parseListChoice("targets")),
      [
        "TARGET\t\tDESCRIPTION",
        "app\t\t",
        "default\t\tapp, web",
        "described\tsome (web)",
        "m\t\tm-1, m-2",
        "m-1\t\t",
        "m-2\t\t",
        "web\t\tthe web",
        "",
      ].join("\n"),
    );
    assert.deepEqual(listTargets(read(files)).slice(0, 2), [
      { name: "app" },
      { name: "default", description: "app, web", group: true },
    ]);
    assert.equal(
      formatList(
        read(`target "a" {}\ngroup "g" {\n targets = ["a"]\n}`),
        parseListChoice("type=targets,format=json"),
      ),
      `[\n  {\n    "name": "a"\n  },\n  {\n    "name": "g",\n    "description": "a",\n    "group": true\n  }\n]\n`,
    );
    assert.equal(formatList(read(""), parseListChoice("type=targets,format=json")), "null\n");
  });

  it("of variables", () => {
    assert.deepEqual(listVariables(read(files, { env: { FOO: "set" } })), [
      { name: "BOOLEAN", value: "true" },
      { name: "FOO", description: "a foo", value: "set" },
      { name: "LIST", type: "list of string", value: '["b","a"]' },
      { name: "N", type: "number" },
      { name: "OBJECT", value: '{"a":true,"b":1}' },
      { name: "S", type: "string", value: 'quoted \\"s\\' },
    ]);
    assert.equal(
      formatList(
        read(`variable "N" {\n type = number\n}\nvariable "LONGNAME" {\n default = 1\n}`),
        parseListChoice("type=variables"),
      ),
      "VARIABLE\tTYPE\tVALUE\tDESCRIPTION\nLONGNAME\t\t1\t\nN\t\tnumber\t<null>\t\n",
    );
  });

  for (const text of [
    "",
    "target",
    "type=target",
    "type=targets,format=yaml",
    "type=targets,x=y",
    "targets,variables",
    '"targets',
  ])
    it(`${JSON.stringify(text)} is no choice`, () => {
      assert.throws(() => parseListChoice(text), failing("BAKE_OVERRIDE", /invalid list/));
    });
});

describe("entries as flags have them", () => {
  it("are texts", () => {
    const app = target(
      `target "app" {
  secret = [{ id = "a", src = "x,y" }]
  ssh = [{ id = "k", paths = ["a", "b"] }]
  policy = [{ filename = "p", reset = true, strict = false, log-level = "warn" }]
  resources = { cpu-quota = 5, memory = "1g" }
}`,
      "app",
    );
    assert.deepEqual(app.secret?.map(secretText), ['id=a,"src=x,y"']);
    assert.deepEqual(app.ssh?.map(sshText), ["k=a,b"]);
    assert.deepEqual(app.policy?.map(policyText), [
      "filename=p,reset=true,strict=false,log-level=warning",
    ]);
    assert.deepEqual(resourceTexts(app.resources ?? new Map()), ["memory=1g", "cpu-quota=5"]);
  });
});

describe("entries that come twice", () => {
  // As slices of Go's behave where an element is removed by moving the last one to its place.
  const cases: readonly [given: string, left: string][] = [
    ["a b", "a b"],
    ["a a", "a"],
    ["a b a", "a b"],
    ["a b a c", "a b c"],
    ["a b a c d", "a b d c"],
    ["a b b a c", "a b c"],
    ["a a a b b", "a b"],
    ["b a c a b c", "b a c"],
  ];
  for (const [given, left] of cases)
    it(given, () => {
      const entries = given.split(" ").map((name) => `"type=image,name=${name}"`);
      const app = target(`target "app" {\n output = [${entries.join(", ")}]\n}`, "app");
      assert.equal(app.output?.map(({ attributes }) => attributes.get("name")).join(" "), left);
    });
});

describe("files that are looked for", () => {
  it("are Compose files first, and overrides last", () => {
    assert.deepEqual(defaultFileNames, [
      "compose.yaml",
      "compose.yml",
      "docker-compose.yml",
      "docker-compose.yaml",
      "docker-bake.json",
      "docker-bake.hcl",
      "docker-bake.override.json",
      "docker-bake.override.hcl",
    ]);
  });
});
