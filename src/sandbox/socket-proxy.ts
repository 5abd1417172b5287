// SPDX-License-Identifier: Apache-2.0
// A socket of ours in front of one of the host's: steps get ours (its owner and mode can be set freely), connections are
// handed on byte by byte. It goes away with the step.

import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, TsbuildError } from "../base/index.js";

export interface SocketProxy extends AsyncDisposable {
  readonly path: string;
}

function connectBoth(client: Socket, server: Socket): void {
  client.pipe(server).pipe(client);
  for (const socket of [client, server])
    socket.on("error", () => {
      client.destroy();
      server.destroy();
    });
}

/** Listens for a step and connects each of its connections to `target`. */
export async function openSocketProxy(target: string): Promise<SocketProxy> {
  const dir = mkdtempSync(join(tmpdir(), "tsbuild-socket-"));
  const path = join(dir, "socket");
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
    }
    connectBoth(client, upstream);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
  } catch (cause) {
    await rm(dir, { recursive: true, force: true });
    throw new TsbuildError(
      "SANDBOX_MOUNT_SOURCE",
      `cannot offer the socket ${target}: ${messageOf(cause)}`,
      {
        cause,
        details: { path: target },
      },
    );
  }
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      await rm(dir, { recursive: true, force: true });
    },
  };
}
