// SPDX-License-Identifier: Apache-2.0
// What TypeScript decides before the helper is asked: ids, capabilities, networks, control groups; and how it reads events.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { stepCapabilities } from "#src/sandbox/capabilities.js";
import { settingsV1, settingsV2 } from "#src/sandbox/cgroup-settings.js";
import { cgroupLayout } from "#src/sandbox/cgroup-layout.js";
import { errorOfEvent, EventReader } from "#src/sandbox/events.js";
import { chooseIdMaps, idMapFields, lentRanges } from "#src/sandbox/id-maps.js";
import { NetworkChooser } from "#src/sandbox/network.js";

describe("id maps", () => {
  const installed = (program: string): string => `/usr/bin/${program}`;
  const ann = { uid: 1000, gid: 100, userName: "ann", capabilities: 0n, find: installed };
  it("are none for root who may mount", () => {
    assert.deepEqual(chooseIdMaps({ uid: 0, capabilities: 1n << 21n }), { kind: "root" });
  });
  it("are one's own id and those that are lent", () => {
    const maps = chooseIdMaps({
      ...ann,
      subuid: "bob:1:2\nann:100000:65536\n",
      subgid: "1000:200000:10\n",
    });
    assert.deepEqual(idMapFields(maps), [
      ["uidmap", "0 1000 1"],
      ["uidmap", "1 100000 65536"],
      ["gidmap", "0 100 1"],
      ["gidmap", "1 200000 10"],
      ["newuidmap", "/usr/bin/newuidmap"],
      ["newgidmap", "/usr/bin/newgidmap"],
    ]);
  });
  it("are one's own id alone where nothing is lent, with what to do about it", () => {
    const maps = chooseIdMaps({ ...ann, subuid: "", subgid: "ann:1:2" });
    assert.equal(maps.kind, "one");
    assert.match(maps.hint, /usermod --add-subuids .* ann$/);
    assert.deepEqual(idMapFields(maps), [
      ["uidmap", "0 1000 1"],
      ["gidmap", "0 100 1"],
    ]);
    assert.equal(chooseIdMaps({ ...ann, find: () => undefined }).kind, "one");
  });
  it("are all of a container's ids for its root, who needs no program for that", () => {
    const docker = 0xa80425fbn;
    const map = "         0          0 4294967295\n";
    const root = { ...ann, uid: 0, capabilities: docker, uidMap: map, find: () => undefined };
    assert.deepEqual(idMapFields(chooseIdMaps({ ...root, gidMap: "0 1000 1\n1 100000 65536\n" })), [
      ["uidmap", "0 0 4294967295"],
      ["gidmap", "0 0 1"],
      ["gidmap", "1 1 65536"],
      ["own-maps", true],
    ]);
    const withoutOne = docker & ~(1n << 31n);
    assert.equal(chooseIdMaps({ ...root, capabilities: withoutOne, gidMap: map }).kind, "one");
  });
  it("treat root without privileges as an ordinary user", () => {
    assert.equal(chooseIdMaps({ ...ann, uid: 0, subuid: "", subgid: "" }).kind, "one");
  });
  it("follow one another inside, and skip lines that make no sense", () => {
    const text =
      "# x\nann:1000:5\nann:abc:5\nann:5\nann:0:10\nann:2000:0\nann:3000:7\nann:4294967290:100\n";
    assert.deepEqual(lentRanges(text, "ann", 1000), [
      { inside: 1, outside: 1000, count: 5 },
      { inside: 6, outside: 3000, count: 7 },
    ]);
  });
});

describe("capabilities", () => {
  it("are fourteen by default", () => {
    assert.equal(stepCapabilities().length, 14);
  });
  it("are known by any case, with and without prefix", () => {
    assert.deepEqual(stepCapabilities(["cap_sys_admin"], ["all"]), ["CAP_SYS_ADMIN"]);
    assert.ok(stepCapabilities(["ALL"], ["chown"]).length === 40);
    assert.ok(!stepCapabilities(["ALL"], ["chown"]).includes("CAP_CHOWN"));
  });
  it("are guessed when misspelt", () => {
    assert.throws(
      () => stepCapabilities(["SYS_ADMIM"]),
      (error) => {
        assert.ok(isTsbuildError(error, "SANDBOX_CAPABILITY"));
        assert.match(error.message, /did you mean SYS_ADMIN/);
        return true;
      },
    );
  });
});

describe("the network of a step", () => {
  it("is pasta's, then slirp4netns', then the host's with all reasons", () => {
    const chooser = new NetworkChooser(
      (program) => `/bin/${program}`,
      () => true,
    );
    assert.deepEqual(chooser.choose(), { kind: "program", path: "/bin/pasta" });
    chooser.failed("/bin/pasta", "first");
    assert.deepEqual(chooser.choose(), { kind: "program", path: "/bin/slirp4netns" });
    chooser.failed("/bin/slirp4netns", "second");
    assert.deepEqual(chooser.choose(), { kind: "host", reason: "first; second" });
  });
  it("is the host's without programs or without the device that they need", () => {
    assert.equal(
      new NetworkChooser(
        () => undefined,
        () => true,
      ).choose().kind,
      "host",
    );
    assert.equal(
      new NetworkChooser(
        () => "/bin/pasta",
        () => false,
      ).choose().kind,
      "host",
    );
  });
});

