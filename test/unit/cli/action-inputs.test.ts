// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Command } from "commander";
import { parse } from "yaml";
import { isTsbuildError } from "#src/base/index.js";
import { annotationOf, formatAnnotation } from "#src/cli/action/annotations.js";
import { buildOf } from "#src/cli/action/inputs.js";
import { itemsOf, linesOf } from "#src/cli/action/lists.js";
import { addBuildFlags } from "#src/cli/options/build-flags.js";
import { repository } from "../../support/runner.js";

const runner = {
  GITHUB_WORKSPACE: "/workspace",
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_REPOSITORY: "me/app",
  GITHUB_REF: "refs/heads/main",
  GITHUB_SHA: "0123456789012345678901234567890123456789",
};

/** The build that an action with these inputs asks for. */
function asked(inputs: Record<string, string>, more: Record<string, string> = {}) {
  const variables = Object.entries(inputs).map(
    ([name, value]) => [`INPUT_${name.toUpperCase().replaceAll("-", "_")}`, value] as const,
  );
  return buildOf({ ...runner, ...more, ...Object.fromEntries(variables) });
}

describe("lists of an action's inputs", () => {
  const rows: readonly [text: string, lines: string[], items: string[]][] = [
    ["", [], []],
    ["one", ["one"], ["one"]],
    ["one\ntwo", ["one", "two"], ["one", "two"]],
    ["one\r\n\r\n two \r\n", ["one", "two"], ["one", "two"]],
    ["one,two,\nthree", ["one,two,", "three"], ["one", "two", "three"]],
    ['"one,two"\nthree', ["one,two", "three"], ["one", "two", "three"]],
    ['a,"b,c"', ['a,"b,c"'], ["a", "b,c"]],
    ['"a","b"', ['"a","b"'], ["a", "b"]],
    ['{"a":["b","c"]}', ['{"a":["b","c"]}'], ['{"a":["b"', '"c"]}']],
    ['key="a b"', ['key="a b"'], ['key="a b"']],
    [
      '"first\n\nsecond ""x"""\nthird',
      ['first\n\nsecond "x"', "third"],
      ['first\n\nsecond "x"', "third"],
    ],
    ["a # b\n# c", ["a # b", "# c"], ["a # b", "# c"]],
  ];
  for (const [text, lines, items] of rows)
    it(`of ${JSON.stringify(text)}`, () => {
      assert.deepEqual(linesOf("x", text), lines);
      assert.deepEqual(itemsOf("x", text), items);
    });

  it("are refused when a quote is not closed", () => {
    assert.throws(() => linesOf("secrets", '"one=a\ntwo'), { code: "CLI_USAGE" });
  });
});

