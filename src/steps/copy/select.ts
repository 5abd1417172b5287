// SPDX-License-Identifier: Apache-2.0
// Which entries of a tree a source of COPY or ADD means: wildcards, ignore rules, --exclude. Reads metadata only.

import { posix } from "node:path";
import { isTsbuildError, TsbuildError, didYouMean } from "../../base/index.js";
import { compileSourcePattern, compileExcludes, type IgnoreRules } from "../../context/index.js";
import type { ListOptions, TreeEntry, TreeReader } from "../../sandbox/index.js";

/** A tree as COPY sees it. */
export interface SourceTree {
  readonly reader: Pick<TreeReader, "list" | "stat">;
  /** Absent: nothing is left out. */
  readonly rules?: IgnoreRules;
  /** How messages call it. */
  readonly label: string;
}

/** One path that a pattern matched, with what is below it when it is a directory. */
export interface Match {
  /** Relative to the tree's root, clean; `""` is the root. */
  readonly path: string;
  /** The entry itself, its symlink followed; with --parents the link, where a wildcard found it. */
  readonly entry: TreeEntry;
  /** With --parents: the directories above it, outermost first, links followed. Otherwise none. */
  readonly ancestors: readonly TreeEntry[];
  /** Below a directory: kept entries, parents first; `path` relative to the match. */
  readonly children: readonly TreeEntry[];
}

export interface Selection {
  readonly matches: readonly Match[];
  /** The pattern had wildcards; only then may nothing match. */
  readonly wildcard: boolean;
}

/**
 * Finds what `pattern` means.
 * Errors: STEPS_SOURCE_NOT_FOUND for a name that is missing or left out, be it a source, the directory before a source's
 * wildcards, or what a link leads to. --parents picks from the tree: there wildcards may find nothing, and links stay links.
 */
export async function select(
  tree: SourceTree,
  pattern: string,
  options: { readonly exclude: readonly string[]; readonly parents: boolean },
): Promise<Selection> {
  const compiled = compileSourcePattern(pattern, { deep: options.parents });
  const exclude = options.exclude.length === 0 ? undefined : compileExcludes(options.exclude);
  const found = compiled.literal
    ? [{ path: compiled.base, isLink: false }]
    : await expandWildcard(tree, compiled);
  if (found === undefined && !options.parents) throw await notFound(tree, pattern, compiled.base);
  const ancestors = options.parents ? ancestorReader(tree.reader) : undefined;
  const matches: Match[] = [];
  for (const { path, isLink } of found ?? []) {
    const match =
      isLink && options.parents ? await linkMatch(tree, path) : await readMatch(tree, path);
    if (match === undefined) {
      if (compiled.literal || isLink) throw await notFound(tree, isLink ? path : pattern, path);
      continue;
    }
    const shown =
      exclude === undefined
        ? match
        : without(exclude, match, options.parents ? pattern : undefined);
    if (shown !== undefined) matches.push({ ...shown, ancestors: (await ancestors?.(path)) ?? [] });
  }
  return { matches, wildcard: !compiled.literal };
}

/**
 * What --exclude leaves of a match. It is about names in a directory that is copied, or about a file's own; with --parents, which
 * picks from the tree, about paths from the pivot of the pattern on.
 */
function without(exclude: IgnoreRules, match: Read, parents: string | undefined): Read | undefined {
  const { path, entry } = match;
  const parts = path.split("/");
  const kept = parents === undefined ? "" : parts.slice(pivotDepth(parents, parts)).join("/");
  if (entry.type !== "dir")
    return exclude.ignored(parents === undefined ? posix.basename(path) : kept) ? undefined : match;
  const children = keep(match.children, kept, exclude);
  if (children.length === 0 && exclude.ignored(kept)) return undefined;
  return { ...match, children };
}

