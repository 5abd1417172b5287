// SPDX-License-Identifier: Apache-2.0
// The cache types `s3` and `azblob`, on servers that check who asks. A machine is a store of its own.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cacheBuilds, cachedSteps, ran } from "../support/cache-builds.js";
import { AccountServer, BucketServer } from "../support/object-server.js";
import { workspace, type RunResult } from "../support/runner.js";

const space = workspace();
const { machine, build, digestOf } = cacheBuilds(space);
after(async () => {
  await space[Symbol.asyncDispose]();
});

type Variables = Readonly<Record<string, string | undefined>>;
const archive = (name: string): string[] => ["-o", `type=oci,dest=${name}`];
/** What this machine may have of its own counts for nothing. */
const nothing: Variables = {
  ...{ AWS_PROFILE: undefined, AWS_EC2_METADATA_DISABLED: "true", HOME: "/nowhere" },
  ...{ AWS_REGION: undefined, AWS_BUCKET: undefined, AWS_SESSION_TOKEN: undefined },
};
const anew = (args: readonly string[], env: Variables, text?: string): Promise<RunResult> =>
  build(machine(), args, text, { ...nothing, ...env });

describe("a cache in S3", () => {
  const keys = ({ keyId, secret }: BucketServer): Variables => ({
    AWS_ACCESS_KEY_ID: keyId,
    AWS_SECRET_ACCESS_KEY: secret,
  });
  const at = ({ origin, bucket, region }: BucketServer, more = ""): string =>
    `type=s3,bucket=${bucket},region=${region},endpoint_url=${origin}${more}`;

  it("gives another machine the image, to the byte, under BuildKit's names of objects", async () => {
    await using server = await BucketServer.start();
    const made = await anew(
      [...archive("a.tar"), "--cache-to", at(server, ",mode=max,prefix=some dir/")],
      keys(server),
    );
    assert.equal(ran(made).length, 5, made.stderr);
    const taken = await anew(
      [...archive("b.tar"), "--cache-from", at(server, ",prefix=some dir/")],
      keys(server),
    );
    assert.deepEqual(ran(taken), [], taken.stderr);
    assert.equal(await digestOf("b.tar"), await digestOf("a.tar"));
    const names = [...server.objects.keys()];
    assert.ok(names.includes("some dir/manifests/tsbuild"), names.join());
    assert.ok(
      names.every((name) => /^some dir\/(manifests\/tsbuild|blobs\/sha256:\w{64})$/.test(name)),
    );
    for (const { stdout, stderr } of [made, taken])
      assert.ok(!(stdout + stderr).includes(server.secret));
  });

  it("has the names that are asked for, and gets nothing twice", async () => {
    await using server = await BucketServer.start();
    const store = machine();
    const to = [
      "--cache-to",
      at(server, ",mode=max,name=one;two,blobs_prefix=b/,manifests_prefix=m/"),
    ];
    const env = { ...nothing, ...keys(server) };
    await build(store, to, cachedSteps, env);
    const blobs = (): string[] => server.requests(/^PUT \S+\/b\//);
    const first = blobs().length;
    assert.ok(first > 0);
    await build(store, to, cachedSteps, env);
    assert.equal(blobs().length, first);
    const from = ["--cache-from", at(server, ",name=none;two,blobs_prefix=b/,manifests_prefix=m/")];
    assert.deepEqual(ran(await anew(from, keys(server))), []);
    assert.ok(server.objects.has("m/one") && server.objects.has("m/two"));
  });

  it("makes layers young again that it has had for long", async () => {
    await using server = await BucketServer.start();
    const store = machine();
    const to = ["--cache-to", at(server, ",mode=max,touch_refresh=1h")];
    const env = { ...nothing, ...keys(server) };
    await build(store, to, cachedSteps, env);
    const old = Date.now() - 2 * 3_600_000;
    for (const object of server.objects.values()) object.writtenAt = old;
    await build(store, to, cachedSteps, env);
    for (const [name, { writtenAt }] of server.objects) assert.ok(writtenAt > old, name);
    assert.deepEqual(ran(await anew(["--cache-from", at(server)], keys(server))), []);
  });

  const large = `FROM busybox
RUN i=0; while [ $i -lt 20 ]; do dd if=/dev/urandom of=/f$i bs=1M count=1 2> /dev/null; i=$((i+1)); done
`;

  it("sends large layers in parts, of which none is left when it fails", async () => {
    await using server = await BucketServer.start();
    await anew(["--cache-to", at(server)], keys(server), large);
    assert.equal(server.requests(/^PUT \S+partNumber=/).length, 3);
    assert.equal(server.openUploads, 0);
    server.fault({ match: /^GET \S+\/blobs\//, truncateAt: 1_000_000, times: 1 });
    assert.deepEqual(ran(await anew(["--cache-from", at(server)], keys(server), large)), []);

    server.objects.clear();
    server.fault({ match: /^PUT \S+partNumber=2/, status: 403 });
    const failing = await anew(
      ["--cache-to", at(server, ",ignore-error=true")],
      keys(server),
      large,
    );
    assert.match(
      failing.stderr,
      /WARNING: .*write blobs\/sha256:\w+: 127\.0\.0\.1:\d+ answered 403/,
    );
    assert.equal(server.openUploads, 0);
    assert.ok(!server.objects.has("manifests/tsbuild"));
  });

  it("goes on without a cache that cannot be read, and says why", async () => {
    await using server = await BucketServer.start();
    const wrong = await anew(["--cache-from", at(server)], {
      ...keys(server),
      AWS_ACCESS_KEY_ID: "AKIAOTHER",
    });
    assert.match(
      wrong.stderr,
      /WARNING: the cache s3 .* answered 403, InvalidAccessKeyId, the message/,
    );
    const none = await anew(["--cache-from", at(server)], keys(server));
    assert.match(none.stderr, /WARNING: the cache s3 .*there is none yet/);
    const bare = await anew(["--cache-from", at(server)], {});
    assert.match(bare.stderr, /WARNING: the cache s3 .*there are no credentials for S3/);
  });

  it("does not take layers that are others than their digests say", async () => {
    await using server = await BucketServer.start();
    await anew(["--cache-to", at(server, ",mode=max")], keys(server));
    for (const [name, object] of server.objects)
      if (name.startsWith("blobs/")) object.bytes = Buffer.alloc(object.bytes.length, 7);
    const taken = await anew(["--cache-from", at(server)], keys(server));
    assert.equal(ran(taken).length, 5, taken.stderr);
  });

  it("takes attributes before the environment, temporary keys and refused redirects included", async () => {
    await using server = await BucketServer.start();
    server.token = "temporary";
    const given = `,access_key_id=${server.keyId},secret_access_key=${server.secret},session_token=temporary`;
    await anew(["--cache-to", at(server, given)], {
      AWS_ACCESS_KEY_ID: "x",
      AWS_SECRET_ACCESS_KEY: "y",
    });
    assert.ok(server.objects.size > 0);
    const { origin, bucket, region } = server;
    const env = {
      ...keys(server),
      ...{ AWS_SESSION_TOKEN: "temporary", AWS_BUCKET: bucket, AWS_REGION: region },
      AWS_ENDPOINT_URL_S3: origin,
    };
    assert.deepEqual(ran(await anew(["--cache-from", "type=s3"], env)), []);
    const moved = { location: "http://127.0.0.1:1/", "x-amz-bucket-region": "us-east-1" };
    server.fault({ match: /^GET /, status: 301, headers: moved });
    const { stderr } = await anew(["--cache-from", "type=s3"], env);
    assert.match(stderr, /WARNING: .* answered 301/);
    const { stderr: shown } = await space.fail(
      1,
      ["build", "--cache-to", `type=s3,secret_access_key=${server.secret},oops`, "-"],
      { input: "FROM scratch\n" },
    );
    assert.ok(!shown.includes(server.secret), shown);
  });
});

describe("a cache in Azure's storage", () => {
  const at = ({ url, account, key }: AccountServer, more = ""): string =>
    `type=azblob,account_url=${url},account_name=${account},secret_access_key=${key.toString("base64")}${more}`;

  it("gives another machine the image, to the byte, and makes the container", async () => {
    await using server = await AccountServer.start();
    const none = await anew(["--cache-from", at(server)], {});
    assert.match(none.stderr, /WARNING: the cache azblob .*there is none yet/);
    const made = await anew(
      [...archive("c.tar"), "--cache-to", at(server, ",mode=max,prefix=some dir")],
      {},
    );
    assert.equal(ran(made).length, 5, made.stderr);
    const from = ["--cache-from", at(server, ",prefix=some dir")];
    const taken = await anew([...archive("d.tar"), ...from], {});
    assert.deepEqual(ran(taken), [], taken.stderr);
    assert.equal(await digestOf("d.tar"), await digestOf("c.tar"));
    assert.ok(server.objects.has("buildkit-cache/some dir/manifests/tsbuild"));
    for (const { stdout, stderr } of [none, made, taken])
      assert.ok(!(stdout + stderr).includes(server.key.toString("base64")));
  });

  it("sends large layers in blocks, and names what is refused", async () => {
    await using server = await AccountServer.start();
    const large = `FROM busybox\nRUN dd if=/dev/urandom of=/f bs=1M count=20 2> /dev/null\n`;
    await anew(["--cache-to", at(server)], {}, large);
    assert.equal(server.requests(/^PUT \S+comp=block&/).length, 3);
    assert.deepEqual(ran(await anew(["--cache-from", at(server)], {}, large)), []);
    const wrong = at(server).replace(/secret_access_key=[^,]*/, "secret_access_key=d3Jvbmc=");
    const { stderr } = await anew(["--cache-from", wrong], {});
    assert.match(stderr, /WARNING: the cache azblob .* answered 403, AuthenticationFailed/);
  });

  it("shows no token to a host that is none of Azure's", async () => {
    await using server = await AccountServer.start();
    const { stderr } = await anew(["--cache-from", `type=azblob,account_url=${server.url}`], {
      ...{ AZURE_TENANT_ID: "t", AZURE_CLIENT_ID: "c", AZURE_CLIENT_SECRET: "s" },
      AZURE_AUTHORITY_HOST: server.origin,
    });
    assert.match(stderr, /WARNING: .*is no host of Azure's storage, and gets no token/);
    assert.equal(server.log.length, 0);
  });
});
