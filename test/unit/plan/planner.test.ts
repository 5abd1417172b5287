// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTsbuildError, messageOf, type BuildEvent } from "#src/base/index.js";
import { parseDockerfile } from "#src/dockerfile/index.js";
import type { ContainerConfig, Digest } from "#src/oci/index.js";
import {
  planBuild,
  type CopyOp,
  type Plan,
  type PlanOptions,
  type ResolvedImage,
  type RunOp,
} from "#src/plan/index.js";

const amd64 = { os: "linux", architecture: "amd64" };
const reported: string[] = [];
const warnings: Extract<BuildEvent, { kind: "warning" }>[] = [];

interface Given {
  readonly images?: Readonly<Record<string, ContainerConfig>>;
  readonly options?: Partial<PlanOptions>;
}

function imageOf(reference: string, config: ContainerConfig = {}): ResolvedImage {
  const hex = Buffer.from(reference).toString("hex").padEnd(64, "0").slice(0, 64);
  return {
    reference,
    manifest: {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: `sha256:${hex}` as Digest,
      size: 1,
    },
    layers: [],
    config: { ...amd64, rootfs: { type: "layers", diff_ids: [] }, config },
    origin: { kind: "registry", reference },
  };
}

/** Plans a Dockerfile; every image exists, with the given configuration or none. */
function plan(text: string, { images = {}, options = {} }: Given = {}): Promise<Plan> {
  warnings.length = 0;
  reported.length = 0;
  return planBuild({
    dockerfile: parseDockerfile(text, { file: "Dockerfile" }),
    environment: {
      resolveImage: (reference) => Promise.resolve(imageOf(reference, images[reference])),
      namedContext: () => Promise.resolve(undefined),
    },
    targetPlatform: amd64,
    buildPlatform: amd64,
    buildArgs: new Map(),
    labels: {},
    edits: {},
    noCache: false,
    network: "default",
    allow: [],
    warn: (warning) => warnings.push(warning),
    report: (findings) => reported.push(...findings.map(({ rule }) => rule)),
    ...options,
  });
}

function runs({ graph }: Plan): RunOp[] {
  return [...graph.values()].filter(({ kind }) => kind === "run").map(({ op }) => op as RunOp);
}

async function fails(text: string, code: string, line: number, given?: Given): Promise<void> {
  await assert.rejects(plan(text, given), (error) => {
    assert.ok(isTsbuildError(error, code), String(error));
    assert.equal(error.location?.range.startLine, line);
    return true;
  });
}

