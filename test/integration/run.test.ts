// SPDX-License-Identifier: Apache-2.0
// `tsbuild run` with a real image: what the program sees, how it ends, what stays of it, and what it cannot reach.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { canaryIn, hostileImage, type Canary } from "../support/attack.js";
import {
  baseContexts,
  baseLayout,
  repository,
  run,
  program,
  workspace,
  type RunOptions,
  type RunResult,
} from "../support/runner.js";
import { records } from "../support/store-records.js";
import { onTerminal } from "../support/terminal.js";
import { tarOf, type RawEntry } from "../support/tar-builder.js";

const space = workspace();
before(async () => {
  await build("busybox:latest", "FROM busybox");
  await build(
    "app",
    `FROM busybox
RUN mkdir -p /data && echo seed > /data/file && chown 7:8 /data && chmod 750 /data
VOLUME /data
WORKDIR /app
ENV A=image B=2
USER 7
ENTRYPOINT ["sh", "-c"]
CMD ["id -u; pwd; echo $A $B"]
`,
  );
});
after(async () => {
  // Nothing of any container is left but what the images are made of.
  const drafts = await records(space, "type=internal", "id!=store");
  assert.deepEqual(drafts, []);
  await space[Symbol.asyncDispose]();
});

async function build(name: string, dockerfile: string): Promise<void> {
  const args = ["build", "--quiet", ...baseContexts("busybox"), "--tag", name, "-"];
  await space.succeed(args, { input: dockerfile });
}

/** The helper with the sanitizers is not static, so an image without its libraries cannot run it as process 1. */
const withoutInit =
  process.env["TSBUILD_HELPER"]?.endsWith("-sanitize") === true
    ? { skip: "this helper is not static" }
    : {};

/** `tsbuild run` without a network, which most of these do not need. */
function start(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return space.tsbuild(["run", "--network=none", ...args], { timeout: 60_000, ...options });
}

/** What a program that must succeed prints. */
async function printed(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await start(args, options);
  assert.equal(code, 0, stderr);
  return stdout;
}

const sh = (script: string): string[] => ["busybox", "sh", "-c", script];

/** The code of the error that a command ends with. */
async function refusal(args: readonly string[]): Promise<string | undefined> {
  const { code, stderr } = await start(["--debug", ...args]);
  assert.equal(code, 125, stderr);
  return /^--- TsbuildError \((\w+)\)/m.exec(stderr)?.[1];
}

