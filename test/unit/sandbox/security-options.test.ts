// SPDX-License-Identifier: Apache-2.0
// --security-opt: what each option does to the confinement, which profiles of system calls are taken, and where a mistake is.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { JsonSource } from "#src/sandbox/located-json.js";
import { seccompFields } from "#src/sandbox/seccomp-fields.js";
import { parseSeccompProfile } from "#src/sandbox/seccomp-profile.js";
import {
  confinementParts,
  defaultConfinement,
  parseSecurityOptions,
  type Confinement,
} from "#src/sandbox/security-options.js";
import { defaultSystemPaths } from "#src/sandbox/system-paths.js";

const directory = mkdtempSync(join(tmpdir(), "tsbuild-test-"));
after(() => {
  rmSync(directory, { recursive: true });
});

const parse = (...texts: string[]): Confinement =>
  parseSecurityOptions(texts, { cwd: directory, hasAppArmor: true, hasSelinux: false });
const refused =
  (code: string) =>
  (error: unknown): boolean =>
    isTsbuildError(error, code);
const optionRefused = refused("SANDBOX_SECURITY_OPTION");

describe("security options", () => {
  it("are the default when there are none, and then enter no key", () => {
    assert.equal(parse(), defaultConfinement);
    assert.deepEqual(confinementParts(parse()), {});
    assert.deepEqual(confinementParts(parse("no-new-privileges")), {});
  });
  it("forbid new privileges in each of the spellings", () => {
    for (const text of ["no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"])
      assert.equal(parse(text).noNewPrivileges, true);
    assert.equal(parse("no-new-privileges", "no-new-privileges=false").noNewPrivileges, false);
    assert.throws(() => parse("no-new-privileges=maybe"), optionRefused);
  });
  it("take a filter off, or the built-in one back", () => {
    assert.equal(parse("seccomp=unconfined").seccomp, "unconfined");
    assert.equal(parse("seccomp:unconfined", "seccomp=builtin").seccomp, "builtin");
    assert.deepEqual(confinementParts(parse("seccomp=unconfined")), { seccomp: "unconfined" });
  });
  it("read a profile relative to the working directory", () => {
    writeFileSync(join(directory, "p.json"), '{"defaultAction":"SCMP_ACT_ALLOW"}');
    const { seccomp } = parse("seccomp=p.json");
    assert.ok(typeof seccomp === "object");
    assert.deepEqual(seccomp.fallback, { action: "allow" });
    assert.throws(() => parse("seccomp=none.json"), refused("SANDBOX_SECCOMP_PROFILE"));
    assert.throws(() => parse("seccomp="), optionRefused);
  });
  it("name an AppArmor profile where the kernel has AppArmor", () => {
    assert.equal(parse("apparmor=mine").apparmor, "mine");
    assert.equal(parse("apparmor=mine", "apparmor=unconfined").apparmor, undefined);
    assert.throws(() => parse("apparmor=a b"), optionRefused);
    assert.throws(
      () => parseSecurityOptions(["apparmor=mine"], { cwd: "/", hasAppArmor: false }),
      optionRefused,
    );
  });
  it("take labels only where they mean nothing", () => {
    assert.deepEqual(parse("label=disable", "label=type:t"), defaultConfinement);
    assert.throws(() => parse("label=colour:red"), optionRefused);
    const selinux = { cwd: "/", hasSelinux: true };
    assert.deepEqual(parseSecurityOptions(["label=disable"], selinux), defaultConfinement);
    assert.throws(() => parseSecurityOptions(["label=type:t"], selinux), optionRefused);
  });
  it("hide and show paths", () => {
    assert.deepEqual(parse("systempaths=unconfined").systemPaths, { masked: [], readOnly: [] });
    assert.deepEqual(parse("unmask=ALL").systemPaths, { masked: [], readOnly: [] });
    assert.ok(parse("mask=/a:/b").systemPaths.masked.includes("/b"));
    const some = parse("unmask=/proc/kcore:/proc/s*").systemPaths;
    assert.ok(!some.masked.includes("/proc/kcore") && !some.masked.includes("/proc/scsi"));
    assert.ok(!some.readOnly.includes("/proc/sys") && some.readOnly.includes("/proc/irq"));
    assert.ok(some.masked.includes("/sys/firmware"));
    for (const text of ["mask=a", "mask=", "unmask=x", "systempaths=all"])
      assert.throws(() => parse(text), optionRefused);
  });
  it("pass on options of /proc that only hide more", () => {
    assert.deepEqual(parse("proc-opts=nosuid,hidepid=2,subset=pid").procOptions, [
      "hidepid=2",
      "subset=pid",
    ]);
    assert.equal(parse("proc-opts=ro").systemPaths.readOnly[0], "/proc");
    for (const text of ["proc-opts=suid", "proc-opts=hidepid=9", "proc-opts="])
      assert.throws(() => parse(text), optionRefused);
  });
  it("are refused when unknown, with the likely name", () => {
    assert.throws(
      () => parse("no-new-privilege"),
      (error: unknown) => optionRefused(error) && /no-new-privileges/.test(String(error)),
    );
    for (const text of ["credentialspec=x", "writable-cgroups=true", "", "constructor=1"])
      assert.throws(() => parse(text), optionRefused);
  });
  it("leave the defaults as they are", () => {
    parse("mask=/x", "unmask=ALL");
    assert.equal(defaultSystemPaths.masked.length, 12);
  });
});

