// SPDX-License-Identifier: Apache-2.0
// What fixtures cannot show: triggers of base images, excerpts, descriptions, options, hostile sizes.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import type { SourceLocation } from "#src/base/index.js";
import {
  describeOutline,
  describeTargets,
  dockerfileErrorCodes,
  formatExcerpt,
  parseDockerfile,
  parseOnBuild,
} from "#src/dockerfile/index.js";
import type { Dockerfile } from "#src/dockerfile/index.js";

const file = "Dockerfile";

function parse(input: string | Uint8Array): Dockerfile {
  return parseDockerfile(input, { file });
}

describe("parseOnBuild", () => {
  const at: SourceLocation = {
    file,
    range: { startLine: 7, endLine: 7, startColumn: 1, endColumn: 9 },
    text: "x",
  };

  it("puts every place of the trigger at the FROM line", () => {
    const trigger = parseOnBuild("COPY --chown=$U <<a <<-b c /d/\n1\na\n\t2\n\tb", at);
    assert.ok(trigger.kind === "copy");
    assert.deepEqual(
      trigger.heredocs.map(({ body, range }) => [body, range]),
      [
        ["1\n", at.range],
        ["2\n", at.range],
      ],
    );
    assert.deepEqual(trigger.destination, { text: "/d/", range: at.range });
    assert.deepEqual(trigger.chown, { text: "$U", range: at.range });
    assert.deepEqual(trigger.range, at.range);
  });

  it("gives back what the ONBUILD instruction stored", () => {
    const text = "FROM x\nonbuild Run --mount=type=cache,target=/c <<EOF\n#!/bin/sh\nx\nEOF\n";
    const onbuild = parse(text).stages[0]?.instructions[0];
    assert.ok(onbuild?.kind === "onbuild" && onbuild.instruction.kind === "run");
    const again = parseOnBuild(onbuild.trigger, at);
    assert.ok(again.kind === "run");
    assert.deepEqual(again.command, onbuild.instruction.command);
    assert.equal(again.original, onbuild.trigger);
  });

  it("keeps errors at the FROM line too", () => {
    for (const [trigger, code] of [
      ["RUM x", "DOCKERFILE_UNKNOWN_INSTRUCTION"],
      ["COPY --frm=x a b", "DOCKERFILE_FLAG"],
      ["RUN <<EOF\nx", "DOCKERFILE_HEREDOC"],
      ["FROM x", "DOCKERFILE_ONBUILD"],
      ["ONBUILD RUN x", "DOCKERFILE_ONBUILD"],
      ["", "DOCKERFILE_ONBUILD"],
      ["RUN a\nRUN b", "DOCKERFILE_ONBUILD"],
    ] as const)
      assert.throws(
        () => parseOnBuild(trigger, at),
        (error: unknown) =>
          isTsbuildError(error, code) && error.location?.range.startLine === at.range.startLine,
      );
  });
});

describe("formatExcerpt", () => {
  const text = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";
  const show = (startLine: number, endLine: number): readonly string[] =>
    formatExcerpt({ file, range: { startLine, endLine }, text }).split("\n");

  it("shows a line with two lines on each side", () => {
    assert.deepEqual(show(4, 4), [
      "Dockerfile:4",
      "--------------------",
      "   2 |     two",
      "   3 |     three",
      "   4 | >>> four",
      "   5 |     five",
      "   6 |     six",
      "--------------------",
    ]);
  });
  it("shows no more at the start and the end of the file than on that side of a line", () => {
    assert.deepEqual(show(1, 1).slice(2, -1), [
      "   1 | >>> one",
      "   2 |     two",
      "   3 |     three",
    ]);
    assert.deepEqual(show(8, 8).slice(2, -1), ["   6 |     six", "   7 |     seven", "   8 | >>>"]);
  });
  it("marks every line of a range", () => {
    assert.deepEqual(show(3, 5).filter((line) => line.includes(">>>")).length, 3);
  });
  it("shows only file and line without text or beyond its end", () => {
    const range = { startLine: 4, endLine: 4 };
    assert.equal(formatExcerpt({ file, range }), "Dockerfile:4");
    assert.equal(
      formatExcerpt({ file, range: { startLine: 99, endLine: 99 }, text }),
      "Dockerfile:99",
    );
  });
  it("makes control characters harmless and cuts long lines", () => {
    const hostile = `\u001b]0;title\u0007${"x".repeat(5000)}\r\nb`;
    const shown = formatExcerpt({ file, range: { startLine: 1, endLine: 1 }, text: hostile });
    assert.ok(!/[\u0000-\u0009\u000b-\u001f]/.test(shown));
    assert.ok(shown.length < 500);
  });
  it("leaves out the middle of a very long instruction", () => {
    const long = `RUN a \\\n${"b \\\n".repeat(1000)}c\n`;
    const shown = formatExcerpt({ file, range: { startLine: 1, endLine: 1002 }, text: long });
    assert.ok(shown.split("\n").length < 40);
    assert.match(shown, /982 more lines/);
  });
});

