// SPDX-License-Identifier: Apache-2.0
// The JSON of --call: the shape that tools know from BuildKit.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TsbuildError } from "#src/base/index.js";
import { describeJson, placesOf } from "#src/cli/commands/describe-json.js";
import {
  checkDockerfile,
  describeOutline,
  describeTargets,
  parseDockerfile,
} from "#src/dockerfile/index.js";

const text =
  "# it the first\nFROM scratch AS it\nARG A=1\nRUN --mount=type=secret,id=s,required --mount=type=cache,target=/c x\nCMD y\n";
const dockerfile = parseDockerfile(text, { file: "D" });
const { source } = dockerfile;
const data = Buffer.from(text).toString("base64");
const lines = ({ ranges }: { ranges: { start: { line: number }; end: { line: number } }[] }) =>
  ranges.map(({ start, end }) => [start.line, end.line]);

describe("the JSON of --call", () => {
  it("lists findings and the error that ended the reading, with their places and the source", () => {
    const location = { file: "D", text, range: { startLine: 4, endLine: 4 } };
    const error = new TsbuildError("DOCKERFILE_FLAG", "wrong", { location });
    const report = { findings: checkDockerfile(dockerfile), error };
    const said = JSON.parse(describeJson({ call: "check", source, report })) as {
      warnings: { ruleName: string; detail: string; location: Parameters<typeof lines>[0] }[];
      buildError: { message: string; location: Parameters<typeof lines>[0] };
      sources: unknown;
    };
    const [warning] = said.warnings;
    assert.equal(warning?.ruleName, "JSONArgsRecommended");
    assert.deepEqual(lines(warning.location), [[5, 5]]);
    assert.equal(said.buildError.message, "dockerfile parse error on line 4: wrong");
    assert.deepEqual(lines(said.buildError.location), [[4, 4]]);
    assert.deepEqual(said.sources, [{ filename: "D", language: "Dockerfile", data }]);
  });
  it("lists what a target takes, by the names that tools look for", () => {
    const [stage] = dockerfile.stages;
    assert.ok(stage);
    const outline = describeOutline(dockerfile, stage, new Map());
    const said = JSON.parse(describeJson({ call: "outline", source, outline })) as {
      args: { name: string; value: string }[];
      secrets: { name: string; required: boolean }[];
      cache: { ID: string }[];
    };
    assert.deepEqual(
      said.args.map(({ name, value }) => [name, value]),
      [["A", "1"]],
    );
    assert.deepEqual(
      said.secrets.map(({ name, required }) => [name, required]),
      [["s", true]],
    );
    assert.deepEqual(
      said.cache.map(({ ID }) => ID),
      ["/c"],
    );
  });
  it("says each line of a place", () => {
    const range = { startLine: 3, endLine: 5, startColumn: 2, endColumn: 9 };
    assert.deepEqual(placesOf(range), [
      { start: { line: 3, character: 1 }, end: { line: 3 } },
      { start: { line: 4 }, end: { line: 4 } },
      { start: { line: 5 }, end: { line: 5, character: 8 } },
    ]);
  });
  it("lists targets", () => {
    const targets = describeTargets(dockerfile);
    const said = JSON.parse(describeJson({ call: "targets", source, targets })) as {
      targets: { location: Parameters<typeof lines>[0] }[];
      sources: unknown;
    };
    const [target] = said.targets;
    assert.ok(target);
    const { location, ...rest } = target;
    const again = dockerfile.stages.map((stage) => ({ ...stage, index: stage.index + 1 }));
    const others = describeTargets({ ...dockerfile, stages: [...dockerfile.stages, ...again] });
    const both = JSON.parse(describeJson({ call: "targets", source, targets: others })) as {
      targets: object[];
    };
    assert.deepEqual(
      both.targets.map((one) => "default" in one),
      [false, true],
    );
    assert.deepEqual(rest, {
      name: "it",
      description: "the first",
      default: true,
      base: "scratch",
    });
    assert.deepEqual(lines(location), [[2, 2]]);
    assert.deepEqual(said.sources, [data]);
  });
});
