// SPDX-License-Identifier: Apache-2.0
// The step of action.yml, run the way a GitHub runner runs it: inputs as variables, outputs through files.

import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runInNewContext } from "node:vm";
import { ActionsCacheServer, actionsToken } from "../support/actions-cache-server.js";
import { RegistryServer } from "../support/registry-server.js";
import { baseLayout, repository, run, workspace, type RunResult } from "../support/runner.js";
import { makeTree } from "../support/tree.js";

interface Step {
  readonly result: RunResult;
  readonly outputs: Record<string, string>;
  readonly summary: string;
  readonly workspace: string;
}

/** Runs the step in a new workspace with these files, and reads its outputs back as a runner does. */
async function step(
  files: Record<string, string>,
  inputs: Record<string, string>,
  use: (step: Step) => void | Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  await using space = workspace();
  const directory = join(space.directory, "workspace");
  const temporary = join(space.directory, "runner");
  makeTree(directory, files);
  mkdirSync(temporary);
  copyFileSync(busyboxLayer(), join(directory, "busybox.tar.gz"));
  const output = join(temporary, "output");
  const summary = join(temporary, "summary");
  writeFileSync(output, "");
  writeFileSync(summary, "");
  const result = await run("bash", [join(repository, "scripts/action.sh")], {
    cwd: directory,
    env: {
      NODE_TEST_CONTEXT: undefined,
      GITHUB_ACTION_PATH: repository,
      GITHUB_WORKSPACE: directory,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      RUNNER_TEMP: temporary,
      TMPDIR: join(space.directory, "tmp"),
      ...Object.fromEntries(
        Object.entries(inputs).map(([name, value]) => [
          `INPUT_${name.toUpperCase().replaceAll("-", "_")}`,
          value,
        ]),
      ),
      ...env,
    },
  });
  await use({
    result,
    outputs: parseOutputs(readFileSync(output, "utf8")),
    summary: readFileSync(summary, "utf8"),
    workspace: directory,
  });
}

/** `name<<delimiter`, lines, delimiter: the form that can hold any value. */
function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const [, name = "", , value = ""] of text.matchAll(/^(\w+)<<(\S+)\n([\s\S]*?)\n\2$/gm))
    outputs[name] = value;
  return outputs;
}

/** Runs the script that action.yml has for actions/github-script with a runner's environment: what the next step gets of it. */
function serviceStep(runner: Record<string, string>): {
  readonly env: Record<string, string>;
  readonly masked: readonly string[];
} {
  const text = readFileSync(join(repository, "action.yml"), "utf8");
  const [, script = ""] = /\n {8}script: \|\n((?: {10}.*\n)+)/.exec(text) ?? [];
  const outputs: Record<string, string> = {};
  const masked: string[] = [];
  const core = {
    setSecret: (value: string) => masked.push(value),
    setOutput: (name: string, value: string) => (outputs[name] = value),
  };
  runInNewContext(script, { core, process: { env: runner } });
  const handed = text.matchAll(/^ {8}(\w+): \$\{\{ steps\.service\.outputs\.(\w+) \}\}$/gm);
  const env = Object.fromEntries(
    [...handed].map(([, name = "", output = ""]) => [name, outputs[output] ?? ""]),
  );
  return { env, masked };
}

function busyboxLayer(): string {
  const layout = baseLayout("busybox");
  const read = (digest: string): unknown =>
    JSON.parse(readFileSync(join(layout, "blobs", digest.replace(":", "/")), "utf8"));
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as {
    manifests: { digest: string }[];
  };
  const manifest = read(index.manifests[0]?.digest ?? "") as { layers: { digest: string }[] };
  return join(layout, "blobs", (manifest.layers[0]?.digest ?? "").replace(":", "/"));
}

const dockerfile = `FROM scratch AS base
ADD busybox.tar.gz /
FROM base AS one
ARG WHO=nobody
RUN echo "hello $WHO" > /hello
FROM one AS two
RUN echo two >> /hello
`;

