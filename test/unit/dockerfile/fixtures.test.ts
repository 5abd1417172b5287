// SPDX-License-Identifier: Apache-2.0
// Replays fixtures/dockerfiles (input and expected tree) and fixtures/dockerfiles-bad (input and expected error), as they are
// and with CRLF line ends. UPDATE_GOLDEN=1 writes the expected files instead; read the diff before committing.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { TsbuildError } from "#src/base/index.js";
import { parseDockerfile } from "#src/dockerfile/index.js";
import { dump, dumpRange } from "./dump.js";

const root = path.resolve(import.meta.dirname, "../../../..");
const update = process.env["UPDATE_GOLDEN"] === "1";

function cases(folder: string): readonly string[] {
  return readdirSync(path.join(root, "fixtures", folder)).sort();
}

function input(folder: string, name: string): Buffer {
  return readFileSync(path.join(root, "fixtures", folder, name, "Dockerfile"));
}

/** Compares with the golden file of a case, or writes it. */
function golden(folder: string, name: string, actual: unknown): void {
  const file = path.join(root, "fixtures", folder, name, "expected.json");
  const text = `${JSON.stringify(actual, null, 2)}\n`;
  if (update) writeFileSync(file, text);
  else assert.equal(text, readFileSync(file, "utf8"));
}

/** The error of parsing, as the golden files hold it. */
function failureOf(bytes: Uint8Array): unknown {
  try {
    parseDockerfile(bytes, { file: "Dockerfile" });
  } catch (error) {
    assert.ok(error instanceof TsbuildError, String(error));
    assert.ok(error.location !== undefined, "an error without a place");
    assert.equal(error.location.file, "Dockerfile");
    const { code, message, hint, location } = error;
    return {
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      at: dumpRange(location.range),
    };
  }
  return assert.fail("parsed without an error");
}

function withCrlf(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("latin1").replace(/\r?\n/g, "\r\n"), "latin1");
}

/** CRLF stays in here-document bodies, which are the file's own bytes; everything else must not see it. */
function withoutCr(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll("\\r\\n", "\\n"));
}

describe("fixtures/dockerfiles", () => {
  const names = cases("dockerfiles");
  it("has cases", () => {
    assert.ok(names.length >= 200);
  });
  for (const name of names) {
    it(`${name} parses into the expected tree`, () => {
      const parsed = parseDockerfile(input("dockerfiles", name), { file: "Dockerfile" });
      golden("dockerfiles", name, dump(parsed));
    });
    it(`${name} parses the same with CRLF`, () => {
      const bytes = input("dockerfiles", name);
      const parsed = parseDockerfile(bytes, { file: "Dockerfile" });
      const crlf = parseDockerfile(withCrlf(bytes), { file: "Dockerfile" });
      assert.deepEqual(withoutCr(dump(crlf)), withoutCr(dump(parsed)));
    });
  }
});

describe("fixtures/dockerfiles-bad", () => {
  const names = cases("dockerfiles-bad");
  it("has cases", () => {
    assert.ok(names.length >= 90);
  });
  for (const name of names) {
    it(`${name} fails as expected`, () => {
      golden("dockerfiles-bad", name, failureOf(input("dockerfiles-bad", name)));
    });
    it(`${name} fails the same with CRLF`, () => {
      const bytes = input("dockerfiles-bad", name);
      assert.deepEqual(failureOf(withCrlf(bytes)), failureOf(bytes));
    });
  }
});
