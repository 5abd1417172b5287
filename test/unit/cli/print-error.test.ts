// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TsbuildError } from "#src/base/index.js";
import { formatError } from "#src/cli/print-error.js";
import { parseDockerfile } from "#src/dockerfile/index.js";

/** The last line about a failure. */
function told(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return formatError(error, false)
      .split("\n")
      .find((line) => line.startsWith("ERROR: "));
  }
  return undefined;
}

describe("a failure is told", () => {
  it("with the words that scripts look for, when the Dockerfile cannot be read", () => {
    assert.equal(
      told(() => parseDockerfile("FROM a\n\nNOPE b\n", { file: "Dockerfile" })),
      "ERROR: dockerfile parse error on line 3: unknown instruction: NOPE",
    );
  });

  it("without them, when it can", () => {
    const failure = (): never => {
      throw new TsbuildError("STEPS_SOURCE_NOT_FOUND", '"/f": not found');
    };
    assert.equal(told(failure), 'ERROR: "/f": not found');
  });
});
