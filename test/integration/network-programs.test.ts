// SPDX-License-Identifier: Apache-2.0
// The programs that connect a step's network read packets that the step made up: each locks itself in before it does.

import assert from "node:assert/strict";
import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { HeldNamespaces } from "#src/sandbox/held-namespaces.js";
import { chooseIdMaps, findProgram, idMapFields } from "#src/sandbox/id-maps.js";
import type { RunRequest } from "#src/sandbox/index.js";
import { NetworkChooser } from "#src/sandbox/network.js";
import { RunServer } from "#src/sandbox/run-server.js";
import { run } from "#src/sandbox/run.js";
import type { HelperConfig } from "#src/sandbox/spawn.js";
import { sandboxFixture, type SandboxFixture } from "../support/sandbox.js";

let box: SandboxFixture;
before(() => {
  box = sandboxFixture();
});
after(async () => box[Symbol.asyncDispose]());

/** Why a program cannot be tested here, or undefined. */
function missing(program: string): string | undefined {
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
  } catch {
    return "/dev/net/tun is missing or closed to this user";
  }
  return findProgram(program) === undefined ? `${program} is not installed` : undefined;
}

/** What /proc says of the processes below one. */
function statusesBelow(ancestor: number): string[] {
  const found = new Map<number, string>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry)))
    try {
      found.set(Number(name), readFileSync(`/proc/${name}/status`, "utf8"));
    } catch {
      continue; // it ended between the two looks
    }
  const isBelow = (status: string): boolean => {
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
    const above = found.get(parent);
    return parent === ancestor || (above !== undefined && isBelow(above));
  };
  return [...found.values()].filter(isBelow);
}

/** An address of this machine that others reach it by. */
function ownAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

/** What a step hears from a server on this machine, in a network by one program. */
async function heard(plain: HelperConfig, program: string, address: string): Promise<string> {
  const namespaces = new HeldNamespaces(plain);
  const config = { ...plain, userNamespace: () => namespaces.userNamespace() };
  const server = createServer((socket) => socket.end("heard\n"));
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  let said = "";
  const request: RunRequest = {
    root: box.root(),
    argv: ["/bin/nc", "-w", "5", address, `${port}`],
    ...{ env: [], cwd: "/", user: "", hostname: "box", hosts: "", resolvConf: "" },
    ...{ network: "default", security: "sandbox", mounts: [], limits: {} },
  };
  const context = {
    config,
    server: new RunServer(config),
    networks: new NetworkChooser((name) => (program.endsWith(name) ? program : undefined)),
    namespaces,
    onNotice: (message: string) => {
      said += message;
    },
  };
  try {
    await run(context, request, {
      onOutput: (_stream, data) => {
        said += Buffer.from(data).toString();
      },
      signal: AbortSignal.timeout(30_000),
    });
  } finally {
    server.close();
  }
  return said;
}

describe("the program of a network", () => {
  for (const { name, names, capabilities } of [
    // It may watch ports in the namespace of the step: CAP_NET_BIND_SERVICE, _NET_ADMIN and _SYS_PTRACE there.
    { name: "pasta", names: /^Name:\tpas(?:ta|st)/, capabilities: 0x281400 },
    { name: "slirp4netns", names: /^Name:\tslirp4netns/, capabilities: 0x400 },
  ])
    it(`connects, and can do nothing else: ${name}`, { skip: missing(name) ?? false }, async () => {
      const config: HelperConfig = {
        helperPath:
          process.env["TSBUILD_HELPER"] ?? join(process.cwd(), "native/bin/tsbuild-helper"),
        storeRoot: box.store,
        idMapFields: idMapFields(chooseIdMaps()),
      };
      const program = findProgram(name) ?? "";
      const address = ownAddress();
      // pasta gives the step this machine's own address.
      if (address !== undefined && name !== "pasta")
        assert.equal(await heard(config, program, address), "heard\n");
      const namespaces = new HeldNamespaces(config);
      const lease = await namespaces.lease(program, AbortSignal.timeout(20_000));
      try {
        // It reads nothing before it is done with that, which may be a moment after the network is there.
        const deadline = Date.now() + 10_000;
        let status = "";
        while (!/^Seccomp:\t2$/m.test(status) && Date.now() < deadline) {
          await sleep(20);
          status = statusesBelow(process.pid).find((text) => names.test(text)) ?? "";
        }
        assert.match(status, /^Seccomp:\t2$/m);
        assert.match(status, /^NoNewPrivs:\t1$/m);
        const held = BigInt(`0x${/^CapEff:\t([0-9a-f]+)$/m.exec(status)?.[1] ?? "f"}`);
        assert.equal(held & ~BigInt(capabilities), 0n, status);
      } finally {
        lease.release(false);
      }
    });
});
