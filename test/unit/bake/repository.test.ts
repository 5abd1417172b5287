// SPDX-License-Identifier: Apache-2.0
// Files of targets that a repository has: what their paths mean.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inputsOf } from "#src/bake/index.js";
import { failing, target } from "./reading.js";

const git = "https://example.com/app.git";

describe("a path of a repository's file of targets", () => {
  const table: readonly (readonly [string, string, string])[] = [
    [git, ".", git],
    [git, "./", git],
    [git, "/", git],
    [git, "a/b", `${git}#:a/b`],
    [git, "./a/../b/", `${git}#:b`],
    [git, "/a", `${git}#:a`],
    [`${git}#main`, "a", `${git}#main:a`],
    [`${git}#main:base`, "a/b", `${git}#main:base/a/b`],
    [`${git}#:base`, "a", `${git}#:base/a`],
    [`${git}?branch=main`, "a", `${git}?branch=main#:a`],
    [`${git}?subdir=base&ref=v1`, "a", `${git}?subdir=base%2Fa&ref=v1`],
    ["git@example.com:me/app.git#v1", "a", "git@example.com:me/app.git#v1:a"],
    [git, "cwd://a/", "a"],
    [git, "cwd://", "."],
    [git, "https://example.com/other.git", "https://example.com/other.git"],
  ];
  for (const [repository, path, expected] of table)
    it(`${repository} ${path}`, () => {
      const text = `target "t" {
        context = "${path}"
        contexts = { other = "${path}" }
        dockerfile-inline = "FROM scratch"
      }`;
      const found = target(text, "t", [], { repository });
      assert.equal(found.context, expected);
      assert.equal(inputsOf(found).contexts.get("other"), expected);
    });

  it("leaves contexts alone that are no paths", () => {
    const names = ["docker-image://x", "oci-layout://x", "https://example.com/x.tar"];
    const contexts = names.map((name, i) => `c${i} = "${name}"`).join(", ");
    const found = target(`target "t" { contexts = { ${contexts} } }`, "t", [], {
      repository: git,
    });
    assert.deepEqual([...inputsOf(found).contexts.values()], names);
  });

  it("may be a Dockerfile that is here, but not one of the repository for a context that is here", () => {
    const of = (context: string, dockerfile: string): ReturnType<typeof inputsOf> =>
      inputsOf(
        target(`target "t" {\n context = "${context}"\n dockerfile = "${dockerfile}"\n}`, "t", [], {
          repository: git,
        }),
      );
    assert.deepEqual(
      [of(".", "cwd://d/../File").dockerfile, of(".", "cwd://File").apart],
      ["File", true],
    );
    assert.deepEqual(
      [of("sub", "d/File").dockerfile, of("sub", "d/File").apart],
      ["d/File", false],
    );
    assert.equal(of("cwd://here", "cwd://File").apart, false);
    assert.throws(() => of("cwd://here", "File"), failing("BAKE_ATTRIBUTE", /in a repository/));
  });
});
