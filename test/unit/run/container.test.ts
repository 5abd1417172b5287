// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTsbuildError, TsbuildError } from "#src/base/index.js";
import type { ContainerConfig } from "#src/oci/index.js";
import {
  exitCodeOfError,
  exitCodeOfResult,
  isVolumeName,
  mergeContainer,
  mergeEnvironment,
  parseEnvFile,
  planMounts,
  type Container,
  type ContainerOptions,
  type MountRequest,
} from "#src/run/index.js";

const plain: ContainerOptions = { command: [], env: [], hostname: "box", terminal: false };

function merged(config: ContainerConfig, options: Partial<ContainerOptions> = {}): Container {
  return mergeContainer(config, { ...plain, ...options });
}

const code = (wanted: string) => (error: unknown) => isTsbuildError(error, wanted);

describe("the command", () => {
  const image: ContainerConfig = { Entrypoint: ["entry", "a"], Cmd: ["default"] };
  const cases: readonly [
    what: string,
    config: ContainerConfig,
    options: Partial<ContainerOptions>,
    argv: readonly string[],
  ][] = [
    ["is entry point and Cmd of the image", image, {}, ["entry", "a", "default"]],
    ["has arguments in the place of Cmd", image, { command: ["x"] }, ["entry", "a", "x"]],
    [
      "of an entry point of one's own is without the image's Cmd",
      image,
      { entrypoint: "e" },
      ["e"],
    ],
    [
      "of an entry point of one's own has its arguments",
      image,
      { entrypoint: "e", command: ["x", "y"] },
      ["e", "x", "y"],
    ],
    ["needs no entry point", image, { entrypoint: "", command: ["x"] }, ["x"]],
    ["may be Cmd alone", { Cmd: ["c"], Entrypoint: null }, {}, ["c"]],
  ];
  for (const [what, config, options, argv] of cases)
    it(what, () => {
      assert.deepEqual(merged(config, options).argv, argv);
    });
  it("is missed where nobody names one", () => {
    assert.throws(() => merged({}), code("RUN_NO_COMMAND"));
    assert.throws(() => merged(image, { entrypoint: "" }), code("RUN_NO_COMMAND"));
  });
});

describe("the environment", () => {
  const config: ContainerConfig = { Cmd: ["c"], Env: ["A=image", "PATH=/image"] };
  it("begins with a path, the host's name, and a kind of terminal where there is one", () => {
    assert.deepEqual(merged({ Cmd: ["c"] }).env, [
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HOSTNAME=box",
    ]);
    assert.ok(merged({ Cmd: ["c"] }, { terminal: true }).env.includes("TERM=xterm"));
  });
  it("has the image's values over ours, and the user's over those", () => {
    assert.deepEqual(merged(config, { env: ["A=user", "B=1"], addedEnv: ["B=0", "C=3"] }).env, [
      "PATH=/image",
      "HOSTNAME=box",
      "B=1",
      "C=3",
      "A=user",
    ]);
  });
  it("lacks what is named without a value", () => {
    assert.deepEqual(mergeEnvironment(["A=1", "B=2"], ["A"], ["C=a=b", "C="]), ["B=2", "C="]);
  });
});

describe("files of variables", () => {
  const parse = (text: string | Uint8Array): string[] =>
    parseEnvFile(typeof text === "string" ? Buffer.from(text) : text, "f", { HERE: "there" });
  it("have values as they stand", () => {
    assert.deepEqual(parse('\ufeffA=1\r\n# no\n  B="x y" # z \n\nC=a=b\nD=\nHERE\nNOWHERE\n'), [
      "A=1",
      'B="x y" # z ',
      "C=a=b",
      "D=",
      "HERE=there",
    ]);
  });
  it("are refused where a line has no name, or one with spaces, or bytes that are no text", () => {
    for (const bad of ["=x\n", "A B=1\n", "A\tB\n", new Uint8Array([65, 61, 0xff])])
      assert.throws(() => parse(bad), code("RUN_ENV_FILE"), String(bad));
    assert.throws(
      () => parse("A=1\n\n =x"),
      (error) => isTsbuildError(error) && error.details["line"] === 3,
    );
  });
});

