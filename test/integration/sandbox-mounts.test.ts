// SPDX-License-Identifier: Apache-2.0
// The mounts of a step: what they show, what they let through, and that they leave no trace in the layer.

import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import type { LayerDirId, Root, RunMount } from "#src/sandbox/index.js";
import { addProbe, sandboxFixture, type SandboxFixture } from "../support/sandbox.js";

let box: SandboxFixture;
before(() => {
  box = sandboxFixture();
  const data = box.layer("data");
  mkdirSync(join(data, "dir/sub"), { recursive: true });
  writeFileSync(join(data, "dir/file"), "content\n");
  writeFileSync(join(data, "secret"), "outer\n");
  symlinkSync("/", join(data, "to-root"));
  symlinkSync("../../../../../../../etc", join(data, "upwards"));
});
after(async () => box[Symbol.asyncDispose]());

const source: Root = { kind: "stack", lowers: ["data" as LayerDirId] };
const code = (wanted: string) => (error: unknown) => isTsbuildError(error, wanted);

function bind(target: string, sourcePath: string, changes: object = {}): RunMount {
  return { kind: "bind", target, source, sourcePath, readOnly: true, ...changes };
}
function cache(target: string, dir: string, changes: object = {}): RunMount {
  return {
    kind: "cache",
    target,
    dir: dir as LayerDirId,
    sourcePath: "",
    readOnly: false,
    mode: 0o755,
    uid: 0,
    gid: 0,
    ...changes,
  };
}
function file(target: string, text: string, changes: object = {}): RunMount {
  return {
    kind: "file",
    target,
    bytes: Buffer.from(text),
    mode: 0o400,
    uid: 0,
    gid: 0,
    ...changes,
  };
}

/** Paths in a layer that are no directories, and directories that the image does not have. */
function traces(upper: string): string[] {
  return readdirSync(upper, { recursive: true, encoding: "utf8" }).filter(
    (name) =>
      !lstatSync(join(upper, name)).isDirectory() || !existsSync(join(box.layer("base"), name)),
  );
}

describe("bind mounts", () => {
  it("show a directory or a file of their source, read-only", async () => {
    const { stdout, result } = await box.step("cat /m/file /f; ls /m; echo x >/m/new", {
      mounts: [bind("/m", "dir"), bind("/f", "dir/file")],
    });
    assert.equal(stdout, "content\ncontent\nfile\nsub\n");
    assert.deepEqual(result, { kind: "exited", code: 1 });
  });
  it("take writes when told to, which go to the source's own upper", async () => {
    const { result } = await box.step("echo x >/m/new && cat /m/new /m/file", {
      mounts: [
        bind("/m", "dir", {
          readOnly: false,
          source: { kind: "stack", lowers: ["data"], upper: "thrown-away" },
        }),
      ],
    });
    assert.deepEqual(result, { kind: "exited", code: 0 });
    assert.deepEqual(readdirSync(join(box.layer("data"), "dir")), ["file", "sub"]);
    assert.deepEqual(readdirSync(join(box.store, "snapshots/thrown-away")), ["fs"]);
    assert.equal(readFileSync(join(box.layer("thrown-away"), "dir/new"), "utf8"), "x\n");
  });
  it("work from stacks of many layers and from an empty one", async () => {
    box.layer("more");
    const { stdout } = await box.step("cat /m/file; ls /empty | wc -l", {
      mounts: [
        bind("/m", "dir", { source: { kind: "stack", lowers: ["data", "more"] } }),
        bind("/empty", "", { source: { kind: "stack", lowers: [] } }),
      ],
    });
    assert.equal(stdout, "content\n0\n");
  });
  it("stay inside their source whatever its symlinks say (CVE-2024-1753)", async () => {
    const { stdout } = await box.step("cat /m/secret; ls /m", { mounts: [bind("/m", "to-root")] });
    assert.equal(stdout, "outer\ndir\nsecret\nto-root\nupwards\n");
    await assert.rejects(
      box.step("true", { mounts: [bind("/m", "upwards")] }),
      code("SANDBOX_MOUNT_SOURCE"),
    );
  });
  it("need a source", async () => {
    await assert.rejects(
      box.step("", { mounts: [bind("/m", "nope")] }),
      code("SANDBOX_MOUNT_SOURCE"),
    );
  });
});

