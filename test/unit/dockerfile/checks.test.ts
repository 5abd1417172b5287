// SPDX-License-Identifier: Apache-2.0
// Build checks: each rule finds what it is about, says where, and can be skipped.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import {
  checkBasePlatform,
  checkDefaultArgs,
  checkDockerfile,
  checkIgnored,
  checkRules,
  checkSlug,
  checkUndefined,
  checkUrl,
  failOnFindings,
  parseDockerfile,
  scopeOf,
  tryParseDockerfile,
} from "#src/dockerfile/index.js";
import type { CheckRuleName, Dockerfile, Finding } from "#src/dockerfile/index.js";

function parse(text: string): Dockerfile {
  return parseDockerfile(text, { file: "Dockerfile" });
}

/** `Rule:line` of each finding. */
function short(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ rule, location }) => `${rule}:${location.range.startLine}`);
}

const table: readonly (readonly [string, readonly string[]])[] = [
  ["FROM scratch\nCOPY a /b\n", []],
  ["FROM scratch AS Base\n", ["StageNameCasing:1"]],
  ["FROM scratch as base\n", ["FromAsCasing:1"]],
  ["from scratch AS base\n", ["FromAsCasing:1"]],
  ["from scratch as base\n", []],
  ["From scratch as base\nRUN a\n", ["ConsistentInstructionCasing:1"]],
  ["FROM scratch\nCOPY a \\\n\n /b\n", ["NoEmptyContinuation:4"]],
  ["FROM scratch\nCOPY a \\\n\n\n /b\nCOPY c \\\n # x\n /d\n", ["NoEmptyContinuation:5"]],
  ["FROM scratch\ncopy a /b\n", ["ConsistentInstructionCasing:2"]],
  ["from scratch\ncopy a /b\nRUN c\n", ["ConsistentInstructionCasing:3"]],
  ["FROM scratch\nRuN c\nCOPY a b\n", ["ConsistentInstructionCasing:2"]],
  ["FROM a AS b\nFROM a AS b\n", ["DuplicateStageName:2"]],
  ["FROM a AS b\nFROM a AS B\n", ["DuplicateStageName:2", "StageNameCasing:2"]],
  ["FROM a AS scratch\nFROM b AS context\n", ["ReservedStageName:1", "ReservedStageName:2"]],
  ["FROM a\nCMD x\n", ["JSONArgsRecommended:2"]],
  ['FROM a\nENTRYPOINT x\nCMD ["y"]\n', ["JSONArgsRecommended:2"]],
  ['FROM a\nSHELL ["x"]\nCMD x\n', []],
  ['FROM a AS b\nSHELL ["x"]\nFROM b\nCMD x\n', []],
  ['FROM a\nCMD x\nSHELL ["x"]\n', ["JSONArgsRecommended:2"]],
  ["FROM a\nMAINTAINER me\n", ["MaintainerDeprecated:2"]],
  ["ARG A=b\nFROM $A\n", []],
  ["ARG A\nFROM x${A}\n", []],
  ["FROM ${A}\n", ["UndefinedArgInFrom:1"]],
  ["FROM x${A:-y}\n", []],
  ["ARG VERSION=1\nFROM x:$VERSIO\n", ["UndefinedArgInFrom:2"]],
  ["FROM --platform=$BUILDPLATFORM x\n", []],
  ["FROM --platform=$BULIDPLATFORM x\n", ["UndefinedArgInFrom:1"]],
  ["FROM a\nWORKDIR app/\n", ["WorkdirRelativePath:2"]],
  ["FROM a\nWORKDIR /app\nWORKDIR b\n", []],
  ["FROM a AS b\nWORKDIR /app\nFROM b\nWORKDIR c\n", []],
  ["FROM a\nWORKDIR b\nWORKDIR c\n", ["WorkdirRelativePath:2"]],
  ["FROM a\nWORKDIR $X\n", []],
  ['FROM a\nCMD ["x"]\nCMD ["y"]\n', ["MultipleInstructionsDisallowed:2"]],
  ['FROM a\nHEALTHCHECK NONE\nHEALTHCHECK CMD ["x"]\n', ["MultipleInstructionsDisallowed:2"]],
  ['FROM a\nCMD ["x"]\nFROM b\nCMD ["y"]\n', []],
  ["FROM a\nENV a b\nLABEL c d\n", ["LegacyKeyValueFormat:2", "LegacyKeyValueFormat:3"]],
  ["FROM --platform=$TARGETPLATFORM a\n", ["RedundantTargetPlatform:1"]],
  ["FROM --platform=${TARGETPLATFORM} a\n", ["RedundantTargetPlatform:1"]],
  ["FROM --platform=${TARGETPLATFORM:-x} a\n", []],
  ["FROM --platform=linux/amd64 a\n", ["FromPlatformFlagConstDisallowed:1"]],
  ["FROM --platform=linux/amd64 a AS my_amd64_stage\n", []],
  ["FROM --platform=linux/amd64 a AS linux\n", []],
  [
    "FROM a\nARG TOKEN\nENV DB_PASSWORD=x\n",
    ["SecretsUsedInArgOrEnv:2", "SecretsUsedInArgOrEnv:3"],
  ],
  [
    "FROM a\nENV sunflower=1 key_color=2 PUBLIC_KEY=3 password_file=4 AUTH_VERSION=5 monkey=6\n",
    ["SecretsUsedInArgOrEnv:2"],
  ],
  ["FROM a\nEXPOSE 80/TcP 81/udp\n", ["ExposeProtoCasing:2"]],
  [
    "FROM a\nEXPOSE 127.0.0.1:80:80 81 5000:5000\n",
    ["ExposeInvalidFormat:2", "ExposeInvalidFormat:2"],
  ],
  ["# check=experimental=all\n# other text\nFROM a AS b\n", ["InvalidDefinitionDescription:3"]],
  [
    "# check=experimental=InvalidDefinitionDescription\n# b the base\nFROM a AS b\n# A it\nARG A B\n",
    [],
  ],
  ["# other text\nFROM a AS b\n", []],
  // Settings.
  ["# check=skip=all\nFROM a as B\nCMD x\n", []],
  ["# check=skip=StageNameCasing\nFROM a as B\n", ["FromAsCasing:2"]],
  ["FROM a\n# check=skip=JSONArgsRecommended\nCMD x\n", []],
  ["FROM a\n# check=skip=JSONArgsRecommended // because\nCMD x\n", []],
  ["FROM a\n# check=skip=all\nENV password=x\nENV secret=y\n", ["SecretsUsedInArgOrEnv:4"]],
  ["FROM a\n# check=skip=Other\nCMD x\n", ["JSONArgsRecommended:3"]],
  ["FROM a\n# check=nonsense\nCMD x\n", ["JSONArgsRecommended:3"]],
];

