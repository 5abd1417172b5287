// SPDX-License-Identifier: Apache-2.0
// Spellings of flags, and the flags of other builders.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Command } from "commander";
import { addBuildFlags, type BuildFlags } from "#src/cli/options/build-flags.js";
import { parseDevices } from "#src/cli/options/devices.js";
import {
  attestationTexts,
  imageEdits,
  isWithoutImage,
  networkFlag,
  outputsOf,
  parseFormat,
  platformFlags,
  pullPolicy,
  refuseConflicts,
  withAuthFile,
  buildArguments,
  cacheFlags,
  keptStages,
} from "#src/cli/options/image-flags.js";
import { runLimits } from "#src/cli/options/limits.js";
import { normalizeArguments } from "#src/cli/options/normalize.js";
import { requestOf } from "#src/cli/options/request.js";
import { addRunFlags } from "#src/cli/options/run-flags.js";
import { parseDns } from "#src/cli/options/values.js";

const usage = { code: "CLI_USAGE" };

function parse(...args: readonly string[]): { flags: BuildFlags; rest: readonly string[] } {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  const command = addBuildFlags(program.command("build [context]", { isDefault: true }));
  let rest: readonly string[] = [];
  command.action((context?: string) => {
    rest = context === undefined ? [] : [context];
  });
  program.parse(normalizeArguments(args, program), { from: "user" });
  return { flags: command.opts<BuildFlags>(), rest };
}

/** What a build is asked for, without what is of this process. */
function request(flags: BuildFlags): Readonly<Record<string, unknown>> {
  const signal = new AbortController().signal;
  const { stdin, stdout, events, ...rest } = requestOf(".", flags, () => undefined, signal);
  assert.ok(stdin === undefined && stdout !== undefined && events !== undefined);
  return { ...rest, signal: undefined };
}

describe("flags without a value", () => {
  it("may say true or false as Docker's do", () => {
    assert.equal(parse("--no-cache=true", ".").flags.cache, false);
    assert.equal(parse("--no-cache=false", ".").flags.cache, true);
    assert.equal(parse("--push=1", "--load=F", ".").flags.push, true);
    assert.equal(parse("--push=1", "--load=F", ".").flags.load, undefined);
    assert.throws(() => parse("--push=maybe", "."), usage);
  });
  it("of other builders are heard, or refused, when they are false", () => {
    assert.equal(parse("--layers=false", ".").flags.singleSnapshot, true);
    assert.equal(parse("--layers", ".").flags.singleSnapshot, undefined);
    assert.throws(() => parse("--skip-unused-stages=false", "."), usage);
    assert.throws(() => {
      refuseConflicts(parse("--dns-search=a.example", "--network=none", ".").flags);
    }, /the --dns-search option cannot be used with --network=none/);
    assert.throws(() => {
      refuseConflicts(parse("--no-hosts", "--add-host=a:10.0.0.1", ".").flags);
    }, usage);
  });
  it("leave values of other flags, and what follows --, alone", () => {
    assert.deepEqual(parse("--label=a=--push=true", ".").flags.label, ["a=--push=true"]);
    assert.deepEqual(parse("--", "--push=true").rest, ["--push=true"]);
  });
});

describe("flags of one letter", () => {
  it("take their value behind an equals sign, too", () => {
    const { flags, rest } = parse("-t=app:v1", "-o=type=oci,dest=x.tar", "-f=-", ".");
    assert.deepEqual(flags.tag, ["app:v1"]);
    assert.deepEqual(flags.output, ["type=oci,dest=x.tar"]);
    assert.deepEqual(flags.file, ["-"]);
    assert.deepEqual(rest, ["."]);
  });
});

describe("--save-stages", () => {
  const stages = (...flags: string[]): ReturnType<typeof keptStages> =>
    keptStages(parse(...flags, ".").flags);
  it("is needed for --stage-labels", () => {
    assert.deepEqual(stages("--save-stages=false"), {});
    assert.deepEqual(stages("--save-stages"), { keepStages: { labels: false } });
    assert.deepEqual(stages("--save-stages", "--stage-labels"), { keepStages: { labels: true } });
    assert.throws(() => stages("--stage-labels"), usage);
  });
});

