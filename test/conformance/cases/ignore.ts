// SPDX-License-Identifier: Apache-2.0
// .dockerignore in whole builds: what COPY . sees.

import type { CaseGroup, ConformanceCase, ContextSpec } from "../case.js";

/** Everything that the context holds, but for the ignore file and the Dockerfile, through a COPY of all. */
function ignoring(
  name: string,
  patterns: string,
  paths: readonly string[],
  rest: Partial<ConformanceCase> = {},
): ConformanceCase {
  const files: ContextSpec = Object.fromEntries(paths.map((path) => [path, "x"]));
  return {
    name,
    dockerfile: "FROM scratch\nCOPY . /c/\n",
    context: { ...files, ".dockerignore": `${patterns}\n.dockerignore\nDockerfile\n` },
    ...rest,
  };
}

const bad = { fails: "CONTEXT_BAD_PATTERN" } as const;

export const ignoreFiles: CaseGroup = {
  name: "ignore",
  cases: [
    ignoring("an exception and a later pattern", "*.md\n!README*.md\nREADME-secret.md", [
      "a.md",
      "README.md",
      "README-secret.md",
      "d/x.md",
    ]),
    ignoring("a double star goes through all directories", "**/*.md", [
      "a.md",
      "d/x.md",
      "d/e/y.md",
      "d/k",
    ]),
    ignoring("a star stands for one directory", "*/temp*", [
      "a/temp.txt",
      "a/temp/x",
      "temp",
      "a/b/temp",
    ]),
    ignoring("a question mark stands for one character", "temp?", ["tempa", "temp", "tempab"]),
    ignoring("a trailing slash changes nothing", "foo/", ["foo/a", "b/foo"]),
    ignoring("a leading slash changes nothing", "/foo", ["foo/a", "b/foo"]),
    ignoring("patterns are cleaned", "./foo/../bar", ["foo", "bar"]),
    ignoring("all but one", "**\n!a/b", ["a/b/c", "a/c", "d"]),
    ignoring("a directory back in, and parts of it out again", "*\n!src\n**/*.in\nsrc/etc", [
      "src/m",
      "src/c/x.in",
      "src/etc/f",
      "z",
    ]),
    ignoring(
      "a wildcard exception below an ignored directory",
      "subdir\n!*/sub1*",
      ["subdir/sub1.txt", "subdir/sub2.txt"],
      {
        differs: [
          {
            peer: "buildah",
            what: ["entries/c/*"],
            reason: "Buildah does not look into an ignored directory for exceptions with wildcards",
          },
        ],
      },
    ),
    ignoring(
      "an exception at any depth",
      "volume/\n!**/one.txt",
      ["volume/d/one.txt", "volume/d/x"],
      {
        differs: [
          {
            peer: "buildah",
            what: ["entries/c/*"],
            reason: "Buildah does not look into an ignored directory for exceptions with wildcards",
          },
        ],
      },
    ),
    ignoring("an exception deep in ignored directories", "stuff/huge/*\n!stuff/huge/usr/bin/*", [
      "stuff/huge/usr/bin/f",
      "stuff/huge/var",
      "stuff/small",
    ]),
    ignoring("double stars on both sides", "**/*-a\n!**/*-c", ["x-a/y-c", "x-a/y", "q-c"], {
      differs: [
        {
          peer: "buildah",
          what: ["entries/c/*"],
          reason: "Buildah does not look into an ignored directory for exceptions with wildcards",
        },
      ],
    }),
    ignoring("a trailing double star is what is inside", "abc/**", ["abc/d", "abc/e/f", "abd"]),
    ignoring("node_modules anywhere", "**/node_modules", [
      "node_modules/x",
      "a/b/node_modules/c",
      "a/b/d",
    ]),
    ignoring("everything in a directory anywhere", "**/dir2/*", [
      "dir/dir2/file",
      "dir2/f",
      "dir/dir3/f",
    ]),
    ignoring(
      "a double star that is part of a name",
      "**file",
      ["file", "dir/file", "dir/myfile", "filex"],
      {
        differs: [
          {
            peer: "buildah",
            what: ["entries/c/dir/myfile"],
            reason: "Buildah matches whole names there",
          },
        ],
      },
    ),
    ignoring("a double star after a letter", "a**/*.txt", ["a/f.txt", "ab/c/f.txt", "b/f.txt"]),
    ignoring("dot files of the top directory", ".*", [".git/config", ".env", "a/.env"], {
      context: {
        ".git/config": "x",
        ".env": "x",
        "a/.env": "x",
        ".dockerignore": ".*\nDockerfile\n",
      },
    }),
    ignoring("classes of characters", "a[b-d]e\nz[^b-d]e", ["ace", "aze", "ae", "zce", "zze"]),
    ignoring("a dot is a dot", "abc.def", ["abc.def", "abcxdef"]),
    ignoring(
      "brackets and other signs of regular expressions are literal",
      "a(b)c\nd+\ne{1}\nf|g\n$h",
      ["a(b)c", "abc", "d+", "dd", "e{1}", "e", "f|g", "f", "$h"],
      {
        differs: [
          {
            peer: "buildah",
            what: ["entries/c/*"],
            reason: "Buildah takes them for signs of a regular expression",
          },
        ],
      },
    ),
    ignoring("an escaped exclamation mark", "\\!x", ["!x", "x"]),
    ignoring("an escaped star", "a\\*b", ["a*b", "axb"]),
    ignoring("a later pattern beats an exception", "!keep\n*", ["keep", "other"]),
    ignoring("comments, blanks and spaces", "# comment\n\n  spaced  \n#also", [
      "spaced",
      "# comment",
      "#also",
      "kept",
    ]),
    ignoring("a space before the hash makes a name", " #x", ["#x", "y"]),
    ignoring("an exclamation mark with spaces", "*\n! keep ", ["keep", "drop"], {
      differs: [{ peer: "buildah", what: ["entries/c/keep"], reason: "Buildah keeps the space" }],
    }),
    ignoring("names in another case are others", "FOO", ["foo", "FOO"]),
    ignoring("an exception without anything before it", "!a", ["a", "b"]),
    ignoring("alternating levels", "**\n!s\ns/1\n!s/1/2\ns/1/2/3\n!s/1/2/3/4", [
      "s/a",
      "s/1/b",
      "s/1/2/c",
      "s/1/2/3/d",
      "s/1/2/3/4/e",
    ]),
    ignoring("carriage returns", "a\r\nb\r", ["a", "b", "c"]),
    ignoring("a byte order mark", "\ufeffa", ["a", "b"]),
    ignoring("empty directories", "e", [], {
      context: {
        e: { dir: true },
        "k/e": { dir: true },
        ".dockerignore": "e\n.dockerignore\nDockerfile\n",
      },
    }),
    ignoring("an exception inside a directory makes its parents", "a\n!a/b/c/d", [
      "a/b/c/d",
      "a/b/x",
    ]),
    ignoring("a lone exclamation mark is an error", "!", ["a"], bad),
    ignoring("an open bracket is an error", "a[", ["a"], bad),
    ignoring("an open range is an error", "[a-", ["a"], bad),
    {
      name: "an ignored source is not found",
      dockerfile: "FROM scratch\nCOPY secret /s\n",
      context: { secret: "s", ".dockerignore": "secret\n" },
      fails: "STEPS_SOURCE_NOT_FOUND",
    },
    {
      name: "an ignored file in an ignored directory is not found",
      dockerfile: "FROM scratch\nCOPY d/f /s\n",
      context: { "d/f": "s", ".dockerignore": "d\n" },
      fails: "STEPS_SOURCE_NOT_FOUND",
    },
    {
      name: "a wildcard does not see what is ignored",
      dockerfile: "FROM scratch\nCOPY *.txt /s/\n",
      context: { "a.txt": "a", "b.txt": "b", ".dockerignore": "b.*\n" },
    },
    {
      name: "a wildcard finds a directory of which an exception takes something back",
      dockerfile: "FROM scratch\nCOPY * /s/\nCOPY [x-z]/d* /t/\n",
      context: {
        "a/b/f": "f",
        "a/g": "g",
        "e/h": "h",
        "y/d/b/i": "i",
        "y/d/j": "j",
        ".dockerignore": "**/a\n**/e\n**/d\n!**/b\n",
      },
      differs: [
        {
          peer: "buildah",
          what: ["*"],
          reason: "Buildah does not look into an ignored directory for what a wildcard in it means",
        },
      ],
    },
    {
      name: "an exception for a directory that nothing ignores",
      dockerfile: "FROM scratch\nCOPY . /s/\n",
      context: {
        "src/deep/.env": "secret",
        "src/main": "m",
        "lib/a": "a",
        "lib/b": "b",
        ".dockerignore": "**/.env\n*/a\n!src\n!lib\nlib/b\n!lib/b\n",
      },
      differs: [
        {
          peer: "buildkit",
          what: ["entries/s/*"],
          reason:
            "BuildKit forgets a line that changed nothing for a directory when it looks at what is below; the documentation lets the last line that matches decide",
        },
      ],
    },
    {
      name: "ADD does not see what is ignored",
      dockerfile: "FROM scratch\nADD d /s/\n",
      context: { "d/a": "a", "d/b": "b", ".dockerignore": "d/b\n" },
    },
    {
      name: "the Dockerfile and the ignore file may be copied",
      dockerfile: "FROM scratch\nCOPY Dockerfile .dockerignore /s/\n",
      context: { ".dockerignore": "# nothing\n" },
    },
    {
      name: "an ignored Dockerfile still builds",
      dockerfile: "FROM scratch\nCOPY . /s/\n",
      context: { ".dockerignore": "*\n!f\n", f: "f" },
    },
    {
      name: "everything ignored",
      dockerfile: "FROM scratch\nCOPY . /s/\n",
      context: { ".dockerignore": "*\n", f: "f" },
    },
    {
      name: "the ignore file of a named Dockerfile wins",
      dockerfile: "",
      context: {
        "my.Dockerfile": "FROM scratch\nCOPY a* /s/\n",
        "my.Dockerfile.dockerignore": "a1\n",
        ".dockerignore": "a2\n",
        Dockerfile: "FROM nothing\n",
        a1: "1",
        a2: "2",
      },
      args: ["--file=context/my.Dockerfile"],
      differs: [
        {
          peer: "buildah",
          what: ["entries/s/*"],
          reason: "Buildah looks for it in the context directory",
        },
      ],
    },
    {
      name: "a link to what is ignored",
      dockerfile: "FROM scratch\nCOPY l /s\n",
      context: { l: { symlink: "t" }, t: "t", ".dockerignore": "t\n" },
      fails: "STEPS_SOURCE_NOT_FOUND",
    },
    {
      name: "a bind mount does not see what is ignored",
      dockerfile: "FROM busybox\nRUN --mount=target=/c ls -A /c > /list\n",
      context: { a: "a", b: "b", ".dockerignore": "b\n" },
      differs: [
        { peer: "buildah", what: ["entries/list"], reason: "Buildah mounts the context as it is" },
      ],
    },
  ],
};