describe("checkDockerfile", () => {
  for (const [text, expected] of table)
    it(`${JSON.stringify(text)} gives ${expected.join(", ") || "nothing"}`, () => {
      assert.deepEqual(short(checkDockerfile(parse(text))), expected);
    });

  it("checks only the wanted stages, but names and casing everywhere", () => {
    const dockerfile = parse("FROM a AS B\nCMD x\nFROM c\nCMD y\n");
    const found = checkDockerfile(dockerfile, { stages: ({ index }) => index === 1 });
    assert.deepEqual(short(found), ["StageNameCasing:1", "JSONArgsRecommended:4"]);
  });

  it("leaves shell forms alone when the base image has a shell", () => {
    assert.deepEqual(checkDockerfile(parse("FROM a\nCMD x\n"), { baseHasShell: () => true }), []);
  });

  it("suggests the argument that was meant", () => {
    const [found] = checkDockerfile(parse("ARG VERSION=1\nFROM x:$VERSIO\n"));
    assert.equal(found?.message, "FROM argument 'VERSIO' is not declared (did you mean VERSION?)");
  });

  it("takes settings from the build argument instead of the directive", () => {
    const text = "# check=skip=all\nFROM a as b\n";
    const options = { file: "Dockerfile", check: "error=true" };
    const dockerfile = parseDockerfile(text, options);
    assert.deepEqual(short(checkDockerfile(dockerfile)), ["FromAsCasing:2"]);
    assert.equal(dockerfile.check.error, true);
  });

  it("finds what stands before an error", () => {
    const { dockerfile, error } = tryParseDockerfile("FROM a AS Bad\nMAINTAINER me\nBADCMD\n", {
      file: "Dockerfile",
    });
    assert.equal(error?.code, "DOCKERFILE_UNKNOWN_INSTRUCTION");
    const found = short(checkDockerfile(dockerfile));
    assert.deepEqual(found, ["StageNameCasing:1", "MaintainerDeprecated:2"]);
  });
});

