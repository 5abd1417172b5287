// SPDX-License-Identifier: Apache-2.0
// Which secrets of the build authorize what is read from other machines. A secret for a host is only ever sent to that host.

import type { RemoteAccess } from "./types.js";

type ReadSecret = RemoteAccess["secret"];

/**
 * The Authorization header for a download: secret HTTP_AUTH_HEADER_<host> as it is, or HTTP_AUTH_TOKEN_<host> as a bearer
 * token. Undefined: there is neither.
 */
export async function httpAuthorization(url: URL, secret: ReadSecret): Promise<string | undefined> {
  const header = await firstSecret(secret, hostNames("HTTP_AUTH_HEADER_", url));
  if (header !== undefined) return header;
  const token = await firstSecret(secret, hostNames("HTTP_AUTH_TOKEN_", url));
  return token === undefined ? undefined : `Bearer ${token}`;
}

/**
 * The Authorization header for a git repository: GIT_AUTH_HEADER as it is, or GIT_AUTH_TOKEN as the password of the user
 * that hosting services expect for tokens. Each may carry `.<host>`, and then counts before the one without.
 */
export async function gitAuthorization(url: URL, secret: ReadSecret): Promise<string | undefined> {
  const header = await firstSecret(secret, [
    ...hostNames("GIT_AUTH_HEADER.", url),
    "GIT_AUTH_HEADER",
  ]);
  if (header !== undefined) return header;
  const token = await firstSecret(secret, [...hostNames("GIT_AUTH_TOKEN.", url), "GIT_AUTH_TOKEN"]);
  if (token === undefined) return undefined;
  return `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
}

/** Ids that name the URL's host, with its port before without. */
function hostNames(prefix: string, { host, hostname }: URL): string[] {
  return [...new Set([host, hostname])].map((name) => `${prefix}${name}`);
}

async function firstSecret(
  secret: ReadSecret,
  ids: readonly string[],
): Promise<string | undefined> {
  for (const id of ids) {
    const bytes = await secret(id);
    if (bytes !== undefined) return Buffer.from(bytes).toString("utf8").trim();
  }
  return undefined;
}

/** The user or password of a URL. One with a stray percent sign is taken as it is written. */
export function decodedUserInfo(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