describe("describeTargets", () => {
  it("lists stages with base, platform, description and the default", () => {
    const dockerfile = parse(
      "# one the first\nFROM --platform=$BUILDPLATFORM a AS One\nFROM one\n",
    );
    assert.deepEqual(
      describeTargets(dockerfile).map(({ range, ...rest }) => [range.startLine, rest]),
      [
        [
          2,
          {
            name: "one",
            description: "the first",
            default: false,
            base: "a",
            platform: "$BUILDPLATFORM",
          },
        ],
        [3, { default: true, base: "one" }],
      ],
    );
  });
});

describe("describeOutline", () => {
  const dockerfile = parse(
    [
      "# VERSION of the base",
      "ARG VERSION=12",
      "ARG UNUSED=1",
      "ARG SHARED=s",
      "FROM debian:$VERSION AS base",
      "# MODE how to build",
      "ARG MODE=fast SHARED",
      "RUN --mount=type=secret,id=tok,required --mount=type=ssh --mount=type=cache,id=c-$MODE,target=/c x",
      "FROM busybox AS other",
      "ARG OTHER=1",
      "RUN --mount=type=secret,id=other x",
      "# final the result",
      "FROM busybox AS final",
      "COPY --from=base /a /b",
      "ARG LAST",
    ].join("\n"),
  );
  const outline = (name: string, values: readonly (readonly [string, string])[] = []) => {
    const target = dockerfile.stages.find((stage) => stage.name === name);
    assert.ok(target !== undefined);
    return describeOutline(dockerfile, target, new Map(values));
  };

  it("names what defaults of used arguments are made of, and takes the last of several", () => {
    const text =
      "ARG A=1\nARG UNUSED=$A\nARG B=b$A\nARG B=${B}c\nFROM $B\nARG IN=1\nARG IN=${IN}2\n";
    const [stage] = parse(text).stages;
    assert.ok(stage !== undefined);
    const { args } = describeOutline(parse(text), stage, new Map());
    assert.deepEqual(
      args.map(({ name, value, range }) => [name, value, range.startLine]),
      [
        ["A", "1", 1],
        ["B", "b1c", 4],
        ["IN", "12", 7],
      ],
    );
  });

  it("leaves out what the platform gives", () => {
    const dockerfile = parse("FROM scratch\nARG TARGETARCH\nARG BUILDOS=x\nARG OTHER\n");
    const [stage] = dockerfile.stages;
    assert.ok(stage !== undefined);
    const platform = new Map([
      ["TARGETARCH", "amd64"],
      ["BUILDOS", "linux"],
    ]);
    assert.deepEqual(
      describeOutline(dockerfile, stage, new Map(), platform).args.map(({ name }) => name),
      ["BUILDOS", "OTHER"],
    );
  });

  it("collects arguments of the stages that a target needs, with values and descriptions", () => {
    const { name, description, args } = outline("final", [["MODE", "slow"]]);
    assert.deepEqual([name, description], ["final", "the result"]);
    assert.deepEqual(
      args.map(({ name, value, description }) => [name, value, description]),
      [
        ["VERSION", "12", "of the base"],
        ["SHARED", "s", undefined],
        ["MODE", "slow", "how to build"],
        ["LAST", undefined, undefined],
      ],
    );
  });
  it("collects secrets, agents and caches", () => {
    const { secrets, ssh, caches } = outline("final");
    const ids = (list: readonly { id: string; required: boolean }[]): unknown =>
      list.map(({ id, required }) => [id, required]);
    assert.deepEqual(ids(secrets), [["tok", true]]);
    assert.deepEqual(ids(ssh), [["default", false]]);
    assert.deepEqual(ids(caches), [["c-fast", false]]);
  });
  it("leaves out what other stages have", () => {
    assert.deepEqual(
      outline("other").args.map(({ name }) => name),
      ["OTHER"],
    );
  });
});

