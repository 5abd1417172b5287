// SPDX-License-Identifier: Apache-2.0
// Attestations of how an image was built, and of what it consists of: where they are, what they say, and what they must never say.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RegistryServer } from "../support/registry-server.js";
import { baseContexts, repository, workspace } from "../support/runner.js";
import { makeImage } from "../support/image.js";

const space = workspace();
let server: RegistryServer;
const architecture = { x64: "amd64", ia32: "386" }[process.arch as string] ?? process.arch;
const platform = `linux/${architecture}`;
const base = makeImage([Buffer.from("base")], { os: "linux", architecture });

before(async () => {
  server = await RegistryServer.start();
  for (const { bytes } of [base.config, ...base.layers]) server.putBlob("base", bytes);
  server.putManifest("base", "v1", base.manifest.mediaType, base.manifest.bytes);
  mkdirSync(join(space.directory, "context"));
  writeFileSync(join(space.directory, "context/file"), "content\n");
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await space[Symbol.asyncDispose]();
});

interface Entry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
  readonly annotations?: Readonly<Record<string, string>>;
}
interface Statement {
  readonly _type: string;
  readonly predicateType: string;
  readonly subject: readonly { name: string; digest: Record<string, string> }[];
  readonly predicate: unknown;
}

/** A field of the predicate, by the names that lead to it. */
function told(statement: Statement | undefined, path: string): unknown {
  return path
    .split("/")
    .reduce<unknown>(
      (value, name) => (value as Record<string, unknown> | undefined)?.[name],
      statement?.predicate,
    );
}

/** Builds to an archive; gives the entries of the index, and the statement of each image. */
async function attested(
  args: readonly string[],
  dockerfile: string,
): Promise<{ entries: readonly Entry[]; statements: readonly Statement[]; text: string }> {
  const out = join(space.directory, "out.tar");
  await space.succeed(
    [
      "build",
      ...baseContexts("busybox"),
      "--network=none",
      "-o",
      `type=oci,dest=${out}`,
      ...args,
      "-f",
      "-",
      "context",
    ],
    { input: dockerfile },
  );
  const read = (path: string): string =>
    execFileSync("tar", ["-xOf", out, path], { encoding: "utf8" });
  const blob = (digest: string): string => read(`blobs/${digest.replace(":", "/")}`);
  const [top] = (JSON.parse(read("index.json")) as { manifests: Entry[] }).manifests;
  assert.ok(top !== undefined);
  const { manifests: entries = [] } = JSON.parse(blob(top.digest)) as { manifests?: Entry[] };
  const texts = entries
    .filter(({ platform: of }) => of?.os === "unknown")
    .map(({ digest }) => {
      const { layers } = JSON.parse(blob(digest)) as { layers: Entry[] };
      assert.equal(layers[0]?.mediaType, "application/vnd.in-toto+json");
      return blob(layers[0].digest);
    });
  const statements = texts.map((text) => JSON.parse(text) as Statement);
  return { entries, statements, text: texts.join("\n") };
}

const simple = "FROM busybox\nCOPY file /\nRUN echo hello > /x\n";

