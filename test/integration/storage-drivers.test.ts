// SPDX-License-Identifier: Apache-2.0
// Whatever stacks the layers, the same steps give the same layers. And how the driver is chosen.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { createSandbox, storageDriver, type StorageDriver } from "#src/sandbox/index.js";
import { driverOf, fuseIsMissing } from "../support/drivers.js";
import { diffOf, listTar, stack, treeOf, writable } from "../support/layers.js";
import { addProbe, asRoot, sandboxFixture, type SandboxFixture } from "../support/sandbox.js";
import { makeTree } from "../support/tree.js";

/** Steps on top of one another; each becomes a layer. Directories that change are set to one time, as theirs would differ. */
const steps: readonly string[] = [
  "echo one >/tree/new; echo 2 >/tree/keep2; chmod 4711 /tree/keep; ln -s gone /tree/link; mkfifo /tree/pipe",
  "rm /tree/keep /tree/link; rm -r /tree/dir; mkdir /tree/dir; echo again >/tree/dir/x",
  "mv /tree/deep /tree/moved; ln /tree/new /tree/same; echo more >>/tree/grow",
  "rm -r /tree/dir; echo file >/tree/dir; rm /tree/pipe; mkdir /tree/pipe",
  "cat /tree/grow >/tree/grow2; mv /tree/grow2 /tree/grow; chmod 700 /tree/moved/a",
  "true",
  "touch /tree/grow; rm -rf /tree/moved/a; mkdir -p /tree/moved/a/n; chown 1:1 /tree/keep2; ln /tree/grow /tree/grown",
];
const settle = "; find /tree -type d -exec touch -d @77 {} +; touch -d @77 /tree /";

/** The entries and digests of all steps' layers, and the tree that they make. */
interface Layers {
  readonly layers: readonly (readonly string[])[];
  readonly digests: readonly string[];
  readonly tree: string;
}

async function layersWith(driver: StorageDriver): Promise<Layers> {
  await using box = sandboxFixture(driver);
  makeTree(join(box.layer("base"), "tree"), {
    keep: "kept\n",
    grow: "g".repeat(200_000),
    "dir/": { dir: true },
    "dir/x": "x\n",
    "dir/y": "y\n",
    "deep/a/b/c": "deep\n",
    "deep/z": "z\n",
  });
  const lowers = ["base"];
  const layers: string[][] = [];
  const digests: string[] = [];
  for (const [i, command] of steps.entries()) {
    const upper = `layer-${i}`;
    const root = writable(upper, ...lowers);
    const { result, stderr } = await box.step(command + settle, { root });
    assert.deepEqual(result, { kind: "exited", code: 0 }, stderr);
    const tar = await diffOf(box, root, "layer", 77);
    layers.push(await listTar(tar));
    digests.push(createHash("sha256").update(tar).digest("hex"));
    lowers.push(upper);
  }
  const tree = await treeOf(box, stack(...lowers));
  return {
    layers,
    digests,
    tree: JSON.stringify(
      tree.map(({ path, type, mode, uid, gid, hash, link }) => [
        path,
        type,
        mode,
        uid,
        gid,
        hash,
        link,
      ]),
    ),
  };
}