/** How many components of a matched path stand before the first `/./` of its pattern, where wildcards are of one level. */
export function pivotDepth(pattern: string, parts: readonly string[]): number {
  const at = pattern.indexOf("/./");
  const pivot = compileSourcePattern(at < 0 ? "" : pattern.slice(0, at));
  const depth = pivot.pattern === "" ? 0 : pivot.pattern.split("/").length;
  return pivot.matches(parts.slice(0, depth).join("/")) ? depth : 0;
}

/** Reads the directories above a path, each once. */
function ancestorReader(
  reader: SourceTree["reader"],
): (path: string) => Promise<readonly TreeEntry[]> {
  const known = new Map<string, Promise<TreeEntry | undefined>>();
  const stat = (path: string): Promise<TreeEntry | undefined> => {
    const entry = known.get(path) ?? reader.stat(path, true);
    known.set(path, entry);
    return entry;
  };
  return async (path) => {
    const entries = await Promise.all(ancestorsOf(path).map(stat));
    return entries.filter((entry) => entry !== undefined);
  };
}

/** The paths above a path, outermost first, without the root. */
export function ancestorsOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

async function notFound(tree: SourceTree, pattern: string, path: string): Promise<TsbuildError> {
  const ignored = tree.rules?.ignored(path) === true;
  const there = ignored ? undefined : await tree.reader.stat(path, false);
  const siblings = ignored || there !== undefined ? [] : await namesBeside(tree, path);
  const guess = didYouMean(posix.basename(path), siblings);
  return new TsbuildError(
    "STEPS_SOURCE_NOT_FOUND",
    `${JSON.stringify(posix.join("/", pattern))}: not found in ${tree.label}${guess}`,
    {
      details: { path, ignored },
      hint: ignored
        ? "A .dockerignore pattern excludes it."
        : there?.type === "symlink"
          ? `It is a symbolic link to ${JSON.stringify(there.link)}, where nothing can be copied.`
          : "Sources are paths below the context's root, or the root of the stage that --from names.",
    },
  );
}

/** What could have been copied from the directory in which a path was looked for. */
async function namesBeside({ reader, rules }: SourceTree, path: string): Promise<string[]> {
  const directory = posix.dirname(path) === "." ? "" : posix.dirname(path);
  const listed = (await reader.list(directory, { depth: 1 })) ?? [];
  return listed
    .slice(1)
    .filter((entry) => !isLeftOut(rules, join(directory, entry.path), entry))
    .map((entry) => entry.path);
}

interface Found {
  readonly path: string;
  readonly isLink: boolean;
}

/**
 * Paths that match, in byte order. A matching directory is not searched further. Undefined: there is no such directory to
 * search.
 */
async function expandWildcard(
  tree: SourceTree,
  pattern: ReturnType<typeof compileSourcePattern>,
): Promise<Found[] | undefined> {
  const depth = Number.isFinite(pattern.depth) ? { depth: pattern.depth } : {};
  const listed = await listShown(tree, pattern.base, pattern.base, depth);
  const base = listed?.[0];
  if (listed === undefined || base?.type !== "dir") return undefined;
  if (isLeftOut(tree.rules, pattern.base, base)) return undefined;
  const found: Found[] = [];
  const inFound = new Set<string>();
  for (const entry of listed.slice(1)) {
    const path = join(pattern.base, entry.path);
    if (isLeftOut(tree.rules, path, entry)) continue;
    if (inFound.has(posix.dirname(path))) inFound.add(path);
    else if (pattern.matches(path)) {
      found.push({ path, isLink: entry.type === "symlink" });
      inFound.add(path);
    }
  }
  return found;
}

/** Whether nothing of it can be copied. An ignored directory may hold what an exception takes back, deeper than was listed. */
function isLeftOut(
  rules: IgnoreRules | undefined,
  path: string,
  { type }: Pick<TreeEntry, "type">,
): boolean {
  if (rules?.ignored(path) !== true) return false;
  return type !== "dir" || rules.canPrune(path);
}

type Read = Omit<Match, "ancestors">;

