// SPDX-License-Identifier: Apache-2.0
// Bills of materials: what a generator is given, what becomes of what it writes, and what is not taken from it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { baseContexts, workspace } from "../support/runner.js";
import { makeTree } from "../support/tree.js";

const space = workspace();
after(() => space[Symbol.asyncDispose]());

const statement = (predicate: string): string =>
  `{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://spdx.dev/Document","predicate":${predicate}}`;
/** Says what it sees of each tree; its log is what the step prints. */
const generator = `FROM busybox
ENV OF_IMAGE=kept
WORKDIR /somewhere
COPY <<"EOF" /scan.sh
set -e
echo "scanning as $(id -u) in $(pwd) with $OF_IMAGE $BUILDKIT_SCAN_Flavour"
! touch "$BUILDKIT_SCAN_SOURCE/x" 2> /dev/null
scan() {
  echo '${statement('{"name":"\'"$(basename $1)"\'","files":"\'"$(ls $1 | tr "\\n" " ")"\'"}')}' > $BUILDKIT_SCAN_DESTINATION/$(basename $1).spdx.json
}
scan $BUILDKIT_SCAN_SOURCE
[ -z "$BUILDKIT_SCAN_SOURCE_EXTRAS" ] || for extra in $BUILDKIT_SCAN_SOURCE_EXTRAS/*; do scan $extra; done
EOF
ENTRYPOINT ["sh"]
CMD ["/scan.sh"]
`;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly platform?: { readonly os: string; readonly architecture: string };
  readonly annotations?: Readonly<Record<string, string>>;
}
interface Statement {
  readonly predicateType: string;
  readonly predicate: unknown;
  readonly subject: readonly unknown[];
}

/** Builds an image of this name for the tests to scan with. */
async function makeGenerator(name: string, dockerfile: string): Promise<void> {
  await space.succeed([...baseContexts("busybox"), "-t", name, "-"], { input: dockerfile });
}

/** Builds into an OCI archive; the log, the index, and the statements of each attestation manifest. */
async function scanned(
  args: readonly string[],
  input: string,
): Promise<{ log: string; entries: readonly Descriptor[]; statements: readonly Statement[][] }> {
  const out = join(space.directory, "out.tar");
  const { stderr: log } = await space.succeed(
    [...baseContexts("busybox"), "--output", `type=oci,dest=${out}`, ...args, "-f", "-", "context"],
    { input },
  );
  const read = (path: string): unknown =>
    JSON.parse(execFileSync("tar", ["-xOf", out, path], { encoding: "utf8" }));
  const blob = (digest: string): unknown => read(`blobs/${digest.replace(":", "/")}`);
  const [top] = (read("index.json") as { manifests: Descriptor[] }).manifests;
  const { manifests: entries = [] } = blob(top?.digest ?? "") as {
    manifests?: Descriptor[];
  };
  const statements = entries
    .filter(({ platform }) => platform?.os === "unknown")
    .map(({ digest }) => {
      const { layers } = blob(digest) as { layers: Descriptor[] };
      for (const { mediaType } of layers) assert.equal(mediaType, "application/vnd.in-toto+json");
      return layers.map((layer) => blob(layer.digest) as Statement);
    });
  return { log, entries, statements };
}

const stages = `ARG BUILDKIT_SBOM_SCAN_STAGE=unnamed,first,unused
FROM scratch AS first
COPY file /one
FROM scratch AS second
COPY file /two
FROM scratch AS unused
COPY file /three
RUN this is never built
FROM second
COPY --from=first /one /
ARG BUILDKIT_SBOM_SCAN_CONTEXT
`;
const withScanner = "--sbom=generator=localhost/scanner,Flavour=sweet";

before(async () => {
  makeTree(join(space.directory, "context"), { file: "content\n", ".dockerignore": "ignored" });
  makeTree(join(space.directory, "context"), { ignored: "" });
  await makeGenerator("localhost/scanner", generator);
});

