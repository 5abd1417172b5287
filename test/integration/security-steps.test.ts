// SPDX-License-Identifier: Apache-2.0
// Attacks by what runs in a step, and by images that are made to mislead the making of its sandbox. Each is the real input of
// an advisory, given to the program as a user gives it; the host's canaries must stay as they are.

import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { hostileImage, sceneIn, stateOf, type Canary, type Scene } from "../support/attack.js";
import {
  baseContexts,
  repository,
  workspace,
  type RunOptions,
  type RunResult,
} from "../support/runner.js";
import { tarOf, type RawEntry } from "../support/tar-builder.js";

const space = workspace();
after(async () => space[Symbol.asyncDispose]());

interface StepScene extends Omit<Scene, "build"> {
  /** An image with busybox and these entries, called `evil`. */
  readonly image: (...entries: readonly RawEntry[]) => string[];
  /** Builds a Dockerfile that may say `FROM busybox`, and checks the canaries afterwards. */
  readonly build: (
    dockerfile: string,
    args?: readonly string[],
    options?: RunOptions,
  ) => Promise<RunResult>;
}

function scene(): StepScene {
  const place = sceneIn(space, "tar");
  return {
    ...place,
    image: (...entries) => [
      "--build-context",
      `evil=oci-layout://${hostileImage(join(place.directory, "evil"), [tarOf(...entries)])}`,
    ],
    build: async (dockerfile, args = [], options = {}) =>
      place.build([...args, "-"], { ...options, input: dockerfile }),
  };
}

function assertEnd({ code, stderr }: RunResult, expected: number, text?: RegExp): void {
  assert.equal(code, expected, stderr);
  if (text !== undefined) assert.match(stderr, text);
}

describe("WORKDIR", () => {
  it("/proc/self/fd/N is no way out (CVE-2024-21626)", async () => {
    const { build, canary } = scene();
    for (const n of [3, 8])
      assertEnd(
        await build(
          `FROM busybox\nWORKDIR /proc/self/fd/${n}\nRUN cat ../../../..${canary.victim}\n`,
        ),
        1,
        /\(SANDBOX_WORKING_DIRECTORY\)/,
      );
    // Without a sandbox there is no /proc: these are directories of the image.
    assertEnd(
      await build("FROM busybox\nWORKDIR /proc/self/cwd\nCOPY --from=busybox /bin/sh victim\n"),
      0,
    );
  });
});

describe("mount points", () => {
  it("that were made for a step are removed by no bent path (CVE-2024-23652)", async () => {
    const { build, canary } = scene();
    const mounts = ["hollow", "new/dir"].map((name) => `--mount=type=tmpfs,target=/x/${name}`);
    const secret = "--mount=type=secret,id=s,target=/x/empty,required=true";
    const swap = `mv /x /moved && ln -s ${canary.directory} /x`;
    assertEnd(
      await build(
        `FROM busybox\nRUN ${mounts.join(" ")} ${secret} ${swap}\n`,
        ["--secret", "id=s,env=S"],
        {
          env: { S: "s" },
        },
      ),
      0,
    );
  });

  it("that are symlinks stay inside the image (CVE-2021-30465)", async () => {
    const { build, canary, image } = scene();
    const evil = image(
      { name: "abs", type: "2", link: canary.hollow },
      { name: "up", type: "2", link: `../../../../../../..${canary.hollow}` },
      { name: "file", type: "2", link: canary.empty },
    );
    const mounts = "--mount=type=tmpfs,target=/abs --mount=type=cache,target=/up";
    const secret = "--mount=type=secret,id=s,target=/file,mode=0666";
    assertEnd(
      await build(
        `FROM evil\nRUN ${mounts} ${secret} touch /abs/a /up/b; grep -q s /file\n`,
        [...evil, "--secret", "id=s,env=S"],
        { env: { S: "s" } },
      ),
      0,
    );
  });

  for (const name of ["proc", "sys", "dev"])
    it(`of the system cannot be a symlink: /${name} (CVE-2019-19921, CVE-2023-27561)`, async () => {
      const { build, canary, image } = scene();
      const evil = image({ name: `.wh.${name}` }, { name, type: "2", link: canary.hollow });
      assertEnd(
        await build("FROM evil\nRUN echo x >/dev/y\n", evil),
        1,
        /\(SANDBOX_MOUNT_TARGET\)/,
      );
    });

  it("of hosts and resolv.conf stay inside when /etc is a symlink (CVE-2024-45310)", async () => {
    const { build, canary, image } = scene();
    const evil = image(
      { name: "etc", type: "2", link: canary.hollow },
      { name: "wanted", type: "5", mode: 0o755 },
    );
    const { code } = await build("FROM evil\nRUN true\n", evil);
    assert.ok(code === 0 || code === 1);
  });

  it("never take an image's file for a device (CVE-2025-31133)", async () => {
    const { build, canary, image } = scene();
    const evil = image(
      { name: "dev", type: "5", mode: 0o755 },
      { name: "dev/null", type: "2", link: canary.victim },
      { name: "dev/console", type: "2", link: canary.empty },
    );
    const run =
      "test -c /dev/null && echo x >/dev/null && test ! -s /proc/kcore && ! head -c1 /proc/keys | grep -q .";
    assertEnd(await build(`FROM evil\nRUN ${run}\n`, evil), 0);
  });
});