describe("planBuild", () => {
  it("makes the image for the platform that was asked for, else for its base's", async () => {
    const arm = { os: "linux", architecture: "arm64" };
    const text = "FROM --platform=linux/amd64 a\n";
    const given = await plan(text, { options: { targetPlatform: arm, platformGiven: true } });
    assert.deepEqual(given.image.platform, arm);
    const { image } = await plan(text, { options: { targetPlatform: arm } });
    assert.equal(image.platform.architecture, "amd64");
  });

  it("puts a context in the place of the stage of its name, by name or number", async () => {
    const environment: PlanOptions["environment"] = {
      resolveImage: () => Promise.reject(new Error("no image is needed")),
      namedContext: (name) =>
        Promise.resolve(name === "stage" ? { kind: "tree", name: "given" } : undefined),
    };
    for (const from of ["0", "stage"]) {
      const { graph } = await plan(
        `FROM scratch AS stage\nRUN never\nFROM scratch\nCOPY --from=${from} /a /\n`,
        { options: { environment } },
      );
      assert.ok(![...graph.values()].some(({ kind }) => kind === "run"));
      assert.match(JSON.stringify([...graph.values()]), /"given"/);
    }
    const { image, graph } = await plan("FROM missing AS stage\nENV a=b\n", {
      options: { environment },
    });
    assert.deepEqual(image.config.Env?.length, 1);
    assert.equal(graph.get(image.head)?.kind, "copy");
    assert.equal(graph.get(image.head)?.step?.name, "[stage] FROM given");
  });

  it("expands with the values from before the instruction", async () => {
    const { image } = await plan("FROM a\nENV x=1\nENV x=2 y=$x\n");
    assert.deepEqual(image.config.Env?.slice(1), ["x=2", "y=1"]);
  });

  it("lets ENV win over an ARG of the same name, in both orders", async () => {
    const options = { buildArgs: new Map([["v", "arg"]]) };
    const [first, second] = runs(
      await plan("FROM a\nARG v\nENV v=env\nRUN one\nARG v\nRUN two\n", { options }),
    );
    assert.ok(first?.env.includes("v=env"));
    assert.ok(second?.env.includes("v=env"));
  });

  it("ends where variables make a short text too long", async () => {
    const half = `ENV A=${"x".repeat(1 << 19)}\n`;
    const labels = "LABEL a=$A\n".repeat(5000);
    await fails(`FROM a\n${half}${labels}`, "PLAN_TOO_LARGE", 33);
    await fails(`FROM a AS b\n${half}FROM b\n${labels}`, "PLAN_TOO_LARGE", 34);
    const env = Array.from({ length: 28 }, (_, i) => `ENV A${i}=$A\n`).join("");
    await fails(`FROM a\n${half}${env}${"RUN x\n".repeat(900)}`, "PLAN_TOO_LARGE", 47);
    await fails(`FROM a\n${"LABEL a=1\n".repeat(30_000)}`, "PLAN_TOO_LARGE", 20_002);
    const heredocs = "COPY <<E /\n$A\nE\n".repeat(900);
    await fails(`FROM a\n${half}${heredocs}`, "PLAN_TOO_LARGE", 1533);
  });

  it("takes a time that grows as the Dockerfile does", async () => {
    const { config } = (await plan(`FROM a\n${"ONBUILD RUN x\n".repeat(100_000)}`)).image;
    assert.equal(config.OnBuild?.length, 100_000);
    const chain = Array.from({ length: 20_000 }, (_, i) => `FROM s${i} AS s${i + 1}\n`);
    assert.equal((await plan(`FROM a AS s0\n${chain.join("")}`)).stages.size, 20_001);
  });

  it("takes labels and volumes from below, in the order of their names' first appearance", async () => {
    const images = { a: { Labels: { x: "0", y: "0" }, Volumes: { "/v": {} } } };
    const text =
      "FROM a AS s\nLABEL z=1 x=1\nVOLUME /w\nFROM s\nLABEL __proto__=1 y=2\nVOLUME /v /u\n";
    const { config } = (await plan(text, { images })).image;
    assert.deepEqual(Object.entries(config.Labels ?? {}).map(String), [
      ...["x,1", "y,2", "z,1", "__proto__,1"],
    ]);
    assert.deepEqual(Object.keys(config.Volumes ?? {}), ["/v", "/w", "/u"]);
  });

  it("plans what the target does not need when it is to be checked", async () => {
    const text = "FROM a AS one\nRUN x\nFROM one AS two\nFROM b\n";
    assert.deepEqual([...(await plan(text)).stages], [2]);
    const { stages, image } = await plan(text, { options: { everyStage: true } });
    assert.deepEqual([...stages].sort(), [0, 1, 2]);
    assert.equal(image.base?.reference, "b");
    await fails("FROM a\nRUN --network=host x\nFROM b\n", "PLAN_NOT_ALLOWED", 2, {
      options: { everyStage: true },
    });
  });

  it("gives a RUN no ARG that has no value, and an empty one if it is empty", async () => {
    const [run] = runs(await plan("FROM a\nARG none\nARG empty=\nRUN x\n"));
    assert.deepEqual(run?.env.slice(1), ["empty="]);
  });

  it("keeps global ARGs out of stages until they are declared there", async () => {
    const [before, after] = runs(await plan("ARG g=1\nFROM a\nRUN x\nARG g\nRUN y\n"));
    assert.ok(!before?.env.includes("g=1"));
    assert.ok(after?.env.includes("g=1"));
  });

  it("hands ARGs on to a stage that is built on this one", async () => {
    const [run] = runs(await plan("FROM a AS one\nARG v=1\nFROM one\nRUN x\n"));
    assert.ok(run?.env.includes("v=1"));
  });

  it("drops an inherited CMD at ENTRYPOINT unless this stage set it", async () => {
    const images = { a: { Cmd: ["inherited"] } };
    assert.equal((await plan("FROM a\nENTRYPOINT e\n", { images })).image.config.Cmd, undefined);
    assert.deepEqual(
      (await plan('FROM a\nCMD ["c"]\nENTRYPOINT e\n', { images })).image.config.Cmd,
      ["c"],
    );
    assert.equal(
      (await plan('FROM a AS b\nCMD ["c"]\nFROM b\nENTRYPOINT e\n')).image.config.Cmd,
      undefined,
    );
  });

  it("fires the base image's triggers first and does not inherit them", async () => {
    const images = { a: { OnBuild: ["RUN trigger $X", "ENV X=1"] } };
    const result = await plan("FROM a\nRUN own\n", { images });
    assert.deepEqual(
      runs(result).map(({ argv }) => argv.at(-1)),
      ["trigger $X", "own"],
    );
    assert.equal(result.image.config.OnBuild, undefined);
  });

  it("counts triggers among the steps and says that they are some", async () => {
    const images = { a: { OnBuild: ["RUN trigger", "ENV X=1"] } };
    const { graph } = await plan("FROM a\nRUN own\n", { images });
    assert.deepEqual(
      [...graph.values()].filter(({ kind }) => kind === "run").map(({ step }) => step?.name),
      ["[stage-0 2/3] ONBUILD RUN trigger", "[stage-0 3/3] RUN own"],
    );
  });

  it("fires triggers of a stage of the same file", async () => {
    const result = await plan("FROM a AS base\nONBUILD RUN trigger\nFROM base\nRUN own\n");
    assert.deepEqual(
      runs(result).map(({ argv }) => argv.at(-1)),
      ["trigger", "own"],
    );
  });

  it("plans only stages that the target needs", async () => {
    const { graph } = await plan(
      "FROM a AS x\nRUN x\nFROM b AS y\nRUN y\nFROM c\nCOPY --from=y /f /\n",
    );
    assert.ok([...graph.values()].some(({ step }) => step?.name.includes("RUN y")));
    assert.ok(![...graph.values()].some(({ step }) => step?.name.includes("RUN x")));
  });

  it("asks for all images that the target needs at once, and for no others", async () => {
    const needed = ["base", "tools", "files", "mounted"];
    const asked = new Set<string>();
    let goOn = (): void => undefined;
    const allAsked = new Promise<void>((resolve) => (goOn = resolve));
    const environment: PlanOptions["environment"] = {
      async resolveImage(reference) {
        asked.add(reference);
        if (asked.size === needed.length) goOn();
        await allAsked;
        return imageOf(reference);
      },
      namedContext: (name) =>
        Promise.resolve(name === "context" ? { kind: "tree", name } : undefined),
    };
    await plan(
      `FROM unneeded AS unneeded
FROM replaced AS context
FROM base AS one
FROM tools AS two
COPY --from=files /a /
FROM one
COPY --from=two /a /
COPY --from=context /a /
RUN --mount=type=bind,from=mounted,target=/m true
`,
      { options: { environment } },
    );
    assert.deepEqual([...asked].sort(), needed.sort());
  });

  it("asks for no image in the place of a stage that stands below", async () => {
    const environment: PlanOptions["environment"] = {
      resolveImage: (reference) => Promise.reject(new Error(`${reference} is not to be asked for`)),
      namedContext: () => Promise.resolve(undefined),
    };
    const text = "FROM scratch\nCOPY --from=below /a /\nFROM scratch AS below\n";
    const options = { environment, target: "0" };
    await fails(text, "PLAN_FORWARD_REFERENCE", 2, { options });
  });

  it("finds stages whatever the case of their names, and by index", async () => {
    const text =
      "FROM a AS Build\nFROM BUILD AS two\nFROM c\nCOPY --from=bUiLd /f /\nCOPY --from=1 /f /\n";
    await plan(text);
    await plan(text, { options: { target: "BUILD" } });
  });

  it("resolves WORKDIR against the last one and makes a layer unless it is the root", async () => {
    const { image } = await plan("FROM a\nWORKDIR x\nWORKDIR ../y/\nWORKDIR /\n");
    assert.equal(image.config.WorkingDir, "/");
    assert.deepEqual(
      image.history.map(({ createdBy, vertex }) => [createdBy, vertex !== undefined]),
      [
        ["WORKDIR /x", true],
        ["WORKDIR /y", true],
        ["WORKDIR /", false],
      ],
    );
  });

  it("writes history as other builders do, ARGs in front of the command", async () => {
    const { image } = await plan("FROM a\nARG one=1\nARG two\nRUN make\nEXPOSE 2-3 1/UDP\n");
    assert.deepEqual(
      image.history.at(-2)?.createdBy,
      "RUN |2 one=1 two= /bin/sh -c make # buildkit",
    );
    assert.deepEqual(image.history.at(-1)?.createdBy, "EXPOSE [1/udp 2/tcp 3/tcp]");
    const health = await plan(
      'FROM a\nHEALTHCHECK --interval=90s --start-interval=100ms --retries=5 CMD ["bin", "-c"]\n',
    );
    assert.equal(
      health.image.history.at(-1)?.createdBy,
      "HEALTHCHECK {Test:[CMD bin -c] Interval:1m30s Timeout:0s StartPeriod:0s StartInterval:100ms Retries:5}",
    );
  });

  it("puts --label over LABEL", async () => {
    const { image } = await plan("FROM a\nLABEL x=1 y=1\n", { options: { labels: { x: "2" } } });
    assert.deepEqual(image.config.Labels, { x: "2", y: "1" });
  });

  it("does not call a build argument unused when a name is put together from variables", async () => {
    const options = { buildArgs: new Map([["made", "1"]]) };
    const [run] = runs(await plan("FROM a\nENV x=ma\nARG ${x}de\nRUN one\n", { options }));
    assert.match(JSON.stringify(run), /made=1/);
    assert.deepEqual(warnings, []);
  });

  it("warns once of a build argument that nothing declares", async () => {
    const options = { buildArgs: new Map([["VERSON", "1"]]) };
    await plan("FROM a\nARG VERSION\n", { options });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]?.message ?? "", /VERSON .*did you mean VERSION/);
  });

  it("reports what only planning can see", async () => {
    await plan("FROM a\nARG known\nCOPY $known $unknown /x/\nEXPOSE 1/TCP\n");
    assert.deepEqual(reported, ["UndefinedVar", "ExposeProtoCasing"]);
  });

  it("asks for permission where a step reaches for the host", async () => {
    await fails("FROM a\nRUN --network=host x\n", "PLAN_NOT_ALLOWED", 2);
    await fails("FROM a\nRUN --security=insecure x\n", "PLAN_NOT_ALLOWED", 2);
    await plan("FROM a\nRUN --network=host x\n", { options: { allow: ["network.host"] } });
  });

  it("tells which argument of a platform was meant", async () => {
    const message = (written: string): Promise<unknown> =>
      plan(`ARG MY_ARCH=amd64\nFROM --platform=${written} a\n`).catch(messageOf);
    assert.equal(
      await message("$BULIDPLATFORM"),
      "empty platform value from expression $BULIDPLATFORM (did you mean BUILDPLATFORM?)",
    );
    assert.match(
      String(await message("linux/${MYARCH}")),
      /^failed to parse platform linux\/\$\{MYARCH\}: .*MY_ARCH/,
    );
  });

  it("gives Windows its shell, and no PATH", async () => {
    const text = "FROM scratch\nENTRYPOINT a b\n";
    const targetPlatform = { os: "windows", architecture: "amd64", "os.version": "10.1" };
    const { image } = await plan(text, { options: { targetPlatform } });
    assert.deepEqual(image.config.Entrypoint, ["cmd", "/S", "/C", "a b"]);
    assert.deepEqual(image.config.Env, []);
    assert.equal(image.platform["os.version"], "10.1");
  });

  it("writes the working directory of Windows as it wants it, and understands its paths", async () => {
    const text = "FROM scratch\nWORKDIR c:\\\\app\nWORKDIR sub\nCOPY a b\nCOPY a C:\\\\bin\\\\\n";
    const targetPlatform = { os: "windows", architecture: "amd64" };
    const { graph, image } = await plan(text, { options: { targetPlatform } });
    assert.equal(image.config.WorkingDir, "\\app\\sub");
    assert.deepEqual(
      image.history.map(({ createdBy }) => createdBy).filter((line) => line.startsWith("WORKDIR")),
      ["WORKDIR /app", "WORKDIR /app/sub"],
    );
    const copies = [...graph.values()].filter(({ kind }) => kind === "copy");
    assert.deepEqual(
      copies.map(({ op }) => [(op as CopyOp).destination, (op as CopyOp).directory]),
      [
        ["/app/sub/b", false],
        ["/bin", true],
      ],
    );
  });

  it("takes nothing for docker-image://scratch, and counts no step for it", async () => {
    const { graph } = await plan("FROM scratch\nCOPY a /\nFROM busybox\nCOPY --from=0 /a /\n");
    const names = [...graph.values()].flatMap(({ step }) => step?.name ?? []);
    assert.deepEqual(
      names.slice(0, 2),
      ["[stage-0 1/1] COPY a /", "[stage-1] FROM busybox"].sort(
        (x, y) => names.indexOf(x) - names.indexOf(y),
      ),
    );
    const environment = {
      resolveImage: () => Promise.reject(new Error("nothing is to be resolved")),
      namedContext: () => Promise.resolve({ kind: "scratch" as const }),
    };
    const { image } = await plan("FROM busybox\n", { options: { environment } });
    assert.equal(image.base, undefined);
  });

  it("says where a stage is used before it is defined", async () => {
    await fails("FROM a\nCOPY --from=later /x /\nFROM b AS later\n", "PLAN_FORWARD_REFERENCE", 2, {
      options: { target: "0" },
    });
    await fails("FROM a AS self\nCOPY --from=self /x /\n", "PLAN_CIRCULAR", 2);
    await fails("FROM a\nCOPY --from=7 /x /\n", "PLAN_UNKNOWN_STAGE", 2);
  });

  it("refuses a base image that expands to nothing", async () => {
    await fails("ARG base\nFROM $base\n", "PLAN_BLANK_IMAGE", 2);
  });

  it("guesses the target that was meant", async () => {
    await assert.rejects(plan("FROM a AS build\n", { options: { target: "bulid" } }), {
      code: "PLAN_UNKNOWN_TARGET",
      message: /did you mean build/,
    });
  });

  it("refuses remote sources in COPY and checksums on local ones", async () => {
    await fails("FROM a\nCOPY https://example.com/x /x\n", "PLAN_BAD_SOURCE", 2);
    await fails("FROM a\nADD --checksum=sha256:00 x /x\n", "PLAN_BAD_SOURCE", 2);
  });

  it("refuses checksums that nothing could have", async () => {
    const [file, repository] = ["https://example.com/x", "https://example.com/x.git"];
    const [hex, commit] = ["0".repeat(64), "0".repeat(40)];
    const bad = [`sha256:${hex.slice(1)}`, `md5:${hex}`, hex, `sha256:${"A".repeat(64)}`];
    for (const sum of bad)
      await fails(`FROM a\nADD --checksum=${sum} ${file} /x\n`, "PLAN_BAD_VALUE", 2);
    for (const sum of [`sha256:${hex}`, "main"])
      await fails(
        `FROM a\nARG S=${sum}\nADD --checksum=$S ${repository} /x\n`,
        "PLAN_BAD_VALUE",
        3,
      );
    await plan(`FROM a\nARG S\nADD --checksum=$S ${file} /x\nADD --checksum=$S Dockerfile /x\n`);
    await plan(`FROM a\nADD --checksum=sha256:${hex} ${file} /x\n`);
    await plan(`FROM a\nADD --checksum=${commit} ${repository} /x\n`);
  });
});

