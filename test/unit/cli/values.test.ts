// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAgent, parseSecret } from "#src/cli/options/credentials.js";
import {
  parseArguments,
  parseAttributes,
  parseBytes,
  parseHost,
  parseLabels,
  parseUlimit,
  parseWhole,
  splitFields,
} from "#src/cli/options/values.js";

const usage = { code: "CLI_USAGE" };

describe("values of flags", () => {
  it("are sizes in bytes, with and without a unit", () => {
    const sizes: [string, number][] = [
      ["64m", 64 * 1024 ** 2],
      ["1.5g", 1.5 * 1024 ** 3],
      ["2GB", 2 * 1024 ** 3],
      ["65536", 65536],
      ["10b", 10],
      ["1KiB", 1024],
    ];
    for (const [text, bytes] of sizes) assert.equal(parseBytes("--memory", text), bytes, text);
    for (const text of ["", "m", "-1", "1x", "0x10"])
      assert.throws(() => parseBytes("--memory", text), usage, text);
  });

  it("are whole numbers from a minimum on", () => {
    assert.equal(parseWhole("--pids-limit", "-1", -1), -1);
    for (const text of ["1.5", "1e3", "", "1"])
      assert.throws(() => parseWhole("--cpu-shares", text, 2), usage, text);
  });

  it("take a build argument's value from the environment when it has none", () => {
    const args = parseArguments(["A=1", "B", "MISSING", "C=x=y", "D="], { B: "env" });
    assert.deepEqual(
      [...args],
      [
        ["A", "1"],
        ["B", "env"],
        ["C", "x=y"],
        ["D", ""],
      ],
    );
    assert.throws(() => parseArguments(["=x"], {}), usage);
  });

  it("are labels, the last of equal names counting", () => {
    assert.deepEqual(parseLabels(["a=1", "b", "a=2=3"]), { a: "2=3", b: "" });
  });

  it("are fields split at commas, quotes keeping commas together", () => {
    const rows: [string, string[]][] = [
      ["a,b", ["a", "b"]],
      ['"a,b",c', ["a,b", "c"]],
      ['"x ""y""",z', ['x "y"', "z"]],
      ["a,", ["a", ""]],
      ["a", ["a"]],
    ];
    for (const [text, fields] of rows)
      assert.deepEqual(splitFields("--secret", text), fields, text);
    assert.throws(() => splitFields("--secret", '"a'), usage);
  });

  it("are attributes with known keys, and a guess for others", () => {
    assert.deepEqual(
      [...parseAttributes("--secret", "ID=x,src=y", ["id", "src"])],
      [
        ["id", "x"],
        ["src", "y"],
      ],
    );
    assert.throws(() => parseAttributes("--secret", "scr=y", ["id", "src"]), /did you mean src/);
    assert.throws(() => parseAttributes("--secret", "id", ["id"]), usage);
  });

  it("are limits, soft and hard", () => {
    assert.deepEqual(parseUlimit("nofile=1024:2048"), { name: "nofile", soft: 1024, hard: 2048 });
    assert.deepEqual(parseUlimit("core=unlimited"), { name: "core", soft: -1, hard: -1 });
    for (const text of ["nofile", "nofile=2:1", "nofile=-1:5", "NOFILE=1", "files=1"])
      assert.throws(() => parseUlimit(text), usage, text);
  });

  it("are hosts with addresses of both families", () => {
    assert.deepEqual(parseHost("db:10.0.0.1"), [["db", "10.0.0.1"]]);
    assert.deepEqual(parseHost("db=::1"), [["db", "::1"]]);
    assert.deepEqual(parseHost("db:[::1]"), [["db", "::1"]]);
    assert.deepEqual(parseHost("up:host-gateway"), [["up", "host-gateway"]]);
    assert.deepEqual(parseHost("db=10.0.0.1,[::1]"), [
      ["db", "10.0.0.1"],
      ["db", "::1"],
    ]);
    for (const text of [
      "db",
      "db:",
      ":1.2.3.4",
      "a b:1.2.3.4",
      "db:name",
      "db:10.0.1",
      "db:1::2::3",
      "db:10.0.0.1,",
      "db:10.0.0.1,name",
    ])
      assert.throws(() => parseHost(text), usage, text);
  });
});

describe("--secret", () => {
  it("reads a variable, by name or because one has the id's name", async () => {
    const env = { TOKEN: "t" };
    for (const text of ["id=TOKEN", "id=x,env=TOKEN", "type=env,id=TOKEN", "env=TOKEN"])
      assert.equal(Buffer.from(await parseSecret(text, env).read()).toString(), "t", text);
  });

  it("reads a file", async () => {
    const secret = parseSecret(`id=x,src=${import.meta.filename}`, {});
    assert.match(Buffer.from(await secret.read()).toString(), /reads a file/);
  });

  it("refuses what cannot be read, and never shows a value", () => {
    assert.throws(() => parseSecret("id=x,src=/no/such/file", {}), { code: "CLI_SECRET" });
    assert.throws(() => parseSecret("src=/etc/hostname", {}), usage);
    assert.throws(() => parseSecret("id=x,type=vault", {}), usage);
    assert.throws(() => parseSecret("id=x,foo=bar", {}), usage);
  });
});

describe("--ssh", () => {
  it("takes the agent of the environment, a socket or keys", () => {
    assert.deepEqual(parseAgent("default", { SSH_AUTH_SOCK: "/run/agent" }), {
      id: "default",
      paths: ["/run/agent"],
    });
    assert.deepEqual(parseAgent("ci=/a,/b", {}), { id: "ci", paths: ["/a", "/b"] });
    assert.throws(() => parseAgent("default", {}), { code: "CLI_SSH" });
  });
});
