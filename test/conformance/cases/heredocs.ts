// SPDX-License-Identifier: Apache-2.0
// Here-documents of RUN, COPY and ADD.

import type { CaseGroup } from "../case.js";

export const heredocs: CaseGroup = {
  name: "heredocs",
  cases: [
    {
      name: "RUN of a script",
      dockerfile: "FROM busybox\nRUN <<EOF\necho one > /one\necho two > /two\nEOF\n",
    },
    {
      name: "RUN does not expand, the shell does",
      dockerfile: 'FROM busybox\nENV A=env\nRUN <<EOF\nB=shell\necho "$A $B ${A:-x}" > /o\nEOF\n',
    },
    {
      name: "RUN with a quoted delimiter that has a space",
      dockerfile: "FROM busybox\nRUN <<'E O'\necho x > /x\nE O\nRUN <<\"EOF\"\necho y > /y\nEOF\n",
    },
    {
      name: "RUN with a quoted word as delimiter",
      dockerfile:
        "FROM busybox\nRUN <<'EOF'\necho '$x' > /x\nEOF\nRUN <<\"EOF\"\necho y > /y\nEOF\n",
    },
    {
      name: "RUN with a shebang",
      dockerfile: 'FROM busybox\nRUN <<EOF\n#!/bin/awk -f\nBEGIN { print "awk" > "/o" }\nEOF\n',
    },
    {
      name: "RUN with the shebang of a shell and an error in the middle",
      dockerfile: "FROM busybox\nRUN <<EOF\n#!/bin/sh\nfalse\necho on > /o\nEOF\n",
    },
    {
      name: "RUN with a command and its input",
      dockerfile: "FROM busybox\nRUN cat <<EOF > /o\nbody $HOME\nEOF\n",
    },
    {
      name: "RUN with a quoted input",
      dockerfile: "FROM busybox\nRUN cat <<'EOF' > /o\nbody $HOME \\n\nEOF\n",
    },
    {
      name: "RUN with two inputs",
      dockerfile: "FROM busybox\nRUN cat <<A > /a && cat <<B > /b\nin a\nA\nin b\nB\n",
    },
    {
      name: "RUN with a numbered descriptor",
      dockerfile: "FROM busybox\nRUN cat 3<<IN <&3 > /o\nthree\nIN\n",
    },
    {
      name: "RUN with tabs stripped",
      dockerfile: "FROM busybox\nRUN <<-EOF\n\techo x > /x\n\t\techo y > /y\n\tEOF\n",
    },
    {
      name: "RUN with another shell",
      dockerfile:
        'FROM busybox\nSHELL ["/bin/awk"]\nRUN <<EOF\nBEGIN { print "awk" > "/o" }\nEOF\n',
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah gives a here-document to /bin/sh" },
      ],
    },
    { name: "RUN of an empty body", dockerfile: "FROM busybox\nRUN <<EOF\nEOF\nRUN echo x > /x\n" },
    {
      name: "RUN stops at the first failure only with set -e",
      dockerfile: "FROM busybox\nRUN <<EOF\nset -e\nfalse\necho x\nEOF\n",
      fails: "STEPS_RUN_FAILED",
    },
    {
      name: "RUN with a comment and a blank line in the body",
      dockerfile: "FROM busybox\nRUN <<EOF\n# comment\n\necho x > /x # y\nEOF\n",
    },
    {
      name: "RUN with a continuation in the body",
      dockerfile: "FROM busybox\nRUN <<EOF\necho a \\\n  b > /x\nEOF\n",
    },
    {
      name: "a shift in arithmetic is no here-document",
      dockerfile: "FROM busybox\nRUN echo $((1<<2)) > /o\n",
    },
    {
      name: "two less-than signs in quotes are no here-document",
      dockerfile: 'FROM busybox\nRUN echo "a <<b" > /o\n',
    },
    {
      name: "COPY to a file",
      dockerfile: "FROM scratch\nCOPY <<EOF /d/f\nhello\n  indented\nEOF\n",
    },
    {
      name: "COPY to a directory",
      dockerfile: "FROM scratch\nCOPY <<one <<two /d/\n1\none\n2\ntwo\n",
    },
    {
      name: "COPY with files of the context",
      dockerfile: "FROM scratch\nCOPY f <<one /d/\n1\none\n",
      context: { f: "f" },
    },
    {
      name: "COPY expands an unquoted body",
      dockerfile:
        "FROM scratch\nENV A=env\nARG B=arg\nCOPY <<EOF /f\n$A ${B} ${C:-none} \"$A\" '$A' \\$A \\\\ %A a\\\nb\nEOF\n",
      differs: [
        {
          peer: "buildah",
          what: ["entries/f"],
          reason: "Buildah treats quotes and backslashes in the body otherwise",
        },
      ],
    },
    {
      name: "COPY leaves a quoted body alone",
      dockerfile: "FROM scratch\nENV A=env\nCOPY <<'EOF' /f\n$A ${B} \\$A \\\\\nEOF\n",
    },
    {
      name: "COPY with tabs stripped",
      dockerfile: "FROM scratch\nCOPY <<-EOF /f\n\tone\n\t\ttwo\n  spaces\n\tEOF\n",
    },
    {
      name: "COPY of an empty body",
      dockerfile: "FROM scratch\nCOPY <<EOF /f\nEOF\n",
      differs: [{ peer: "buildah", what: ["entries/f"], reason: "Buildah writes a newline" }],
    },
    {
      name: "COPY with owner and mode",
      dockerfile: "FROM scratch\nCOPY --chown=3:4 --chmod=750 <<EOF /d/f\nx\nEOF\n",
      differs: [
        {
          peer: "buildah",
          what: ["entries/d"],
          reason:
            "Buildah gives the mode of --chmod to files only, not to the directories that it makes",
        },
      ],
    },
    {
      name: "COPY relative to the working directory",
      dockerfile: "FROM scratch\nWORKDIR /w\nCOPY <<EOF f\nx\nEOF\nCOPY <<g .\ny\ng\n",
    },
    {
      name: "COPY to an existing directory without slash",
      dockerfile: "FROM busybox\nRUN mkdir /d\nCOPY <<name /d\nx\nname\n",
    },
    {
      name: "COPY with carriage returns",
      dockerfile: "FROM scratch\r\nCOPY <<EOF /f\r\nx\r\nEOF\r\n",
      differs: [{ peer: "buildah", what: ["entries/f"], reason: "Buildah drops carriage returns" }],
    },
    { name: "ADD of a here-document", dockerfile: "FROM scratch\nADD <<EOF /f\nx\nEOF\n" },
    {
      name: "an unterminated here-document",
      dockerfile: "FROM busybox\nRUN <<EOF\necho x\n",
      fails: "DOCKERFILE_HEREDOC",
    },
    {
      name: "a here-document as destination",
      dockerfile: "FROM busybox\nCOPY f <<EOF\nx\nEOF\n",
      context: { f: "f" },
      fails: "DOCKERFILE_HEREDOC",
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah takes it for a file name" }],
    },
    {
      name: "instructions follow a here-document",
      dockerfile: "FROM scratch\nCOPY <<EOF /f\nRUN not run\nFROM nothing\nEOF\nENV A=1\n",
    },
    {
      name: "link with a here-document",
      dockerfile: "FROM busybox\nCOPY --link <<EOF /d/f\nx\nEOF\n",
    },
  ],
};
