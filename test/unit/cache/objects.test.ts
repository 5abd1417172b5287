// SPDX-License-Identifier: Apache-2.0
// Places of objects: where a bucket and its objects are, and whose keys and tokens requests are made with.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { credentialsOf, type AwsCredentials } from "#src/cache/objects/aws-credentials.js";
import { azureSettings } from "#src/cache/objects/azure-settings.js";
import { tokensOf } from "#src/cache/objects/azure-tokens.js";
import { s3Settings } from "#src/cache/objects/s3-settings.js";
import { elementOf } from "#src/cache/objects/service.js";
import { Connections } from "#src/registry/index.js";

type Texts = Readonly<Record<string, string>>;
const here = (env: Texts = {}): { readonly cwd: string; readonly env: Texts } => ({
  cwd: "/",
  env,
});
const bucket = { bucket: "b", region: "eu-central-1" };
const { signal } = new AbortController();

describe("where a bucket is", () => {
  const table: readonly (readonly [Texts, Texts, string])[] = [
    [bucket, {}, "https://b.s3.eu-central-1.amazonaws.com/"],
    [{ ...bucket, bucket: "a.b" }, {}, "https://s3.eu-central-1.amazonaws.com/a.b/"],
    [{ ...bucket, region: "cn-north-1" }, {}, "https://b.s3.cn-north-1.amazonaws.com.cn/"],
    [{ ...bucket, use_path_style: "true" }, {}, "https://s3.eu-central-1.amazonaws.com/b/"],
    [{}, { AWS_BUCKET: "c", AWS_REGION: "us-east-1" }, "https://c.s3.us-east-1.amazonaws.com/"],
    [{ ...bucket, endpoint_url: "http://127.0.0.1:9000" }, {}, "http://127.0.0.1:9000/b/"],
    [{ ...bucket, endpoint_url: "https://s3.example/x/" }, {}, "https://b.s3.example/x/"],
    [bucket, { AWS_ENDPOINT_URL: "https://s3.example" }, "https://b.s3.example/"],
  ];
  for (const [attributes, env, base] of table)
    it(`${JSON.stringify(attributes)} ${JSON.stringify(env)}`, () => {
      assert.equal(s3Settings(attributes, here(env)).base, base);
    });

  const wrong: readonly Texts[] = [
    { bucket: "b" },
    { region: "r" },
    { bucket: "a/b", region: "r" },
    { bucket: "..", region: "r" },
    { bucket: "b", region: "r/../x" },
    { ...bucket, endpoint_url: "ftp://x" },
    { ...bucket, endpoint_url: "https://user:password@x" },
    { ...bucket, prefix: "a/../../" },
    { ...bucket, name: "x\u0000" },
    { ...bucket, touch_refresh: "soon" },
    { ...bucket, upload_parallelism: "-1" },
    { ...bucket, retry_mode: "often" },
    { ...bucket, retry_max_attempts: "0" },
  ];
  for (const attributes of wrong)
    it(`is not said by ${JSON.stringify(attributes)}`, () => {
      assert.throws(() => s3Settings(attributes, here()), { code: "CACHE_OPTION" });
    });

  it("is where BuildKit has the parts of a cache", () => {
    const { names } = s3Settings({ ...bucket, prefix: "p/", name: "x;y" }, here());
    assert.deepEqual(names.documents, ["x", "y"]);
    assert.equal(names.document("x"), "p/manifests/x");
    assert.equal(names.blob("sha256:1"), "p/blobs/sha256:1");
    const url = { account_url: "https://me.blob.core.windows.net" };
    const azure = azureSettings({ ...url, prefix: "/p/q/" }, here());
    assert.equal(azure.names.document("x"), "p/q/manifests/x");
    assert.equal(azure.names.blob("sha256:1"), "p/q/blobs/sha256:1");
    assert.deepEqual([azure.account, azure.container], ["me", "buildkit-cache"]);
  });
});

