// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { expectStatus } from "expect-status";
import { service } from "../src/server.js";

test("greets, says that it is well, and knows nothing else", async () => {
  const server = service().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const base = `http://127.0.0.1:${server.address().port}`;
  try {
    assert.deepEqual(JSON.parse(await expectStatus(`${base}/?name=you`, 200)), {
      message: "Hello you!",
    });
    assert.deepEqual(JSON.parse(await expectStatus(`${base}/`, 200)), { message: "Hello World!" });
    await expectStatus(`${base}/health`, 200);
    await expectStatus(`${base}/x`, 404);
  } finally {
    server.close();
  }
});
