// SPDX-License-Identifier: Apache-2.0
// The vocabulary of a parsed Dockerfile: what parseDockerfile returns and what the expander takes. Plain readonly data.
// A Word is text in which variables and quotes are still to be worked out; everything that is not a Word is final.

import type { SourceLocation, SourceRange } from "../base/index.js";

/** The character that escapes and continues lines, chosen by the `escape` directive. */
export type EscapeCharacter = "\\" | "`";

/** The text that ranges refer to. Part of every error's location. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly escape: EscapeCharacter;
}

/** Unexpanded text with its place. Quotes, escapes and `$` are as written; continuations are already joined. */
export interface Word {
  readonly text: string;
  readonly range: SourceRange;
}

/** One `# key=value` line of the directive zone. `name` in lower case, `value` trimmed. */
export interface Directive {
  readonly name: "syntax" | "escape" | "check";
  readonly value: string;
  readonly range: SourceRange;
}

/** A here-document. `content` is as written (for `<<-` still with its tabs) and ends with a newline unless it is empty. */
export interface Heredoc {
  /** The file's name and terminator, unquoted. */
  readonly name: string;
  /** Lines between opening and terminator, line ends as in the file. With `chomp`, use {@link Heredoc.body}. */
  readonly content: string;
  /** `content`, with leading tabs removed when `<<-`. Variables are not expanded. */
  readonly body: string;
  /** False when the name was quoted: the body is to be taken verbatim. */
  readonly expand: boolean;
  /** True for `<<-`. */
  readonly chomp: boolean;
  /** The number before `<<`, 0 when absent. */
  readonly fd: number;
  /** From the first line of the body to the terminator. */
  readonly range: SourceRange;
}

/** What all instructions have. */
export interface InstructionBase {
  /** First to last line, here-documents included. */
  readonly range: SourceRange;
  /** The keyword as written (`RuN`). */
  readonly keyword: string;
  /**
   * The instruction on one logical line as written: continuations joined, comments inside dropped, here-document bodies and
   * terminators appended. Good for history, step names and ONBUILD.
   */
  readonly original: string;
  /** Comment lines directly above, without `#` and one blank, in order. */
  readonly comments: readonly string[];
}

/** A command of CMD, ENTRYPOINT or HEALTHCHECK. `shell`: to be wrapped by SHELL. Never expanded by the builder. */
export type Command =
  | { readonly form: "exec"; readonly argv: readonly string[] }
  | { readonly form: "shell"; readonly line: string };

/**
 * What RUN executes. `shell`: `line` is given to SHELL as one string; a here-document's body, or command text and bodies put
 * together again, are already in it. `script`: a lone here-document that starts with `#!`: to be written to
 * `/dev/pipes/<name>` (0755) and executed.
 */
export type RunCommand =
  Command | { readonly form: "script"; readonly name: string; readonly body: string };

/** `key=value` of ENV or LABEL. Both sides are expanded. */
export interface KeyValue {
  readonly key: Word;
  readonly value: Word;
}

/** One name of an ARG instruction. `value` absent: declared without a default. */
export interface ArgDeclaration {
  readonly name: Word;
  readonly value?: Word;
  /** The doc comment above, if it describes this name. */
  readonly description?: string;
}

export interface FromInstruction extends InstructionBase {
  readonly kind: "from";
  readonly image: Word;
  readonly platform?: Word;
  /** The name after AS, as written. Stage.name has it in lower case. */
  readonly alias?: Word;
  /** `AS`, as written. */
  readonly asKeyword?: string;
}

export interface ArgInstruction extends InstructionBase {
  readonly kind: "arg";
  readonly args: readonly ArgDeclaration[];
}

export interface EnvInstruction extends InstructionBase {
  readonly kind: "env";
  readonly pairs: readonly KeyValue[];
  /** `ENV name value` without `=`. */
  readonly legacy: boolean;
}

export interface LabelInstruction extends InstructionBase {
  readonly kind: "label";
  readonly pairs: readonly KeyValue[];
  readonly legacy: boolean;
}

/** One `--mount` flag. Its values are expanded when the step is planned: see ResolveMount. */
export interface MountFlag {
  /** The whole value of the flag. */
  readonly raw: Word;
  readonly fields: readonly MountField[];
  /** What `from=` names. Variables are refused there, so this is final: the stage, image or context that is read. */
  readonly from?: Word;
}

/** `key`, or `key=value`. Keys in lower case. */
export interface MountField {
  readonly key: string;
  readonly value?: Word;
}

