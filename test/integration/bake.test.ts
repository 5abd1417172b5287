// SPDX-License-Identifier: Apache-2.0
// `tsbuild bake`: targets of files become builds.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { baseLayout, workspace, type Workspace } from "../support/runner.js";

const dockerfile = `FROM busybox AS base
ARG WHO=nobody
RUN echo "base for $WHO" > /base.txt
FROM scratch AS made
ARG WHO=nobody
COPY <<EOF /who.txt
$WHO
EOF
`;

function project(files: Readonly<Record<string, string>>): Workspace {
  const space = workspace();
  writeFileSync(join(space.directory, "Dockerfile"), dockerfile);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(space.directory, name, ".."), { recursive: true });
    writeFileSync(join(space.directory, name), text);
  }
  return space;
}

const read = (space: Workspace, name: string): string =>
  readFileSync(join(space.directory, name), "utf8");

/** The base image, which no registry has here. It lies beside the project. */
const base = `busybox = "oci-layout://${baseLayout("busybox")}"`;
const readBase = `--allow=fs.read=${baseLayout("busybox")}`;

async function refusal(space: Workspace, args: readonly string[]): Promise<string> {
  const { code, stderr } = await space.tsbuild(["bake", "--progress=quiet", "--debug", ...args]);
  assert.notEqual(code, 0, stderr);
  return stderr;
}

