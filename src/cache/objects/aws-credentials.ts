// SPDX-License-Identifier: Apache-2.0
// Whose requests to S3 are: the keys that were given, or those that Amazon's own tools would find, in their order: the environment, a
// token of a workload that STS takes, the files of `aws configure`, the endpoint of a container, the one of a machine.

import { homedir } from "node:os";
import { join } from "node:path";
import {
  errnoOf,
  isTsbuildError,
  messageOf,
  printable,
  readSmallFile,
  type TsbuildError,
} from "../../base/index.js";
import type { Connections } from "../../registry/index.js";
import { serviceError } from "../errors.js";
import { optionError } from "../spec.js";
import type { Surroundings } from "../types.js";
import { renewed } from "./renewed.js";
import type { S3Settings } from "./s3-settings.js";
import { elementOf, fieldsOf, ObjectService, unsigned } from "./service.js";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Milliseconds since the epoch; undefined: good for ever. */
  readonly expiresAt?: number;
}

export type CredentialSource = (signal: AbortSignal) => Promise<AwsCredentials>;

type Env = Surroundings["env"];

const longestFile = 1 << 20;
/** A machine of Amazon's answers at once; elsewhere nobody does. */
const machinePatience = 2000;

/** Throws CACHE_SERVICE when there are none. */
export function credentialsOf(settings: S3Settings, connections: Connections): CredentialSource {
  return renewed((signal) => findCredentials(settings, connections, signal));
}

async function findCredentials(
  { given, env, region }: S3Settings,
  connections: Connections,
  signal: AbortSignal,
): Promise<AwsCredentials> {
  const service = new ObjectService(connections, { attempts: 3, baseDelay: 300 }, unsigned);
  const found =
    keysOf(given["access_key_id"], given["secret_access_key"], given["session_token"]) ??
    keysOf(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"]) ??
    (await ofWorkload(env, region, service, signal)) ??
    (await ofFiles(env)) ??
    (await ofContainer(env, service, signal)) ??
    (await ofMachine(env, connections, signal));
  if (found !== undefined) return found;
  throw serviceError(
    "there are no credentials for S3",
    {},
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or access_key_id= and secret_access_key=",
  );
}

function keysOf(
  accessKeyId: string | undefined,
  secretAccessKey: string | undefined,
  sessionToken: string | undefined,
): AwsCredentials | undefined {
  if (accessKeyId === undefined || accessKeyId === "") return undefined;
  if (secretAccessKey === undefined || secretAccessKey === "") return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined || sessionToken === "" ? {} : { sessionToken }),
  };
}

async function ofWorkload(
  env: Env,
  region: string,
  service: ObjectService,
  signal: AbortSignal,
): Promise<AwsCredentials | undefined> {
  const file = env["AWS_WEB_IDENTITY_TOKEN_FILE"];
  const role = env["AWS_ROLE_ARN"];
  if (file === undefined || file === "" || role === undefined || role === "") return undefined;
  const form = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: role,
    RoleSessionName: env["AWS_ROLE_SESSION_NAME"] ?? "tsbuild",
    WebIdentityToken: await tokenIn(file),
  });
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const text = await service.ask({
    method: "POST",
    url: new URL(env["AWS_ENDPOINT_URL_STS"] ?? `https://sts.${region}.${domain}/`),
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: Buffer.from(form.toString()),
    accept: [200],
    what: "exchange the workload's token for credentials",
    signal,
  });
  return temporary(
    elementOf(text, "AccessKeyId"),
    elementOf(text, "SecretAccessKey"),
    elementOf(text, "SessionToken"),
    elementOf(text, "Expiration"),
  );
}

function temporary(
  id: unknown,
  secret: unknown,
  token: unknown,
  expiration: unknown,
): AwsCredentials {
  const text = (value: unknown): string | undefined =>
    typeof value === "string" ? value : undefined;
  const keys = keysOf(text(id), text(secret), text(token));
  if (keys === undefined) throw serviceError("an answer that should have credentials has none");
  const expiresAt = Date.parse(text(expiration) ?? "");
  return Number.isNaN(expiresAt) ? keys : { ...keys, expiresAt };
}

