// SPDX-License-Identifier: Apache-2.0
// Functions of dates and times.

import { parseDuration } from "../../base/index.js";
import { brief } from "../brief.js";
import { argumentError } from "../errors.js";
import type { HclFunction } from "../types.js";
import { dateVerb } from "./date-verbs.js";
import { number, something, takes, text } from "./parameters.js";
import {
  formatTimestamp,
  fromUnix,
  inRange,
  localDate,
  parseTimestamp,
  type Timestamp,
} from "./timestamps.js";

export const dates: Readonly<Record<string, HclFunction>> = {
  formatdate: takes({ format: text, time: text }, ({ format, time }) =>
    formatDate(format, parseTimestamp(time)),
  ),
  formattimestamp: takes({ format: text, time: something }, ({ format, time }) => {
    if (typeof time !== "string" && typeof time !== "number")
      throw argumentError("time must be a timestamp or a number of seconds since 1970");
    const timestamp = typeof time === "string" ? parseTimestamp(time) : fromUnix(time);
    if (format === "X") return String(Math.floor(timestamp.time / 1000));
    return formatDate(format, timestamp);
  }),
  timeadd: takes({ timestamp: text, duration: text }, ({ timestamp, duration }) => {
    const nanoseconds = parseDuration(duration);
    if (nanoseconds === undefined)
      throw argumentError(`${brief(duration)} is not a duration such as 1h30m`);
    const { time, offset } = parseTimestamp(timestamp);
    return formatTimestamp(inRange({ time: time + nanoseconds / 1e6, offset }));
  }),
  unixtimestampparse: takes({ unix_timestamp: number }, ({ unix_timestamp: seconds }) => {
    const timestamp = fromUnix(seconds);
    const date = localDate(timestamp);
    const week = isoWeek(date);
    return {
      year: date.getUTCFullYear(),
      year_day: yearDay(date),
      day: date.getUTCDate(),
      month: date.getUTCMonth() + 1,
      month_name: dateVerb("MMMM", timestamp),
      weekday: date.getUTCDay(),
      weekday_name: dateVerb("EEEE", timestamp),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
      rfc3339: formatTimestamp(timestamp),
      iso_year: week.year,
      iso_week: week.week,
    };
  }),
};

const part = /'((?:[^']|'')*)'|([a-zA-Z])\2*|[^a-zA-Z']+/y;

function formatDate(format: string, timestamp: Timestamp): string {
  let result = "";
  for (let at = 0; at < format.length; at = part.lastIndex) {
    part.lastIndex = at;
    const match = part.exec(format);
    if (match === null) throw argumentError("a ' in the format is not closed");
    const [whole, literal, letter] = match;
    if (literal !== undefined) result += literal === "" ? "'" : literal.replaceAll("''", "'");
    else result += letter === undefined ? whole : dateVerb(whole, timestamp);
  }
  return result;
}

const day = 86_400_000;

function yearDay(date: Date): number {
  const start = new Date(date);
  start.setUTCMonth(0, 1);
  return Math.round((date.getTime() - start.getTime()) / day) + 1;
}

/** A week belongs to the year that its Thursday is in. */
function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(date);
  thursday.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  return { year: thursday.getUTCFullYear(), week: Math.ceil(yearDay(thursday) / 7) };
}