describe("storage drivers", () => {
  const overlay = layersWith(driverOf("overlay"));
  overlay.catch(() => undefined);
  it("that copy give overlayfs' layers to the byte", async () => {
    assert.deepEqual(await layersWith(driverOf("copy")), await overlay);
  });
  it(
    "in user space give overlayfs' layers, but for directories",
    { skip: fuseIsMissing() ?? false },
    async () => {
      // It changes the times of the directories above what it copies up, which are then in the layer, too.
      const plain = ({ layers, tree }: Layers): object => ({
        layers: layers.map((lines) => lines.filter((line) => !line.startsWith("dir "))),
        tree,
      });
      assert.deepEqual(plain(await layersWith(driverOf("fuse-overlayfs"))), plain(await overlay));
    },
  );
  for (const name of ["overlay", "copy", "fuse-overlayfs"])
    it(
      `show the next step what is in the image, whatever a step marks as deleted: ${name}`,
      { skip: name === "fuse-overlayfs" && (fuseIsMissing() ?? false) },
      async () => {
        await using box = sandboxFixture(driverOf(name));
        makeTree(join(box.layer("base"), "d"), { f: "x" });
        addProbe(box);
        const root = writable("marked", "base");
        const marked = await box.step("", { root, argv: ["/bin/try-syscall", "hide"] });
        assert.deepEqual(marked.result, { kind: "exited", code: 0 });
        const next = await box.step("ls /d", { root: writable("next", "base", "marked") });
        const layer = await listTar(await diffOf(box, root, "layer", 77));
        const deleted = layer.some((line) => line.includes("d/.wh.f"));
        assert.equal(next.stdout, deleted ? "" : "f\n");
      },
    );
  it("that copy leave nothing of a draft, also when the step fails", async () => {
    await using box = sandboxFixture(driverOf("copy"));
    const contents = async (command: string): Promise<string[]> => {
      const { upper } = await box.step(command);
      return readdirSync(join(upper, ".."));
    };
    assert.deepEqual(await contents("echo x >/x"), ["fs"]);
    assert.deepEqual(await contents("echo x >/x; exit 3"), ["fs"]);
  });
  it("that copy see a change within the clock's tick, and one that restores size and time", async () => {
    await using box = sandboxFixture(driverOf("copy"));
    writeFileSync(join(box.layer("base"), "f"), "before");
    const { upper } = await box.step('t=$(stat -c %y /f); printf behind >/f; touch -d "$t" /f');
    assert.ok(existsSync(join(upper, "f")));
  });
  it(
    "in user space end with their step when tsbuild is gone",
    { skip: fuseIsMissing() ?? false },
    async () => {
      await using box = sandboxFixture(driverOf("fuse-overlayfs"));
      await assert.rejects(box.step("sleep 60", {}, AbortSignal.timeout(700)));
      // The fixture's end looks for processes that are left.
      assert.deepEqual(await programs(box), []);
    },
  );
});

/** Processes of fuse-overlayfs that serve this store. */
async function programs(box: SandboxFixture): Promise<string[]> {
  const { readFile, readdir } = await import("node:fs/promises");
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (line.includes("fuse-overlayfs") && line.includes(box.directory)) found.push(pid);
  }
  return found;
}

describe("the choice of a storage driver", () => {
  const signal = AbortSignal.timeout(30_000);
  const refused = (error: unknown): boolean => isTsbuildError(error, "SANDBOX_STORAGE_DRIVER");
  it("takes what is asked for, and knows no others", async () => {
    assert.deepEqual(await storageDriver({ storeRoot: "/none", asked: "copy" }, signal), {
      name: "copy",
    });
    await assert.rejects(storageDriver({ storeRoot: "/none", asked: "zfs" }, signal), refused);
  });
  it(
    "falls back, with the reason, on a file system that no overlay can write to",
    { skip: !asRoot && "needs root" },
    async () => {
      await using box = sandboxFixture(driverOf("overlay"));
      // The root of a step is an overlay, and a store in it cannot be the upper of another one.
      const { execFileSync } = await import("node:child_process");
      const [low, up, work, merged] = ["low", "up", "work", "merged"].map((n) =>
        join(box.directory, n),
      );
      execFileSync("mkdir", [low ?? "", up ?? "", work ?? "", merged ?? ""]);
      const options = `lowerdir=${low ?? ""},upperdir=${up ?? ""},workdir=${work ?? ""}`;
      execFileSync("mount", ["-t", "overlay", "overlay", "-o", options, merged ?? ""]);
      try {
        const store = join(merged ?? "", "store");
        execFileSync("mkdir", ["-p", `${store}/snapshots`, `${store}/cache-mounts`]);
        const driver = await storageDriver({ storeRoot: store }, signal);
        assert.notEqual(driver.name, "overlay");
        assert.match(driver.reason ?? "", /overlayfs cannot be used/);
        assert.deepEqual(readdirSync(store).sort(), ["cache-mounts", "snapshots"]);
        const sandbox = createSandbox({ storeRoot: store, driver });
        await using reader = await sandbox.openTree({ kind: "stack", lowers: [] }, signal);
        assert.ok((await reader.list("")) !== undefined);
      } finally {
        execFileSync("umount", [merged ?? ""]);
      }
    },
  );
});