describe("a bind mount", () => {
  it("of a symlink to / shows the stage, not the host (CVE-2024-1753)", async () => {
    const { build, canary } = scene();
    const look = `test -e /m/bin/sh && touch /m/written && test ! -e /m${canary.victim}`;
    assertEnd(
      await build(
        `FROM busybox AS base\nRUN ln -s / /rootdir && ln -s ${canary.directory} /host\n` +
          `FROM busybox\nRUN --mount=type=bind,from=base,source=/rootdir,target=/m,rw ${look}\n`,
      ),
      0,
    );
    assertEnd(
      await build(
        `FROM busybox AS base\nRUN ln -s / /rootdir && ln -s ${canary.directory} /host\n` +
          "FROM busybox\nRUN --mount=type=bind,from=base,source=/host,target=/m,rw touch /m/written\n",
      ),
      1,
    );
  });

  it("takes no mount options from a Dockerfile (CVE-2024-9407)", async () => {
    const { build } = scene();
    for (const option of ["bind-propagation=rshared", "bind-propagation=suid,dev"])
      assertEnd(
        await build(`FROM busybox\nRUN --mount=type=bind,target=/m,${option} true\n`),
        1,
        /\(DOCKERFILE_MOUNT\)/,
      );
  });
});

describe("a cache mount", () => {
  it("may have any id, which is no path (CVE-2024-9675)", async () => {
    const { build, canary } = scene();
    const outside = `${"../".repeat(12)}${canary.directory.slice(1)}`;
    for (const id of [outside, canary.directory])
      assertEnd(
        await build(
          `FROM busybox\nRUN --mount=type=cache,id=${id},target=/c echo evil >/c/victim\n`,
        ),
        0,
      );
  });

  it("with a symlink as source stays inside (testCacheMountSourceEscape)", async () => {
    const { build, canary } = scene();
    const cache = "--mount=type=cache,id=escape";
    const { code } = await build(
      `FROM busybox\nRUN ${cache},target=/c ln -s ${canary.directory} /c/l\n` +
        `RUN ${cache},source=l,target=/m echo evil >/m/victim; touch /m/written\n`,
    );
    assert.ok(code === 0 || code === 1);
    for (const source of ["../../../../..", canary.directory])
      await build(`FROM busybox\nRUN ${cache},source=${source},target=/m touch /m/written\n`);
  });

  it("keeps a race for its source inside (CVE-2024-23651, CVE-2024-11218)", async () => {
    const { build, canary } = scene();
    const cache = "--mount=type=cache,id=race";
    const swap = `i=0; while [ $i -lt 3000 ]; do mkdir d; rmdir d; ln -s ${canary.directory} d; rm -f d; i=$((i+1)); done`;
    const stages = [1, 2, 3, 4, 5, 6].map(
      (n) => `FROM busybox AS s${n}\nRUN ${cache},source=d,target=/m touch /m/victim /m/written\n`,
    );
    for (let round = 0; round < 3; round++) {
      const { code } = await build(
        [
          `FROM busybox AS swap\nRUN ${cache},target=/c cd /c; rm -rf d; ${swap}\n`,
          ...stages,
          `FROM scratch\nCOPY --from=swap /bin/sh /\n`,
          ...stages.map((_, n) => `COPY --from=s${n + 1} /bin/sh /\n`),
        ].join(""),
        ["--no-cache"],
      );
      assert.ok(code === 0 || code === 1);
    }
  });
});