interface Exchange {
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Gives the same texts in turn; what it was asked is kept. */
async function answering(
  texts: readonly string[],
  work: (origin: string, asked: Exchange[]) => Promise<void>,
): Promise<void> {
  const asked: Exchange[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      asked.push({ url: `${method} ${url}`, headers, body: Buffer.concat(chunks).toString() });
      response.end(texts[(asked.length - 1) % texts.length]);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const alone = { AWS_EC2_METADATA_DISABLED: "true", HOME: "/nowhere" };

async function found(env: Texts, attributes: Texts = {}): Promise<AwsCredentials> {
  const connections = new Connections({});
  try {
    const settings = s3Settings({ ...bucket, ...attributes }, here({ ...alone, ...env }));
    return await credentialsOf(settings, connections)(signal);
  } finally {
    connections.close();
  }
}

const hour = new Date(Date.now() + 3_600_000).toISOString();
const lent = JSON.stringify({
  ...{ AccessKeyId: "id", SecretAccessKey: "secret", Token: "token" },
  Expiration: hour,
});
const temporary = {
  ...{ accessKeyId: "id", secretAccessKey: "secret", sessionToken: "token" },
  expiresAt: Date.parse(hour),
};

describe("keys for S3", () => {
  it("are those that were given, else those of the environment", async () => {
    const env = { AWS_ACCESS_KEY_ID: "env", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" };
    const given = { access_key_id: "given", secret_access_key: "x" };
    assert.equal((await found(env, given)).accessKeyId, "given");
    assert.deepEqual(await found(env), {
      ...{ accessKeyId: "env", secretAccessKey: "s", sessionToken: "t" },
    });
    await assert.rejects(found({}), { code: "CACHE_SERVICE" });
  });

  it("are those of a profile in the files of other tools", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tsbuild-keys-"));
    try {
      const [credentials, config] = [join(directory, "a"), join(directory, "b")];
      writeFileSync(
        credentials,
        "# aws_access_key_id = no\n[default]\naws_access_key_id = first\naws_secret_access_key=1=2\n[other]\n" +
          "aws_access_key_id=second\naws_secret_access_key = 2\naws_session_token = t\n",
      );
      writeFileSync(config, "[profile  third]\naws_access_key_id=3\naws_secret_access_key=3\n");
      const files = { AWS_SHARED_CREDENTIALS_FILE: credentials, AWS_CONFIG_FILE: config };
      assert.deepEqual(await found(files), { accessKeyId: "first", secretAccessKey: "1=2" });
      assert.equal((await found({ ...files, AWS_PROFILE: "other" })).sessionToken, "t");
      assert.equal((await found({ ...files, AWS_PROFILE: "third" })).accessKeyId, "3");
      const missing = found({ ...files, AWS_PROFILE: "fourth" });
      await assert.rejects(missing, { code: "CACHE_OPTION", message: /fourth/ });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("are lent to a workload for its token", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tsbuild-keys-"));
    const file = join(directory, "token");
    writeFileSync(file, "the token\n");
    const answer = `<R><AccessKeyId>id</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>${hour}</Expiration></R>`;
    try {
      await answering([answer], async (origin, asked) => {
        const env = {
          ...{ AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: "arn:role" },
          AWS_ENDPOINT_URL_STS: `${origin}/`,
        };
        assert.deepEqual(await found(env), temporary);
        const form = new URLSearchParams(asked[0]?.body);
        assert.equal(form.get("WebIdentityToken"), "the token");
        assert.equal(form.get("RoleArn"), "arn:role");
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("are lent to a container by an endpoint that is near, or encrypted", async () => {
    await answering([lent], async (origin, asked) => {
      const env = {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${origin}/keys`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: "proof",
      };
      assert.deepEqual(await found(env), temporary);
      assert.equal(asked[0]?.headers.authorization, "proof");
    });
    for (const far of ["http://192.0.2.1/", "http://127.0.0.1.example/", "http://127.example/"])
      await assert.rejects(found({ AWS_CONTAINER_CREDENTIALS_FULL_URI: far }), {
        code: "CACHE_OPTION",
      });
  });

  it("are lent to a machine, which proves that it asks itself", async () => {
    await answering(["proof", "role\n", lent], async (origin, asked) => {
      const env = { AWS_EC2_METADATA_DISABLED: "", AWS_EC2_METADATA_SERVICE_ENDPOINT: origin };
      assert.deepEqual(await found(env), temporary);
      const path = "/latest/meta-data/iam/security-credentials/";
      assert.deepEqual(
        asked.map(({ url }) => url),
        ["PUT /latest/api/token", `GET ${path}`, `GET ${path}role`],
      );
      assert.equal(asked[2]?.headers["x-aws-ec2-metadata-token"], "proof");
    });
  });

  it("are renewed before they expire, and asked for once", async () => {
    const soon = JSON.stringify({ ...JSON.parse(lent), Expiration: new Date().toISOString() });
    await answering([soon, lent], async (origin, asked) => {
      const connections = new Connections({});
      const env = { ...alone, AWS_CONTAINER_CREDENTIALS_FULL_URI: `${origin}/` };
      const source = credentialsOf(s3Settings(bucket, here(env)), connections);
      const all = await Promise.all([source(signal), source(signal), source(signal)]);
      for (const keys of all) assert.equal(keys.expiresAt, temporary.expiresAt);
      await source(signal);
      assert.equal(asked.length, 2);
      connections.close();
    });
  });
});

describe("tokens for Azure's storage", () => {
  it("are given to an application for its secret, once while they are good", async () => {
    const answer = JSON.stringify({ access_token: "abc.def", expires_in: 3600 });
    await answering([answer], async (origin, asked) => {
      const connections = new Connections({});
      const env = {
        ...{ AZURE_TENANT_ID: "a/b", AZURE_CLIENT_ID: "client", AZURE_CLIENT_SECRET: "secret" },
        AZURE_AUTHORITY_HOST: origin,
      };
      const source = tokensOf({ env }, connections);
      assert.equal(await source(signal), "abc.def");
      assert.equal(await source(signal), "abc.def");
      assert.equal(asked.length, 1);
      assert.equal(asked[0]?.url, "POST /a%2Fb/oauth2/v2.0/token");
      assert.equal(new URLSearchParams(asked[0].body).get("client_secret"), "secret");
      connections.close();
    });
    await answering(['{"access_token":"a\\nb"}'], async (origin) => {
      const connections = new Connections({});
      const env = {
        ...{ AZURE_TENANT_ID: "t", AZURE_CLIENT_ID: "c", AZURE_CLIENT_SECRET: "s" },
        AZURE_AUTHORITY_HOST: origin,
      };
      await assert.rejects(tokensOf({ env }, connections)(signal), { code: "CACHE_SERVICE" });
      connections.close();
    });
  });
});

describe("elements of an answer", () => {
  it("are read with what stands for other characters", () => {
    assert.equal(elementOf("<A><B>1 &amp;lt; &quot;2&quot;</B></A>", "B"), '1 &lt; "2"');
    assert.equal(elementOf("<A><B>1", "B"), undefined);
  });
});