describe("--cache-ttl", () => {
  const ages = (text: string): ReturnType<typeof cacheFlags> =>
    cacheFlags(parse(`--cache-ttl=${text}`, ".").flags);
  it("takes durations as Go writes them, and days", () => {
    assert.deepEqual(ages("1h30m"), { noCache: [], cacheMaxAge: 5_400_000 });
    assert.deepEqual(ages(".5s"), { noCache: [], cacheMaxAge: 500 });
    assert.deepEqual(ages("7d"), { noCache: [], cacheMaxAge: 604_800_000 });
    for (const text of ["", "5", "-1h", "h", "soon"]) assert.throws(() => ages(text), usage, text);
  });
  it("of 0 is --no-cache", () => {
    assert.deepEqual(ages("0"), { noCache: true });
    assert.deepEqual(ages("0s"), { noCache: true });
  });
});

describe("the arguments of run", () => {
  const program = new Command().enablePositionalOptions();
  addBuildFlags(program.command("build [context]"));
  addRunFlags(program.command("run <image> [command...]"));
  const normalize = (...args: readonly string[]): string[] =>
    normalizeArguments(["run", ...args], program).slice(1);
  it("are flags up to the image's name, which may say true or false", () => {
    assert.deepEqual(normalize("--rm=true", "--init=false", "-e", "A", "image"), [
      ...["--rm", "-e", "A", "image"],
    ]);
    assert.deepEqual(normalize("--pull=always", "image"), ["--pull=always", "image"]);
    assert.throws(() => normalize("--init=maybe", "image"), usage);
  });
  it("are the program's after it", () => {
    for (const before of [
      ["-it"],
      ["-itv", "/a:/b"],
      ["--env", "A"],
      ["--env=A"],
      ["-ve", "-u0"],
      [],
    ])
      assert.deepEqual(normalize(...before, "image", "--init=true", "--push=x"), [
        ...[...before, "image", "--init=true", "--push=x"],
      ]);
    assert.deepEqual(normalize("--", "image", "--rm=true"), ["--", "image", "--rm=true"]);
  });
});

describe("--pull", () => {
  const policyOf = (...args: readonly string[]): string => pullPolicy(parse(...args, ".").flags);

  it("stands alone before the context, or names a policy", () => {
    assert.equal(policyOf(), "missing");
    assert.equal(policyOf("--pull"), "always");
    assert.deepEqual(parse("--pull", ".").rest, ["."]);
    assert.equal(policyOf("--pull=true"), "always");
    assert.equal(policyOf("--pull=false"), "missing");
    assert.equal(policyOf("--pull=newer"), "newer");
    assert.equal(policyOf("--pull=ifmissing"), "missing");
    assert.equal(policyOf("--pull=never"), "never");
    assert.equal(policyOf("--pull-always"), "always");
    assert.equal(policyOf("--pull-never"), "never");
    assert.throws(() => policyOf("--pull=sometimes"), usage);
    assert.throws(() => {
      refuseConflicts(parse("--pull-always", "--pull=never", ".").flags);
    }, usage);
  });
});

describe("--device", () => {
  it("is a device, the devices of a directory, or the name of a registered one", () => {
    const node = (source: string, target = source): unknown => ({ kind: "device", source, target });
    assert.deepEqual(
      parseDevices(["/dev/null", "/dev/zero:/dev/z", "/dev/x:rwm", "v.example/d=a"]),
      {
        mounts: [node("/dev/null"), node("/dev/zero", "/dev/z"), node("/dev/x")],
        registered: ["v.example/d=a"],
      },
    );
    const all = parseDevices(["/dev:/devices:rw"]).mounts.map(({ target }) => target);
    assert.ok(all.includes("/devices/null") && !all.includes("/devices/fd"));
  });
  it("cannot be for reading alone, nor be somewhere without a name", () => {
    for (const text of ["/dev/null:r", "/dev/null:/x:w", "/dev/null:x", "/dev/null:/x:rw:rw"])
      assert.throws(() => parseDevices([text]), usage);
  });
});