describe("options of parseDockerfile", () => {
  it("takes the frontend from the build argument instead of the directive", () => {
    const other = "# syntax=example.com/x\nFROM a\n";
    assert.throws(() => parse(other), { code: "DOCKERFILE_SYNTAX" });
    const syntax = "docker/dockerfile:1";
    assert.equal(parseDockerfile(other, { file, syntax }).syntax?.text, syntax);
  });
});

describe("hostile input", () => {
  const codes = Object.keys(dockerfileErrorCodes);
  const fails = (input: string | Uint8Array, code: string): void => {
    assert.ok(codes.includes(code));
    assert.throws(
      () => parse(input),
      (error: unknown) => isTsbuildError(error, code) && error.location !== undefined,
    );
  };

  it("parses a line of 1 MiB and refuses a longer one", () => {
    const most = `FROM a\nRUN ${"x".repeat((1 << 20) - 4)}\n`;
    assert.equal(parse(most).stages[0]?.instructions.length, 1);
    fails(`FROM a\nRUN ${"x".repeat(1 << 20)}\n`, "DOCKERFILE_TOO_LARGE");
  });
  for (const [what, head, unit] of [
    ["words", "COPY ", "a "],
    ["properties", "ENV ", "a=b "],
    ["names", "ARG ", "a "],
    ["a legacy value", "LABEL a ", "b "],
    ["quotes", "ENV a=", "\"b'"],
    ["openings", "RUN ", "<<a "],
    ["braces", "RUN cat <<A ", "${a:-"],
    ["JSON strings", "CMD [", '"a",'],
    ["JSON brackets", "CMD ", "["],
    ["ports", "EXPOSE ", "1 "],
    ["commas", "RUN --mount=", "a=b,"],
    ["FROM words", "FROM ", "a "],
  ] as const)
    it(`survives a line of 1 MiB full of ${what}`, () => {
      const count = Math.floor(((1 << 20) - head.length) / unit.length);
      try {
        parse(`FROM a\n${head}${unit.repeat(count)}\n`);
      } catch (error) {
        assert.ok(isTsbuildError(error) && codes.includes(error.code), String(error));
      }
    });
  it("refuses thousands of flags", () => {
    fails(`FROM a\nCOPY ${"--exclude=a ".repeat(5000)}a b\n`, "DOCKERFILE_FLAG");
  });
  it("refuses an instruction of more than 4 MiB over many lines", () => {
    const line = `${"x".repeat(1 << 19)} \\\n`;
    fails(`FROM a\nRUN ${line.repeat(9)}y\n`, "DOCKERFILE_TOO_LARGE");
  });
  it("refuses a file of more than 16 MiB", () => {
    fails("#".repeat((1 << 24) + 1), "DOCKERFILE_TOO_LARGE");
  });
  it("parses a continuation over 100,000 lines", () => {
    const parsed = parse(`FROM a\nRUN x${" \\\n y".repeat(100_000)}\n`);
    assert.equal(parsed.stages[0]?.range.endLine, 100_002);
  });
  it("parses 10,000 stages", () => {
    const text = Array.from(
      { length: 10_000 },
      (_, i) => `FROM a AS s${i}\nCOPY --from=${i} a b\n`,
    );
    assert.equal(parse(text.join("")).stages.length, 10_000);
  });
  it("parses 100,000 comments and blank lines", () => {
    assert.equal(parse(`${"# c\n\n".repeat(50_000)}FROM a\n`).stages.length, 1);
  });
  it("takes an unterminated here-document over 100,000 lines as an error", () => {
    fails(`FROM a\nRUN <<EOF\n${"x\n".repeat(100_000)}`, "DOCKERFILE_HEREDOC");
  });
});
