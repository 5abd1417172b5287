// SPDX-License-Identifier: Apache-2.0
// ADD of a URL in real builds: how often it is asked for, and what of it counts.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { baseContexts, workspace } from "../support/runner.js";

/** A server on loopback; gives its address. */
async function serve(answer: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("a URL that is added", () => {
  it("is asked for once in a build, and has one content", async () => {
    let asked = 0;
    await using server = await serve((_request, response) => {
      response.end(`version ${++asked}\n`);
    });
    await using space = workspace();
    const input = `FROM scratch AS a
ADD ${server.url}/x /a
FROM scratch AS b
ADD ${server.url}/x /b
FROM scratch
ADD ${server.url}/x /c
COPY --from=a /a /
COPY --from=b /b /
`;
    await space.succeed(["build", "--output=out", "-"], { input });
    assert.equal(asked, 1);
    for (const name of ["a", "b", "c"])
      assert.equal(readFileSync(join(space.directory, "out", name), "utf8"), "version 1\n");
  });

  it("is the same while its bytes are, whenever the server says they were written", async () => {
    let modified = "Thu, 01 Jan 2015 00:00:10 GMT";
    let content = "content";
    await using server = await serve((_request, response) => {
      response.setHeader("last-modified", modified);
      response.end(content);
    });
    await using space = workspace();
    const args = ["build", "--progress=plain", "--network=none", ...baseContexts("busybox"), "-"];
    const input = `FROM busybox\nADD ${server.url}/x /x\nRUN cat /x > /y\n`;
    const cached = async (): Promise<boolean> =>
      /RUN cat.*\n#\d+ CACHED/.test((await space.succeed(args, { input })).stderr);
    assert.equal(await cached(), false);
    modified = "Fri, 02 Jan 2015 00:00:10 GMT";
    assert.equal(await cached(), true);
    content = "other";
    assert.equal(await cached(), false);
  });
});