export interface RunInstruction extends InstructionBase {
  readonly kind: "run";
  readonly command: RunCommand;
  /** The here-documents as parsed; what to execute stands in `command`. */
  readonly heredocs: readonly Heredoc[];
  readonly mounts: readonly MountFlag[];
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  readonly devices: readonly DeviceRequest[];
}

/** `RUN --device=name[,required]`. */
export interface DeviceRequest {
  readonly name: Word;
  readonly required: boolean;
}

/** What COPY and ADD share. Sources come first, then the here-documents, as BuildKit copies them. */
export interface TransferFields {
  readonly sources: readonly Word[];
  readonly heredocs: readonly Heredoc[];
  readonly destination: Word;
  readonly chown?: Word;
  readonly chmod?: Word;
  readonly link: boolean;
  readonly exclude: readonly Word[];
}

export interface CopyInstruction extends InstructionBase, TransferFields {
  readonly kind: "copy";
  /** Stage name, stage index, image or named context; never contains a variable. */
  readonly from?: Word;
  readonly parents: boolean;
}

export interface AddInstruction extends InstructionBase, TransferFields {
  readonly kind: "add";
  readonly checksum?: Word;
  /** Absent: not given. */
  readonly keepGitDir?: boolean;
  /** Absent: not given (archives are unpacked when local). */
  readonly unpack?: boolean;
}

export interface WorkdirInstruction extends InstructionBase {
  readonly kind: "workdir";
  readonly path: Word;
}

export interface UserInstruction extends InstructionBase {
  readonly kind: "user";
  readonly user: Word;
}

export interface ExposeInstruction extends InstructionBase {
  readonly kind: "expose";
  /** Each may expand to several words: use expandWords, then parsePorts. */
  readonly ports: readonly Word[];
}

export interface VolumeInstruction extends InstructionBase {
  readonly kind: "volume";
  readonly paths: readonly Word[];
}

export interface StopsignalInstruction extends InstructionBase {
  readonly kind: "stopsignal";
  readonly signal: Word;
}

export interface CmdInstruction extends InstructionBase {
  readonly kind: "cmd";
  readonly command: Command;
}

export interface EntrypointInstruction extends InstructionBase {
  readonly kind: "entrypoint";
  readonly command: Command;
}

export interface ShellInstruction extends InstructionBase {
  readonly kind: "shell";
  /** At least one element. */
  readonly argv: readonly string[];
}

/** Times in nanoseconds (whole numbers; beyond 2^53, about 104 days, rounded to what a double holds). Absent: not given. */
export interface HealthcheckInstruction extends InstructionBase {
  readonly kind: "healthcheck";
  /** Absent: `HEALTHCHECK NONE`. */
  readonly command?: Command;
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
}

export interface MaintainerInstruction extends InstructionBase {
  readonly kind: "maintainer";
  /** Not expanded. */
  readonly name: string;
}

export interface OnbuildInstruction extends InstructionBase {
  readonly kind: "onbuild";
  /** What goes into the image's config: the text after ONBUILD, here-documents included. */
  readonly trigger: string;
  /** The trigger parsed in place, for checks. It does nothing in this stage. */
  readonly instruction: TriggerInstruction;
}

/** What may stand in a stage after FROM. */
export type Instruction =
  | AddInstruction
  | ArgInstruction
  | CmdInstruction
  | CopyInstruction
  | EntrypointInstruction
  | EnvInstruction
  | ExposeInstruction
  | HealthcheckInstruction
  | LabelInstruction
  | MaintainerInstruction
  | OnbuildInstruction
  | RunInstruction
  | ShellInstruction
  | StopsignalInstruction
  | UserInstruction
  | VolumeInstruction
  | WorkdirInstruction;

/** What ONBUILD may hold. */
export type TriggerInstruction = Exclude<Instruction, OnbuildInstruction | MaintainerInstruction>;

/** Every instruction, FROM included. */
export type AnyInstruction = FromInstruction | Instruction;

export interface Stage {
  readonly index: number;
  /** In lower case; absent without AS. Names may repeat: the later stage wins for later lookups. */
  readonly name?: string;
  /** From the doc comment above FROM, if it describes this stage. */
  readonly description?: string;
  readonly from: FromInstruction;
  readonly instructions: readonly Instruction[];
  readonly range: SourceRange;
}

/** What `# check=` or BUILDKIT_DOCKERFILE_CHECK asks for. */
export interface CheckSettings {
  /** Rule names, or "all". */
  readonly skip: readonly string[] | "all";
  /** Findings fail the build. */
  readonly error: boolean;
  readonly experimental: readonly string[] | "all";
}