async function ofFiles(env: Env): Promise<AwsCredentials | undefined> {
  const directory = join(env["HOME"] ?? homedir(), ".aws");
  const asked = env["AWS_PROFILE"];
  const profile = asked === undefined || asked === "" ? "default" : asked;
  for (const [path, section] of [
    [env["AWS_SHARED_CREDENTIALS_FILE"] ?? join(directory, "credentials"), profile],
    [
      env["AWS_CONFIG_FILE"] ?? join(directory, "config"),
      profile === "default" ? profile : `profile ${profile}`,
    ],
  ] as const) {
    const keys = sectionOf(await textOf(path), section);
    const found = keysOf(
      keys.get("aws_access_key_id"),
      keys.get("aws_secret_access_key"),
      keys.get("aws_session_token"),
    );
    if (found !== undefined) return found;
  }
  if (asked === undefined || asked === "") return undefined;
  throw optionError("s3", `the profile ${printable(asked)} (AWS_PROFILE) has no keys`);
}

/** Empty: there is no such file. Throws CACHE_OPTION. */
async function textOf(path: string): Promise<string> {
  const refuse = (why: string): TsbuildError =>
    optionError("s3", `${printable(path)} cannot be read: ${why}`);
  let bytes: Awaited<ReturnType<typeof readSmallFile>>;
  try {
    bytes = await readSmallFile(path, longestFile);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return "";
    throw refuse(messageOf(error));
  }
  if (typeof bytes === "string") throw refuse(`it is ${bytes}`);
  return bytes.toString("utf8");
}

async function tokenIn(path: string): Promise<string> {
  const token = (await textOf(path)).trim();
  if (token !== "") return token;
  throw optionError("s3", `${printable(path)}, which should have a token, has none`);
}

/** The settings of a section of an INI file. */
function sectionOf(text: string, wanted: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let section = "";
  for (const line of text.split("\n")) {
    const [, title] = /^\s*\[([^\]]*)\]/.exec(line) ?? [];
    const [, key = "", value = ""] = /^([^=#;\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (title !== undefined) section = title.trim().replace(/\s+/g, " ");
    else if (section === wanted && key !== "") found.set(key.toLowerCase(), value);
  }
  return found;
}

const containerHosts = new Set(["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]);

async function ofContainer(
  env: Env,
  service: ObjectService,
  signal: AbortSignal,
): Promise<AwsCredentials | undefined> {
  const relative = env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] ?? "";
  const full = env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] ?? "";
  if (relative === "" && full === "") return undefined;
  const text = relative === "" ? full : `http://169.254.170.2${relative}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const near =
    url !== undefined &&
    (containerHosts.has(url.hostname) ||
      /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname));
  if (url === undefined || (url.protocol !== "https:" && !near))
    throw optionError("s3", "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor of this host");
  const file = env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
  const token =
    file === undefined || file === ""
      ? env["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
      : await tokenIn(file);
  return answered(
    await service.ask({
      method: "GET",
      url,
      ...(token === undefined || token === "" ? {} : { headers: { authorization: token } }),
      accept: [200],
      what: "ask for the container's credentials",
      signal,
    }),
  );
}

function answered(text: string): AwsCredentials {
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = fieldsOf(text);
  return temporary(AccessKeyId, SecretAccessKey, Token, Expiration);
}

/** Version 2 of the metadata service of EC2: a token first. Undefined: this is no such machine, or it has no role. */
async function ofMachine(
  env: Env,
  connections: Connections,
  signal: AbortSignal,
): Promise<AwsCredentials | undefined> {
  if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") return undefined;
  const endpoint = env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? "http://169.254.169.254";
  const patience = AbortSignal.timeout(machinePatience);
  const service = new ObjectService(connections, { attempts: 1, baseDelay: 0 }, unsigned);
  const ask = (
    method: "GET" | "PUT",
    path: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<string> =>
    service.ask({
      method,
      url: new URL(`${endpoint.replace(/\/+$/, "")}/latest/${path}`),
      headers,
      accept: [200],
      what: "ask for the machine's credentials",
      signal: AbortSignal.any([signal, patience]),
    });
  const lifetime = { "x-aws-ec2-metadata-token-ttl-seconds": "300" };
  const roles = "meta-data/iam/security-credentials/";
  try {
    const proof = { "x-aws-ec2-metadata-token": await ask("PUT", "api/token", lifetime) };
    const [role = ""] = (await ask("GET", roles, proof)).split("\n");
    return answered(await ask("GET", `${roles}${encodeURIComponent(role.trim())}`, proof));
  } catch (error) {
    signal.throwIfAborted();
    if (patience.aborted || isTsbuildError(error, "CACHE_SERVICE")) return undefined;
    throw error;
  }
}