describe("inputs of the action", () => {
  it("are all handed on by action.yml, and understood", () => {
    const action = parse(readFileSync(join(repository, "action.yml"), "utf8")) as {
      inputs: Record<string, unknown>;
      runs: { steps: { env?: Record<string, string> }[] };
    };
    const env = action.runs.steps.at(-1)?.env ?? {};
    const source = readFileSync(join(repository, "src/cli/action/inputs.ts"), "utf8");
    const names = Object.keys(action.inputs);
    for (const name of names) {
      const variable = `INPUT_${name.toUpperCase().replaceAll("-", "_")}`;
      assert.equal(env[variable], `\${{ inputs.${name} }}`);
      assert.ok(name === "cache-dir" || source.includes(`"${name}"`), name);
    }
    assert.equal(Object.keys(env).filter((name) => name.startsWith("INPUT_")).length, names.length);
  });

  it("become flags that a build has", () => {
    const { args } = asked({
      file: "x.Dockerfile",
      tags: "a:1,b:2",
      "build-args": "A=1,2\nB=",
      labels: 'l="q", r',
      platforms: "linux/amd64, linux/arm64",
      "no-cache": "True",
      pull: "FALSE",
      "cgroup-parent": "p",
      outputs: "type=local,dest=out\ntype=tar,dest=out.tar",
      context: "dir",
    });
    assert.deepEqual(args, [
      ...["--file=x.Dockerfile", "--tag=a:1", "--tag=b:2", "--build-arg=A=1,2", "--build-arg=B="],
      ...['--label=l="q", r', "--platform=linux/amd64", "--platform=linux/arm64", "--no-cache"],
      ...["--cgroup-parent=p", "--output=type=local,dest=out", "--output=type=tar,dest=out.tar"],
      ...["--", "dir"],
    ]);
    const command = addBuildFlags(new Command().argument("[context]").exitOverride());
    assert.deepEqual(command.parse(args, { from: "user" }).args, ["dir"]);
  });

  it("name an archive of the workspace unless the image goes elsewhere", () => {
    const image = { archive: "/workspace/image.tar" };
    const cases: readonly [Record<string, string>, { archive?: string }][] = [
      [{}, image],
      [{ push: "true" }, {}],
      [{ load: "true" }, {}],
      [{ call: "check" }, {}],
      [{ outputs: 'type=oci,"dest=a, b.tar"' }, { archive: "/workspace/a, b.tar" }],
      [{ output: "type=local,dest=x\ntype=docker,dest=/y.tar" }, { archive: "/y.tar" }],
      [{ outputs: "type=oci,dest=layout,tar=false" }, {}],
      [{ outputs: "type=oci,dest=-" }, {}],
    ];
    for (const [inputs, expected] of cases) {
      const { archive } = asked(inputs);
      assert.deepEqual(archive === undefined ? {} : { archive }, expected);
    }
  });

  it("know the repository of the workflow", () => {
    const last = (args: readonly string[]): string => args.at(-1) ?? "";
    const inputs = { context: "{{defaultContext}}:sub" };
    const commit = runner.GITHUB_SHA;
    assert.equal(last(asked(inputs).args), `https://github.com/me/app.git#${commit}:sub`);
    const request = { GITHUB_REF: "refs/pull/1/merge" };
    assert.equal(
      last(asked(inputs, request).args),
      "https://github.com/me/app.git#refs/pull/1/merge:sub",
    );
    const more = asked({ "build-contexts": "app={{ defaultContext }}" });
    assert.ok(more.args.includes(`--build-context=app=https://github.com/me/app.git#${commit}`));
  });

  it("keep secrets out of the arguments", () => {
    const { args, secrets, warnings } = asked({
      secrets: 'one=a,b\n"key=first\nsecond ""x"""\nfork=\n',
      "secret-envs": "two=VARIABLE",
      "secret-files": "three=dir/file",
    });
    assert.deepEqual(
      args.filter((arg) => arg.startsWith("--secret")),
      [
        "--secret=id=one,env=TSBUILD_ACTION_SECRET_0",
        "--secret=id=key,env=TSBUILD_ACTION_SECRET_1",
        "--secret=id=two,env=VARIABLE",
        "--secret=id=three,src=dir/file",
      ],
    );
    assert.deepEqual(secrets, {
      TSBUILD_ACTION_SECRET_0: "a,b",
      TSBUILD_ACTION_SECRET_1: 'first\nsecond "x"',
    });
    assert.deepEqual(warnings, ["secret 3 of the input is empty, and not given to the build"]);
  });

  it("are told of without what may be a part of one", () => {
    const { warnings } = asked({ secrets: "key=first\nc2Vjb25k=" });
    assert.deepEqual(warnings, ["secret 2 of the input is empty, and not given to the build"]);
  });

  it("authorize a context that is the workflow's own repository, and what the user gave goes first", () => {
    const tokens = (inputs: Record<string, string>): readonly string[] =>
      Object.values(asked({ "github-token": "t", ...inputs }).secrets);
    assert.deepEqual(tokens({}), []);
    assert.deepEqual(tokens({ context: "{{defaultContext}}" }), ["t"]);
    assert.deepEqual(tokens({ context: "https://github.com/me/app#main:sub" }), ["t"]);
    assert.deepEqual(tokens({ context: "https://github.com/me/app-of-others.git" }), []);
    assert.deepEqual(tokens({ context: "https://github.com/other/app.git" }), []);
    assert.deepEqual(tokens({ context: "https://github.com.example/x.git" }), []);
    assert.deepEqual(tokens({ context: "{{defaultContext}}", secrets: "GIT_AUTH_TOKEN=mine" }), [
      "mine",
    ]);
    assert.deepEqual(
      tokens({ context: "{{defaultContext}}", secrets: "GIT_AUTH_TOKEN.github.com=mine" }),
      ["mine"],
    );
    assert.deepEqual(
      tokens({ context: "{{defaultContext}}", secrets: "GIT_AUTH_TOKEN.git.example=other" }),
      ["other", "t"],
    );
  });

  it("show the workflow's token to its server only, whatever repositories a Dockerfile adds", () => {
    const { args } = asked({ "github-token": "t", context: "{{defaultContext}}" });
    assert.deepEqual(
      args.filter((arg) => arg.startsWith("--secret=")),
      ["--secret=id=GIT_AUTH_TOKEN.github.com,env=TSBUILD_ACTION_SECRET_0"],
    );
  });

  it("are refused where they mean nothing, without a secret in the message", () => {
    assert.throws(() => asked({ push: "yes" }), { code: "CLI_USAGE" });
    for (const inputs of [
      { secrets: "hidden" },
      { secrets: "a,src=hidden=x" },
      { "secret-envs": "a=b,c" },
      { "secret-files": "nothing" },
    ])
      assert.throws(
        () => asked(inputs),
        (error) => isTsbuildError(error, "CLI_USAGE") && !error.message.includes("hidden"),
      );
  });
});