describe("checks that need more than the text", () => {
  const dockerfile = parse("ARG A\nFROM ${A} AS x\nCOPY $fop a /b\nFROM $B\n");
  const stage = dockerfile.stages[0];
  const copy = stage?.instructions[0];
  assert.ok(stage !== undefined && copy?.kind === "copy");

  it("UndefinedVar names the variable and the one that was meant", () => {
    const scope = scopeOf(new Map([["foo", "1"]]));
    const [found, none] = checkUndefined(dockerfile, copy, ["fop"], scope);
    assert.equal(found?.message, "Usage of undefined variable '$fop' (did you mean $foo?)");
    assert.equal(found.location.range.startLine, 3);
    assert.equal(none, undefined);
  });

  it("InvalidBaseImagePlatform ignores variants", () => {
    const check = (expected: string, actual: string): number =>
      checkBasePlatform(dockerfile, stage.from, "x", expected, actual).length;
    assert.equal(check("linux/amd64", "linux/arm64"), 1);
    assert.equal(check("linux/arm64", "linux/arm64/v8"), 0);
  });

  it("InvalidDefaultArgInFrom asks about what the defaults make of each FROM", () => {
    const asked: string[] = [];
    const found = checkDefaultArgs(
      parse("ARG A=x\nARG B=$A:1\nFROM $B\nFROM $C\nFROM y\n"),
      new Map(),
      (name) => {
        asked.push(name);
        return name !== "y";
      },
    );
    assert.deepEqual(asked, ["x:1", "y"]);
    assert.deepEqual(short(found), ["InvalidDefaultArgInFrom:4", "InvalidDefaultArgInFrom:5"]);
  });

  it("InvalidDefaultArgInFrom takes the name of an earlier stage, whatever its case", () => {
    const dockerfile = parse("FROM x AS Base_1\nFROM BASE_1\nFROM Later AS later\n");
    const found = checkDefaultArgs(dockerfile, new Map(), (name) => name === "x");
    assert.deepEqual(short(found), ["InvalidDefaultArgInFrom:3"]);
  });

  it("InvalidDefaultArgInFrom keeps quiet about defaults that need a value", () => {
    assert.deepEqual(
      checkDefaultArgs(parse("ARG A=${B:?}\nFROM $A\n"), new Map(), () => true),
      [],
    );
  });

  it("CopyIgnoredFile asks with the cleaned path", () => {
    const asked: string[] = [];
    const found = checkIgnored(dockerfile, copy, "/./a//b/", (name) => asked.push(name) > 0);
    assert.deepEqual(asked, ["a/b"]);
    assert.deepEqual(short(found), ["CopyIgnoredFile:3"]);
  });
});

describe("failOnFindings", () => {
  const findings = checkDockerfile(parse("FROM a as B\n"));
  it("throws with error=true, naming each rule once", () => {
    const settings = { skip: [], experimental: [], error: true };
    assert.throws(
      () => {
        failOnFindings(settings, findings);
      },
      { code: "DOCKERFILE_CHECK_FAILED", details: { rules: ["FromAsCasing", "StageNameCasing"] } },
    );
    assert.doesNotThrow(() => {
      failOnFindings(settings, []);
    });
  });
  it("does nothing without it", () => {
    assert.doesNotThrow(() => {
      failOnFindings({ skip: [], experimental: [], error: false }, findings);
    });
  });
});

describe("the table of rules", () => {
  const names = Object.keys(checkRules) as CheckRuleName[];
  const folder = path.resolve(import.meta.dirname, "../../../../docs/checks");
  it("has 22 rules", () => {
    assert.equal(names.length, 22);
  });
  it("has one page for each rule and no other pages", () => {
    const pages = readdirSync(folder).filter((page) => page !== "README.md");
    assert.deepEqual(pages.sort(), names.map((name) => `${checkSlug(name)}.md`).sort());
  });
  for (const name of names)
    it(`${name} has a page that names it, and an address that ends with the page`, () => {
      const page = readFileSync(path.join(folder, `${checkSlug(name)}.md`), "utf8");
      assert.ok(page.startsWith(`# ${name}\n`));
      assert.ok(checkUrl(name).endsWith(`/${checkSlug(name)}.md`));
    });
});
