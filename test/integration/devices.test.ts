// SPDX-License-Identifier: Apache-2.0
// RUN --device: nothing without the user's word; a device that can be opened and not changed; nothing of it in the layer.

import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { baseContexts, workspace, type RunResult } from "../support/runner.js";

const space = workspace();
after(async () => space[Symbol.asyncDispose]());

const device = (name: string, containerEdits: unknown): unknown => ({ name, containerEdits });
writeFileSync(join(space.directory, "hello"), "from the host\n");
writeFileSync(
  join(space.directory, "v.json"),
  JSON.stringify({
    cdiVersion: "0.6.0",
    kind: "v.example/d",
    devices: [
      device("null", {
        env: ["FOUND=yes"],
        deviceNodes: [{ path: "/dev/outside", hostPath: "/dev/null" }],
        mounts: [
          {
            hostPath: join(space.directory, "hello"),
            containerPath: "/deep/er/hello",
            options: ["ro"],
          },
        ],
      }),
      device("file", { deviceNodes: [{ path: "/dev/x", hostPath: "/etc/passwd" }] }),
      device("hooked", { hooks: [{ hookName: "createContainer", path: "/bin/true" }] }),
    ],
  }),
);

function build(flags: string, command: string, ...args: readonly string[]): Promise<RunResult> {
  const input = `FROM busybox\nRUN ${flags} ${command}\n`;
  const found = ["--cdi-config-dir", space.directory, ...baseContexts("busybox")];
  return space.tsbuild(["build", "--progress=plain", ...found, ...args, "-"], {
    input,
    timeout: 60_000,
  });
}

const allowed = "--allow=device";

describe("RUN --device", () => {
  it("gives no device that the user did not allow", async () => {
    for (const args of [[], ["--allow=device=v.example/d=file"], ["--allow=security.insecure"]]) {
      const { code, stderr } = await build("--device=v.example/d=null", "true # 1", ...args);
      assert.equal(code, 1);
      assert.match(stderr, /entitlement device is not allowed for v\.example\/d=null/);
    }
    const one = await build(
      "--device=v.example/d=null",
      "true # 1",
      "--allow=device=v.example/d=null",
    );
    assert.equal(one.code, 0, one.stderr);
  });

  it("lets it be opened and not changed, and leaves nothing of it", async () => {
    const before = statSync("/dev/null");
    const command = [
      '[ "$FOUND" = yes ] && echo x > /dev/outside && [ -z "$(cat /dev/outside)" ]',
      '[ "$(cat /deep/er/hello)" = "from the host" ]',
      "! chmod 600 /dev/outside && ! chown 1:1 /dev/outside && ! rm -f /dev/outside",
    ].join(" && ");
    const { code, stderr } = await build("--device=v.example/d=null,required", command, allowed);
    assert.equal(code, 0, stderr);
    const now = statSync("/dev/null");
    assert.deepEqual([now.mode, now.uid, now.gid], [before.mode, before.uid, before.gid]);
    const out = join(space.directory, "tree");
    await build("--device=v.example/d=null,required", command, allowed, "-o", out);
    assert.throws(() => statSync(join(out, "deep")));
  });

  it("fails for a required one that is missing, and for what is none", async () => {
    const missing = await build("--device=v.example/d=other,required", "true", allowed);
    assert.match(missing.stderr, /required device "v\.example\/d=other" is not registered/);
    assert.equal((await build("--device=v.example/d=other", "true")).code, 0);
    const file = await build("--device=v.example/d=file", "true", allowed);
    assert.match(file.stderr, /this is no device: \/etc\/passwd/);
    const hooked = await build("--device=v.example/d=hooked", "true", allowed);
    assert.match(hooked.stderr, /it asks for hooks/);
  });
});

describe("build --device", () => {
  it("gives every RUN devices of this machine, which reach no layer", async () => {
    const command = 'echo x > /dev/given/null && [ -z "$(cat /dev/given/null)" ]';
    const flags = ["--device=/dev/null:/dev/given/null:rwm", "-o", join(space.directory, "given")];
    assert.equal((await build("", command)).code, 1);
    const { code, stderr } = await build("", command, ...flags);
    assert.equal(code, 0, stderr);
    assert.throws(() => statSync(join(space.directory, "given/dev/given")));
    const none = await build("", "true # none", "--device=/dev/no-such-device");
    assert.match(none.stderr, /this machine has no such device: \/dev\/no-such-device/);
  });
  it("gives registered ones without further leave, to commands that ask for them, too", async () => {
    const command = '[ "$FOUND" = yes ] && echo x > /dev/outside';
    for (const flags of ["", "--device=v.example/d=null"]) {
      const { code, stderr } = await build(flags, command, "--device=v.example/d=null");
      assert.equal(code, 0, stderr);
    }
    const missing = await build("", "true # other", "--device=v.example/d=other");
    assert.match(missing.stderr, /required device "v\.example\/d=other" is not registered/);
  });
  it("is there for containers", async () => {
    await space.succeed(["build", ...baseContexts("busybox"), "-t", "boxed", "-"], {
      input: "FROM busybox\n",
    });
    const command = ["boxed", "sh", "-c", "echo x > /dev/given"];
    await space.succeed(["run", "--name=c", "--device=/dev/null:/dev/given", ...command]);
    await space.fail(125, ["run", "--device=v.example/d=null", ...command]);
  });
});
