// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { findDevices, readDevices } from "#src/sandbox/index.js";

const root = mkdtempSync(join(tmpdir(), "tsbuild-cdi-"));
after(() => {
  rmSync(root, { recursive: true });
});

function directory(name: string, files: Readonly<Record<string, unknown>>): string {
  const path = join(root, name);
  mkdirSync(path, { recursive: true });
  for (const [file, content] of Object.entries(files))
    writeFileSync(
      join(path, file),
      typeof content === "string" ? content : JSON.stringify(content),
    );
  return path;
}

const group = "org.mobyproject.buildkit.device.class";
const plain = {
  cdiVersion: "0.6.0",
  kind: "a.example/gpu",
  containerEdits: { env: ["ALL=1"] },
  devices: [
    { name: "one", annotations: { [group]: "fast" }, containerEdits: { env: ["ONE=1"] } },
    {
      name: "two",
      containerEdits: {
        deviceNodes: [{ path: "/dev/two", hostPath: "/dev/null" }, { path: "/dev//full" }],
        mounts: [{ hostPath: "/a", containerPath: "/b", options: ["ro", "bind"] }],
        hooks: [],
      },
    },
  ],
};

describe("specifications of devices", () => {
  it("give each device what it needs, after what all of them need", async () => {
    const devices = await readDevices([directory("plain", { "x.json": plain })]);
    assert.deepEqual(devices.all[0]?.edits(), { env: ["ALL=1", "ONE=1"], mounts: [] });
    assert.deepEqual(devices.all[1]?.edits().mounts, [
      { kind: "device", target: "/dev/two", path: "/dev/null" },
      { kind: "device", target: "/dev/full", path: "/dev/full" },
      { kind: "host", target: "/b", path: "/a", readOnly: true },
    ]);
  });

  it("are found by device, kind, all of a kind, and class", async () => {
    const devices = await readDevices([join(root, "nowhere"), directory("plain", {})]);
    const names = (name: string): string[] =>
      findDevices(devices, name).map((device) => device.name.replace(/.*=/, ""));
    assert.deepEqual(names("a.example/gpu=two"), ["two"]);
    assert.deepEqual(names("a.example/gpu"), ["one"]);
    assert.deepEqual(names("a.example/gpu=*"), ["one", "two"]);
    assert.deepEqual(names("fast"), ["one"]);
    for (const name of ["", "=", "a.example", "a.example/gpu=three", "b.example/gpu=one"])
      assert.deepEqual(names(name), [], name);
  });

  it("of a later directory win, and those in YAML are named", async () => {
    const later = directory("later", {
      "x.json": { ...plain, containerEdits: { env: ["ALL=2"] } },
      "y.yaml": "kind: b.example/gpu\n",
      "z.yml": JSON.stringify({ ...plain, kind: "c.example/gpu" }),
    });
    const devices = await readDevices([directory("plain", {}), later]);
    assert.deepEqual(devices.unread, [join(later, "y.yaml")]);
    assert.deepEqual(devices.all[0]?.edits().env, ["ALL=2", "ONE=1"]);
    assert.equal(findDevices(devices, "c.example/gpu=*").length, 2);
  });

  it("are refused when they are none", async () => {
    const wrong = [
      "{",
      "[]",
      { kind: "a", devices: [] },
      { kind: "a/b" },
      { kind: "a/b", devices: [{}] },
    ];
    for (const [i, content] of wrong.entries())
      await assert.rejects(readDevices([directory(`wrong-${i}`, { "x.json": content })]), {
        code: "SANDBOX_DEVICE",
      });
  });

  it("get no device that asks for what no step has", async () => {
    const edits: readonly unknown[] = [
      { hooks: [{ hookName: "createContainer", path: "/bin/true" }] },
      { additionalGids: [5] },
      { intelRdt: { closID: "x" } },
      { netDevices: [{}] },
      { env: ["=x"] },
      { env: "A=1" },
      { deviceNodes: [{ path: "dev/x" }] },
      { deviceNodes: [{ path: "/dev/../x" }] },
      { deviceNodes: [{ path: "/dev/x", hostPath: "/" }] },
      { mounts: [{ hostPath: "/a", containerPath: "/b", type: "tmpfs" }] },
      { mounts: [{ containerPath: "/b" }] },
      [],
    ];
    for (const [i, containerEdits] of edits.entries()) {
      const content = { kind: "a/b", devices: [{ name: "x", containerEdits }] };
      const { all } = await readDevices([directory(`edits-${i}`, { "x.json": content })]);
      assert.throws(() => all[0]?.edits(), { code: "SANDBOX_DEVICE" }, JSON.stringify(content));
    }
  });
});
