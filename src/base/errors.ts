// SPDX-License-Identifier: Apache-2.0
// The one error class of tsbuild. A room lists its codes in its own errors.ts; this file knows none of them.

import { defined } from "./defined.js";

/** A place in a text file. Lines and columns count from 1; `endLine` is inclusive. */
export interface SourceRange {
  readonly startLine: number;
  readonly endLine: number;
  readonly startColumn?: number;
  readonly endColumn?: number;
}

/** Where in the user's input something went wrong. `text` is the whole source, for the excerpt. */
export interface SourceLocation {
  readonly file: string;
  readonly range: SourceRange;
  readonly text?: string;
}

/** What a {@link TsbuildError} is made of besides its code and message. */
export interface ErrorOptions {
  /** What the user can do about it: one sentence. */
  readonly hint?: string;
  readonly location?: SourceLocation;
  /** Machine-readable facts (path, url, exitCode ...). Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * Every failure a user can reach. `code` is stable (docs/errors.md lists them all); `message` says what
 * failed and where (path, URL, instruction) in one line without a trailing period.
 */
export class TsbuildError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly location: SourceLocation | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "TsbuildError";
    this.code = code;
    this.hint = options.hint;
    this.location = options.location;
    this.details = options.details ?? {};
  }

  /** The same error at a place in the Dockerfile; an error that already has a place keeps it. */
  at(location: SourceLocation): TsbuildError {
    if (this.location !== undefined) return this;
    return new TsbuildError(this.code, this.message, {
      ...defined({ hint: this.hint }),
      location,
      details: this.details,
      cause: this.cause ?? this,
    });
  }
}

/** True for a {@link TsbuildError}, optionally of one code. */
export function isTsbuildError(error: unknown, code?: string): error is TsbuildError {
  return error instanceof TsbuildError && (code === undefined || error.code === code);
}

/** Marks the places of an exhaustive switch that must grow when a union grows. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected value: ${JSON.stringify(value)}`);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The errno name (`ENOENT`) of a Node system error, if it is one. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
