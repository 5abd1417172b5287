// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Command } from "commander";
import { argumentsOf } from "#src/cli/bake/arguments.js";
import { addBuildFlags, type BuildFlags } from "#src/cli/options/build-flags.js";
import { parseHost, splitFields } from "#src/cli/options/values.js";

describe("a target's words for a build", () => {
  it("have several addresses of a host as one value", () => {
    const extraHosts = new Map([
      ["h", "192.0.2.1,::2"],
      ["i", "192.0.2.3"],
      ["none", null],
    ]);
    const target = {
      name: "app",
      context: ".",
      dockerfile: "Dockerfile",
      linked: false,
      extraHosts,
    };
    const words = argumentsOf(target, new Map());
    const command = addBuildFlags(new Command().argument("[context]"));
    const { addHost } = command.parse(words, { from: "user" }).opts<BuildFlags>();
    const fields = addHost.flatMap((text) => splitFields("--add-host", text));
    assert.deepEqual(fields.flatMap(parseHost), [
      ["h", "192.0.2.1"],
      ["h", "::2"],
      ["i", "192.0.2.3"],
    ]);
  });
});
