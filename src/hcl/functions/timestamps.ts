// SPDX-License-Identifier: Apache-2.0
// Points in time as RFC 3339 writes them, with the offset of the place where they are looked at.

import { brief } from "../brief.js";
import { argumentError } from "../errors.js";

export interface Timestamp {
  /** Milliseconds since 1970, whole or not. */
  readonly time: number;
  /** Minutes east of Greenwich. */
  readonly offset: number;
}

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d+)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** What the years of the notation can say. */
const earliest = Date.parse("0000-01-02T00:00:00Z");
const latest = Date.parse("9999-12-30T23:59:59Z");

export function parseTimestamp(text: string): Timestamp {
  const match = pattern.exec(text);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] =
    match?.slice(1, 7).map(Number) ?? [];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const [, , , , , , , fraction = "0", sign, hours = "0", minutes = "0"] = match ?? [];
  if (
    match === null ||
    date.getUTCMonth() !== month - 1 ||
    date.getUTCDate() !== day ||
    hour > 23 ||
    minute > 59 ||
    second > 59 ||
    Number(hours) > 23 ||
    Number(minutes) > 59
  )
    throw argumentError(`${brief(text)} is not a timestamp such as 2025-09-16T12:00:00Z`);
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
  const local = date.getTime() + ((hour * 60 + minute) * 60 + second + Number(fraction)) * 1000;
  return { time: local - offset * 60_000, offset };
}

/** A number of seconds since 1970. */
export function fromUnix(seconds: number): Timestamp {
  if (!Number.isInteger(seconds))
    throw argumentError("a Unix timestamp is a whole number of seconds");
  return inRange({ time: seconds * 1000, offset: 0 });
}

/** Throws for a year that four digits cannot say. */
export function inRange(timestamp: Timestamp): Timestamp {
  if (timestamp.time < earliest || timestamp.time > latest)
    throw argumentError("the time is beyond the years that can be written");
  return timestamp;
}

/** What clock and calendar show there: to be asked as if it were UTC. */
export function localDate({ time, offset }: Timestamp): Date {
  return new Date(Math.floor(time) + offset * 60_000);
}

/** To the second. */
export function formatTimestamp(timestamp: Timestamp): string {
  return localDate(timestamp).toISOString().slice(0, 19) + zone(timestamp.offset, ":", "Z");
}

/** `+02:00`; `utc` for none. */
export function zone(offset: number, separator: string, utc?: string): string {
  if (offset === 0 && utc !== undefined) return utc;
  const minutes = Math.abs(offset);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${offset < 0 ? "-" : "+"}${two(Math.trunc(minutes / 60))}${separator}${two(minutes % 60)}`;
}