/** A blank line inside a continued instruction (lint NoEmptyContinuation). Lines count from 1. */
export interface EmptyContinuation {
  readonly line: number;
  readonly instruction: SourceRange;
}

export interface Dockerfile {
  readonly source: Source;
  readonly directives: readonly Directive[];
  /** The value of the syntax directive, also when written as `// syntax=` or JSON. */
  readonly syntax?: Word;
  readonly check: CheckSettings;
  /** ARG instructions before the first FROM. */
  readonly globalArgs: readonly ArgInstruction[];
  /** At least one. */
  readonly stages: readonly Stage[];
  readonly emptyContinuations: readonly EmptyContinuation[];
}

/** The variables in force. `get` gives undefined for a name that is not set; "" is set. */
export interface Scope {
  get(name: string): string | undefined;
  /** Known names, for "did you mean". */
  names(): Iterable<string>;
}

/** What the expander needs to know besides word and scope. */
export interface ExpandOptions {
  /** Where the word's range points. */
  readonly source: Source;
  /** Names that are declared without a value: `$name` is empty but not reported as unset. */
  readonly declared?: (name: string) => boolean;
  /** Bytes (UTF-16 units) that a value may reach. Default 1 MiB. */
  readonly maxLength?: number;
}

/** The outcome of expanding one word. Each name once, in order of first use. */
export interface Expansion {
  readonly value: string;
  readonly used: readonly string[];
  /** Names that were used plainly (`$n`, `${n}`) but neither set nor declared. */
  readonly unset: readonly string[];
}

/** The same, after splitting at unquoted white space. */
export interface WordsExpansion {
  readonly values: readonly string[];
  readonly used: readonly string[];
  readonly unset: readonly string[];
}

/**
 * Expands variables and removes quotes; never splits.
 * Errors: DOCKERFILE_EXPAND (syntax, `:?`), DOCKERFILE_VALUE_TOO_LONG; both at the word.
 */
export type ExpandWord = (word: Word, scope: Scope, options: ExpandOptions) => Expansion;

/** Like ExpandWord, then splits at unquoted white space, also inside expanded values (EXPOSE). */
export type ExpandWords = (word: Word, scope: Scope, options: ExpandOptions) => WordsExpansion;

/** The bytes of a COPY or ADD here-document as text: tabs stripped for `<<-`, variables expanded unless its name was quoted. */
export type ExpandHeredoc = (heredoc: Heredoc, scope: Scope, options: ExpandOptions) => Expansion;

export interface BindMount {
  readonly kind: "bind";
  /** Absent or relative: below the working directory. */
  readonly target?: string;
  readonly source: string;
  /** Absent: the build context. */
  readonly from?: string;
  readonly readOnly: boolean;
}

export interface CacheMount {
  readonly kind: "cache";
  readonly id: string;
  readonly target: string;
  readonly source: string;
  /** Absent: starts empty. */
  readonly from?: string;
  readonly sharing: "shared" | "private" | "locked";
  readonly readOnly: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** True when mode, uid or gid was given: such a cache starts empty again under --no-cache. */
  readonly ownerGiven: boolean;
}

export interface TmpfsMount {
  readonly kind: "tmpfs";
  readonly target: string;
  /** Bytes. */
  readonly size?: number;
}

export interface SecretMount {
  readonly kind: "secret";
  readonly id: string;
  /** Absent: only the environment variable. Already defaulted to /run/secrets/<name>. */
  readonly target?: string;
  readonly env?: string;
  readonly required: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface SshMount {
  readonly kind: "ssh";
  readonly id: string;
  /** Absent: /run/buildkit/ssh_agent.N. */
  readonly target?: string;
  readonly required: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A `--mount` after expansion, checked and defaulted. */
export type Mount = BindMount | CacheMount | TmpfsMount | SecretMount | SshMount;

/** Expands and checks one mount. Errors: DOCKERFILE_MOUNT and the expander's. */
export type ResolveMount = (
  flag: MountFlag,
  scope: Scope,
  options: ExpandOptions,
) => { readonly mount: Mount; readonly used: readonly string[]; readonly unset: readonly string[] };

/**
 * Parses one ONBUILD trigger out of an image's config. All ranges of the result are `at.range` (the FROM line).
 * Errors: DOCKERFILE_*, at `at`.
 */
export type ParseOnBuild = (trigger: string, at: SourceLocation) => TriggerInstruction;