describe("cache mounts", () => {
  it("keep what is written, for later steps only", async () => {
    const mounts = [cache("/c", "c1")];
    await box.step("echo 1 >/c/x", { mounts });
    const { stdout, upper } = await box.step("cat /c/x", { mounts });
    assert.equal(stdout, "1\n");
    assert.deepEqual(traces(upper), []);
  });
  it("are made with the mode and owner asked for", async () => {
    const { stdout } = await box.step("stat -c '%a %u:%g' /c", {
      mounts: [cache("/c", "c2", { mode: 0o2770, uid: 1000, gid: 50 })],
    });
    assert.equal(stdout, "2770 1000:50\n");
  });
  it("refuse a source path that a symlink leads astray (CVE-2024-23651)", async () => {
    await box.step("mkdir /c/dir; echo in >/c/dir/f", { mounts: [cache("/c", "c3")] });
    const mounts = [cache("/s", "c3", { sourcePath: "dir" })];
    assert.equal((await box.step("cat /s/f", { mounts })).stdout, "in\n");
    await box.step("rm -r /c/dir; ln -s / /c/dir", { mounts: [cache("/c", "c3")] });
    assert.equal((await box.step("ls /s", { mounts })).stdout, "dir\n");
  });
  it("begin with what they are given, once", async () => {
    const seeded = cache("/c", "c6", { mode: 0o750, uid: 1, seed: { root: source, path: "dir" } });
    const first = await box.step("stat -c '%a %u' /c; cat /c/file; ls /c; echo changed >/c/file", {
      mounts: [seeded],
    });
    assert.equal(first.stdout, "750 1\ncontent\nfile\nsub\n");
    assert.equal((await box.step("cat /c/file", { mounts: [seeded] })).stdout, "changed\n");
    assert.deepEqual(
      readdirSync(join(box.store, "snapshots")).filter((name) => name.startsWith("seed")),
      [],
    );
    await assert.rejects(
      box.step("", { mounts: [cache("/c", "c7", { seed: { root: source, path: "nope" } })] }),
      code("SANDBOX_MOUNT_SOURCE"),
    );
  });
  it("may lie inside one another", async () => {
    const mounts = [cache("/a", "c4"), cache("/a/b", "c5")];
    await box.step("touch /a/outer /a/b/inner", { mounts });
    assert.equal((await box.step("ls /x", { mounts: [cache("/x", "c5")] })).stdout, "inner\n");
    assert.equal((await box.step("ls /x", { mounts: [cache("/x", "c4")] })).stdout, "outer\n");
  });
});

describe("tmpfs, file and socket mounts", () => {
  it("tmpfs has its size and mode, and is gone afterwards", async () => {
    const { stdout, upper } = await box.step(
      "touch /t/x; stat -c %a /t /u; df -k /t | tail -1 | awk '{print $2}'",
      {
        mounts: [
          { kind: "tmpfs", target: "/t", size: 2 << 20 },
          { kind: "tmpfs", target: "/u", mode: 0o700 },
        ],
      },
    );
    assert.equal(stdout, "1777\n700\n2048\n");
    assert.deepEqual(traces(upper), []);
  });
  it("tmpfs on /dev/shm is the only one there", async () => {
    const { stdout } = await box.step(
      "grep -c ' /dev/shm ' /proc/mounts; df -k /dev/shm | tail -1 | awk '{print $2}'",
      { mounts: [{ kind: "tmpfs", target: "/dev/shm", size: 2 << 20 }] },
    );
    assert.equal(stdout, "1\n2048\n");
  });
  it("a file has its bytes, owner and mode, cannot be written to, and leaves nothing", async () => {
    const bytes = Buffer.from([0, 1, 2, 255, 10]);
    const { stdout, upper, result } = await box.step(
      "stat -c '%a %u:%g %s' /run/secrets/s; md5sum </run/secrets/s; chmod 777 /run/secrets/s",
      { mounts: [file("/run/secrets/s", "", { bytes, mode: 0o440, uid: 7, gid: 8 })] },
    );
    assert.equal(stdout.split("\n")[0], "440 7:8 5");
    assert.deepEqual(result, { kind: "exited", code: 1 });
    assert.deepEqual(traces(upper), []);
  });
  it("a socket reaches the host's program and has the owner and mode asked for", async () => {
    addProbe(box);
    const path = join(box.directory, "agent");
    const server = createServer((socket) => socket.end("agent says hello\n"));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const before = statSync(path).mode;
    try {
      const { stdout, upper } = await box.step(
        "stat -c '%F %a %u:%g' /run/agent; try-syscall connect /run/agent",
        {
          user: "ann",
          mounts: [
            { kind: "socket", target: "/run/agent", path, mode: 0o600, uid: 1000, gid: 1000 },
          ],
        },
      );
      assert.equal(stdout, "socket 600 1000:1000\nagent says hello\n");
      assert.deepEqual(traces(upper), []);
      assert.equal(statSync(path).mode, before, "the host's socket is untouched");
    } finally {
      server.close();
    }
  });
});