describe("--dns", () => {
  it("is addresses, or none", () => {
    const dns = (...servers: readonly string[]): readonly string[] =>
      parseDns({ dns: servers, dnsSearch: [], dnsOption: [] }).servers;
    assert.deepEqual(dns("192.0.2.1,::1", "192.0.2.2"), ["192.0.2.1", "::1", "192.0.2.2"]);
    assert.deepEqual(dns("none"), ["none"]);
    assert.throws(() => dns("none", "192.0.2.1"), usage);
    assert.throws(() => dns("example.com"), usage);
  });
});

describe("--authfile", () => {
  it("names a file that is there", () => {
    const { flags } = parse("--authfile", "/nowhere/auth.json", ".");
    assert.throws(() => withAuthFile(flags, {}), usage);
    const here = parse("--authfile", import.meta.filename, ".").flags;
    assert.equal(withAuthFile(here, {})["REGISTRY_AUTH_FILE"], import.meta.filename);
  });
});

describe("flags of other builders", () => {
  it("are taken where they change nothing", () => {
    const { rest } = parse("--rm", "--force-rm=false", "--layers", "--isolation=chroot", ".");
    assert.deepEqual(rest, ["."]);
    assert.deepEqual(parse("--cache-from=a", "--cache-to", "type=inline", ".").rest, ["."]);
    assert.deepEqual(parse("--squash=false", "--all-platforms=false", ".").rest, ["."]);
    assert.deepEqual(parse("--pid=private", "--ipc", "container", "--loglevel=3", ".").rest, ["."]);
    assert.deepEqual(parse("--tls-verify", ".").rest, ["."]);
    assert.equal(parse("--http-proxy", ".").flags.httpProxy, true);
    assert.equal(parse("--http-proxy=false", ".").flags.httpProxy, false);
    for (const network of ["", "bridge", "private", "pasta", "slirp4netns:mtu=1500"])
      assert.equal(networkFlag(parse(`--network=${network}`, ".").flags), "default");
    assert.throws(() => networkFlag(parse("--network=ns:/x", ".").flags), usage);
    assert.deepEqual(["OCI", "ociv1", "docker"].map(parseFormat), ["oci", "oci", "docker"]);
    assert.throws(() => parseFormat("tar"), usage);
  });
  it("are refused with advice where they would", () => {
    for (const args of [
      ["--compat-volumes"],
      ["--transient-mount", "/a:/b"],
      ["--userns=host"],
      ["--pid=host"],
      ["--isolation=bogus"],
      ["--log-rusage"],
      ["--no-push"],
      ["--build-unused-stages"],
      ["--destination=x"],
    ])
      assert.throws(
        () => parse(...args, "."),
        (error: { code?: string; hint?: string }) => {
          assert.equal(error.code, "CLI_USAGE");
          assert.ok((error.hint ?? "") !== "");
          return true;
        },
      );
  });
  it("take several values at once, comma-separated", () => {
    const names = ["--unsetenv=A,B", "--unsetenv=C", "--unsetlabel=d,e", "--unsetannotation=f,g"];
    const { flags } = parse(...names, "--ulimit=host,nofile=8:9,core=0", "--dns-search=h,i", ".");
    const edits = imageEdits(flags, {});
    assert.deepEqual(edits.unsetEnv, ["A", "B", "C"]);
    assert.deepEqual(
      [edits.unsetLabels, edits.unsetAnnotations],
      [
        ["d", "e"],
        ["f", "g"],
      ],
    );
    assert.deepEqual(
      runLimits(flags).ulimits?.map(({ name }) => name),
      ["nofile", "core"],
    );
    assert.deepEqual(parseDns(flags).search, ["h", "i"]);
  });
  it("name platforms, each as a whole or one by its parts", () => {
    const platformsOf = (...args: readonly string[]): readonly string[] =>
      platformFlags(parse(...args, ".").flags);
    assert.deepEqual(platformsOf(), []);
    assert.deepEqual(platformsOf("--platform=linux/arm64,local", "--platform", "linux/386"), [
      "linux/arm64",
      "local",
      "linux/386",
    ]);
    assert.deepEqual(platformsOf("--arch=arm64"), ["linux/arm64"]);
    assert.deepEqual(platformsOf("--os=linux", "--arch=arm", "--variant=v7"), ["linux/arm/v7"]);
    assert.deepEqual(platformsOf("--os=linux"), ["linux"]);
    assert.throws(() => platformsOf("--variant=v7"), usage);
  });
  it("have attestations with and without a value, before the context too", () => {
    const given = (...args: readonly string[]): readonly unknown[] => {
      const { flags, rest } = parse(...args);
      return [flags.provenance, rest];
    };
    assert.deepEqual(given("--provenance", "."), ["true", ["."]]);
    assert.deepEqual(given(".", "--provenance"), ["true", ["."]]);
    assert.deepEqual(given("--provenance", "-q", "."), ["true", ["."]]);
    assert.deepEqual(given("--provenance=mode=max", "."), ["mode=max", ["."]]);
    for (const value of ["false", "min", "mode=max,version=v0.2"])
      assert.deepEqual(given("--provenance", value, "."), [value, ["."]]);
  });
  it("are as if they were not there when their values are empty", () => {
    for (const name of [
      ...["annotation", "cache-from", "cache-to", "platform", "build-context", "output"],
      ...["secret", "ssh", "allow", "add-host", "attest", "provenance", "sbom"],
    ]) {
      const none = parse(`--${name}=`, ".").flags;
      assert.deepEqual(
        [attestationTexts(none), request(none)],
        [attestationTexts(parse(".").flags), request(parse(".").flags)],
        name,
      );
    }
    assert.equal(parse("--print=outline", ".").flags.print, "outline");
  });
  it("know the entitlements that there are", () => {
    for (const text of [
      ...["network.host", "security.insecure", "device", "device=vendor.example/x=y"],
      "buildx.local.delete",
    ])
      assert.deepEqual(request(parse(`--allow=${text}`, ".").flags)["allow"], [text]);
    for (const text of ["bogus", "network.hosts", "network.host=x", "=x"])
      assert.throws(() => request(parse(`--allow=${text}`, ".").flags), usage, text);
  });
  it("have several addresses for a host in one quoted value", () => {
    assert.deepEqual(
      request(parse('--add-host="h=1.1.1.1,::2",i:3.3.3.3', ".").flags)["addHosts"],
      [
        ["h", "1.1.1.1"],
        ["h", "::2"],
        ["i", "3.3.3.3"],
      ],
    );
  });
  it("say which outputs have no image", () => {
    for (const text of [
      "out",
      "a=b",
      "-",
      "type=local,dest=x",
      'dest=x,"type=tar"',
      "type=cacheonly",
    ])
      assert.ok(isWithoutImage(text), text);
    for (const text of ["type=oci,dest=x", "dest=type,type=image", "type=docker", "type=other"])
      assert.ok(!isWithoutImage(text), text);
  });
  it("change the outputs that have layers", () => {
    const outputs = (...args: readonly string[]): string[] => outputsOf(parse(...args, ".").flags);
    assert.deepEqual(outputs(), []);
    assert.deepEqual(outputs("--timestamp=5"), ["type=image,rewrite-timestamp=true"]);
    assert.deepEqual(outputs("--rewrite-timestamp", "-o", "out", "-o", "type=oci,dest=x"), [
      "out",
      "type=oci,dest=x,rewrite-timestamp=true",
    ]);
    assert.deepEqual(outputs("--tls-verify=false", "--push"), [
      "type=registry,registry.insecure=true",
    ]);
    assert.equal(
      buildArguments(parse("--timestamp=5", ".").flags, {}).get("SOURCE_DATE_EPOCH"),
      "5",
    );
  });
});