describe("ten thousand stages", () => {
  it("each on the one before are planned without a copy of all that stands below", async () => {
    const count = 10_000;
    const text = Array.from(
      { length: count },
      (_, i) => `FROM ${i === 0 ? "scratch" : `s${i - 1}`} AS s${i}\nENV E${i}=1\n`,
    ).join("");
    const { image } = await plan(text);
    assert.equal(image.config.Env?.length, count + 1);
    assert.equal(image.config.Env.at(-1), `E${count - 1}=1`);
    assert.equal(image.history.length, count);
  });
  it("keep the place of a variable that a later stage sets again", async () => {
    const { image } = await plan(
      "FROM scratch AS a\nENV A=1 B=2\nFROM a AS b\nENV A=3 C=4\nFROM b\nENV B=5\n",
    );
    assert.deepEqual(
      image.config.Env?.filter((line) => !line.startsWith("PATH=")),
      ["A=3", "B=5", "C=4"],
    );
  });
});

describe("stages as images", () => {
  const text = `ARG BASE=a.example/base
FROM \${BASE} AS First
ARG X
RUN true
FROM first AS same
FROM same AS next
LABEL io.buildah.stage.name=own
FROM a.example/base
RUN true
FROM a.example/unused AS unused
FROM next
COPY --from=3 / /
`;
  const labels = { "io.buildah.stage.name": "of the base", kept: "1" };
  const given = (stageImages?: PlanOptions["stageImages"]): Given => ({
    images: { "a.example/base": { Labels: labels } },
    options: stageImages === undefined ? {} : { stageImages },
  });

  it("are those that the target needs, with what they begin with", async () => {
    const { stageImages, image } = await plan(text, given({ labels: true }));
    assert.deepEqual(
      stageImages.map(({ image: _image, ...stage }) => stage),
      [
        { index: 0, name: "First", base: "a.example/base", own: true, inherited: 0 },
        { index: 1, name: "same", base: "first", baseStage: 0, own: false, inherited: 2 },
        { index: 2, name: "next", base: "same", baseStage: 1, own: true, inherited: 2 },
        { index: 3, name: "3", base: "a.example/base", own: true, inherited: 0 },
        { index: 5, name: "5", base: "next", baseStage: 2, own: true, inherited: 3 },
      ],
    );
    assert.equal(stageImages.at(-1)?.image, image);
    // A stage's own word counts, one of what is below it does not.
    assert.deepEqual(
      stageImages.map((stage) => stage.image.config.Labels),
      [
        { kept: "1" },
        { kept: "1" },
        { "io.buildah.stage.name": "own", kept: "1" },
        { kept: "1" },
        { kept: "1" },
      ],
    );
  });

  it("are none unless they are wanted, and keep the base's labels when they get none", async () => {
    assert.deepEqual((await plan(text, given())).stageImages, []);
    const { stageImages } = await plan(text, given({ labels: false }));
    assert.deepEqual(stageImages[0]?.image.config.Labels, labels);
  });
});

describe("a chain of steps", () => {
  const chain = (steps: number): string => `FROM busybox\n${"RUN true\n".repeat(steps)}`;

  it("may be longer than an image has layers, but not without end", async () => {
    assert.equal(runs(await plan(chain(999))).length, 999);
    await assert.rejects(plan(chain(1000)), (error) => {
      assert.ok(isTsbuildError(error));
      assert.equal(error.code, "PLAN_TOO_DEEP");
      assert.equal(error.location?.range.startLine, 1001);
      return true;
    });
  });
});
