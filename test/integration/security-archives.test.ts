// SPDX-License-Identifier: Apache-2.0
// Archives made to write outside of where they are unpacked, through every door by which a stranger's tar comes in: a layer of a
// base image, ADD of a file of the context, and a context on standard input. Each must be refused or stay inside.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { canaryIn, hostileImage } from "../support/attack.js";
import { workspace } from "../support/runner.js";
import { entryBytes, tarOf, type RawEntry } from "../support/tar-builder.js";

interface Attack {
  readonly name: string;
  /** The archive; `host` is the directory of the canaries. */
  readonly entries: (host: string) => readonly RawEntry[];
  /** What becomes of it; the default is "contained". */
  readonly end?: "refused" | "contained";
}

const climb = "../".repeat(9);

/** The advisories are those of the builders and unpackers that each once got through. */
const attacks: readonly Attack[] = [
  {
    name: "names with .. (CVE-2026-28406, GHSA-g2h8-426c-7976)",
    entries: (host) => [{ name: `${climb}${host.slice(1)}/victim`, content: "evil" }],
    end: "refused",
  },
  {
    name: "names that climb after a directory (a/../../b)",
    entries: () => [{ name: "a/../../victim", content: "evil" }],
    end: "refused",
  },
  {
    name: "absolute names",
    entries: (host) => [{ name: `${host}/victim`, content: "evil" }],
  },
  {
    name: "a file through an absolute symlink (CVE-2020-10696, CVE-2014-9356)",
    entries: (host) => [
      { name: "l", type: "2", link: host },
      { name: "l/victim", content: "evil" },
      { name: "l/hollow", content: "evil" },
    ],
  },
  {
    name: "a file through symlinks that climb (TestBuildSymlinkBreakout)",
    entries: (host) => [
      { name: "up", type: "2", link: climb.slice(0, -1) },
      { name: "l", type: "2", link: `up${host}` },
      { name: "l/victim", content: "evil" },
    ],
  },
  {
    name: "a file through a symlink of its own name (CVE-2026-42574)",
    entries: (host) => [
      { name: "v", type: "2", link: `${host}/victim` },
      { name: "v", content: "evil" },
    ],
  },
  {
    name: "a name that is file, symlink and file again",
    entries: (host) => [
      { name: "v", content: "one" },
      { name: "v", type: "2", link: `${host}/victim` },
      { name: "v", content: "evil" },
    ],
  },
  {
    name: "a directory over a symlink, with metadata (CVE-2021-41089)",
    entries: (host) => [
      { name: "d", type: "2", link: host },
      { name: "d", type: "5", mode: 0o777, mtime: 1 },
    ],
  },
  {
    name: "a hard link that climbs (CVE-2026-50163)",
    entries: (host) => [{ name: "h", type: "1", link: `${climb}${host.slice(1)}/victim` }],
    end: "refused",
  },
  {
    name: "a hard link to an absolute name (CVE-2014-9356)",
    entries: (host) => [{ name: "h", type: "1", link: `${host}/victim` }],
    end: "refused",
  },
  {
    name: "a hard link through a symlink, and a write to it",
    entries: (host) => [
      { name: "l", type: "2", link: host },
      { name: "h", type: "1", link: "l/victim" },
      { name: "h", content: "evil" },
    ],
    end: "refused",
  },
  {
    name: "a hard link to a symlink, and a write to it",
    entries: (host) => [
      { name: "l", type: "2", link: `${host}/victim` },
      { name: "h", type: "1", link: "l" },
      { name: "h", content: "evil" },
    ],
  },
  {
    name: "a top that is a symlink (CVE-2021-29136)",
    entries: (host) => [
      { name: "./", type: "2", link: host },
      { name: "./victim", content: "evil" },
    ],
    end: "refused",
  },
  {
    name: "NUL in a name",
    entries: () => [{ name: "a", pax: { path: "a\0/../../x" } }],
    end: "refused",
  },
  {
    name: "newlines and backslashes in names",
    entries: () => [{ name: "a\n..\\..\\victim", content: "evil" }],
  },
  {
    name: "magic links of /proc (CVE-2024-21626)",
    entries: () => [
      { name: "cwd", type: "2", link: "/proc/self/cwd" },
      { name: "cwd/victim", content: "evil" },
    ],
  },
];

const space = workspace();
after(async () => space[Symbol.asyncDispose]());

/** Refusals by their codes; `--debug` prints them. */
const refusal = /\((LAYER_ENTRY|SANDBOX_LINK_TARGET|SANDBOX_BAD_ENTRY)\)/;

describe("a hostile archive", () => {
  for (const [n, { name, entries, end = "contained" }] of attacks.entries())
    it(`stays inside or is refused, whichever way it comes: ${name}`, async () => {
      const directory = join(space.directory, `attack-${n}`);
      mkdirSync(directory);
      const canary = canaryIn(directory);
      const tar = tarOf(...entries(canary.directory));
      const build = async (
        output: string,
        input: string | Buffer,
        ...args: string[]
      ): Promise<void> => {
        const dest = join(directory, output);
        const result = await space.tsbuild(
          ["build", "--debug", "-o", `type=oci,dest=${dest}`, ...args],
          { input },
        );
        canary.assertUntouched();
        assert.equal(result.code, end === "refused" ? 1 : 0, `${output}: ${result.stderr}`);
        if (end === "refused") assert.match(result.stderr, refusal, output);
        else assert.ok(!readFileSync(dest).includes(canary.content), output);
      };

      const layout = hostileImage(join(directory, "evil"), [tar]);
      await build(
        "layer",
        "FROM evil\nWORKDIR /w\n",
        "--build-context",
        `evil=oci-layout://${layout}`,
        "-",
      );

      const context = join(directory, "files");
      mkdirSync(context);
      writeFileSync(join(context, "evil.tar"), tar);
      // Twice: the second time the links of the first are in the way.
      const add = "FROM scratch\nADD evil.tar /in/\nADD evil.tar /in/\n";
      await build("archive", add, "-f", "-", context);

      const dockerfile = entryBytes({ name: "Dockerfile", content: "FROM scratch\nCOPY . /in/\n" });
      await build("context", Buffer.concat([dockerfile, tar]), "-");
    });
});

describe("a deletion mark of a layer", () => {
  const marks: readonly (readonly [string, string, number, (host: string) => RawEntry[]])[] = [
    [
      "through a symlink",
      "links",
      0,
      (host) => [
        { name: "l", type: "2", link: host },
        { name: "l/.wh.victim" },
        { name: "l/.wh..wh..opq" },
      ],
    ],
    ["of .. (GHSA-32pv-7hq5-qhwq)", "parent", 1, () => [{ name: "a/.wh..." }]],
    ["of . and of nothing", "self", 1, () => [{ name: ".wh.." }]],
  ];
  for (const [name, slug, code, entries] of marks)
    it(`deletes nothing outside of the image: ${name}`, async () => {
      const directory = join(space.directory, `marks-${slug}`);
      mkdirSync(directory);
      const canary = canaryIn(directory);
      const layout = hostileImage(join(directory, "evil"), [tarOf(...entries(canary.directory))]);
      const { stderr } = await space.fail(
        code,
        [
          "build",
          "--debug",
          "--build-context",
          `evil=oci-layout://${layout}`,
          "-o",
          "type=oci,dest=out.tar",
          "-",
        ],
        { input: "FROM evil\nWORKDIR /w\n" },
      );
      canary.assertUntouched();
      if (code !== 0) assert.match(stderr, /\(LAYER_WHITEOUT\)/);
    });
});