describe("the GitHub action", () => {
  it("writes an OCI archive into the workspace and says where and what it is", async () => {
    await step(
      { Dockerfile: dockerfile },
      {
        context: ".",
        tags: "app:v1\napp:latest\n",
        "build-args": "WHO=a b",
        labels: "l=1\r\n\r\nm=x=y",
      },
      async ({ result, outputs, summary, workspace: directory }) => {
        assert.equal(result.code, 0, result.stdout + result.stderr);
        assert.match(outputs["digest"] ?? "", /^sha256:[0-9a-f]{64}$/);
        assert.match(outputs["imageid"] ?? "", /^sha256:[0-9a-f]{64}$/);
        assert.equal(outputs["tarball"], join(directory, "image.tar"));
        assert.ok(summary.includes(outputs["digest"] ?? "-"));
        const inspect = async (path: string): Promise<unknown> => {
          const read = await run("tar", ["-xOf", outputs["tarball"] ?? "", path]);
          assert.equal(read.code, 0, read.stderr);
          return JSON.parse(read.stdout);
        };
        const index = (await inspect("index.json")) as {
          manifests: { digest: string; annotations: Record<string, string> }[];
        };
        assert.deepEqual(
          index.manifests.map(({ digest }) => digest),
          [outputs["digest"], outputs["digest"]],
        );
        const id = outputs["imageid"] ?? "";
        const config = (await inspect(`blobs/${id.replace(":", "/")}`)) as {
          config: { Labels: Record<string, string> };
        };
        assert.deepEqual(config.config.Labels, { l: "1", m: "x=y" });
      },
    );
  });

  it("builds one stage into another output, with the store kept where it is told", async () => {
    await step(
      { "sub/other.Dockerfile": dockerfile.replace(" AS one", " as one") },
      {
        context: ".",
        file: "sub/other.Dockerfile",
        target: "one",
        output: "type=docker,dest=out.tar",
      },
      ({ result, outputs, workspace: directory }) => {
        assert.equal(result.code, 0, result.stdout + result.stderr);
        assert.match(
          result.stdout,
          /^::warning title=tsbuild,file=sub\/other\.Dockerfile,line=3,endLine=3::FromAsCasing: /m,
        );
        assert.equal(outputs["tarball"], join(directory, "out.tar"));
        assert.equal(existsSync(join(directory, "out.tar")), true);
      },
    );
  });

  it("fails with an annotation and without outputs when the build fails", async () => {
    await step(
      { Dockerfile: `${dockerfile}RUN exit 3\n` },
      { context: "." },
      ({ result, outputs, workspace: directory }) => {
        assert.equal(result.code, 1);
        assert.match(result.stdout, /^::error title=tsbuild::/m);
        assert.deepEqual(outputs, {});
        assert.equal(existsSync(join(directory, "image.tar")), false);
      },
    );
  });

  it("keeps what a build prints from being taken for a workflow command", async () => {
    await step(
      { Dockerfile: `${dockerfile}RUN echo; echo '::set-output name=digest::evil'\n` },
      { context: "." },
      ({ result, outputs }) => {
        assert.equal(result.code, 0, result.stdout + result.stderr);
        const token = /^::stop-commands::(\S+)$/m.exec(result.stdout)?.[1];
        assert.ok(token !== undefined && token.length >= 32);
        const [before = "", after = ""] = result.stdout.split(`::${token}::`);
        assert.ok(after === "" || !after.includes("set-output"));
        assert.ok(!before.slice(0, before.indexOf("::stop-commands::")).includes("set-output"));
        assert.match(outputs["digest"] ?? "", /^sha256:/);
      },
    );
  });

  it("builds for several platforms, from and into caches", async () => {
    await step(
      { Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" },
      {
        context: ".",
        platforms: "linux/amd64,linux/arm64",
        "cache-from": "type=local,src=nowhere",
        "cache-to": "type=local,dest=cache",
      },
      ({ result, outputs, workspace: directory }) => {
        assert.equal(result.code, 0, result.stdout + result.stderr);
        assert.match(outputs["digest"] ?? "", /^sha256:/);
        assert.equal(outputs["imageid"], "");
        assert.equal(existsSync(join(directory, "cache/index.json")), true);
      },
    );
  });

  it("keeps steps in the cache of GitHub Actions, which it is told of by a step of its own", async () => {
    await using server = await ActionsCacheServer.start();
    const token = actionsToken({ Scope: "refs/heads/main", Permission: 3 });
    const { env, masked } = serviceStep({
      ACTIONS_RUNTIME_TOKEN: token,
      ACTIONS_RESULTS_URL: server.url,
      ACTIONS_CACHE_SERVICE_V2: "True",
    });
    assert.deepEqual(masked, [token]);
    const digests: (string | undefined)[] = [];
    for (const cache of ["cache-to", "cache-from"])
      await step(
        { Dockerfile: dockerfile },
        { context: ".", [cache]: "type=gha" },
        ({ result, outputs }) => {
          const printed = result.stdout + result.stderr;
          assert.equal(result.code, 0, printed);
          assert.match(printed, /(ex|im)porting cache (to|from) gha/);
          assert.ok(!printed.includes(token));
          digests.push(outputs["digest"]);
        },
        env,
      );
    // Files of RUN have the time at which it ran.
    assert.equal(digests[1], digests[0]);
  });

  it("checks a Dockerfile instead of building it", async () => {
    await step(
      { Dockerfile: "FROM scratch\nCOPY Dockerfile /\nmaintainer me\n" },
      { call: "check" },
      ({ result, outputs, workspace: directory }) => {
        assert.equal(result.code, 1);
        assert.match(result.stdout + result.stderr, /MaintainerDeprecated/);
        assert.deepEqual(outputs, {});
        assert.equal(existsSync(join(directory, "image.tar")), false);
      },
    );
    await step(
      { Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" },
      { call: "check" },
      ({ result, outputs }) => {
        assert.equal(result.code, 0, result.stdout + result.stderr);
        assert.equal(outputs["digest"], "");
      },
    );
  });

  it("never runs the text of an input", async () => {
    await step(
      { Dockerfile: dockerfile },
      { context: ".", tags: "$(touch evil)", labels: "x=`touch evil`" },
      ({ result, workspace: directory }) => {
        assert.notEqual(result.code, 0);
        assert.equal(existsSync(join(directory, "evil")), false);
      },
    );
  });

  it("takes the inputs that Docker's action has", async () => {
    await using server = await RegistryServer.start();
    const name = `${server.host}/app`;
    const secretive = `FROM scratch
ADD busybox.tar.gz /
COPY --from=more extra /
ARG A
RUN --mount=type=secret,id=one --mount=type=secret,id=two --mount=type=secret,id=three \\
  cat /run/secrets/* > /secrets; grep wanted /etc/hosts > /hosts; ulimit -n > /files
`;
    await step(
      { Dockerfile: secretive, "more/extra": "extra", "third.txt": "3rd" },
      {
        tags: `${name}:1,${name}:2`,
        annotations: "one=a, b\nmanifest:two=c",
        "build-contexts": "more=more",
        "add-hosts": "wanted:192.0.2.1, other:192.0.2.2",
        ulimit: "nofile=50:60",
        network: "none",
        "no-cache": "true",
        pull: "false",
        secrets: '"one=first = secret,with a comma\nand ""lines"""\nempty=\n',
        "secret-envs": "two=SECOND",
        "secret-files": "three=third.txt",
        push: "true",
        outputs: "type=local,dest=files\ntype=oci,dest=image.tar\n",
      },
      ({ result, outputs, workspace: directory }) => {
        assert.equal(result.code, 0, result.stdout + result.stderr);
        const read = (file: string): string =>
          readFileSync(join(directory, "files", file), "utf8").trim();
        assert.equal(read("secrets"), 'first = secret,with a comma\nand "lines"3rdsecond');
        assert.match(read("hosts"), /^192\.0\.2\.1\s+wanted$/);
        assert.equal(read("files"), "50");
        assert.equal(read("extra"), "extra");
        assert.equal(outputs["tarball"], join(directory, "image.tar"));
        const metadata = JSON.parse(outputs["metadata"] ?? "") as Record<string, unknown>;
        assert.equal(metadata["containerimage.digest"], outputs["digest"]);
        for (const tag of ["1", "2"]) {
          const pushed = JSON.parse(server.manifest("app", tag)?.bytes.toString() ?? "") as {
            annotations: unknown;
          };
          assert.deepEqual(pushed.annotations, { one: "a, b", two: "c" });
        }
        assert.match(result.stdout, /^::warning title=tsbuild::secret 2 of the input is empty/m);
        for (const secret of ["first = secret", "second", "3rd"])
          assert.ok(!(result.stdout + result.stderr).includes(secret));
      },
      { SECOND: "second" },
    );
  });

  it("refuses inputs that it does not understand", async () => {
    for (const inputs of [{ push: "yes" }, { secrets: "no equals sign" }, { secrets: "a,src=b=c" }])
      await step({ Dockerfile: dockerfile }, inputs, ({ result }) => {
        assert.equal(result.code, 1);
        assert.match(result.stdout, /^::error title=tsbuild::/m);
      });
  });
});