describe("a user database", () => {
  const forms: Readonly<Record<string, (canary: Canary) => RawEntry>> = {
    "a fifo": () => ({ name: "etc/passwd", type: "6" }),
    "a symlink to the host": (canary) => ({
      name: "etc/passwd",
      type: "2",
      link: `${canary.directory}/passwd`,
    }),
    "a symlink to an endless device": () => ({ name: "etc/passwd", type: "2", link: "/dev/zero" }),
    "a directory": () => ({ name: "etc/passwd", type: "5" }),
    "of 11 MiB": () => ({ name: "etc/passwd", content: Buffer.alloc(11 << 20, 10) }),
  };
  for (const [what, form] of Object.entries(forms))
    it(`that is ${what} is refused at once (CVE-2024-9676)`, async () => {
      const { build, canary, image } = scene();
      const evil = image(
        { name: "etc", type: "5", mode: 0o755 },
        { name: "etc/.wh.passwd" },
        form(canary),
      );
      assertEnd(
        await build("FROM evil\nUSER mallory\nRUN id\n", evil),
        1,
        /\((SANDBOX_USER|SANDBOX_LIMIT|SANDBOX_NOT_A_FILE)\)/,
      );
      assertEnd(
        await build("FROM evil\nCOPY --from=busybox --chown=mallory /bin/sh /x\n", evil),
        1,
      );
    });
});

