// SPDX-License-Identifier: Apache-2.0
import type { BuildEvent } from "../../base/index.js";

/** A warning in one line: rule, message, place, and where to read on. */
export function warningText({
  rule,
  message,
  location,
  url,
}: Extract<BuildEvent, { kind: "warning" }>): string {
  const where = location === undefined ? "" : ` (${location.file}:${location.range.startLine})`;
  return `${rule === undefined ? "" : `${rule}: `}${message}${where}${url === undefined ? "" : ` ${url}`}`;
}
