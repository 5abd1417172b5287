// SPDX-License-Identifier: Apache-2.0
// ENV, ARG and expansion.

import type { CaseGroup, ConformanceCase } from "../case.js";

/** Labels that show what expressions become. */
function expanding(
  name: string,
  expressions: readonly string[],
  rest: Partial<ConformanceCase> = {},
): ConformanceCase {
  const labels = expressions.map((text, i) => `LABEL l${i}=${text}`).join("\n");
  return {
    name,
    dockerfile: `FROM scratch\nENV A=foobarbaz E= P=a/b/c\nARG U\n${labels}\n`,
    ...rest,
  };
}
const failing = (expression: string, rest: Partial<ConformanceCase> = {}): ConformanceCase =>
  expanding(`${expression} is an error`, [expression], { fails: "DOCKERFILE_EXPAND", ...rest });
const showEnv = "RUN env | grep -v '^\\(HOSTNAME\\|PWD\\|SHLVL\\)=' | sort > /env";

export const variables: CaseGroup = {
  name: "variables",
  cases: [
    expanding("plain and braced names", [
      "$A",
      "${A}",
      "$A-x",
      "${A}x",
      "x$U",
      "${none}",
      "\\$A",
      "'$A'",
      '"$A"',
      "a\\$A",
    ]),
    expanding(
      "defaults and alternatives",
      [
        "${E:-x}",
        "${E-x}",
        "${U:-x}",
        "${U-x}",
        "${A:-x}",
        "${E:+x}",
        "${E+x}",
        "${U+x}",
        "${A:+x}",
      ],
      {
        differs: [
          { peer: "buildah", what: ["*"], reason: "Buildah knows only the forms with a colon" },
        ],
      },
    ),
    expanding(
      "prefixes and suffixes",
      [
        "${A#f*b}",
        "${A##f*b}",
        "${A%b*}",
        "${A%%b*}",
        "${P##*/}",
        "${P%/*}",
        "${A#x}",
        "${A%}",
        "${A#?}",
        "${A#\\*}",
      ],
      { differs: [{ peer: "buildah", what: ["*"], reason: "Buildah knows no empty patterns" }] },
    ),
    expanding("replacements", [
      "${A/ba/X}",
      "${A//ba/X}",
      "${A/b*/X}",
      "${P//\\//-}",
      "${A/x/y}",
      "${A//o/}",
      "${A/?/X}",
    ]),
    expanding("nested words", ["${U:-${A%b*}}", "${U:-$A}", "${A:+${P}}", "${none:-${U:-deep}}"]),
    expanding("quotes inside words", [
      '"${U:-a b}"',
      "'a b'",
      '"a\\"b"',
      '"a\\tb"',
      "a\\ b",
      '"it\'s"',
      "'a\"b'",
    ]),
    expanding(
      "positional and special names are empty",
      ["x$1y", "x$@y", "x$#y", "x$?y", "x$!y", "x$-y", "x$$y"],
      {
        differs: [
          { peer: "buildah", what: ["config/Labels"], reason: "Buildah knows no special names" },
        ],
      },
    ),
    expanding("percent signs are text", ["a%sb", "100%", "%A%"]),
    expanding("names end where letters end", ["$A.x", "$A/x", "$A:x", "$A_x", "$Ax", "${A}_x"]),
    failing("${A:?}${U:?}"),
    failing('"${U:?need it}"', {
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah does not know the form" }],
    }),
    failing("${U?}"),
    failing("${}", {
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah takes it for an empty name" }],
    }),
    failing("${A"),
    failing("${A:=x}"),
    failing("${A=x}"),
    failing("'open"),
    {
      name: "ENV sees values from before the instruction",
      dockerfile: "FROM scratch\nENV a=1\nENV a=2 b=$a\nENV c=$a\n",
    },
    {
      name: "ENV quoting",
      dockerfile:
        'FROM scratch\nENV a="b\\"c" b=\'b\\"c\' c=b\\ c d="\'\'" e=x=y f=\'\' g="a  b"\n',
    },
    {
      name: "ENV in the old form",
      dockerfile: 'FROM scratch\nENV A b=c d\nENV B   spaced   out  \nENV C "quoted" $A\n',
    },
    {
      name: "ENV over lines",
      dockerfile: 'FROM scratch\nENV A=1 \\\n    B=2 \\\n# comment\n    C="3 \\\n4"\n',
    },
    {
      name: "ENV replaces in place",
      dockerfile: "FROM scratch\nENV A=1 B=2\nENV A=3\nENV C=4 A=5\n",
    },
    { name: "ENV with an expanded name", dockerfile: "FROM scratch\nARG N=NAME\nENV ${N}_X=1\n" },
    {
      name: "ENV changes PATH",
      dockerfile: "FROM busybox\nENV PATH=/x:$PATH\nRUN echo $PATH > /p\n",
    },
    {
      name: "ENV of a base is visible, and PATH is added",
      dockerfile: "FROM made-no-path\nENV B=$A\nRUN echo $B $PATH > /x\n",
      images: ["made-no-path"],
    },
    {
      name: "ENV is seen by RUN as it is",
      dockerfile: `FROM busybox\nENV A="x y" B='$z' C=\n${showEnv}\n`,
    },
    {
      name: "ENV with one word",
      dockerfile: "FROM scratch\nENV A\n",
      fails: "DOCKERFILE_ARGUMENTS",
    },
    {
      name: "ENV without an equals sign later",
      dockerfile: "FROM scratch\nENV A=1 B\n",
      fails: "DOCKERFILE_ARGUMENTS",
    },
    {
      name: "ENV with a blank name",
      dockerfile: "FROM scratch\nENV =x\n",
      fails: "DOCKERFILE_ARGUMENTS",
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah takes it" }],
    },
    { name: "ARG with a default", dockerfile: `FROM busybox\nARG A=def\nARG B\n${showEnv}\n` },
    {
      name: "ARG given on the command line",
      dockerfile: `FROM busybox\nARG A=def\nARG B\nARG C=c\n${showEnv}\n`,
      args: ["--build-arg=A=cli", "--build-arg=B=b"],
    },
    {
      name: "ARG with an empty value is set",
      dockerfile: "FROM busybox\nARG A=\nARG B\nRUN echo ${A-unset} ${B-unset} > /x\n",
    },
    {
      name: "ARG several in one line",
      dockerfile: 'FROM scratch\nARG A=1 B="2 3" C\nLABEL l="$A $B $C"\n',
      args: ["--build-arg=C=4"],
    },
    {
      name: "ARG before its declaration is not there",
      dockerfile: 'FROM busybox\nRUN echo "[$A]" > /x\nARG A=1\nRUN echo "[$A]" > /y\n',
    },
    {
      name: "ARG does not outlive its stage",
      dockerfile:
        'FROM busybox AS a\nARG A=1\nRUN echo $A > /a\nFROM busybox\nCOPY --from=a /a /a\nRUN echo "[$A]" > /b\n',
    },
    {
      name: "ARG is inherited by FROM a stage",
      dockerfile: 'FROM busybox AS a\nARG A=1\nFROM a\nRUN echo "[$A]" > /b\nLABEL l=$A\n',
    },
    {
      name: "ARG without a value takes none away",
      dockerfile:
        'FROM busybox AS a\nARG A=1\nARG A\nRUN echo "[$A]" > /a\nFROM a\nARG A\nRUN echo "[$A]" > /b\n',
    },
    {
      name: "ARG sees ARG and ENV before it",
      dockerfile: "FROM scratch\nENV E=e\nARG A=$E-a\nARG B=${A}-b\nLABEL l=$B\n",
    },
    {
      name: "global ARG in FROM only",
      dockerfile: 'ARG BASE=busybox\nARG V=1\nFROM ${BASE}\nRUN echo "[$V]" > /v\n',
      without: {
        buildah: "a name with variables is not looked for among the named contexts there",
      },
    },
    {
      name: "global ARG taken into the stage",
      dockerfile: 'ARG V=global\nFROM busybox\nARG V\nRUN echo "[$V]" > /v\n',
    },
    {
      name: "global ARG with a stage default",
      dockerfile: 'ARG V=global\nFROM busybox\nARG V=stage\nRUN echo "[$V]" > /v\n',
    },
    {
      name: "global ARG given on the command line",
      dockerfile: 'ARG V=global\nFROM busybox\nARG V\nRUN echo "[$V]" > /v\n',
      args: ["--build-arg=V=cli"],
    },
    {
      name: "global ARG uses global ARG",
      dockerfile: "ARG A=busy\nARG B=${A}box\nFROM $B\nARG B\nLABEL l=$B\n",
      without: {
        buildah: "a name with variables is not looked for among the named contexts there",
      },
    },
    {
      name: "ENV wins over ARG before it",
      dockerfile: "FROM busybox\nARG A=arg\nENV A=env\nRUN echo $A > /x\nLABEL l=$A\n",
      args: ["--build-arg=A=cli"],
    },
    {
      name: "ENV wins over ARG after it",
      dockerfile: "FROM busybox\nENV A=env\nARG A=arg\nRUN echo $A > /x\nLABEL l=$A\n",
      args: ["--build-arg=A=cli"],
      differs: [
        {
          peer: "buildkit",
          what: ["entries/x", "config/Labels", "history/*"],
          reason:
            "the documented rule is that ENV always wins; BuildKit lets a later ARG win in RUN",
        },
      ],
    },
    {
      name: "ENV keeps an ARG's value",
      dockerfile: "FROM busybox\nARG V\nENV V=${V:-none}\nRUN echo $V > /x\n",
      args: ["--build-arg=V=1.2"],
    },
    {
      name: "platform arguments need a declaration in a stage",
      dockerfile:
        'FROM --platform=$TARGETPLATFORM busybox\nARG TARGETOS\nRUN echo "$TARGETOS [$BUILDOS]" > /x\n',
    },
    {
      name: "TARGETSTAGE is the name of the target",
      dockerfile:
        "FROM scratch AS one\nARG TARGETSTAGE\nLABEL l=$TARGETSTAGE\nFROM scratch AS two\n",
      args: ["--target=one"],
      differs: [
        { peer: "buildah", what: ["config/Labels"], reason: "Buildah does not know the argument" },
      ],
    },
    {
      name: "proxy arguments are in RUN but in no history",
      dockerfile: "FROM busybox\nRUN echo $http_proxy $HTTPS_PROXY > /x\n",
      args: ["--build-arg=http_proxy=p1", "--build-arg=HTTPS_PROXY=p2"],
    },
    {
      name: "proxy arguments that are declared are like others",
      dockerfile: "FROM busybox\nARG HTTP_PROXY\nRUN echo $HTTP_PROXY > /x\n",
      args: ["--build-arg=HTTP_PROXY=p1"],
    },
    {
      name: "ARG with a repeated name",
      dockerfile: "FROM busybox\nARG A=1\nARG B=2\nARG A=3\nRUN echo $A > /x\n",
    },
    {
      name: "ARG with a blank name",
      dockerfile: "FROM scratch\nARG =x\n",
      fails: "DOCKERFILE_ARGUMENTS",
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah takes it" }],
    },
    {
      name: "ARG without a name",
      dockerfile: "FROM scratch\nARG\n",
      fails: "DOCKERFILE_ARGUMENTS",
    },
    {
      name: "ARG required by an expression",
      dockerfile: "FROM scratch\nARG V=${V:?need V}\n",
      fails: "DOCKERFILE_EXPAND",
    },
    {
      name: "ARG required by an expression and given",
      dockerfile: "FROM scratch\nARG V=${V:?need V}\nLABEL l=$V\n",
      args: ["--build-arg=V=x"],
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah splits the words before it expands them" },
      ],
    },
    {
      name: "instructions that expand their words",
      dockerfile:
        'FROM scratch\nARG V=x N=80 S=SIGINT\nWORKDIR /$V\nUSER $V\nEXPOSE $N/tcp\nVOLUME /$V ${V}y\nVOLUME ["/j/$V"]\nSTOPSIGNAL $S\nLABEL $V=$V\n',
    },
    {
      name: "instructions that do not expand",
      dockerfile:
        'FROM scratch\nARG V=x\nCMD ["$V"]\nENTRYPOINT $V\nSHELL ["$V"]\nHEALTHCHECK CMD $V\n',
    },
    {
      name: "EXPOSE splits what a variable holds",
      dockerfile: 'FROM scratch\nARG P="1 2/udp"\nEXPOSE $P\n',
    },
    {
      name: "a backtick as escape",
      dockerfile: "# escape=`\nFROM scratch\nENV A=a\\b B=`$A C=c` d\nLABEL x=`\ny\n",
      differs: [
        {
          peer: "buildah",
          what: ["config/Env"],
          reason: "Buildah expands with a backslash whatever the directive says",
        },
      ],
    },
  ],
};