describe("a step", () => {
  it("cannot get at the helper's program (CVE-2019-5736)", async () => {
    const { build } = scene();
    const helper = join(repository, "native/bin/tsbuild-helper");
    const before = readFileSync(helper);
    const { code } = await build(
      'FROM busybox\nRUN printf "#!/proc/self/exe\\n" >/run-me && chmod +x /run-me\nRUN ["/run-me"]\n',
    );
    assert.equal(code, 1);
    assertEnd(await build('FROM busybox\nRUN ["/proc/self/exe"]\n'), 1);
    assertEnd(
      await build(
        "FROM busybox\nRUN case $(readlink /proc/1/exe) in /bin/*) ;; *) exit 1;; esac\n",
      ),
      0,
    );
    assert.ok(readFileSync(helper).equals(before));
  });

  it("sees nothing of the builder's environment, files or processes (CVE-2021-3602)", async () => {
    const { build } = scene();
    const marker = "environment-of-the-builder-77e0";
    const look = `cat /proc/*/environ /proc/*/cmdline /proc/*/mountinfo /proc/1/task/*/comm; ls -l /proc/*/fd; env`;
    const result = await build(`FROM busybox\nRUN ${look}\n`, [], { env: { SOME_TOKEN: marker } });
    assertEnd(result, 0);
    assert.ok(!result.stderr.includes(marker));
    assert.ok(!result.stderr.includes("tsbuild-helper"));
    assert.ok(!/(^|\n)#\d+ [\d.]+ .*TSBUILD_ROOT/.test(result.stderr));
  });

  it("has nothing to inherit, and the groups of its user only (CVE-2022-24769, CVE-2022-2990)", async () => {
    const { build, image } = scene();
    const evil = image(
      { name: "etc", type: "5", mode: 0o755 },
      { name: "etc/passwd", content: "root:x:0:0::/:/bin/sh\nu:x:7:8::/:/bin/sh\n" },
      { name: "etc/group", content: "root:x:0:\ng:x:8:\nh:x:9:u\n" },
    );
    const none =
      'for s in CapInh CapAmb; do test $(sed -n "s/^$s:.//p" /proc/self/status) = 0000000000000000 || exit 1; done';
    assertEnd(
      await build(
        `FROM evil\nRUN ${none}\nUSER u\nRUN ${none}; test "$(id -G)" = "8 9"\nUSER 7:8\nRUN test "$(id -G)" = 8\n`,
        evil,
      ),
      0,
    );
  });

  it("cannot mount, make namespaces or reach the control groups (CVE-2022-0185, CVE-2022-0492)", async () => {
    const { build } = scene();
    const attempts = [
      "mount -t tmpfs none /mnt",
      "mount -o remount,rw /sys",
      "mount --bind / /mnt",
      "umount /proc",
      "unshare -Ur true",
      "unshare -m true",
      "mkdir /sys/fs/cgroup/x",
      "echo 1 >/sys/fs/cgroup/cgroup.procs",
      "echo x >/proc/sys/kernel/core_pattern",
      "echo h >/proc/sysrq-trigger",
      "echo x >/proc/sys/kernel/hostname",
      "head -c1 /dev/mem",
      "hostname evil",
      "pivot_root / /mnt",
      "insmod /bin/sh",
    ];
    const lines = attempts.map(
      (line) => `if ( ${line} ) 2>/dev/null; then echo "got through: ${line}"; exit 1; fi`,
    );
    assertEnd(await build(`FROM busybox\nRUN <<EOT\nmkdir -p /mnt\n${lines.join("\n")}\nEOT\n`), 0);
  });

  it("opens no device that it makes a node for", async () => {
    const { build } = scene();
    const nodes = ["b 8 0", "b 254 0", "c 1 1", "c 10 229"];
    const lines = nodes.map(
      (node) =>
        `if mknod /n ${node} 2>/dev/null; then ! head -c1 /n >/dev/null 2>&1 || exit 1; rm /n; fi`,
    );
    assertEnd(await build(`FROM busybox\nRUN <<EOT\n${lines.join("\n")}\nEOT\n`), 0);
  });

  it("changes the mode, owner and times of its own devices only, not of the host's", async () => {
    const { build } = scene();
    // Where nothing is lost should it fail: few programs use this one.
    const device = "/dev/full";
    const before = statSync(device);
    try {
      const lines = [
        "chmod 0644 /dev/full",
        "chown 1:1 /dev/full",
        "touch -d 2001-01-01 /dev/full",
        "mv /dev/full /dev/gone",
        "rm -f /dev/full",
      ];
      const attempts = lines.map((line) => `(${line}) 2>/dev/null`).join("\n");
      const works = "test -c /dev/null && echo x >/dev/null && head -c1 /dev/zero | grep -qv x";
      assertEnd(await build(`FROM busybox\nRUN <<EOT\n${attempts}\n${works}\nEOT\n`), 0);
      const { mode, uid, gid, mtimeMs, ctimeMs } = statSync(device);
      assert.deepEqual(
        { mode, uid, gid, mtimeMs, ctimeMs },
        {
          mode: before.mode,
          uid: before.uid,
          gid: before.gid,
          mtimeMs: before.mtimeMs,
          ctimeMs: before.ctimeMs,
        },
      );
    } finally {
      if (statSync(device).mode !== before.mode) chmodSync(device, before.mode & 0o7777);
      if (statSync(device).uid !== before.uid) chownSync(device, before.uid, before.gid);
    }
  });

  it("that makes a huge file out of nothing makes no layer of it", async () => {
    const { directory } = scene();
    const output = `type=oci,dest=${join(directory, "out.tar")}`;
    const result = await space.tsbuild(["build", ...baseContexts("busybox"), "-o", output, "-"], {
      timeout: 60_000,
      input: "FROM busybox\nRUN truncate -s 300G /big\n",
    });
    assertEnd(result, 1, /\bbig\b[^]*256 GiB/);
  });

  it("gets no privilege that only its Dockerfile asks for (CVE-2024-23653)", async () => {
    const { build } = scene();
    for (const flag of ["--security=insecure", "--network=host"])
      assertEnd(await build(`FROM busybox\nRUN ${flag} true\n`), 1, /--allow/);
  });

  it("leaves no process behind, and its set-uid programs in the image only", async () => {
    const { build, directory } = scene();
    const dockerfile =
      "FROM busybox\nRUN (setsid sleep 1234567 &) ; cp /bin/busybox /su && chmod 6777 /su\n";
    assertEnd(await build(dockerfile), 0);
    assert.deepEqual(
      Object.keys(stateOf(directory)).filter((path) => path.endsWith("/su")),
      [],
    );
    // The process is looked for when the workspace goes.
  });
});

describe("unpacking an archive of ADD", () => {
  it("runs no program of the image or of PATH (CVE-2014-9357, TestBuildXZHost)", async () => {
    const { canary, directory, image } = scene();
    const script = `#!/bin/sh\necho evil >${canary.victim}\n`;
    const names = ["xz", "unxz", "gzip", "unpigz", "gunzip", "bzip2", "zstd", "tar", "git"];
    const bin = join(directory, "bin");
    mkdirSync(bin);
    for (const name of names) {
      writeFileSync(join(bin, name), script);
      chmodSync(join(bin, name), 0o755);
    }
    const evil = image(
      ...names.map((name) => ({ name: `bin/${name}`, content: script, mode: 0o755 })),
    );
    const context = join(directory, "context");
    mkdirSync(context);
    writeFileSync(join(context, "a.tar.xz"), Buffer.from(xz, "base64"));
    writeFileSync(
      join(context, "Dockerfile"),
      "FROM evil\nADD a.tar.xz /in/\nRUN test $(cat /in/in-xz) = x\n",
    );
    const result = await space.tsbuild(
      ["build", ...evil, "-o", `type=tar,dest=${join(directory, "out.tar")}`, context],
      { env: { PATH: `${bin}:${process.env["PATH"] ?? ""}` } },
    );
    canary.assertUntouched();
    assertEnd(result, 0);
  });
});

/** A tar with the file `in-xz` (content: x) through `xz -9`. */
const xz =
  "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4Cf/AF5dADSbgaYaS31siABlAoq7mvKhSNncUAtMpg6aczn8VZRxt29inLHOhFbBhHdq6pk4KuEe1oy/" +
  "pMWit5ap+OHA45HIATYVjla6yvTMA5JAzFbHI6+eLUylqztGY5DIoAAAAAD161SmYzQEwwABeoBQAAAASkUHE7HEZ/sCAAAAAARZWg==";