describe("annotations of the action", () => {
  const encoded = (text: string): string => Buffer.from(text).toString("base64");
  const warning = {
    short: encoded("Rule: so (line 3)"),
    detail: [encoded("because")],
    url: "https://example.com/rule",
    sourceInfo: { filename: "README.md" },
    range: [
      { start: { line: 3 }, end: { line: 3 } },
      { start: { line: 4 }, end: { line: 4 } },
    ],
  };
  const workspace = { GITHUB_WORKSPACE: repository };

  it("mark the lines of a Dockerfile of the workspace", () => {
    const place = { line: 3, endLine: 4 };
    const placeFor = (env: Record<string, string>): unknown =>
      annotationOf(warning, { ...workspace, ...env }).place;
    assert.deepEqual(placeFor({}), { file: "README.md", ...place });
    assert.deepEqual(placeFor({ INPUT_CONTEXT: "src/cli" }), {
      file: "src/cli/README.md",
      ...place,
    });
    assert.deepEqual(placeFor({ INPUT_FILE: "src/plan/README.md" }), {
      file: "src/plan/README.md",
      ...place,
    });
    assert.equal(placeFor({ INPUT_CONTEXT: "https://example.com/x.git" }), undefined);
    assert.equal(placeFor({ INPUT_FILE: "../../etc/passwd" }), undefined);
  });

  it("cannot be more than one command", () => {
    const text = annotationOf(warning, workspace).text;
    assert.equal(
      formatAnnotation({ kind: "warning", text }),
      "::warning title=tsbuild::Rule: so (line 3)%0Abecause%0Ahttps://example.com/rule\n",
    );
    const place = { file: "a,b:c\n::error::", line: 1, endLine: 2 };
    assert.equal(
      formatAnnotation({ kind: "error", text: "50 %\r\n::set-output::", place }),
      "::error title=tsbuild,file=a%2Cb%3Ac%0A%3A%3Aerror%3A%3A,line=1,endLine=2::50 %25%0D%0A::set-output::\n",
    );
  });
});