describe("mount points", () => {
  it("leave neither stubs nor changed times, in whatever state the image is", async () => {
    const times = "stat -c '%Y %n' / /etc /usr";
    const before = await box.step(times);
    const { upper } = await box.step("true", {
      mounts: [
        bind("/usr/new/deep/dir", "dir"),
        file("/etc/new/file", "x"),
        bind("/opt/a/b", "dir/file"),
      ],
    });
    assert.deepEqual(traces(upper), []);
    const id = upper.split("/").at(-2) as LayerDirId;
    const later = await box.step(times, {
      root: { kind: "stack", lowers: ["base" as LayerDirId, id], upper: "times" as LayerDirId },
    });
    assert.equal(later.stdout, before.stdout);
  });
  it("are all that a step sees of what is mounted: nothing lies over its root", async () => {
    // Before Linux 6.15 their sources have to be attached for a moment.
    const command =
      "stat -c '%d %i' / /..; awk '$5 == \"/\"' /proc/self/mountinfo | wc -l; ls /.. | grep -x file";
    const mounts = [bind("/opt/a", "dir"), file("/etc/new/file", "x")];
    const lines = (await box.step(command, { mounts })).stdout.trim().split("\n");
    assert.deepEqual(lines, [lines[0], lines[0], "1"]);
  });
  it("stay when the step filled or kept them", async () => {
    const { upper } = await box.step("touch /opt/mine; umount /x 2>/dev/null; true", {
      mounts: [bind("/opt/a", "dir")],
    });
    assert.deepEqual(traces(upper), ["opt", "opt/mine"]);
  });
  it("are removed by no path that the step can bend (CVE-2024-23652)", async () => {
    const canary = join(box.directory, "canary");
    mkdirSync(join(canary, "y"), { recursive: true });
    writeFileSync(join(canary, "hosts"), "");
    const { upper } = await box.step(
      `mv /x /gone; ln -s ${canary} /x; mv /etc /oldetc; ln -s ${canary} /etc; true`,
      { mounts: [{ kind: "tmpfs", target: "/x/y" }] },
    );
    assert.deepEqual(readdirSync(canary).sort(), ["hosts", "y"]);
    assert.ok(lstatSync(join(upper, "x")).isSymbolicLink());
  });
  it("follow symlinks of the image inside the image, dangling ones too", async () => {
    const layer = box.layer("links");
    mkdirSync(join(layer, "etc"), { recursive: true });
    symlinkSync("/run/systemd/resolve/stub.conf", join(layer, "etc/resolv.conf"));
    symlinkSync("../../../../real", join(layer, "link"));
    const root: Root = {
      kind: "stack",
      lowers: ["base" as LayerDirId, "links" as LayerDirId],
      upper: "links-upper" as LayerDirId,
    };
    const { stdout, upper } = await box.step(
      "cat /etc/resolv.conf; cat /real/file; readlink /link",
      {
        root,
        mounts: [bind("/link", "dir")],
      },
    );
    assert.equal(stdout, "nameserver 192.0.2.53\ncontent\n../../../../real\n");
    assert.deepEqual(traces(upper), []);
  });
  it("may be hidden by later mounts at the same place", async () => {
    const { stdout } = await box.step("cat /m", {
      mounts: [file("/m", "first\n"), file("/m", "second\n")],
    });
    assert.equal(stdout, "second\n");
  });
  it("of a directory and of a file do not mix", async () => {
    await assert.rejects(
      box.step("", { mounts: [bind("/etc", "dir/file")] }),
      code("SANDBOX_MOUNT_TARGET"),
    );
    await assert.rejects(
      box.step("", { mounts: [bind("/etc/passwd", "dir")] }),
      code("SANDBOX_MOUNT_TARGET"),
    );
  });
  it("of the kernel's file systems go from an image that had none, unless they are to be kept", async () => {
    const root = (upper: string): Root => ({
      kind: "stack",
      lowers: [],
      upper: upper as LayerDirId,
    });
    const fill = async (id: string): Promise<void> => {
      const fs = box.layer(id);
      mkdirSync(join(fs, "bin"));
      writeFileSync(join(fs, "bin/sh"), readFileSync(join(box.layer("base"), "bin/busybox")), {
        mode: 0o755,
      });
      return Promise.resolve();
    };
    await fill("scratch-1");
    const gone = await box.step("", {
      root: root("scratch-1"),
      argv: ["/bin/sh", "-c", "echo hi"],
    });
    assert.equal(gone.stdout, "hi\n");
    assert.deepEqual(readdirSync(gone.upper), ["bin"]);
    await fill("scratch-2");
    const kept = await box.step("", {
      root: root("scratch-2"),
      argv: ["/bin/sh", "-c", "exit 0"],
      keepMountpoints: true,
    });
    assert.deepEqual(readdirSync(kept.upper).sort(), ["bin", "dev", "proc", "sys"]);
  });
});
