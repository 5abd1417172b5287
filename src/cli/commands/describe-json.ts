// SPDX-License-Identifier: Apache-2.0
// What --call prints as JSON: the documents that BuildKit's frontend answers such calls with, so that tools read both.

import { defined, printableJson } from "../../base/index.js";
import type { SourceRange, TsbuildError } from "../../base/index.js";
import type { Description } from "../../build.js";
import { parseErrorPrefix } from "../print-error.js";

/**
 * The answer to a call as a document. Warnings and an error of ours have more fields than tools ask for, never fewer. `key`: under this
 * name, and not as the whole document.
 */
export function describeJson(description: Description, key?: string): string {
  const document = documentOf(description);
  return printableJson(key === undefined ? document : { [key]: document }, 2) + "\n";
}

function documentOf(description: Description): unknown {
  const { file, text } = description.source;
  const data = Buffer.from(text).toString("base64");
  switch (description.call) {
    case "check":
      return {
        ...checkDocument(description.report),
        sources: [{ filename: file, language: "Dockerfile", data }],
      };
    case "outline": {
      const { name, description: about, args, secrets, ssh, caches } = description.outline;
      return {
        ...defined({ name, description: about }),
        ...unlessEmpty(
          "args",
          args.map(({ range, ...arg }) => ({ ...arg, location: place(range) })),
        ),
        ...unlessEmpty("secrets", secrets.map(mountDocument)),
        ...unlessEmpty("ssh", ssh.map(mountDocument)),
        ...unlessEmpty(
          "cache",
          caches.map(({ id, range }) => ({ ID: id, location: place(range) })),
        ),
        sources: [data],
      };
    }
    case "targets":
      return {
        targets: description.targets.map(({ range, default: isDefault, ...target }) => ({
          ...target,
          ...(isDefault ? { default: true } : {}),
          location: place(range),
        })),
        sources: [data],
      };
  }
}

/** BuildKit's documents leave out what has no value. */
function unlessEmpty(name: string, values: readonly unknown[]): Record<string, unknown> {
  return values.length === 0 ? {} : { [name]: values };
}

type Report = Extract<Description, { call: "check" }>["report"];
type Mount = Extract<Description, { call: "outline" }>["outline"]["secrets"][number];

function checkDocument({ findings, error }: Report): Record<string, unknown> {
  return {
    warnings: findings.map(({ rule, message, summary, url, location }) => ({
      ruleName: rule,
      description: summary,
      url,
      detail: message,
      location: place(location.range),
    })),
    ...(error === undefined ? {} : { buildError: errorDocument(error) }),
  };
}

function errorDocument(error: TsbuildError): unknown {
  const { code, location } = error;
  const message = parseErrorPrefix(error) + error.message;
  return { code, message, location: location === undefined ? {} : place(location.range) };
}

function mountDocument({ id, required, range }: Mount): unknown {
  return { name: id, ...(required ? { required } : {}), location: place(range) };
}

function place(range: SourceRange): unknown {
  return { ranges: placesOf(range) };
}

/** One for each line, as in BuildKit. Lines count from 1, characters from 0. */
export function placesOf({ startLine, endLine, startColumn, endColumn }: SourceRange): unknown[] {
  const at = (line: number, column: number | undefined): unknown => ({
    line,
    ...(column === undefined ? {} : { character: column - 1 }),
  });
  return Array.from({ length: endLine - startLine + 1 }, (_, i) => {
    const line = startLine + i;
    return {
      start: at(line, i === 0 ? startColumn : undefined),
      end: at(line, line === endLine ? endColumn : undefined),
    };
  });
}
