// SPDX-License-Identifier: Apache-2.0
// How text becomes instructions: encoding, comments, continuation, directives, case, flags.

import type { CaseGroup } from "../case.js";

const raw = (
  text: string,
): { dockerfile: string; context: { Dockerfile: { file: Uint8Array } } } => ({
  dockerfile: "",
  context: { Dockerfile: { file: Buffer.from(text, "latin1") } },
});

export const lexical: CaseGroup = {
  name: "lexical",
  cases: [
    {
      name: "carriage returns",
      dockerfile: "FROM scratch\r\nENV A=1\r\nENV B=x\\\r\ny\r\nCMD a b\r\n",
    },
    { name: "a byte order mark", ...raw("\u00ef\u00bb\u00bfFROM scratch\nENV A=1\n") },
    { name: "no newline at the end", dockerfile: "FROM scratch\nENV A=1" },
    { name: "instructions in any case", dockerfile: "from scratch\neNv A=1\nCmd x\n" },
    {
      name: "indentation",
      dockerfile: "  FROM scratch\n\tENV A=1\n   # comment\n \t CMD  a   b  \n",
    },
    {
      name: "comments and blank lines anywhere",
      dockerfile: "# one\n\nFROM scratch\n  # two\n\nENV A=1\n#three\n",
    },
    {
      name: "a hash inside a line is data",
      dockerfile: 'FROM scratch\nENV A="x # y"\nCMD echo # z\n',
    },
    {
      name: "comments inside a continuation vanish",
      dockerfile: "FROM scratch\nCMD a \\\n# comment\n  # indented\n&& b \\\n\n&& c\n",
    },
    {
      name: "a comment with a backslash does not continue",
      dockerfile: "FROM scratch\n# comment \\\nENV A=1\n",
    },
    {
      name: "leading blanks of continued lines stay",
      dockerfile: "FROM scratch\nCMD a\\\n   b\\\n\tc\n",
    },
    { name: "blanks after the backslash", dockerfile: "FROM scratch\nENV A=1 \\  \n B=2\n" },
    { name: "a backslash alone on a line", dockerfile: "FROM scratch\nENV A=1 \\\n\\\n B=2\n" },
    {
      name: "an escaped backslash at the end does not continue",
      dockerfile: "FROM scratch\nCMD a \\\\\nENV B=2\n",
      differs: [
        {
          peer: "buildah",
          what: ["config/*"],
          reason: "Buildah takes the last backslash for a continuation",
        },
      ],
    },
    { name: "a continuation at the end of the file", dockerfile: "FROM scratch\nENV A=1 \\" },
    { name: "a word over two lines", dockerfile: "FROM scr\\\natch\nENV A=12\\\n34\n" },
    {
      name: "the escape directive",
      dockerfile: "# escape=`\nFROM scratch\nENV A=c:\\x `\n  B=2\n",
      differs: [
        {
          peer: "buildah",
          what: ["config/Env"],
          reason: "Buildah expands with a backslash whatever the directive says",
        },
      ],
    },
    {
      name: "the escape directive in another case with blanks",
      dockerfile: "#  ESCAPE = ` \nFROM scratch\nENV A=1 `\n  B=2\n",
    },
    {
      name: "a directive after a comment is a comment",
      dockerfile: "# comment\n# escape=`\nFROM scratch\nENV A=1 \\\n  B=2\n",
    },
    {
      name: "a directive after a blank line is a comment",
      dockerfile: "\n# escape=`\nFROM scratch\nENV A=1 \\\n  B=2\n",
    },
    {
      name: "an unknown directive ends the zone",
      dockerfile: "# unknown=x\n# escape=`\nFROM scratch\nENV A=1 \\\n  B=2\n",
    },
    {
      name: "a directive twice",
      dockerfile: "# escape=`\n# escape=\\\nFROM scratch\n",
      fails: "DOCKERFILE_DIRECTIVE",
    },
    {
      name: "an escape that cannot be one",
      dockerfile: "# escape=x\nFROM scratch\n",
      fails: "DOCKERFILE_DIRECTIVE",
    },
    { name: "the check directive", dockerfile: "# check=skip=all\nFROM scratch\nENV A=1\n" },
    {
      name: "check errors fail the build",
      dockerfile: "# check=error=true\nFROM scratch as x\nENV A 1\n",
      fails: "DOCKERFILE_CHECK_FAILED",
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah has no checks" }],
    },
    { name: "an empty file", dockerfile: "", fails: "DOCKERFILE_EMPTY" },
    { name: "comments only", dockerfile: "# nothing\n", fails: "DOCKERFILE_EMPTY" },
    { name: "arguments only", dockerfile: "ARG A=1\n", fails: "DOCKERFILE_EMPTY" },
    {
      name: "an unknown instruction",
      dockerfile: "FROM scratch\nFNTRYPOINT x\n",
      fails: "DOCKERFILE_UNKNOWN_INSTRUCTION",
    },
    {
      name: "an unknown flag",
      dockerfile: "FROM busybox\nRUN --mont=type=tmpfs,target=/x true\n",
      fails: "DOCKERFILE_FLAG",
    },
    { name: "flags end at two dashes", dockerfile: "FROM busybox\nRUN -- echo x > /x\n" },
    {
      name: "a flag without a value",
      dockerfile: "FROM busybox\nCOPY --from /x /y\n",
      fails: "DOCKERFILE_FLAG",
    },
    {
      name: "a flag of yes and no with a wrong value",
      dockerfile: "FROM scratch\nCOPY --link=maybe a /y\n",
      context: { a: "a" },
      fails: "DOCKERFILE_FLAG",
    },
    {
      name: "a line of many thousand characters",
      dockerfile: `FROM scratch\nENV A=${"x".repeat(6_000)}\n`,
    },
    {
      name: "a file called Containerfile",
      dockerfile: "",
      context: {
        Dockerfile: "FROM scratch\nENV A=docker\n",
        "other/Containerfile": "FROM scratch\nENV A=container\n",
      },
      args: ["--file=context/other/Containerfile"],
    },
    {
      name: "a file in lower case",
      dockerfile: "",
      context: {
        "sub/dockerfile": "FROM scratch\nENV A=lower\n",
        Dockerfile: "FROM scratch\nENV A=upper\n",
      },
      args: ["--file=context/sub/dockerfile"],
    },
    { name: "the built-in syntax", dockerfile: "# escape=\\\nFROM scratch\nENV A=1\n" },
    {
      name: "half of a surrogate pair in JSON",
      dockerfile: 'FROM scratch\nCMD ["\\ud83d\\ude00 \\ud800"]\n',
    },
    {
      name: "letters that are not ASCII",
      dockerfile: 'FROM scratch\nENV A="ä ö 日本"\nLABEL ü=é\n',
    },
    { name: "tabs between words", dockerfile: "FROM\tscratch\nENV\tA=1\tB=2\nCMD\tx\n" },
  ],
};
