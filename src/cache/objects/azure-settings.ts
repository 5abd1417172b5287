// SPDX-License-Identifier: Apache-2.0
// Where a cache of type `azblob` is: attributes, or else variables. Names are BuildKit's.

import { printable } from "../../base/index.js";
import { optionError } from "../spec.js";
import type { Attributes, Surroundings } from "../types.js";
import { cacheNames, nameAttributes } from "./names.js";
import type { CacheNames } from "./place.js";

export interface AzureSettings {
  /** Of the account, with a slash at its end. */
  readonly base: string;
  readonly account: string;
  readonly container: string;
  readonly names: CacheNames;
  /** The account's key; undefined: a token of Entra's. */
  readonly key: Buffer | undefined;
  readonly env: Surroundings["env"];
}

export const azureAttributes: readonly string[] = [
  ...["account_url", "account_name", "container", "secret_access_key", ...nameAttributes],
];

const usualContainer = "buildkit-cache";

/** Throws CACHE_OPTION. */
export function azureSettings(attributes: Attributes, { env }: Surroundings): AzureSettings {
  const read = (name: string, variable: string): string | undefined =>
    [attributes[name], env[variable]].find((value) => value !== undefined && value !== "");
  const text = read("account_url", "BUILDKIT_AZURE_STORAGE_ACCOUNT_URL");
  if (text === undefined)
    throw optionError(
      "azblob",
      "account_url is missing (or BUILDKIT_AZURE_STORAGE_ACCOUNT_URL in the environment)",
    );
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url !== undefined && url.search + url.hash + url.username + url.password === "";
  if (url === undefined || !plain || !/^https?:$/.test(url.protocol))
    throw optionError("azblob", "account_url is not the URL of an account");
  const account =
    read("account_name", "BUILDKIT_AZURE_STORAGE_ACCOUNT_NAME") ?? url.hostname.split(".")[0] ?? "";
  const container = read("container", "BUILDKIT_AZURE_STORAGE_CONTAINER") ?? usualContainer;
  if (!/^[a-z0-9](?:-?[a-z0-9]){2,62}$/.test(container))
    throw optionError(
      "azblob",
      `container=${printable(container)} cannot be the name of a container`,
    );
  return {
    base: url.href.replace(/\/*$/, "/"),
    account,
    container,
    names: cacheNames("azblob", attributes, {
      prefix: env["BUILDKIT_AZURE_STORAGE_PREFIX"] ?? "",
      manifests: "manifests",
      blobs: "blobs",
      join: (...parts) => parts.join("/").split("/").filter(Boolean).join("/"),
    }),
    key: keyOf(attributes["secret_access_key"]),
    env,
  };
}

function keyOf(text = ""): Buffer | undefined {
  if (text === "") return undefined;
  const key = Buffer.from(text, "base64");
  if (key.length > 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)) return key;
  throw optionError("azblob", "secret_access_key is not Base64");
}