describe("control groups", () => {
  it("get limits in the words of version 2", () => {
    assert.deepEqual(
      settingsV2({
        memory: 100,
        memorySwap: 150,
        cpuShares: 1024,
        cpuQuota: 5000,
        cpusetCpus: "0-1",
        pids: 0,
      }).map(({ file, value }) => `${file}=${value}`),
      [
        "memory.max=100",
        "memory.swap.max=50",
        "cpu.weight=39",
        "cpu.max=5000 100000",
        "cpuset.cpus=0-1",
        "pids.max=max",
      ],
    );
    assert.deepEqual(settingsV2({ memory: 1, memorySwap: -1 }).at(-1)?.value, "max");
    assert.deepEqual(
      [settingsV2({ cpuShares: 2 })[0]?.value, settingsV2({ cpuShares: 262_144 })[0]?.value],
      ["1", "10000"],
    );
  });
  it("get limits in the words of version 1, in an order that the kernel takes", () => {
    assert.deepEqual(
      settingsV1({ memorySwap: 150, memory: 100, cpuQuota: 5000, cpuPeriod: 10_000, pids: 3 }).map(
        ({ controller, file, value }) => `${controller} ${file}=${value}`,
      ),
      [
        "memory memory.limit_in_bytes=100",
        "memory memory.memsw.limit_in_bytes=150",
        "cpu cpu.cfs_period_us=10000",
        "cpu cpu.cfs_quota_us=5000",
        "pids pids.max=3",
      ],
    );
  });
  it("refuse a sum of memory and swap below the memory", () => {
    for (const settings of [settingsV1, settingsV2])
      assert.throws(
        () => settings({ memory: 100, memorySwap: 50 }),
        (error) => isTsbuildError(error, "SANDBOX_CGROUP"),
      );
  });
  it("are found in unified, old and mixed layouts", () => {
    const old = "24 23 0:21 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    const unified = "25 23 0:22 / /sys/fs/cgroup/unified rw shared:4 - cgroup2 cgroup2 rw\n";
    const layout = cgroupLayout("4:memory:/a\n0::/b\n", old + unified);
    assert.deepEqual(layout.unified, { mount: "/sys/fs/cgroup/unified", own: "/b" });
    assert.deepEqual(
      [...layout.controllers],
      [["memory", { mount: "/sys/fs/cgroup/memory", own: "/a" }]],
    );
    assert.equal(cgroupLayout("0::/x\n", "").unified, undefined);
  });
});

describe("events", () => {
  it("are read however they are cut", () => {
    const text = Buffer.from('{"event":"item","detail":"é"}\n{"event":"done"}\n');
    for (let cut = 0; cut <= text.length; cut++) {
      const reader = new EventReader();
      const events = [...reader.push(text.subarray(0, cut)), ...reader.push(text.subarray(cut))];
      assert.deepEqual(events, [{ event: "item", detail: "é" }, { event: "done" }]);
    }
  });
  it("that are no events are refused", () => {
    for (const line of ["nonsense", "[]", "{}", '{"event":1}'])
      assert.throws(
        () => new EventReader().push(Buffer.from(`${line}\n`)),
        (error) => isTsbuildError(error, "SANDBOX_HELPER_EVENT"),
      );
  });
  it("says what to do about a disk that is full", () => {
    const event = {
      event: "error",
      step: "write a file",
      path: "f",
      errno: "ENOSPC",
      message: "x",
    };
    assert.match(errorOfEvent("apply", event).hint ?? "", /^the disk is full/);
    assert.equal(errorOfEvent("apply", { ...event, hint: "do this" }).hint, "do this");
    assert.equal(errorOfEvent("apply", { ...event, errno: "EIO" }).hint, undefined);
  });

  it("of errors become errors with a code, and control characters do not reach the terminal", () => {
    const error = errorOfEvent("run", {
      event: "error",
      step: "mount an overlay",
      path: "a\u001b[31m",
      errno: "EPERM",
      message: "Operation not permitted",
      hint: "try this",
    });
    assert.equal(error.code, "SANDBOX_NOT_PERMITTED");
    assert.equal(error.hint, "try this");
    assert.deepEqual(error.details, {
      verb: "run",
      step: "mount an overlay",
      path: "a?[31m",
      errno: "EPERM",
    });
    assert.equal(
      errorOfEvent("run", { event: "error", code: "exec", message: "x" }).code,
      "SANDBOX_EXEC",
    );
    assert.equal(
      errorOfEvent("run", { event: "error", code: "version", helper: 2, request: 1 }).code,
      "SANDBOX_HELPER_VERSION",
    );
    assert.equal(
      errorOfEvent("run", { event: "error", step: "x", errno: "EIO" }).code,
      "SANDBOX_SYSTEM",
    );
  });
});