describe("an SBOM", () => {
  it("is what the generator says of the result", async () => {
    const { log, entries, statements } = await scanned(
      [withScanner, "--provenance", "-t", "app"],
      "FROM busybox\nRUN rm -r /bin; touch /mine\n",
    );
    assert.match(log, /scanning as 0 in \/somewhere with kept sweet/);
    assert.equal(entries.length, 2);
    const [[found, provenance, ...others] = []] = statements;
    assert.deepEqual(others, []);
    assert.equal(found?.predicateType, "https://spdx.dev/Document");
    const { name, files } = found.predicate as { name: string; files: string };
    assert.equal(name, "sbom");
    assert.match(files, /mine/);
    assert.doesNotMatch(files, /bin/);
    const digest = { sha256: entries[0]?.digest.slice(7) };
    assert.deepEqual((found.subject[0] as { digest: unknown }).digest, digest);
    assert.equal(provenance?.predicateType, "https://slsa.dev/provenance/v1");
    assert.match(JSON.stringify(provenance), /pkg:docker\/localhost\/scanner/);
  });
  it("is not made again when neither files nor generator have changed", async () => {
    const dockerfile = "FROM scratch\nCOPY file /\n";
    await scanned([withScanner], dockerfile);
    const { log } = await scanned([withScanner, "--label=a=b"], dockerfile);
    assert.match(log, /\[sbom\] scan by localhost\/scanner:latest\n#\d+ CACHED/);
  });
  it("is there for stages and the context that ask for it", async () => {
    const names = async (...args: string[]): Promise<unknown[]> => {
      const { statements } = await scanned([withScanner, ...args], stages);
      return (statements[0] ?? []).map(({ predicate }) => predicate);
    };
    const core = { name: "sbom", files: "one two " };
    const first = { name: "sbom-first", files: "one " };
    assert.deepEqual(await names(), [core, first]);
    assert.deepEqual(await names("--build-arg=BUILDKIT_SBOM_SCAN_CONTEXT=true"), [
      core,
      { name: "sbom-context", files: "file " },
      first,
    ]);
    assert.deepEqual(await names("--build-arg=BUILDKIT_SBOM_SCAN_STAGE=second"), [
      core,
      { name: "sbom-second", files: "two " },
    ]);
    assert.deepEqual(await names("--build-arg=BUILDKIT_SBOM_SCAN_STAGE=0"), [core]);
  });
  it("is one for each platform, and beside files, too", async () => {
    const platforms = "--platform=linux/amd64,linux/arm64";
    const { statements } = await scanned([withScanner, platforms], stages);
    assert.deepEqual(
      statements.map((list) => list.length),
      [2, 2],
    );
    await space.succeed([withScanner, "-o", "tree", "-f", "-", "context"], { input: stages });
    assert.deepEqual(readdirSync(join(space.directory, "tree")).sort(), [
      "one",
      "sbom-first.spdx.json",
      "sbom.spdx.json",
      "two",
    ]);
    const text = readFileSync(join(space.directory, "tree/sbom.spdx.json"), "utf8");
    const { subject } = JSON.parse(text) as { subject: { name: string }[] };
    assert.deepEqual(
      subject.map(({ name }) => name),
      ["one", "two"],
    );
    const together = "type=local,dest=several,platform-split=false";
    await space.succeed([withScanner, platforms, "-o", together, "-f", "-", "context"], {
      input: "FROM scratch\nARG TARGETARCH\nCOPY . /$TARGETARCH\n",
    });
    assert.ok(existsSync(join(space.directory, "several/sbom.spdx.linux_arm64.json")));
  });
  it("arguments are seen by no command", async () => {
    const dockerfile = `FROM busybox
ARG BUILDKIT_SBOM_SCAN_STAGE=true
RUN ! env | grep SBOM
RUN [ -z "$BUILDKIT_SBOM_SCAN_STAGE" ]
`;
    await scanned([], dockerfile);
  });
});

const destination = "$BUILDKIT_SCAN_DESTINATION";
const refused: Readonly<Record<string, readonly [command: string, error: RegExp]>> = {
  nothing: ["true", /wrote no statement/],
  "no JSON": [`echo hello > ${destination}/a.json`, /wrote a\.json: it is no JSON/],
  "another predicate": [
    `echo '{"predicateType":"https://slsa.dev/provenance/v1","predicate":{}}' > ${destination}/a`,
    /its predicateType is not/,
  ],
  "nested without end": [
    `yes [ | head -100000 > ${destination}/a`,
    /wrote a: it is nested deeper than 64/,
  ],
  "no predicate": [`echo '${statement("7")}' > ${destination}/a`, /it has no predicate/],
  "a link": [`ln -s /etc/passwd ${destination}/a`, /it is no regular file/],
  "a pipe": [`mkfifo ${destination}/a`, /it is no regular file/],
  "a directory": [`mkdir ${destination}/a`, /it is no regular file/],
  "more than memory": [`truncate -s 1G ${destination}/a`, /that makes more than 256 MiB/],
  "more than memory, by another name": [
    `truncate -s 200M ${destination}/a && ln ${destination}/a ${destination}/b`,
    /that makes more than 256 MiB/,
  ],
  "values without end": [
    `(echo '{"a":[0'; yes ,0,0,0,0,0,0,0,0 | head -1100000; echo ']}') > ${destination}/a`,
    /that makes more than 8000000 values/,
  ],
  "files without end": [
    `cd ${destination} && seq 2000 | xargs touch`,
    /wrote 2000 files: at most 1000 are read/,
  ],
  "a failure": ["exit 9", /exit code: 9/],
};

describe("what a generator writes", () => {
  for (const [what, [command, error]] of Object.entries(refused))
    it(`is refused when it is ${what}`, async () => {
      await makeGenerator("localhost/bad", `FROM busybox\nCMD ${command}\n`);
      const out = join(space.directory, "none.tar");
      const { stderr } = await space.fail(
        1,
        ["--sbom=generator=localhost/bad", "-o", `type=oci,dest=${out}`, "-f", "-", "context"],
        { input: "FROM scratch\nCOPY file /\n" },
      );
      assert.match(stderr, error);
      assert.equal(existsSync(out), false);
    });
  it("needs a generator with a command, and one that is there", async () => {
    const input = "FROM scratch\nCOPY file /\n";
    await makeGenerator("localhost/mute", "FROM scratch\nCOPY <<a /a\na\n");
    const mute = ["--sbom=generator=localhost/mute", "-f", "-", "context"];
    assert.match((await space.fail(1, mute, { input })).stderr, /neither an ENTRYPOINT nor a CMD/);
    const gone = ["--sbom=generator=localhost:1/gone", "-f", "-", "context"];
    assert.match(
      (await space.fail(1, gone, { input })).stderr,
      /the SBOM generator localhost:1\/gone/,
    );
  });
});