describe("the program", () => {
  it("is what the image says, as its user, in its directory", async () => {
    assert.equal(await printed(["app"]), "7\n/app\nimage 2\n");
  });
  it("has what the command line says in the place of it", async () => {
    const variables = ["-e", "A=line", "-e", "FROM_HERE", "-e", "B"];
    const options = { env: { FROM_HERE: "here", B: undefined } };
    assert.equal(
      await printed(
        [
          "-u",
          "9:9",
          "-w",
          "/new/dir",
          ...variables,
          "app",
          "id -u; pwd; stat -c %u:%g .; echo $A $FROM_HERE ${B-none}",
        ],
        options,
      ),
      "9\n/new/dir\n0:0\nline here none\n",
    );
    assert.equal(await printed(["--entrypoint", "echo", "app", "-n", "x"]), "-n x\n".slice(3, 4));
    writeFileSync(join(space.directory, "variables"), "# none\nA=file\nC=3\n");
    assert.equal(
      await printed(["--env-file", "variables", "-e", "C=4", "app", "echo $A $B $C"]),
      "file 2 4\n",
    );
  });
  it("is in further groups, by the names of its image or by number, and so is RUN", async () => {
    await build("grouped", "FROM busybox\nRUN echo 'extra:x:44:' >> /etc/group\nUSER 5:6\n");
    const flags = ["--group-add", "extra", "--group-add=45", "--group-add=6"];
    assert.equal(await printed([...flags, "grouped", "id", "-G"]), "6 44 45\n");
    assert.equal(await refusal(["--group-add=none", "grouped", "true"]), "SANDBOX_USER");
    const args = ["build", "--network=none", "--pull=never", ...flags, "-o", "groups", "-"];
    await space.succeed(args, { input: "FROM grouped\nUSER 0:6\nRUN id -G > /g\n" });
    assert.equal(readFileSync(join(space.directory, "groups/g"), "utf8"), "6 44 45\n");
  });
  it("knows its host's name, by every way there is", async () => {
    const script = "hostname; cat /etc/hostname; echo $HOSTNAME; grep -c box.test /etc/hosts";
    assert.equal(
      await printed(["-h", "box.test", ...sh(script)]),
      "box.test\nbox.test\nbox.test\n1\n",
    );
  });
  it("reads our standard input when asked to, and nothing otherwise", async () => {
    const input = "line\n".repeat(100_000);
    assert.equal((await printed(["-i", "busybox", "wc", "-c"], { input })).trim(), "500000");
    assert.equal((await printed(["busybox", "wc", "-c"], { input: "x" })).trim(), "0");
  });
  it("writes to files of ours, which stay as they are otherwise", async () => {
    const file = join(space.directory, "appended");
    writeFileSync(file, "first\n");
    const command = [
      process.execPath,
      program,
      "run",
      "--network=none",
      ...sh("echo a; echo b >&2"),
    ];
    const line = command.map((word) => `'${word}'`).join(" ");
    const { code } = await run("sh", ["-c", `${line} >> ${file} 2>&1; echo c >> ${file}`], {
      env: { TSBUILD_ROOT: space.store, NODE_OPTIONS: undefined },
    });
    assert.equal(code, 0);
    assert.deepEqual(readFileSync(file, "utf8").split("\n").sort(), ["", "a", "b", "c", "first"]);
  });
  it("ends when nobody reads any more, without a word; one that handles SIGPIPE decides itself", async () => {
    const loop = "while :; do echo y; done";
    const cases: [string[], number][] = [
      [["busybox", "yes"], 141],
      [sh(loop), 141],
      [sh("while :; do echo y; echo y >&2; done"), 141],
      [["-t", ...sh(loop)], 141],
      [sh('trap "" PIPE; while echo y 2>/dev/null; do :; done; exit 7'), 7],
    ];
    if (!("skip" in withoutInit)) cases.push([["--init", ...sh(loop)], 141]);
    for (const [args, expected] of cases) {
      const { code, stdout, stderr } = await run(
        "bash",
        ["-c", '"$@" | head -n 1; exit "${PIPESTATUS[0]}"', "-", process.execPath, program].concat(
          ["run", "--network=none"],
          args,
        ),
        { env: { TSBUILD_ROOT: space.store, NODE_OPTIONS: undefined }, timeout: 30_000 },
      );
      assert.deepEqual([code, stdout.trimEnd()], [expected, "y"], args.join(" "));
      assert.match(stderr, /^(?:y\n)*$/);
    }
  });
  it("is found by name, by the beginning of its id, and in a layout", async () => {
    const { stdout } = await space.succeed(["images", "--format", "json"]);
    const ids = stdout.split("\n").filter((line) => line.includes("busybox:latest"));
    const { id } = JSON.parse(ids[0] ?? "") as { id: string };
    for (const name of [
      "docker.io/library/busybox:latest",
      id,
      id.slice(7, 19),
      `oci-layout://${baseLayout("busybox")}`,
    ])
      assert.equal(await printed([name, "echo", "here"]), "here\n", name);
    assert.equal(await refusal(["--pull=never", "nowhere.invalid/x", "true"]), "STEPS_NOT_PULLED");
  });
});

describe("exit codes", () => {
  it("are the program's own", async () => {
    for (const wanted of [1, 255]) assert.equal((await start(sh(`exit ${wanted}`))).code, wanted);
  });
  it("tell what could not be executed, found or understood", async () => {
    assert.equal((await start(["busybox", "/etc/passwd"])).code, 126);
    assert.equal((await start(["busybox", "nowhere"])).code, 127);
    assert.equal((await start(["--no-such-flag", "busybox"])).code, 125);
    assert.equal((await start(["--memory", "much", "busybox"])).code, 125);
    assert.equal(await refusal(["-w", "relative", "busybox", "true"]), "RUN_WORKING_DIRECTORY");
    assert.equal(await refusal(["--entrypoint", "", "busybox"]), "RUN_NO_COMMAND");
  });
  it("are 128 and the signal that ended it", withoutInit, async () => {
    assert.equal((await start(["--init", ...sh("kill -9 $$")])).code, 137);
    assert.equal((await start(sh("ulimit -t 1; while :; do :; done"))).code, 137);
  });
});

/** A program that says `ready` and is then sent signals. */
async function signalled(
  args: readonly string[],
  signals: readonly NodeJS.Signals[],
): Promise<RunResult> {
  return start(args, {
    onStart: (child) => {
      child.stdout?.once("data", () => {
        void (async () => {
          for (const signal of signals) {
            child.kill(signal);
            await sleep(100);
          }
        })();
      });
    },
  });
}

