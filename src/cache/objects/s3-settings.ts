// SPDX-License-Identifier: Apache-2.0
// Where a cache of type `s3` is: attributes, or else the variables that Amazon's own tools read. Names are BuildKit's.

import { parseDuration, printable } from "../../base/index.js";
import { optionError, truthOf } from "../spec.js";
import type { Attributes, Surroundings } from "../types.js";
import { cacheNames, nameAttributes } from "./names.js";
import type { CacheNames } from "./place.js";

export interface S3Settings {
  readonly bucket: string;
  readonly region: string;
  /** The bucket's URL, with a slash at its end. */
  readonly base: string;
  readonly names: CacheNames;
  /** Milliseconds. */
  readonly touchAfter: number;
  readonly layersAtOnce: number;
  readonly attempts: number;
  /** The attributes, which may have credentials among them. */
  readonly given: Attributes;
  readonly env: Surroundings["env"];
}

export const s3Attributes: readonly string[] = [
  ...["bucket", "region", "endpoint_url", "use_path_style", ...nameAttributes],
  ...["access_key_id", "secret_access_key", "session_token"],
  ...["touch_refresh", "upload_parallelism", "retry_mode", "retry_max_attempts"],
  // Of no use here: no such header is sent that a service could change after it was signed.
  "disable_accept_encoding",
];

/** Throws CACHE_OPTION. */
export function s3Settings(attributes: Attributes, { env }: Surroundings): S3Settings {
  const bucket = named(attributes, env, "bucket", ["AWS_BUCKET"]);
  const region = named(attributes, env, "region", ["AWS_REGION", "AWS_DEFAULT_REGION"]);
  if (!/^[a-z0-9-]{1,64}$/i.test(region)) throw optionError("s3", "region is none of Amazon's");
  if (!/^[\w.-]{1,255}$/.test(bucket) || /^\.\.?$/.test(bucket))
    throw optionError("s3", `bucket=${printable(bucket)} cannot be the name of a bucket`);
  const mode = attributes["retry_mode"] ?? "standard";
  if (mode !== "standard" && mode !== "adaptive")
    throw optionError("s3", "retry_mode is neither standard nor adaptive");
  truthOf("s3", attributes, "disable_accept_encoding", false);
  return {
    bucket,
    region,
    base: baseOf(attributes, env, bucket, region),
    names: cacheNames("s3", attributes, {
      prefix: "",
      manifests: "manifests/",
      blobs: "blobs/",
      join: (...parts) => parts.join(""),
    }),
    touchAfter: refreshOf(attributes),
    layersAtOnce: countOf(attributes, "upload_parallelism", 4),
    attempts: countOf(attributes, "retry_max_attempts", 5),
    given: attributes,
    env,
  };
}

function named(
  attributes: Attributes,
  env: Surroundings["env"],
  name: string,
  variables: readonly string[],
): string {
  const values = [attributes[name], ...variables.map((variable) => env[variable])];
  const found = values.find((value) => value !== undefined && value !== "");
  if (found !== undefined) return found;
  throw optionError("s3", `${name} is missing (or ${variables[0] ?? ""} in the environment)`);
}

/** A bucket is part of the host's name, unless it has a dot, for which there is no certificate, or the host has no name. */
function baseOf(
  attributes: Attributes,
  env: Surroundings["env"],
  bucket: string,
  region: string,
): string {
  const text = [
    attributes["endpoint_url"],
    env["AWS_ENDPOINT_URL_S3"],
    env["AWS_ENDPOINT_URL"],
  ].find((value) => value !== undefined && value !== "");
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const endpoint = text ?? `https://s3.${region}.${domain}`;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const plain = url !== undefined && url.search + url.hash + url.username + url.password === "";
  if (url === undefined || !plain || !/^https?:$/.test(url.protocol))
    throw optionError("s3", "endpoint_url is not the URL of a service");
  const path = url.pathname.replace(/\/+$/, "");
  const nameless = url.hostname === "localhost" || /^[\d.]+$|^\[/.test(url.hostname);
  const asPath = truthOf("s3", attributes, "use_path_style", bucket.includes(".") || nameless);
  return asPath
    ? `${url.protocol}//${url.host}${path}/${bucket}/`
    : `${url.protocol}//${bucket}.${url.host}${path}/`;
}

function refreshOf(attributes: Attributes): number {
  const nanoseconds = parseDuration(attributes["touch_refresh"] ?? "24h");
  if (nanoseconds !== undefined && nanoseconds >= 0) return nanoseconds / 1e6;
  throw optionError("s3", "touch_refresh is no duration such as 24h");
}

function countOf(attributes: Attributes, name: string, usual: number): number {
  const text = attributes[name];
  if (text === undefined) return usual;
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw optionError("s3", `${name} must be a positive integer, at most 999`);
}