async function linkMatch({ reader }: SourceTree, path: string): Promise<Read | undefined> {
  const entry = await reader.stat(path, false);
  return entry === undefined ? undefined : { path, entry, children: [] };
}

async function readMatch(tree: SourceTree, path: string): Promise<Read | undefined> {
  // Rules are about what is copied in the end: a link must not bring in what they leave out.
  const real = await withoutLinks(tree, path);
  if (real === undefined) return undefined;
  const listed = await listShown(tree, path, real, {});
  const entry = listed?.[0];
  if (listed === undefined || entry === undefined) return undefined;
  if (entry.type !== "dir") {
    return tree.rules?.ignored(real) === true ? undefined : { path, entry, children: [] };
  }
  const children = keep(listed.slice(1), real, tree.rules);
  if (real !== "" && children.length === 0 && tree.rules?.ignored(real) === true) return undefined;
  return { path, entry, children };
}

/** As many as the kernel follows. */
const mostLinks = 40;

/**
 * The path with its symlinks followed, the last one included. Undefined: a link on the way is left out by the rules, or is
 * one of too many. Without rules nobody needs to know, and the path is given back as it is.
 */
async function withoutLinks(tree: SourceTree, path: string): Promise<string | undefined> {
  const { rules, reader } = tree;
  if (rules === undefined || rules.empty) return path;
  let left = path.split("/").filter((part) => part !== "");
  let real: string[] = [];
  for (let links = 0; left.length > 0;) {
    const [part = "", ...rest] = left;
    left = rest;
    if (part === "..") real.pop();
    if (part === "." || part === ".." || part === "") continue;
    const here = [...real, part];
    const entry = await reader.stat(here.join("/"), false);
    if (entry?.type !== "symlink") {
      real = here;
      continue;
    }
    if (rules.ignored(here.join("/")) || ++links > mostLinks) return undefined;
    left = [...entry.link.split("/"), ...rest];
    if (entry.link.startsWith("/")) real = [];
  }
  return real.join("/");
}

/**
 * The entries that the rules leave, in order, with every directory above one that is left: an exception below an ignored
 * directory brings its parents back.
 */
function keep(
  entries: readonly TreeEntry[],
  base: string,
  rules: IgnoreRules | undefined,
): readonly TreeEntry[] {
  if (rules === undefined || rules.empty) return entries;
  const kept = new Set<string>();
  for (const { path } of entries) {
    if (rules.ignored(join(base, path))) continue;
    for (let at = path; at !== "." && !kept.has(at); at = posix.dirname(at)) kept.add(at);
  }
  return entries.filter(({ path }) => kept.has(path));
}

/**
 * Lists what is at a path, which is `real` for the rules. A directory that this user may not read is no obstacle where the rules
 * leave it out: what they say with wildcards is only known of a directory when it is found.
 */
async function listShown(
  { reader, rules }: SourceTree,
  path: string,
  real: string,
  options: ListOptions,
): Promise<TreeEntry[] | undefined> {
  const prune = prunesBelow(rules, real);
  for (;;) {
    try {
      return await reader.list(path, { ...options, prune });
    } catch (error) {
      if (!isTsbuildError(error, "SANDBOX_UNREADABLE")) throw error;
      const closed = String(error.details["path"]);
      const below = closed === path ? "" : closed.slice(path === "" ? 0 : path.length + 1);
      if (prune.includes(below) || rules?.ignored(join(real, below)) !== true) throw error;
      if (below === "") return undefined;
      prune.push(below);
    }
  }
}

/** Directories that need not be read, relative to `base`. */
function prunesBelow(rules: IgnoreRules | undefined, base: string): string[] {
  const prefix = base === "" ? "" : `${base}/`;
  return (rules?.literalPrunes() ?? []).flatMap((path) =>
    path.startsWith(prefix) ? [path.slice(prefix.length)] : [],
  );
}

function join(base: string, path: string): string {
  return base === "" ? path : path === "" ? base : `${base}/${path}`;
}
