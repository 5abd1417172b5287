// SPDX-License-Identifier: Apache-2.0
// From the helper's events to values and errors. The events come from our own helper, but they quote file names of
// strangers: they are parsed as untrusted JSON of bounded length.

import { isRecord, printable, TsbuildError } from "../base/index.js";
import type { SandboxErrorCode } from "./errors.js";

/** One event; `event` is its name. */
export interface HelperEvent {
  readonly event: string;
  readonly [key: string]: unknown;
}

const MAX_LINE = 1 << 20;
const finalEvents: ReadonlySet<string> = new Set(["done", "exited", "signaled", "error"]);

export function isFinalEvent(event: HelperEvent): boolean {
  return finalEvents.has(event.event);
}

/** Splits the bytes of descriptor 4 into events, however they are cut. */
export class EventReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws SANDBOX_HELPER_EVENT */
  push(chunk: Buffer): HelperEvent[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const events: HelperEvent[] = [];
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      events.push(parseEvent(bytes.toString("utf8", start, end)));
      start = end + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(start));
    if (this.#rest.length > MAX_LINE)
      throw new TsbuildError("SANDBOX_HELPER_EVENT", "an event of the native helper is too long");
    return events;
  }
}

function parseEvent(line: string): HelperEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new TsbuildError("SANDBOX_HELPER_EVENT", "the native helper wrote a malformed event", {
      cause,
      details: { line: printable(line.slice(0, 200)) },
    });
  }
  if (!isRecord(value) || typeof value["event"] !== "string")
    throw new TsbuildError(
      "SANDBOX_HELPER_EVENT",
      "the native helper wrote an event without a name",
    );
  return { ...value, event: value["event"] };
}

/** A text of an event, or "". */
export function eventText(event: HelperEvent, key: string): string {
  const value = event[key];
  return typeof value === "string" ? value : "";
}

/** A number of an event, or 0. */
export function eventNumber(event: HelperEvent, key: string): number {
  const value = event[key];
  return typeof value === "number" ? value : 0;
}

/** What a `lost` event means to a user: once for a verb, with the first path. */
export function lossText(event: HelperEvent): string {
  const some = (count: number, one: string): string[] =>
    count === 0 ? [] : [`${count} ${one}${count === 1 ? "" : "s"}`];
  const what = [
    ...some(eventNumber(event, "xattrs"), "extended attribute"),
    ...some(eventNumber(event, "devices"), "device node"),
    ...some(eventNumber(event, "owners"), "owner"),
  ].join(" and ");
  const path = printable(eventText(event, "path"));
  return `${what} could not be kept (the first at /${path}): this user or the store's file system does not have them`;
}

// The refusals that the helper names itself, and what a user is told about them.
const refusals: Readonly<Record<string, SandboxErrorCode>> = {
  "bad-request": "SANDBOX_BAD_REQUEST",
  "unknown-user": "SANDBOX_USER",
  "unknown-group": "SANDBOX_USER",
  "user-database": "SANDBOX_USER",
  "mount-target": "SANDBOX_MOUNT_TARGET",
  "mount-source": "SANDBOX_MOUNT_SOURCE",
  "root-in-use": "SANDBOX_ROOT_IN_USE",
  "working-directory": "SANDBOX_WORKING_DIRECTORY",
  "no-layer": "SANDBOX_NO_LAYER",
  exec: "SANDBOX_EXEC",
  network: "SANDBOX_NETWORK",
  cgroup: "SANDBOX_CGROUP",
  capability: "SANDBOX_CAPABILITY",
  limit: "SANDBOX_LIMIT",
  "no-memory-root": "SANDBOX_NO_FEATURE",
  "no-overlay": "SANDBOX_NO_FEATURE",
  "copy-conflict": "SANDBOX_COPY_CONFLICT",
  "bad-entry": "SANDBOX_BAD_ENTRY",
  "no-link-target": "SANDBOX_LINK_TARGET",
  "whiteout-name": "SANDBOX_WHITEOUT_NAME",
};

function systemCode(errno: string): SandboxErrorCode {
  if (errno === "EPERM" || errno === "EACCES") return "SANDBOX_NOT_PERMITTED";
  if (errno === "ENOSYS" || errno === "ENODEV" || errno === "EOPNOTSUPP")
    return "SANDBOX_NO_FEATURE";
  return "SANDBOX_SYSTEM";
}

/** What to do about an error of the system, where the helper says nothing itself. */
function hintOf(errno: string): string {
  return errno === "ENOSPC" || errno === "EDQUOT"
    ? "the disk is full: free some space, for example with `tsbuild prune`, or choose another disk (TSBUILD_ROOT is the store's)"
    : "";
}

/** The error that an `error` event stands for. */
export function errorOfEvent(verb: string, event: HelperEvent): TsbuildError {
  const text = (key: string): string => printable(eventText(event, key));
  const [code, step, path, errno, hint] = ["code", "step", "path", "errno", "hint"].map(text) as [
    string,
    string,
    string,
    string,
    string,
  ];
  if (code === "version")
    return new TsbuildError(
      "SANDBOX_HELPER_VERSION",
      `the native helper speaks version ${eventNumber(event, "helper")} of the protocol, not ${eventNumber(event, "request")}`,
      { hint: "build it anew with npm run build:native, or unset TSBUILD_HELPER" },
    );
  const what = code === "" ? `cannot ${step}` : text("message");
  const where = path === "" ? "" : `: ${path}`;
  const why = code === "" && text("message") !== "" ? ` (${text("message")})` : "";
  const advice = hint === "" ? hintOf(errno) : hint;
  return new TsbuildError(refusals[code] ?? systemCode(errno), `${what}${where}${why}`, {
    ...(advice === "" ? {} : { hint: advice }),
    details: {
      verb,
      ...(code === "" ? {} : { reason: code }),
      ...(step === "" ? {} : { step }),
      ...(path === "" ? {} : { path }),
      ...(errno === "" ? {} : { errno }),
    },
  });
}
