// SPDX-License-Identifier: Apache-2.0
// Flags that change the image beyond what the Dockerfile says.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { baseContexts, workspace } from "../support/runner.js";

const space = workspace();
after(async () => space[Symbol.asyncDispose]());

interface Image {
  readonly id: string;
  readonly manifest: { readonly annotations?: Readonly<Record<string, string>> };
  readonly config: {
    readonly created: string;
    readonly history?: readonly unknown[];
    readonly config: {
      readonly Env: readonly string[];
      readonly Labels?: Readonly<Record<string, string>>;
    };
  };
}

async function built(args: readonly string[], dockerfile: string): Promise<Image> {
  await space.succeed(["build", ...baseContexts("busybox"), "-t", "flagged", ...args, "-"], {
    input: dockerfile,
    timeout: 60_000,
  });
  return JSON.parse((await space.succeed(["inspect", "flagged"])).stdout) as Image;
}

describe("flags", () => {
  it("ask for nothing when a script gives them empty values", async () => {
    const flags = ["--iidfile=", "--metadata-file=", "--call=", "-o", "", "--secret", ""];
    await space.succeed(["build", ...flags, "-"], { input: "FROM scratch\nWORKDIR /w\n" });
    assert.deepEqual(readdirSync(space.directory).sort(), ["store", "tmp"]);
  });
  it("tell warnings in the metadata where the environment asks for them", async () => {
    const directory = join(space.directory, "warned");
    mkdirSync(directory);
    writeFileSync(
      join(directory, "Dockerfile"),
      "frOM scratch as base\ncOpy Dockerfile .\nfrom scratch\nCOPy --from=base \\\n  /Dockerfile \\\n  /\n",
    );
    const told = async (value: string): Promise<readonly Record<string, unknown>[]> => {
      await space.succeed(["build", "--metadata-file=told.json", directory], {
        env: { BUILDX_METADATA_WARNINGS: value },
      });
      const text = readFileSync(join(space.directory, "told.json"), "utf8");
      const metadata = JSON.parse(text) as Record<string, Record<string, unknown>[]>;
      return metadata["buildx.build.warnings"] ?? [];
    };
    for (const value of ["", "false", "maybe"]) assert.deepEqual(await told(value), []);
    const warnings = await told("true");
    const read = (base64: unknown): string => Buffer.from(String(base64), "base64").toString();
    assert.equal(warnings.length, 3);
    for (const { short } of warnings)
      assert.match(read(short), /^ConsistentInstructionCasing: .* \(line [124]\)$/);
    const [{ sourceInfo, range, url, detail } = {}] = warnings;
    assert.deepEqual(sourceInfo, {
      filename: "Dockerfile",
      data: readFileSync(join(directory, "Dockerfile")).toString("base64"),
      language: "Dockerfile",
    });
    assert.ok(Array.isArray(range) && Array.isArray(detail) && typeof url === "string");
  });
  it("refuse an image's id where no image is written", async () => {
    const input = "FROM scratch\nWORKDIR /w\n";
    for (const output of ["out", "type=tar,dest=out", "type=cacheonly"]) {
      const { stderr } = await space.fail(2, ["build", "--iidfile=no-id", "-o", output, "-"], {
        input,
      });
      assert.match(stderr, /--iidfile is for the id of an image/);
    }
    assert.ok(!existsSync(join(space.directory, "out")));
    await space.succeed(["build", "--iidfile=id-of", "-o", "out", "-o", "type=image", "-"], {
      input,
    });
    assert.ok(existsSync(join(space.directory, "id-of")));
  });
  it("set and leave out variables and labels of the image, of its base too", async () => {
    await space.succeed(["build", "-t", "base:1", "-"], {
      input: "FROM scratch\nLABEL inherited=1 other=2\nENV KEPT=1 DROPPED=2\n",
    });
    const flags = ["--env=SET=x", "--env=FROM_HERE", "--unsetenv=DROPPED", "--unsetlabel=other"];
    const image = await space.succeed(["build", "-t", "flagged", ...flags, "--label=own=3", "-"], {
      input: "FROM base:1\nLABEL stage=4\n",
      env: { FROM_HERE: "y" },
    });
    assert.equal(image.code, 0);
    const { config } = (JSON.parse((await space.succeed(["inspect", "flagged"])).stdout) as Image)
      .config;
    assert.deepEqual(config.Labels, { inherited: "1", stage: "4", own: "3" });
    assert.deepEqual(
      config.Env.filter((line) => !line.startsWith("PATH=")),
      ["KEPT=1", "SET=x", "FROM_HERE=y"],
    );
    const bare = await built(["--inherit-labels=false"], "FROM base:1\nLABEL stage=4\n");
    assert.deepEqual(bare.config.config.Labels, { stage: "4" });
    const continued = "FROM base:1 AS s\nLABEL stage=4\nFROM s\nLABEL last=5\n";
    const last = await built(["--inherit-labels=false"], continued);
    assert.deepEqual(last.config.config.Labels, { last: "5" });
  });
  it("set variables before the instructions of the stage that begins, and ENV sets them anew", async () => {
    const image = await built(
      ["--env=A=flag", "--env=B=flag"],
      "FROM scratch AS s\nLABEL before=$A$B\nENV A=own\nFROM s\nLABEL after=$A$B\n",
    );
    assert.deepEqual(image.config.config.Labels, { before: "flagflag", after: "ownflag" });
  });
  it("take build arguments from a file, those of the command line over them", async () => {
    const file = join(space.directory, "arguments");
    writeFileSync(file, "# a comment\n\nA=file\nB = spaced\nC=file\n");
    const image = await built(
      [`--build-arg-file=${file}`, "--build-arg=C=line"],
      "FROM scratch\nARG A\nARG C\nENV A=$A C=$C\n",
    );
    assert.ok(image.config.config.Env.includes("A=file"));
    assert.ok(image.config.config.Env.includes("C=line"));
    await space.fail(2, ["build", "--build-arg-file=/no/such/file", "-"], {
      input: "FROM scratch",
    });
  });
  it("replace the base of the first stage only", async () => {
    await space.succeed(["build", "-t", "first:1", "-"], {
      input: "FROM scratch\nENV FIRST=1\n",
    });
    const image = await built(
      ["--from=first:1"],
      "FROM missing.invalid/x AS a\nFROM a\nENV SECOND=2\n",
    );
    assert.deepEqual(
      image.config.config.Env.filter((line) => /FIRST|SECOND/.test(line)),
      ["FIRST=1", "SECOND=2"],
    );
  });
  it("keep annotations of the base but for those left out, and date the image", async () => {
    const flags = ["--annotation=kept=1", "--annotation=dropped=2", "--annotation=changed=3"];
    await space.succeed(
      ["build", ...flags, "--timestamp=86400", "-t", "localhost/annotated", "-"],
      {
        input: "FROM scratch\nLABEL a=b\n",
      },
    );
    const own = ["--inherit-annotations", "--unsetannotation=dropped", "--annotation=changed=4"];
    const image = await built(
      [...own, "--created-annotation", "--timestamp=86400"],
      // Built with the other name of it.
      "FROM annotated\nLABEL c=d\n",
    );
    assert.deepEqual(image.manifest.annotations, {
      kept: "1",
      changed: "4",
      "org.opencontainers.image.created": "1970-01-02T00:00:00Z",
    });
    const { id } = image;
    const again = await built(["--label=e=f"], `FROM ${id.slice("sha256:".length)}\n`);
    assert.deepEqual(again.config.config.Labels, { a: "b", c: "d", e: "f" });
    assert.equal(again.manifest.annotations, undefined);
  });
  it("write the id of an image without a name, by which the store has it from then on", async () => {
    const id = async (flags: readonly string[], input: string): Promise<string> => {
      await space.succeed(["build", ...flags, ...baseContexts("busybox"), "--iidfile=id", "-"], {
        input,
      });
      return readFileSync(join(space.directory, "id"), "utf8");
    };
    const one = await id([], "FROM busybox\nRUN echo own > /own\nLABEL a=b\n");
    const both = await id(["--platform=linux/amd64,linux/arm64"], "FROM scratch\nLABEL c=d\n");
    for (const text of [one, one.slice(7), one.slice(7, 19)]) {
      const dockerfile = `FROM ${text}\nRUN cat /own\nCOPY --from=${text} /own /copy\n`;
      const image = await built(["--pull", "--network=none"], dockerfile);
      assert.deepEqual(image.config.config.Labels, { a: "b" });
    }
    assert.deepEqual((await built(["--pull"], `FROM ${both}\nLABEL e=f\n`)).config.config.Labels, {
      c: "d",
      e: "f",
    });
    const { stdout } = await space.succeed(["run", "--network=none", one, "cat", "/own"]);
    assert.equal(stdout, "own\n");
    await space.fail(1, ["push", one]);
    await space.succeed(["tag", one.slice(7, 19), "localhost/named"]);
    const named = JSON.parse((await space.succeed(["inspect", "localhost/named"])).stdout) as Image;
    assert.equal(named.id, one);
    // No registry is asked for an id that nobody has.
    const missing = `FROM sha256:${"ab".repeat(32)}\n`;
    const { stderr } = await space.fail(1, ["build", "--debug", "-"], { input: missing });
    assert.match(stderr, /STEPS_NOT_PULLED/);
  });
  it("leave the history out, and date image and layers", async () => {
    const image = await built(
      ["--omit-history", "--timestamp=86400"],
      "FROM busybox\nRUN touch /new\n",
    );
    assert.equal(image.config.history, undefined);
    assert.equal(image.config.created, "1970-01-02T00:00:00Z");
  });
  it("never ask a registry with --pull=never", async () => {
    const { stderr } = await space.fail(1, ["build", "--pull=never", "--debug", "-"], {
      input: "FROM not-here.invalid/image\n",
    });
    assert.match(stderr, /STEPS_NOT_PULLED/);
  });
  it("take a directory for the Dockerfile in it, and write the image's id without its algorithm", async () => {
    const directory = join(space.directory, "elsewhere");
    const context = join(space.directory, "context");
    for (const path of [directory, context]) mkdirSync(path);
    writeFileSync(join(directory, "Containerfile"), "FROM scratch\nLABEL a=b\n");
    const file = join(space.directory, "id");
    await space.succeed(["-t", "flagged", "-f", directory, "--iidfile-raw", file, context]);
    const { id } = JSON.parse((await space.succeed(["inspect", "flagged"])).stdout) as Image;
    assert.equal(`sha256:${readFileSync(file, "utf8")}`, id);
  });
  it("continue one Dockerfile in another", async () => {
    const context = join(space.directory, "parts");
    mkdirSync(context);
    writeFileSync(join(context, "first"), "FROM scratch\nLABEL a=b");
    writeFileSync(join(space.directory, "second"), "LABEL c=d\n");
    const files = ["-f", "first", "-f", "second"];
    await space.succeed(["-t", "flagged", ...files, context]);
    const { config } = JSON.parse((await space.succeed(["inspect", "flagged"])).stdout) as Image;
    assert.deepEqual(config.config.Labels, { a: "b", c: "d" });
    const { stderr } = await space.fail(1, [...files, "-f", "third", context]);
    assert.match(stderr, /cannot find the Dockerfile third/);
  });
  it("give every RUN files of this machine, which reach no layer", async () => {
    const shared = join(space.directory, "shared");
    mkdirSync(shared);
    writeFileSync(join(shared, "given"), "from here\n");
    const flags = ["--network=none", "-v", "./shared:/mnt/rw", `--volume=${shared}:/mnt/ro:ro`];
    const args = [...flags, "--mount=type=tmpfs,target=/mnt/memory", "-o", "type=local,dest=seen"];
    await space.succeed(["build", ...baseContexts("busybox"), ...args, "-"], {
      input: `FROM busybox
RUN cat /mnt/ro/given > /seen && echo back > /mnt/rw/back && echo x > /mnt/memory/x
RUN ! touch /mnt/ro/new 2>/dev/null && ls /mnt/memory > /empty
`,
    });
    assert.equal(readFileSync(join(space.directory, "seen/seen"), "utf8"), "from here\n");
    assert.equal(readFileSync(join(space.directory, "seen/empty"), "utf8"), "");
    assert.equal(readFileSync(join(shared, "back"), "utf8"), "back\n");
    assert.equal(existsSync(join(space.directory, "seen/mnt")), false);
    await space.fail(1, ["build", "-v", "named:/x", "-"], { input: "FROM scratch\nLABEL a=1\n" });
  });
  it("take what a RUN writes to an overlay for that RUN alone", async () => {
    const lent = join(space.directory, "lent");
    mkdirSync(lent);
    writeFileSync(join(lent, "given"), "from here\n");
    const args = ["--network=none", "-v", "./lent:/mnt/o:O", "-o", "type=local,dest=over"];
    await space.succeed(["build", ...baseContexts("busybox"), ...args, "-"], {
      input: `FROM busybox
RUN cat /mnt/o/given > /seen && rm /mnt/o/given && echo x > /mnt/o/new && ls /mnt/o >> /seen
RUN ls /mnt/o >> /seen
`,
    });
    assert.equal(
      readFileSync(join(space.directory, "over/seen"), "utf8"),
      "from here\nnew\ngiven\n",
    );
    assert.deepEqual(readdirSync(lent), ["given"]);
    await space.fail(2, ["build", "-v", "./lent:/x:ro,O", "-"], { input: "FROM scratch\n" });
  });
  it("leave /etc/hosts and /etc/resolv.conf to the image, and the environment's proxies out", async () => {
    const build = async (...flags: readonly string[]): Promise<void> => {
      await space.succeed(
        [
          ...["build", ...baseContexts("busybox"), "--no-hosts", "--no-hostname", ...flags],
          ...["-o", "type=local,dest=own", "-"],
        ],
        {
          input:
            "FROM busybox\nRUN mkdir -p /etc && echo 192.0.2.1 mine > /etc/hosts" +
            ' && (echo "# $http_proxy" > /etc/resolv.conf || true)\n',
          env: { http_proxy: "http://192.0.2.9" },
        },
      );
    };
    await build();
    await build("--dns=none", "--http-proxy=false");
    const etc = join(space.directory, "own/etc");
    assert.equal(readFileSync(join(etc, "hosts"), "utf8"), "192.0.2.1 mine\n");
    assert.equal(readFileSync(join(etc, "resolv.conf"), "utf8"), "# \n");
  });
  it("build the current directory when no context is named", async () => {
    const cwd = join(space.directory, "here");
    mkdirSync(cwd);
    writeFileSync(join(cwd, "Containerfile"), "FROM scratch\nCOPY Containerfile /\n");
    await space.succeed(["-o", "out"], { cwd });
    await space.succeed(["-f", "-", "-o", "out2"], { cwd, input: "FROM scratch\nCOPY out /\n" });
    assert.ok(existsSync(join(cwd, "out/Containerfile")));
    assert.ok(existsSync(join(cwd, "out2/Containerfile")));
  });
  it("write progress into a file, which begins anew", async () => {
    const file = join(space.directory, "log");
    const args = ["build", ...baseContexts("busybox"), "--network=none", "--logfile", file, "-"];
    for (const word of ["one", "two"]) {
      const { stderr } = await space.succeed(args, {
        input: `FROM busybox\nRUN echo it is $((1+1)) ${word}\n`,
      });
      assert.doesNotMatch(stderr, /it is 2/);
      const log = readFileSync(file, "utf8");
      assert.match(log, new RegExp(`it is 2 ${word}`));
      assert.doesNotMatch(log, word === "two" ? /one/ : /two/);
    }
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await space.fail(1, ["build", "--logfile=/no/such/log", "-"], { input: "FROM scratch\n" });
  });
});