describe("signals", () => {
  it("reach the program, which decides", async () => {
    const script =
      'trap "exit 5" TERM; trap "echo int" INT; echo ready; while :; do sleep 0.1; done';
    const { code, stdout } = await start(sh(script), {
      onStart: (child) => {
        child.stdout?.on("data", (text: Buffer) => {
          child.kill(text.includes("int") ? "SIGTERM" : "SIGINT");
        });
      },
    });
    assert.deepEqual([code, stdout], [5, "ready\nint\n"]);
  });
  it("reach it through the process 1 of --init, which reaps, too", withoutInit, async () => {
    const { code } = await signalled(["--init", ...sh("echo ready; exec sleep 100")], ["SIGTERM"]);
    assert.equal(code, 143);
    const script =
      "for i in 1 2 3 4 5; do (sleep 0.01 &) ; done; sleep 0.3; ps -o stat,comm | grep -c ^Z";
    assert.equal((await start(["--init", ...sh(script)])).stdout, "0\n");
  });
  it("end a program that does not listen when they come often enough", async () => {
    const { code } = await signalled(sh("echo ready; trap '' INT; while :; do sleep 1; done"), [
      "SIGINT",
      "SIGINT",
      "SIGINT",
    ]);
    assert.equal(code, 130);
  });
  it("of a time limit ask first, and end it then", async () => {
    const polite = sh('trap "echo bye; exit 0" USR1; while :; do sleep 0.1; done');
    const first = await start(["--debug", "--timeout=500ms", "--stop-signal=USR1", ...polite]);
    assert.deepEqual([first.code, first.stdout], [124, "bye\n"]);
    assert.match(first.stderr, /\(BUILD_TIMEOUT\)/);
    const stubborn = await start([
      "--timeout=500ms",
      "--stop-timeout=0",
      "busybox",
      "sleep",
      "100",
    ]);
    assert.equal(stubborn.code, 124);
  });
});