describe("user, directory and stop signal", () => {
  const config: ContainerConfig = {
    Cmd: ["c"],
    User: "ann",
    WorkingDir: "/app/x/..",
    StopSignal: "SIGQUIT",
  };
  it("are the image's unless said otherwise", () => {
    const { user, workingDirectory, stopSignal } = merged(config);
    assert.deepEqual([user, workingDirectory, stopSignal], ["ann", "/app", "SIGQUIT"]);
    const other = merged(config, { user: "1:2", workingDirectory: "/w", stopSignal: "9" });
    assert.deepEqual([other.user, other.workingDirectory, other.stopSignal], ["1:2", "/w", "9"]);
    const empty = merged(config, { user: "", workingDirectory: "", stopSignal: "" });
    assert.deepEqual([empty.user, empty.stopSignal], ["ann", "SIGQUIT"]);
  });
  it("are root, / and SIGTERM where nobody says anything", () => {
    const { user, workingDirectory, stopSignal } = merged({ Cmd: ["c"] });
    assert.deepEqual([user, workingDirectory, stopSignal], ["", "/", "SIGTERM"]);
  });
  it("cannot be a relative directory", () => {
    assert.throws(() => merged(config, { workingDirectory: "w" }), code("RUN_WORKING_DIRECTORY"));
  });
});

describe("mounts", () => {
  const volume = (target: string, name?: string): MountRequest => ({
    kind: "volume",
    ...(name === undefined ? {} : { name }),
    target,
    readOnly: false,
    copy: true,
  });
  const volumes = (...paths: readonly string[]): ContainerConfig => ({
    Volumes: Object.fromEntries(paths.map((path) => [path, {}])),
  });
  it("come with the image's volumes, outer ones first", () => {
    const planned = planMounts([volume("/a/b/c", "deep"), volume("/z/")], volumes("/a", "q/w"));
    assert.deepEqual(
      planned.map(({ target }) => target),
      ["/z", "/a", "/q/w", "/a/b/c"],
    );
  });
  it("of the user stand in the place of the image's", () => {
    const bind: MountRequest = { kind: "bind", source: "/s", target: "/data/", readOnly: true };
    assert.deepEqual(planMounts([bind], volumes("/data", "//data/.")), [
      { ...bind, target: "/data" },
    ]);
  });
  it("are refused at relative places, at the root, twice at one place, and with names that are paths", () => {
    const bad: readonly (readonly MountRequest[])[] = [
      [volume("data")],
      [volume("/")],
      [volume("/a/..")],
      [volume("/a"), volume("/b/../a")],
      [volume("/a", "../x")],
      [volume("/a", "x/y")],
      [volume("/a", "..")],
    ];
    for (const requests of bad)
      assert.throws(() => planMounts(requests, {}), code("RUN_MOUNT"), JSON.stringify(requests));
    assert.throws(() => planMounts([], volumes("/")), code("RUN_MOUNT"));
    assert.throws(() => planMounts([], volumes("../..")), code("RUN_MOUNT"));
  });
  it("know names of volumes", () => {
    for (const good of ["v1", "my_vol.2-x"]) assert.ok(isVolumeName(good), good);
    for (const bad of ["", "a", ".", "..", "-a", ".hidden", "a/b", "a\0b", "a b", "ä1"])
      assert.ok(!isVolumeName(bad), bad);
  });
});

describe("exit codes", () => {
  it("are the program's, or 128 and its signal", () => {
    assert.equal(exitCodeOfResult({ kind: "exited", code: 42 }), 42);
    assert.equal(exitCodeOfResult({ kind: "signaled", signal: "SIGKILL" }), 137);
    assert.equal(exitCodeOfResult({ kind: "signaled", signal: "SIGSEGV" }), 139);
  });
  it("tell a program that is not there from one that cannot be executed and from a failure of ours", () => {
    const exec = (errno: string): TsbuildError =>
      new TsbuildError("SANDBOX_EXEC", "x", { details: { errno } });
    assert.equal(exitCodeOfError(exec("ENOENT")), 127);
    assert.equal(exitCodeOfError(exec("EACCES")), 126);
    assert.equal(exitCodeOfError(exec("ENOEXEC")), 126);
    assert.equal(exitCodeOfError(new TsbuildError("BUILD_TIMEOUT", "x")), 124);
    assert.equal(exitCodeOfError(new TsbuildError("STORE_FULL", "x")), 125);
    assert.equal(exitCodeOfError(new Error("x")), 125);
  });
});