describe("provenance", () => {
  it("is not written unasked, nor when it is refused", async () => {
    for (const args of [
      [],
      ["--provenance=false"],
      ["--attest=type=provenance,disabled=true"],
      ["--sbom=false"],
    ])
      assert.deepEqual((await attested(args, simple)).entries, []);
  });
  it("stands beside its image in an index, and names it", async () => {
    const { entries, statements } = await attested(
      ["--provenance", "-t", "app:v1", "-t", "other.example/x"],
      simple,
    );
    const [image, attestation] = entries;
    assert.equal(entries.length, 2);
    assert.ok(image !== undefined && attestation !== undefined);
    assert.deepEqual(attestation.platform, { architecture: "unknown", os: "unknown" });
    assert.deepEqual(attestation.annotations, {
      "vnd.docker.reference.digest": image.digest,
      "vnd.docker.reference.type": "attestation-manifest",
    });
    const [statement] = statements;
    assert.equal(statement?._type, "https://in-toto.io/Statement/v1");
    assert.equal(statement.predicateType, "https://slsa.dev/provenance/v1");
    const digest = { sha256: image.digest.slice(7) };
    const query = `?platform=linux%2F${architecture}`;
    assert.deepEqual(statement.subject, [
      { name: `pkg:docker/app@v1${query}`, digest },
      { name: `pkg:docker/other.example/x@latest${query}`, digest },
    ]);
  });
  it("follows an image whose manifest an output changes", async () => {
    const { entries, statements } = await attested(["--provenance", "--annotation=a=b"], simple);
    assert.equal(entries[1]?.annotations?.["vnd.docker.reference.digest"], entries[0]?.digest);
    assert.equal(statements[0]?.subject[0]?.digest["sha256"], entries[0]?.digest.slice(7));
  });
  /** The image's entry, and the attestation, in a layout of this name. */
  const stored = async (
    name: string,
    attributes = "",
    env: Readonly<Record<string, string>> = {},
  ): Promise<{
    readonly layout: string;
    readonly image: Entry;
    readonly manifest: Record<string, unknown>;
    readonly read: (digest: string) => unknown;
  }> => {
    const layout = join(space.directory, name);
    const output = `type=oci,tar=false,dest=${layout}${attributes}`;
    await space.succeed(
      ["build", ...baseContexts("busybox"), "--provenance", "-o", output, "-t", "artifact", "-"],
      { input: "FROM busybox\n", env },
    );
    const read = (digest: string): unknown =>
      JSON.parse(readFileSync(join(layout, "blobs", digest.replace(":", "/")), "utf8"));
    const index = readFileSync(join(layout, "index.json"), "utf8");
    const [top] = (JSON.parse(index) as { manifests: Entry[] }).manifests;
    const [image, entry] = (read(top?.digest ?? "") as { manifests: Entry[] }).manifests;
    assert.ok(image !== undefined && entry !== undefined);
    return { layout, image, manifest: read(entry.digest) as Record<string, unknown>, read };
  };
  it("has the form of an image where the output or the environment says so", async () => {
    for (const { manifest, read } of [
      await stored("said", ",oci-artifact=false"),
      await stored("environment", "", { BUILDX_NO_DEFAULT_OCI_ARTIFACT: "true" }),
    ]) {
      const { artifactType, config, subject } = manifest;
      assert.deepEqual([artifactType, subject], [undefined, undefined]);
      assert.equal((read((config as Entry).digest) as { os: string }).os, "unknown");
    }
    await space.fail(2, ["build", "-o", "type=oci,oci-artifact=true,oci-mediatypes=false", "-"], {
      input: "FROM scratch\nLABEL a=1\n",
    });
  });
  it("is an artifact about its image", async () => {
    const { layout, image, manifest, read } = await stored("artifact");
    const { artifactType, config, subject } = manifest;
    assert.equal(artifactType, "application/vnd.docker.attestation.manifest.v1+json");
    const { mediaType, digest, size } = image;
    assert.deepEqual(subject, { mediaType, digest, size });
    assert.deepEqual(config, {
      mediaType: "application/vnd.oci.empty.v1+json",
      digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
      size: 2,
      data: "e30=",
    });
    assert.deepEqual(read((config as Entry).digest), {});
    // It can be read again, with all that it has.
    const inspect = ["--format", "{{.Provenance.SLSA.buildDefinition.buildType}}"];
    const place = `oci-layout://${layout}`;
    const { stdout } = await space.succeed(["imagetools", "inspect", ...inspect, place]);
    assert.match(stdout, /^https:/);
  });
  it("tells what the build was made from, whole or not", async () => {
    const { statements } = await attested(
      ["--provenance", "--target=last"],
      `FROM ${server.host}/base:v1 AS unused\nFROM ${server.host}/base:v1 AS last\nCOPY file /\n`.replace(
        /ADD.*\n/,
        "",
      ),
    );
    const [statement] = statements;
    assert.deepEqual(told(statement, "buildDefinition/resolvedDependencies"), [
      {
        uri: `pkg:docker/${encodeURIComponent(server.host)}/base@v1?platform=${encodeURIComponent(platform)}`,
        digest: { sha256: base.manifest.digest.slice(7) },
      },
    ]);
    assert.deepEqual(told(statement, "buildDefinition/externalParameters/request"), {
      frontend: "dockerfile.v0",
      args: {
        target: "last",
        "context:busybox": "oci-layout:busybox",
        "force-network-mode": "none",
      },
      locals: [{ name: "context" }, { name: "dockerfile" }],
    });
    assert.deepEqual(told(statement, "runDetails/metadata/buildkit_completeness"), {
      request: true,
      resolvedDependencies: false,
    });
    assert.equal(told(statement, "runDetails/metadata/buildkit_hermetic"), false);
    const time = (name: string): number =>
      Date.parse(String(told(statement, `runDetails/metadata/${name}`)));
    assert.ok(time("startedOn") <= time("finishedOn"));
  });
  it("names further contexts, without passwords and paths of this machine, and what commands can be given", async () => {
    const dockerfile =
      "FROM busybox\nRUN --mount=type=secret,id=a --mount=type=ssh --mount=type=secret,id=a true\n";
    const contexts = ["far=https://user:word@h.example/a.html", `near=${space.directory}`];
    const flags = contexts.map((context) => `--build-context=${context}`);
    const { statements } = await attested(["--provenance=mode=max", ...flags], dockerfile);
    const [statement] = statements;
    const request = "buildDefinition/externalParameters/request";
    assert.deepEqual(told(statement, `${request}/args`), {
      "context:busybox": "oci-layout:busybox",
      "context:far": "https://h.example/a.html",
      "context:near": "local:near",
      "force-network-mode": "none",
    });
    assert.deepEqual(told(statement, `${request}/secrets`), [{ id: "a", optional: true }]);
    assert.deepEqual(told(statement, `${request}/ssh`), [{ id: "default", optional: true }]);
  });
  it("says nothing of arguments, labels and secrets by default, and never what secrets are", async () => {
    const marker = "a-marker-that-must-not-appear";
    const dockerfile =
      "FROM busybox\nARG TOKEN\nRUN --mount=type=secret,id=hidden cat /run/secrets/hidden > /dev/null && echo $TOKEN > /x\n";
    writeFileSync(join(space.directory, "secret"), marker);
    const args = [
      ...["--build-arg=TOKEN=given-value", "--label=l=label-value"],
      ...["--build-arg", `HTTP_PROXY=http://user:${marker}@127.0.0.1:9`],
      ...["--secret", `id=hidden,src=${join(space.directory, "secret")}`],
    ];
    const least = await attested(["--provenance=mode=min", ...args], dockerfile);
    for (const text of ["given-value", "label-value", "hidden", marker])
      assert.ok(!least.text.includes(text), text);
    assert.equal(
      told(least.statements[0], "runDetails/metadata/buildkit_completeness/request"),
      false,
    );
    const most = await attested(["--provenance=max", ...args], dockerfile);
    // Neither the marker nor where the base image lies on this machine.
    for (const text of [marker, space.directory, repository])
      assert.ok(!most.text.includes(text), most.text);
    const [full] = most.statements;
    const request = "buildDefinition/externalParameters/request";
    assert.deepEqual(told(full, `${request}/args`), {
      "build-arg:TOKEN": "given-value",
      "label:l": "label-value",
      "context:busybox": "oci-layout:busybox",
      "force-network-mode": "none",
    });
    assert.deepEqual(told(full, `${request}/secrets`), [{ id: "hidden", optional: true }]);
    const steps = told(full, "buildDefinition/internalParameters/buildConfig/steps");
    assert.deepEqual(
      (steps as { kind: string }[]).map(({ kind }) => kind),
      ["image", "run"],
    );
  });
  it("leaves credentials of URLs out", async () => {
    const files = createServer((_request, response) => response.end("content"));
    await new Promise<void>((done) => files.listen(0, "127.0.0.1", done));
    try {
      const host = `127.0.0.1:${(files.address() as AddressInfo).port}`;
      const { text, statements } = await attested(
        ["--provenance=max"],
        `FROM scratch\nADD http://someone:password@${host}/file?token=hidden /\n`,
      );
      assert.ok(!/someone|password|hidden/.test(text), text);
      const sha256 = createHash("sha256").update("content").digest("hex");
      assert.deepEqual(told(statements[0], "buildDefinition/resolvedDependencies"), [
        { uri: `http://${host}/file?token=***`, digest: { sha256 } },
      ]);
      assert.equal(told(statements[0], "runDetails/metadata/buildkit_hermetic"), false);
    } finally {
      files.close();
    }
  });
  it("is for every platform of a build, of one invocation", async () => {
    const { entries, statements } = await attested(
      [
        "--provenance=version=v0.2,builder-id=https://ci.example/7,reproducible=true",
        "--platform=linux/amd64,linux/arm64",
      ],
      "FROM scratch\nCOPY file /\n",
    );
    assert.deepEqual(
      entries.map(({ platform: of }) => of?.architecture),
      ["amd64", "arm64", "unknown", "unknown"],
    );
    const invocations = new Set(
      statements.map((statement) => told(statement, "metadata/buildInvocationID")),
    );
    assert.equal(invocations.size, 1);
    for (const statement of statements) {
      assert.equal(statement.predicateType, "https://slsa.dev/provenance/v0.2");
      assert.equal(told(statement, "builder/id"), "https://ci.example/7");
      assert.equal(told(statement, "buildType"), "https://mobyproject.org/buildkit@v1");
      assert.equal(told(statement, "metadata/reproducible"), true);
      assert.equal(told(statement, "invocation/configSource/entryPoint"), "-");
    }
  });
  it("is in the file of --metadata-file, whatever is attested", async () => {
    const metadata = async (
      mode: string | undefined,
      args: readonly string[],
      dockerfile = simple,
    ): Promise<Record<string, unknown>> => {
      const file = join(space.directory, "metadata.json");
      await space.succeed(
        ["build", ...baseContexts("busybox"), `--metadata-file=${file}`, "-f", "-", ...args].concat(
          "context",
        ),
        { input: dockerfile, env: { BUILDX_METADATA_PROVENANCE: mode } },
      );
      return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    };
    const args = ["--build-arg=A=b", "--provenance"];
    const least = await metadata(undefined, args);
    const provenance = least["buildx.build.provenance"] as Record<string, unknown>;
    assert.match(String(least["buildx.build.ref"]), /^tsbuild\/tsbuild\/[0-9a-f]{32}$/);
    assert.equal(provenance["buildType"], "https://mobyproject.org/buildkit@v1");
    assert.match(JSON.stringify(provenance["materials"]), /busybox/);
    assert.match(JSON.stringify(provenance["invocation"]), /"build-arg:A":"b"/);
    assert.deepEqual([provenance["metadata"], provenance["buildConfig"]], [undefined, undefined]);

    const most = (await metadata("max", [...args, "-o", "type=local,dest=out"]))[
      "buildx.build.provenance"
    ] as { metadata: unknown; buildConfig: { steps: unknown[] } };
    assert.ok(most.metadata !== undefined && most.buildConfig.steps.length > 2);
    const none = await metadata("disabled", args);
    assert.deepEqual(
      Object.keys(none).filter((name) => name.startsWith("buildx.")),
      ["buildx.build.ref"],
    );
    const several = await metadata(
      "min",
      ["--platform=linux/amd64,linux/arm64"],
      "FROM scratch\nCOPY file /\n",
    );
    assert.deepEqual(
      Object.keys(several).filter((name) => name.startsWith("buildx.build.provenance")),
      ["buildx.build.provenance/linux/amd64", "buildx.build.provenance/linux/arm64"],
    );
  });
  it("is pushed with its image, which is built on and run as any", async () => {
    const name = `${server.host}/attested:v1`;
    const args = ["build", ...baseContexts("busybox"), "--network=none", "--provenance"];
    const input = { input: "FROM busybox\nRUN echo 1 > /x\n" };
    await space.succeed([...args, "-t", name, "-o", "type=image,push=true", "-"], input);
    await space.succeed([...args, "-t", "attested:v1", "-"], input);
    await space.succeed(["build", "--pull", "-o", "type=local,dest=pulled", "-"], {
      input: `FROM ${name}\n`,
    });
    const { stdout } = await space.succeed(["run", "--network=none", "attested:v1", "cat", "/x"]);
    assert.equal(stdout, "1\n");
    const { stdout: images } = await space.succeed(["images"]);
    assert.match(images, new RegExp(`attested:v1 .* ${platform} `));
  });
  it("of files stands beside them, and names them", async () => {
    const input = { input: "FROM scratch\nCOPY <<x <<y /d/\nhello\nx\nmore\ny\n" };
    const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
    const subject = [
      { name: "d/x", digest: { sha256: sha256("hello\n") } },
      { name: "d/y", digest: { sha256: sha256("more\n") } },
    ];
    const tree = join(space.directory, "tree");
    // What is there under the name is replaced, and not written through.
    mkdirSync(tree);
    symlinkSync("/dev/null", join(tree, "provenance.json"));
    await space.succeed(
      ["build", "--provenance", "-o", "tree", "-o", "type=tar,dest=tree.tar", "-"],
      input,
    );
    const inTar = execFileSync("tar", [
      "-xOf",
      join(space.directory, "tree.tar"),
      "provenance.json",
    ]);
    for (const text of [readFileSync(join(tree, "provenance.json"), "utf8"), inTar.toString()]) {
      const statement = JSON.parse(text) as Statement;
      assert.equal(statement.predicateType, "https://slsa.dev/provenance/v1");
      assert.deepEqual(statement.subject, subject);
    }
    const several = ["--platform=linux/amd64,linux/arm64", "-o", "type=local,dest=two"];
    const plain = { input: "FROM scratch\nARG TARGETARCH\nCOPY <<x /$TARGETARCH\nhello\nx\n" };
    await space.succeed(["build", "--provenance", ...several, "-"], plain);
    assert.ok(existsSync(join(space.directory, "two/linux_arm64/provenance.json")));
    several.push("-o", "type=local,dest=one,platform-split=false,attestation-prefix=of.");
    await space.succeed(["build", "--provenance", ...several, "-"], plain);
    assert.ok(existsSync(join(space.directory, "one/of.provenance.linux_arm64.json")));
    const outside = ["build", "-o", "type=local,dest=bad,attestation-prefix=../x", "-"];
    assert.match((await space.fail(2, outside, plain)).stderr, /no part of a file's name/);
  });
  it("of nothing and of other kinds is said to be missing, or refused", async () => {
    const input = { input: "FROM scratch\nLABEL a=1\n" };
    const args = ["build", "--provenance", "-o", "type=cacheonly", "-"];
    const { stderr } = await space.succeed(args, input);
    assert.match(stderr, /WARNING: --provenance is for what is written/);
    for (const wrong of [
      "--sbom=generator=",
      "--sbom=generator=x,A-B=c",
      "--provenance=mode=some",
      "--attest=type=other",
      "--provenance=build=1",
      "--attest=mode=max",
    ])
      await space.fail(1, ["build", wrong, "-"], input);
    await space.fail(
      1,
      ["build", "--provenance", "-o", "type=oci,dest=d.tar,oci-mediatypes=false", "-"],
      input,
    );
  });
});