describe("a terminal", () => {
  it("belongs to the program: size, controlling terminal, console; and changes with ours", async () => {
    const term = onTerminal(space, ["run", "--network=none", "-it", "busybox", "sh"]);
    await term.shows(/# /);
    term.type(
      "tty; stty size; echo $TERM; ls -l /dev/console | cut -c1; test -c /dev/tty && echo yes >/dev/tty\r",
    );
    await term.shows(/\/dev\/pts\/0\r\n24 80\r\nxterm\r\nc\r\nyes\r\n/);
    term.resize(40, 100);
    term.type("while [ \"$(stty size)\" != '40 100' ]; do sleep 0.1; done; echo la''rge\r");
    await term.shows(/large\r\n/);
    term.type("exit 6\r");
    assert.deepEqual(await term.end(), { code: 6, restored: true });
  });
  for (const init of [[], ["--init"]])
    it(`hands interrupts to what runs in it${init.length > 0 ? " (--init)" : ""}`, async () => {
      const term = onTerminal(space, ["run", "--network=none", "-it", ...init, "busybox", "sh"]);
      await term.shows(/# /);
      term.type("echo be''gun; sleep 100\r");
      await term.shows(/begun\r\n/);
      await sleep(200);
      term.type("\u0003");
      await term.shows(/\^C/);
      term.type("echo co''de $?\r");
      await term.shows(/code 130\r\n/);
      term.type("exit 4\r");
      assert.deepEqual(await term.end(), { code: 4, restored: true });
    });
  it("is put back when tsbuild is killed", async () => {
    const term = onTerminal(space, ["run", "--network=none", "-it", ...sh("echo up; cat")]);
    await term.shows(/up\r\n/);
    process.kill(term.pid(), "SIGKILL");
    const { code, restored } = await term.end();
    assert.deepEqual([code, restored], [137, true]);
  });
  it("that is gone ends a program that would stay", async () => {
    const script = "trap '' HUP; echo up; while :; do sleep 0.1; done";
    const term = onTerminal(space, ["run", "--network=none", "-it", ...sh(script)]);
    await term.shows(/up\r\n/);
    const pid = term.pid();
    term.hangUp();
    const deadline = Date.now() + 20_000;
    while (existsSync(`/proc/${pid}`) && Date.now() < deadline) await sleep(50);
    assert.ok(!existsSync(`/proc/${pid}`), "tsbuild is still there");
  });
  it("of ours is never the program's, even where it reads and writes there", async () => {
    const script = "for n in 0 1 2; do test -t $n && echo a terminal; done; echo do''ne; cat";
    const term = onTerminal(space, ["run", "--network=none", "-i", ...sh(script)]);
    await term.shows(/^done\r\n/);
    term.type("typed\r");
    await term.shows(/typed\r\ntyped\r\n/);
    term.type("\u0004");
    assert.deepEqual(await term.end(), { code: 0, restored: true });
  });
  it("is given without one of ours, but not with input from elsewhere", async () => {
    assert.equal(await printed(["-t", ...sh("test -t 1 && echo tty")]), "tty\r\n");
    assert.equal((await start(["-it", "busybox", "true"])).code, 125);
  });
});

describe("mounts", () => {
  const host = join(space.directory, "host");
  before(() => {
    mkdirSync(join(host, "inner"), { recursive: true });
    writeFileSync(join(host, "file"), "from the host\n");
  });
  it("of the host show directories and files, and take writes unless they are read-only", async () => {
    const script = "cat /d/file /etc/motd; echo new > /d/inner/new; touch /ro/x || echo refused";
    const flags = ["-v", `${host}:/d`, "-v", `${host}/file:/etc/motd`, "--mount"];
    assert.equal(
      await printed([...flags, `type=bind,src=host,dst=/ro,readonly`, ...sh(script)]),
      "from the host\nfrom the host\nrefused\n",
    );
    assert.equal(readFileSync(join(host, "inner/new"), "utf8"), "new\n");
    assert.deepEqual(readdirSync(host).sort(), ["file", "inner"]);
    assert.equal(await refusal(["-v", "./none:/x", ...sh("true")]), "SANDBOX_MOUNT_SOURCE");
    const over = ["-v", "./host:/o:O", ...sh("rm /o/file; echo over > /o/inner/new; ls /o")];
    assert.equal(await printed(over), "inner\n");
    assert.equal(readFileSync(join(host, "inner/new"), "utf8"), "new\n");
    assert.deepEqual(readdirSync(host).sort(), ["file", "inner"]);
    assert.equal(await refusal(["-v", "./host/file:/x:O", ...sh("true")]), "SANDBOX_MOUNT_SOURCE");
  });
  it("of the host's root show the host's root", async () => {
    const listed = await printed(["-v", "/:/host:ro", "busybox", "ls", "/host"]);
    assert.deepEqual(
      listed.split("\n").filter((name) => name !== ""),
      readdirSync("/")
        .filter((name) => !name.startsWith("."))
        .sort(),
    );
  });
  it("of memory are as large as they may be", async () => {
    const script = "df -k /a /b | awk 'NR > 1 { print $2 }'; stat -c %a /b";
    assert.equal(
      await printed([
        "--tmpfs",
        "/a:size=1m",
        "--mount",
        "type=tmpfs,dst=/b,tmpfs-size=2m,tmpfs-mode=700",
        ...sh(script),
      ]),
      "1024\n2048\n700\n",
    );
  });
  it("of the image's volumes begin with the image's files and end with the container", async () => {
    const script =
      "stat -c '%u %g %a' /data; cat /data/file; echo more > /data/more; grep -c ' /data ' /proc/mounts";
    for (let i = 0; i < 2; i++)
      assert.equal(await printed(["-u", "0", "app", script]), "7 8 750\nseed\n1\n");
    assert.deepEqual(await records(space, "type=volume"), []);
  });
  it("of named volumes keep what is in them, until they are pruned on purpose", async () => {
    const flags = ["-u", "0", "-v", "kept:/data"];
    assert.equal(await printed([...flags, "app", "cat /data/file; echo 2 > /data/two"]), "seed\n");
    assert.equal(
      await printed(["-v", "kept:/x:ro", ...sh("cat /x/two; touch /x/y || echo ro")]),
      "2\nro\n",
    );
    await space.succeed(["prune", "--force", "--all", "--filter", "type=volume"]);
    assert.deepEqual(
      (await records(space, "type=volume")).map(({ description }) => description),
      ["volume kept"],
    );
    await space.succeed(["prune", "--force", "--volumes", "--filter", "type=volume"]);
    assert.deepEqual(await records(space, "type=volume"), []);
    assert.deepEqual(readdirSync(join(space.store, "cache-mounts")), []);
  });
  it("are all that can be written to with --read-only", async () => {
    const script =
      "for f in /x /etc/x /w/x /dev/shm/x /t/x; do touch $f 2>/dev/null && echo $f; done; pwd";
    const flags = ["--read-only", "-v", "/w", "--tmpfs", "/t", "-w", "/made/for/it"];
    assert.equal(
      await printed([...flags, ...sh(script)]),
      "/w/x\n/dev/shm/x\n/t/x\n/made/for/it\n",
    );
  });
});

describe("--commit", () => {
  it("makes a layer of what was changed, and nothing else, whatever the program's exit code", async () => {
    const flags = ["--commit", "changed:1", "-v", "/vol/deep", "--tmpfs", "/mem", "-e", "NOT=kept"];
    const script =
      "echo new > /new; rm /etc/group; echo x > /vol/deep/x; echo y > /mem/y; chmod 700 /home; exit 3";
    assert.equal((await start([...flags, ...sh(script)])).code, 3);
    const { stdout } = await space.succeed(["inspect", "changed:1"]);
    const { manifest, config } = JSON.parse(stdout) as {
      manifest: { layers: { digest: string }[] };
      config: {
        config: { Env: string[]; Cmd: string[] };
        history: { created_by: string }[];
        rootfs: { diff_ids: string[] };
      };
    };
    const blob = manifest.layers.at(-1)?.digest.replace(":", "/") ?? "";
    const names = execFileSync("tar", ["-tzf", join(space.store, "oci/blobs", blob)], {
      encoding: "utf8",
    });
    assert.deepEqual(names.trim().split("\n").sort(), [
      "etc/",
      "etc/.wh.group",
      "home/",
      "mem/",
      "new",
      "vol/",
      "vol/deep/",
    ]);
    assert.equal(config.history.at(-1)?.created_by, `sh -c ${script}`);
    assert.equal(config.rootfs.diff_ids.length, manifest.layers.length);
    assert.ok(!config.config.Env.some((entry) => entry.startsWith("NOT=")));
    assert.equal(
      await printed(["changed:1", "sh", "-c", "cat /new; ls -A /vol/deep /mem"]),
      "new\n/mem:\n\n/vol/deep:\n",
    );
    await build("changed:2", "FROM changed:1\nRUN test -e /new -a ! -e /etc/group\n");
  });
  it("of a program that changed nothing adds no layer, and the names go with untag", async () => {
    await start(["--commit", "same", "busybox", "true"]);
    const layers = async (name: string): Promise<unknown> => {
      const { stdout } = await space.succeed(["inspect", name]);
      return (JSON.parse(stdout) as { manifest: { layers: unknown } }).manifest.layers;
    };
    assert.deepEqual(await layers("same"), await layers("busybox"));
    await space.succeed(["untag", "same"]);
    await space.fail(1, ["inspect", "same"]);
    await space.fail(1, ["untag", "same"]);
  });
  it("does not happen without the flag, nor after a time limit", async () => {
    assert.equal(await printed(sh("echo x > /left; cat /left")), "x\n");
    assert.equal((await start(sh("test -e /left"))).code, 1);
    assert.equal(
      (
        await start([
          "--timeout=300ms",
          "--stop-timeout=0",
          "--commit",
          "late",
          "busybox",
          "sleep",
          "9",
        ])
      ).code,
      124,
    );
    await space.fail(1, ["inspect", "late"]);
  });
});

describe("what a container cannot do", () => {
  const scene = (
    name: string,
    ...entries: readonly RawEntry[]
  ): { canary: Canary; image: string } => {
    const directory = join(space.directory, name);
    mkdirSync(directory);
    return {
      canary: canaryIn(directory),
      image: `oci-layout://${hostileImage(join(directory, "evil"), [tarOf(...entries)])}`,
    };
  };
  it("have a mount outside of its root, by a target that is a symlink (CVE-2021-30465)", async () => {
    const { canary, image } = scene(
      "links",
      { name: "abs", type: "2", link: "/tmp/../../../../.." + space.directory + "/links/hollow" },
      { name: "root", type: "2", link: "/" },
      { name: "proc-link", type: "2", link: "proc" },
    );
    assert.equal(
      await printed(["-v", "/abs", "-v", `${repository}/src:/abs/src:ro`, image, "ls", "/abs"]),
      "src\n",
    );
    canary.assertUntouched();
    assert.equal(await refusal(["-v", "/root", image, "true"]), "SANDBOX_MOUNT_TARGET");
    assert.equal(await refusal(["-v", "/proc-link/sys", image, "true"]), "SANDBOX_MOUNT_TARGET");
  });
  it("have its console elsewhere, by what the image has in /dev (CVE-2025-52565)", async () => {
    const { canary, image } = scene(
      "console",
      { name: "dev/console", type: "2", link: join(space.directory, "console/victim") },
      { name: "dev/ptmx", type: "2", link: join(space.directory, "console/victim") },
      { name: "dev/pts", type: "2", link: space.directory },
    );
    const script = "echo x > /dev/console; chmod 777 /dev/console; tty";
    assert.equal(await printed(["-t", image, "sh", "-c", script]), "x\r\n/dev/pts/0\r\n");
    canary.assertUntouched();
  });
  it("have mounts in /proc (CVE-2019-16884, CVE-2019-19921)", async () => {
    for (const target of ["/proc", "/proc/self/attr", "/proc/sys"])
      assert.equal(
        await refusal(["-v", `${repository}/src:${target}`, ...sh("true")]),
        "SANDBOX_MOUNT_TARGET",
        target,
      );
    await build("liar", "FROM busybox\nVOLUME /proc/self\n");
    assert.equal(await refusal(["liar", "true"]), "SANDBOX_MOUNT_TARGET");
  });
  it("reach the helper's file through process 1 (CVE-2019-5736)", withoutInit, async () => {
    const script =
      "cat /proc/1/exe > /x; wc -c < /x; echo bad > /proc/1/exe; ls -l /proc/1/fd; ls -l /proc/1/exe";
    const helper = join(repository, "native/bin/tsbuild-helper");
    const bytes = readFileSync(helper);
    const { stdout } = await start(["--init", "--cap-add=ALL", ...sh(script)]);
    assert.ok(!stdout.includes(repository), stdout);
    assert.deepEqual(readFileSync(helper), bytes);
    // An image's own link to the program that starts it is no way to be process 1.
    const { image } = scene("self", {
      name: "bin/tsbuild-init",
      type: "2",
      link: "/proc/self/exe",
    });
    assert.equal((await start([image, "tsbuild-init", "2"])).code, 64);
  });
  it("keep a volume's name for a path", async () => {
    for (const name of ["..", "../x", "a/../b", "\0"])
      assert.equal(
        (
          await start([
            "--mount",
            `type=volume,source=${name.replace("\0", "%00")},target=/x`,
            ...sh("true"),
          ])
        ).code,
        125,
      );
  });
  it("outlive tsbuild, or leave its files behind, when that is killed", async () => {
    const marker = `${process.pid}${Date.now()}`.slice(-9);
    const before = readdirSync(join(space.store, "snapshots")).length;
    const { signal } = await start(
      [
        "-v",
        "/v",
        ...sh(`echo x > /v/x; echo ready; (setsid sleep ${marker} &); exec sleep ${marker}`),
      ],
      {
        onStart: (child) => {
          child.stdout?.once("data", () => child.kill("SIGKILL"));
        },
      },
    );
    assert.equal(signal, "SIGKILL");
    await printed(sh("true"));
    assert.equal(readdirSync(join(space.store, "snapshots")).length, before);
    const left = readdirSync("/proc").filter((pid) => {
      try {
        return (
          /^\d+$/.test(pid) &&
          readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`sleep\0${marker}`)
        );
      } catch {
        return false; // ended meanwhile
      }
    });
    assert.deepEqual(left, []);
  });
});

describe("build --timeout", () => {
  it("ends a RUN that takes longer, and names the limit and the line", async () => {
    const { code, stderr } = await space.tsbuild(
      ["build", "--debug", "--timeout", "700ms", ...baseContexts("busybox"), "-"],
      { input: "FROM busybox\nRUN true\nRUN trap '' TERM; sleep 100\n", timeout: 60_000 },
    );
    assert.equal(code, 1);
    assert.match(stderr, /\(STEPS_RUN_TIMEOUT\)/);
    assert.match(stderr, />>> RUN trap/);
    assert.match(stderr, /0\.7 s/);
  });
});

describe("a RUN that a signal ends", () => {
  it("has the exit code that a shell would give, and the signal, in the message", async () => {
    const { code, stderr } = await space.tsbuild(["build", ...baseContexts("busybox"), "-"], {
      input: "FROM busybox\nRUN ulimit -t 1; while :; do :; done\n",
      timeout: 60_000,
    });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /did not complete successfully: exit code: (?:137 \(SIGKILL\)|152 \(SIGXCPU\))/,
    );
  });
});