describe("tsbuild bake", () => {
  it("builds the default group, with variables, inheritance, matrices and images of other targets", async () => {
    await using space = project({
      "docker-bake.hcl": `
        variable "WHO" { default = "file" }
        group "default" { targets = ["site", "app"] }
        target "common" {
          args = { WHO = upper(WHO) }
          contexts = { ${base} }
        }
        target "base" {
          inherits = ["common"]
          target = "base"
        }
        target "app" {
          contexts = { below = "target:base" }
          dockerfile-inline = <<EOT
            FROM below
            RUN cat /base.txt > /app.txt
          EOT
          output = ["type=local,dest=app"]
          tags = ["app:\${WHO}"]
        }
        target "site" {
          name = "site-\${tongue}"
          matrix = { tongue = ["de", "en"] }
          inherits = ["common"]
          target = "made"
          args = { WHO = "\${WHO} in \${tongue}" }
          output = ["type=local,dest=site/\${tongue}"]
        }
      `,
    });
    const { stderr } = await space.succeed(
      ["bake", "--progress=plain", readBase, "--metadata-file=m.json"],
      {
        env: { WHO: "world" },
      },
    );
    assert.equal(read(space, "app/app.txt"), "base for WORLD\n");
    assert.equal(read(space, "site/de/who.txt"), "world in de\n");
    assert.equal(read(space, "site/en/who.txt"), "world in en\n");
    assert.match(stderr, /^#\d+ \[site-de made 1\/1\] COPY/m);
    const metadata = JSON.parse(read(space, "m.json")) as object;
    assert.deepEqual(Object.keys(metadata).sort(), ["app", "site-de", "site-en"]);
    await space.succeed([
      "bake",
      readBase,
      "--var",
      "WHO=line",
      "app",
      "--set",
      "app.output=type=local,dest=other",
    ]);
    assert.equal(read(space, "other/app.txt"), "base for LINE\n");
  });

  it("runs a step once that several targets have", async () => {
    await using space = project({
      "docker-bake.hcl": `
        group "default" { targets = ["all"] }
        target "all" {
          name = "copy-\${n}"
          matrix = { n = ["1", "2", "3"] }
          contexts = { ${base} }
          network = "none"
          dockerfile-inline = "FROM busybox\\nRUN sleep 1; cat /proc/sys/kernel/random/uuid > /once"
          output = ["type=local,dest=out\${n}"]
        }
      `,
    });
    await space.succeed(["bake", "--progress=plain", readBase]);
    assert.equal(read(space, "out1/once"), read(space, "out2/once"));
    assert.equal(read(space, "out1/once"), read(space, "out3/once"));
  });

  it("puts what has no outputs into the store, under its names", async () => {
    await using space = project({
      "docker-bake.json": JSON.stringify({
        target: { default: { target: "made", tags: ["one:1", "two"], args: { WHO: "json" } } },
      }),
    });
    await space.succeed(["bake", "--metadata-file=m.json"]);
    const metadata = JSON.parse(read(space, "m.json")) as Record<string, Record<string, string>>;
    assert.match(metadata["default"]?.["containerimage.digest"] ?? "", /^sha256:/);
    const { stdout } = await space.succeed(["images"]);
    assert.match(stdout, /docker\.io\/library\/one +1|one:1/);
  });

  it("tells the warnings of all targets once, where the environment asks for them", async () => {
    await using space = project({
      Wrong: "frOM scratch\nWORKDIR /w\n",
      "docker-bake.json": JSON.stringify({
        group: { default: { targets: ["a", "b"] } },
        target: { a: { dockerfile: "Wrong" }, b: { dockerfile: "Wrong" } },
      }),
    });
    const { stderr } = await space.succeed(["bake", "--metadata-file=m.json"], {
      env: { BUILDX_METADATA_WARNINGS: "true" },
    });
    assert.match(stderr, /a: Command/);
    const metadata = JSON.parse(read(space, "m.json")) as Record<string, unknown[]>;
    assert.deepEqual(Object.keys(metadata).sort(), ["a", "b", "buildx.build.warnings"]);
    assert.equal(metadata["buildx.build.warnings"]?.length, 1);
  });

  it("prints, lists and checks", async () => {
    await using space = project({
      "compose.yaml":
        "services:\n  web:\n    image: web:1\n    build:\n      context: .\n      target: made\n",
      "docker-bake.override.hcl":
        'variable "V" { default = 1 }\ntarget "web" { args = { WHO = "\${V}" } }\n',
    });
    const printed = await space.succeed(["bake", "--print", "web"]);
    assert.deepEqual(JSON.parse(printed.stdout), {
      group: { default: { targets: ["web"] } },
      target: {
        web: {
          context: ".",
          dockerfile: "Dockerfile",
          args: { WHO: "1" },
          tags: ["web:1"],
          target: "made",
        },
      },
    });
    assert.match((await space.succeed(["bake", "--list=targets"])).stdout, /^web\b/m);
    assert.match((await space.succeed(["bake", "--list=variables"])).stdout, /^V\s/m);
    const { stdout } = await space.succeed(["bake", "--check"]);
    assert.equal(stdout, "web\n\nCheck complete, no warnings found.\n");
    writeFileSync(
      join(space.directory, "Dockerfile"),
      "FROM scratch AS made\ncopy Dockerfile /\nRUN x\n",
    );
    const checked = await space.tsbuild(["bake", "--call=check,format=json"]);
    assert.equal(checked.code, 1);
    const { target } = JSON.parse(checked.stdout) as {
      target: { web: { build: object; check: { warnings: { ruleName: string }[] } } };
    };
    assert.equal(target.web.check.warnings[0]?.ruleName, "ConsistentInstructionCasing");
  });

  it("ends with the first failure, which names the place in the Dockerfile", async () => {
    await using space = project({
      "docker-bake.hcl": `
        group "default" { targets = ["bad", "slow"] }
        target "common" {
          network = "none"
          contexts = { ${base} }
        }
        target "bad" {
          inherits = ["common"]
          dockerfile-inline = "FROM busybox\\nRUN sleep 1; exit 7"
        }
        target "slow" {
          inherits = ["common"]
          dockerfile-inline = "FROM busybox\\nRUN sleep 300"
          output = ["slow"]
        }
      `,
    });
    const stderr = await refusal(space, [readBase]);
    assert.match(stderr, /exit code: 7/);
    assert.match(stderr, />>> RUN sleep 1; exit 7/);
    assert.ok(!existsSync(join(space.directory, "slow")));
  });
});

describe("a stranger's file of targets", () => {
  it("reads and writes below the directory only, however the path is written", async () => {
    await using space = project({
      "outside/secret": "secret\n",
      "inside/docker-bake.hcl": `
        target "context" { context = "../outside" }
        target "named" { contexts = { x = "link" } }
        target "layout" { contexts = { x = "oci-layout:../outside" } }
        target "tagged" { contexts = { x = "OCI-layout://link:tag" } }
        target "colon" { contexts = { x = "x:a/../../outside" } }
        target "layout-colon" { contexts = { x = "oci-layout://a:b/../../outside" } }
        target "url" { context = "https://x/../../../outside" }
        target "scp" { contexts = { x = "github.com/../../outside" } }
        target "absolute" {
          context = "https://127.0.0.1:1/x.git"
          dockerfile = "/etc/passwd"
        }
        target "secret-by-id" { secret = ["id=../outside/secret"] }
        target "cache-object" { cache-to = [{ type = "local", DEST = "../outside/new" }] }
        target "cache-in-name" { cache-from = [{ type = "registry", ref = "type=local,src=../outside" }] }
        target "output-object" { output = [{ type = "local", Dest = "../outside/new" }] }
        target "dangling" { output = ["type=tar,dest=to-nothing"] }
        target "key-in-id" { ssh = [{ id = "k=../outside/secret" }] }
        target "secret" { secret = ["id=s,src=../outside/secret"] }
        target "dockerfile" { dockerfile = "../outside/secret" }
        target "output" { output = ["type=local,dest=../outside/new/out"] }
        target "cache" { cache-to = ["type=local,dest=link/cache"] }
        target "key" { ssh = ["k=../outside/secret"] }
        target "agent" { ssh = ["default"] }
        target "delete" { output = ["type=local,dest=out,mode=delete"] }
        target "host" { network = "host" }
        target "insecure" { entitlements = ["security.insecure"] }
      `,
      "inside/compose.yaml": "services:\n  env:\n    build: .\n    env_file: ../outside/secret\n",
    });
    const inside = join(space.directory, "inside");
    symlinkSync("../outside", join(inside, "link"));
    writeFileSync(join(inside, "Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n");
    symlinkSync("../outside/nothing", join(inside, "to-nothing"));
    const wanted: Readonly<Record<string, string>> = {
      layout: "fs.read=",
      tagged: "fs.read=",
      colon: "fs.read=",
      "layout-colon": "fs.read=",
      url: "fs.read=",
      scp: "fs.read=",
      absolute: "fs.read=",
      "secret-by-id": "fs.read=",
      "cache-object": "fs.write=",
      "cache-in-name": "fs.read=",
      "output-object": "fs.write=",
      dangling: "fs.write=",
      "key-in-id": "fs.read=",
      context: "fs.read=",
      named: "fs.read=",
      secret: "fs.read=",
      dockerfile: "fs.read=",
      output: "fs.write=",
      cache: "fs.write=",
      key: "fs.read=",
      agent: "ssh",
      delete: "buildx.local.delete",
      host: "network.host",
      insecure: "security.insecure",
    };
    for (const [name, grant] of Object.entries(wanted)) {
      const { code, stderr } = await space.tsbuild(["bake", "-f", "docker-bake.hcl", name], {
        cwd: inside,
      });
      assert.notEqual(code, 0, name);
      assert.match(stderr, new RegExp(`were not given: .*${grant}`), name);
      assert.ok(stderr.includes(`--allow=${grant}`), `${name}: ${stderr}`);
    }
    assert.deepEqual(readFileSync(join(space.directory, "outside/secret"), "utf8"), "secret\n");
    assert.ok(!existsSync(join(space.directory, "outside/new")));
    await space.succeed(
      ["bake", "-f", "docker-bake.hcl", "output", "--allow=fs.write=../outside"],
      { cwd: inside },
    );
    assert.ok(existsSync(join(space.directory, "outside/new/out/Dockerfile")));
  });

  it("is looked at again before each build: an output may have made a link meanwhile", async () => {
    await using space = project({
      "outside/secret": "secret\n",
      "inside/Dockerfile": "FROM scratch\nCOPY d /\n",
      "inside/docker-bake.hcl": `
        group "default" { targets = ["first", "second"] }
        target "first" { output = ["type=local,dest=out"] }
        target "second" {
          context = "out/link"
          contexts = { first = "target:first" }
          dockerfile-inline = "FROM first\\nCOPY secret /"
          output = ["type=local,dest=taken"]
        }
      `,
    });
    const inside = join(space.directory, "inside");
    mkdirSync(join(inside, "d"));
    symlinkSync("../../outside", join(inside, "d/link"));
    const { code, stderr } = await space.tsbuild(["bake"], { cwd: inside });
    assert.notEqual(code, 0);
    assert.match(stderr, /were not given: fs\.read=/);
    assert.ok(!existsSync(join(inside, "taken")));
  });
});