describe("a profile of system calls", () => {
  const mistakes: readonly (readonly [name: string, line: number, text: string])[] = [
    ["no JSON", 1, "nope"],
    ["an end too early", 2, '{"defaultAction":\n'],
    ["text behind its end", 2, '{"defaultAction":"SCMP_ACT_LOG"}\nx'],
    ["a field given twice", 2, '{"defaultAction":"SCMP_ACT_LOG",\n"defaultAction":"SCMP_ACT_LOG"}'],
    ["no default", 1, "{}"],
    ["an unknown action", 2, '{\n"defaultAction":"SCMP_ACT_NO"}'],
    ["notifications", 2, '{\n"defaultAction":"SCMP_ACT_NOTIFY"}'],
    ["an unknown field", 3, '{"defaultAction":"SCMP_ACT_LOG",\n\n"syscall":[]}'],
    ["a list that is none", 2, '{"defaultAction":"SCMP_ACT_LOG",\n"syscalls":{}}'],
    [
      "a rule without names",
      2,
      '{"defaultAction":"SCMP_ACT_LOG","syscalls":[\n{"action":"SCMP_ACT_LOG"}]}',
    ],
    [
      "name and names",
      2,
      '{"defaultAction":"SCMP_ACT_LOG","syscalls":[\n{"action":"SCMP_ACT_LOG","name":"a","names":["b"]}]}',
    ],
    [
      "a name with spaces",
      2,
      '{"defaultAction":"SCMP_ACT_LOG","syscalls":[\n{"action":"SCMP_ACT_LOG","names":["a b"]}]}',
    ],
    ["an unknown errno", 1, '{"defaultAction":"SCMP_ACT_ERRNO","defaultErrno":"ENOPE"}'],
    ["an errno out of range", 1, '{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":70000}'],
    [
      "an argument that no call has",
      2,
      '{"defaultAction":"SCMP_ACT_LOG","syscalls":[{"action":"SCMP_ACT_LOG","names":["a"],"args":[\n{"index":6,"op":"SCMP_CMP_EQ"}]}]}',
    ],
    [
      "a value with a fraction",
      2,
      '{"defaultAction":"SCMP_ACT_LOG","syscalls":[{"action":"SCMP_ACT_LOG","names":["a"],"args":[{"index":0,"op":"SCMP_CMP_EQ",\n"value":1.5}]}]}',
    ],
    [
      "a value beyond 64 bits",
      2,
      '{"defaultAction":"SCMP_ACT_LOG","syscalls":[{"action":"SCMP_ACT_LOG","names":["a"],"args":[{"index":0,"op":"SCMP_CMP_EQ",\n"value":18446744073709551616}]}]}',
    ],
    [
      "an unknown comparison",
      2,
      '{"defaultAction":"SCMP_ACT_LOG","syscalls":[{"action":"SCMP_ACT_LOG","names":["a"],"args":[{"index":0,\n"op":"SCMP_CMP_IS"}]}]}',
    ],
    [
      "a kernel that is no version",
      2,
      '{"defaultAction":"SCMP_ACT_LOG","syscalls":[{"action":"SCMP_ACT_LOG","names":["a"],\n"includes":{"minKernel":"five"}}]}',
    ],
    [
      "two kinds of architectures",
      2,
      '{"defaultAction":"SCMP_ACT_LOG","architectures":["SCMP_ARCH_X86"],"archMap":[\n{"architecture":"SCMP_ARCH_X86_64"}]}',
    ],
    ["an unknown architecture", 2, '{"defaultAction":"SCMP_ACT_LOG","architectures":[\n"x86"]}'],
    [
      "a flag that is not supported",
      2,
      '{"defaultAction":"SCMP_ACT_LOG","flags":[\n"SECCOMP_FILTER_FLAG_NEW_LISTENER"]}',
    ],
    ["an agent", 2, '{"defaultAction":"SCMP_ACT_LOG",\n"listenerPath":"/run/agent"}'],
  ];
  for (const [name, line, text] of mistakes)
    it(`with ${name} is refused, with the line`, () => {
      assert.throws(
        () => parseSeccompProfile("p.json", text),
        (error: unknown) =>
          isTsbuildError(error, "SANDBOX_SECCOMP_PROFILE") &&
          error.location?.range.startLine === line,
      );
    });
  it("keeps all digits of its numbers", () => {
    const { rules } = parseSeccompProfile(
      "p",
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["x"],"action":"SCMP_ACT_KILL","args":[{"index":1,"op":"SCMP_CMP_MASKED_EQ","value":18446744073709551615,"valueTwo":9007199254740993}]}]}',
    );
    assert.deepEqual(rules[0]?.conditions, [
      {
        argument: 1,
        comparison: "masked",
        value: "9007199254740993",
        mask: "18446744073709551615",
      },
    ]);
  });
  it("means one rule for each condition when two are on one argument", () => {
    const { rules } = parseSeccompProfile(
      "p",
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"x","action":"SCMP_ACT_KILL_PROCESS","args":[{"index":0,"op":"SCMP_CMP_EQ","value":1},{"index":0,"op":"SCMP_CMP_EQ","value":2}]}]}',
    );
    assert.deepEqual(
      rules.map(({ conditions }) => conditions.map(({ value }) => value)),
      [["1"], ["2"]],
    );
  });
  it("is resolved by capabilities, architecture and kernel", () => {
    const rule = (name: string, scope: object): object => ({
      names: [name],
      action: "SCMP_ACT_ALLOW",
      ...scope,
    });
    const profile = parseSeccompProfile(
      "p",
      JSON.stringify({
        defaultAction: "SCMP_ACT_ERRNO",
        defaultErrno: "ENOSYS",
        archMap: [
          { architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86"] },
          { architecture: "SCMP_ARCH_AARCH64", subArchitectures: ["SCMP_ARCH_ARM"] },
        ],
        syscalls: [
          rule("with_both", { includes: { caps: ["CAP_A", "CAP_B"] } }),
          rule("with_a", { includes: { caps: ["CAP_A"] } }),
          rule("without_a", { excludes: { caps: ["CAP_A"] } }),
          rule("amd", { includes: { arches: ["amd64"] } }),
          rule("no_amd", { excludes: { arches: ["amd64"] } }),
          rule("new", { includes: { minKernel: "6.2" } }),
          rule("newer", { includes: { minKernel: "6.12" } }),
          rule("old", { excludes: { minKernel: "5.0" } }),
        ],
      }),
    );
    const fields = (architecture: string): ReturnType<typeof seccompFields> =>
      seccompFields(profile, { capabilities: ["CAP_A"], architecture, kernel: "6.3.0-1-amd64" });
    const calls = (architecture: string): unknown[] =>
      fields(architecture).flatMap(([name, value]) =>
        name === "filter-rule-calls" ? [value] : [],
      );
    assert.deepEqual(calls("x64"), ["with_a", "amd", "new"]);
    assert.deepEqual(calls("arm64"), ["with_a", "no_amd", "new"]);
    assert.deepEqual(Object.fromEntries(fields("x64"))["filter-compat"], true);
    assert.deepEqual(Object.fromEntries(fields("arm64"))["filter-compat"], false);
    assert.deepEqual(Object.fromEntries(fields("x64"))["filter-default-data"], 38);
  });
});

describe("JSON with places", () => {
  it("reads what JSON.parse reads", () => {
    const text = ' {"a":[1,-2.5e3,true,null,"\\u00e9\\n"],"b":{}} ';
    const value = new JsonSource("f", text, "X").parse();
    assert.ok(value.kind === "object");
    const list = value.fields.get("a");
    assert.ok(list?.kind === "array");
    assert.deepEqual(
      list.items.map((item) => ("text" in item ? item.text : "value" in item ? item.value : "")),
      ["1", "-2.5e3", true, null, "é\n"],
    );
    assert.equal(list.at, 6);
  });
  it("refuses what JSON.parse refuses, and what is nested beyond reason", () => {
    for (const text of ["", "[1,]", '{"a"}', "01", "'a'", '"\n"', "[1 2]", "[".repeat(100)])
      assert.throws(() => new JsonSource("f", text, "X").parse(), refused("X"));
  });
});
