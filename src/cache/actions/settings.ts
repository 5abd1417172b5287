// SPDX-License-Identifier: Apache-2.0
// Where the cache service of GitHub Actions is, and what we may do there: attributes of a cache, or else what GitHub puts into
// the environment of actions, read as Docker's buildx and BuildKit read both.

import { parseBoolean, parseDuration } from "../../base/index.js";
import { optionError } from "../spec.js";
import type { AbsentCache, Attributes, Surroundings } from "../types.js";

export interface ActionsSettings {
  /** http or https, without a slash at its end. */
  readonly url: string;
  /** Of the protocol. */
  readonly version: 1 | 2;
  /** A secret: it goes into the header of requests to `url`, and nowhere else. */
  readonly token: string;
  /** Tells the caches of one repository apart. */
  readonly scope: string;
  /** Milliseconds for which a service that answers "too many requests" is asked again. */
  readonly patience: number;
}

export const settingAttributes: readonly string[] = [
  ...["url", "url_v2", "version", "token", "scope", "timeout"],
  // With these BuildKit lists all entries at once, through GitHub's REST interface. We look up those that we need.
  ...["ghtoken", "repository"],
];

const defaultScope = "tsbuild";
const defaultTimeout = "10m";
const longestScope = 256;
/** The host of GitHub's own service, which speaks version 2, whether or not anybody says so. */
const serviceHost = "results-receiver.actions.githubusercontent.com";

/** Outside of GitHub Actions there is no service, which is no mistake. Throws CACHE_OPTION. */
export function actionsSettings(
  type: string,
  attributes: Attributes,
  { env }: Surroundings,
): ActionsSettings | AbsentCache {
  const given = (name: string): string | undefined => filled(attributes[name]);
  const asked = given("version");
  if (asked !== undefined && asked !== "1" && asked !== "2")
    throw optionError(type, "version is neither 1 nor 2");
  const options = { scope: scopeOf(type, attributes), patience: patienceOf(type, attributes) };
  const results = filled(env["ACTIONS_RESULTS_URL"]);
  const flagged = parseBoolean(env["ACTIONS_CACHE_SERVICE_V2"] ?? "") === true;
  const second = asked === undefined ? flagged : asked === "2";
  const urlV2 = given("url_v2") ?? (second ? results : undefined);
  const url = given("url") ?? filled(env["ACTIONS_CACHE_URL"]) ?? results;
  const token = given("token") ?? filled(env["ACTIONS_RUNTIME_TOKEN"]);
  if (token === undefined) return absent(type, "ACTIONS_RUNTIME_TOKEN");
  if (urlV2 === undefined && url === undefined) return absent(type, "ACTIONS_RESULTS_URL");
  if (urlV2 !== undefined && asked !== "1")
    return { url: checkedUrl(type, "url_v2", urlV2), version: 2, token, ...options };
  if (url === undefined) throw optionError(type, "url is missing, which version=1 needs");
  const checked = checkedUrl(type, "url", url);
  const known = asked === undefined && new URL(checked).host === serviceHost;
  return { url: checked, version: known || asked === "2" ? 2 : 1, token, ...options };
}

function absent(type: string, variable: string): AbsentCache {
  return {
    absent: `caches of type ${type} are left out: ${variable} is not set (GitHub sets it for actions, not for steps with run)`,
  };
}

/** Runners and workflows set what is missing to nothing. */
function filled(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function scopeOf(type: string, attributes: Attributes): string {
  const scope = filled(attributes["scope"]) ?? defaultScope;
  if (scope.length <= longestScope) return scope;
  throw optionError(type, `scope is longer than ${longestScope} characters`);
}

function patienceOf(type: string, attributes: Attributes): number {
  const nanoseconds = parseDuration(filled(attributes["timeout"]) ?? defaultTimeout);
  if (nanoseconds !== undefined && nanoseconds >= 0) return nanoseconds / 1e6;
  throw optionError(type, "timeout is no duration such as 90s or 10m");
}

function checkedUrl(type: string, name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.search + url.hash === "")
    return url.href.replace(/\/+$/, "");
  throw optionError(type, `${name} is not the URL of a service`);
}
