// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";

/** Fetches, checks the status, and returns the body as text. */
export async function expectStatus(url, status) {
  const response = await fetch(url);
  assert.equal(response.status, status, url);
  return response.text();
}
