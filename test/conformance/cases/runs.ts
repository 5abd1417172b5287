// SPDX-License-Identifier: Apache-2.0
// RUN: what a command sees, and what it leaves in the layer.

import type { CaseGroup } from "../case.js";

export const runs: CaseGroup = {
  name: "runs",
  cases: [
    {
      name: "the shell form is passed as it is written",
      dockerfile:
        "FROM busybox\nENV A=1\nRUN echo \"$A  'x'\" \\\n   two \\\n# comment\n&& echo `echo three` > /x\n",
    },
    {
      name: "the exec form has no shell",
      dockerfile: 'FROM busybox\nENV A=1\nRUN ["touch", "/$A", "/a b"]\n',
    },
    {
      name: "the exec form looks on PATH",
      dockerfile:
        'FROM busybox\nRUN mkdir /mine && printf "#!/bin/sh\\necho mine > /x\\n" > /mine/tool && chmod 755 /mine/tool\nENV PATH=/mine:/bin\nRUN ["tool"]\n',
    },
    {
      name: "almost JSON is the shell form",
      dockerfile: "FROM busybox\nRUN ['echo'] || echo fallback > /x\n",
    },
    {
      name: "SHELL changes the shell",
      dockerfile: 'FROM busybox\nSHELL ["/bin/sh", "-euc"]\nRUN false; echo no > /x\n',
      fails: "STEPS_RUN_FAILED",
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah ignores SHELL in OCI configurations" },
      ],
    },
    { name: "standard input is empty", dockerfile: "FROM busybox\nRUN wc -c > /n\n" },
    {
      name: "no terminal",
      dockerfile:
        "FROM busybox\nRUN (test -t 0 || test -t 1 || test -t 2) && echo tty > /x || echo none > /x\n",
    },
    {
      name: "a failing command fails the build",
      dockerfile: "FROM busybox\nRUN exit 3\n",
      fails: "STEPS_RUN_FAILED",
    },
    {
      name: "a signal fails the build",
      dockerfile: "FROM busybox\nRUN sh -c 'kill -TERM $$'; exit $?\n",
      fails: "STEPS_RUN_FAILED",
    },
    {
      name: "a command that does not exist",
      dockerfile: "FROM busybox\nRUN nosuchcommand\n",
      fails: "STEPS_RUN_FAILED",
    },
    {
      name: "an exec form that does not exist",
      dockerfile: 'FROM busybox\nRUN ["/no/such"]\n',
      fails: "SANDBOX_EXEC",
    },
    {
      name: "RUN without anything",
      dockerfile: "FROM busybox\nRUN\n",
      fails: "DOCKERFILE_ARGUMENTS",
      differs: [
        {
          peer: "buildkit",
          what: ["*"],
          reason: "BuildKit runs an empty command; the classic builder and Buildah refuse it",
        },
      ],
    },
    { name: "nothing changed", dockerfile: "FROM busybox\nRUN true\n" },
    { name: "the working directory", dockerfile: "FROM busybox\nWORKDIR /w/x\nRUN pwd > here\n" },
    {
      name: "a working directory of the base that is missing",
      dockerfile:
        "FROM made-config\nUSER root\nRUN pwd > /tmp/pwd; ls -ld . | cut -c1-10 > /tmp/ls\n",
      images: ["made-config"],
    },
    {
      name: "HOME of the user",
      dockerfile:
        "FROM made-users\nRUN echo $HOME > /tmp/a\nUSER app\nRUN echo $HOME > /tmp/b\nENV HOME=/set\nRUN echo $HOME > /tmp/c\nUSER 4242\nRUN echo $HOME > /tmp/d\n",
      images: ["made-users"],
    },
    {
      name: "HOME of a user that is unknown",
      dockerfile: "FROM busybox\nUSER 4242\nRUN echo $HOME > /tmp/d\n",
    },
    {
      name: "ids of a named user",
      dockerfile:
        "FROM made-users\nUSER app\nRUN id -u > /tmp/u; id -g > /tmp/g; id -G > /tmp/G; touch /tmp/own\n",
      images: ["made-users"],
    },
    {
      name: "ids of a user with a group",
      dockerfile:
        "FROM made-users\nUSER app:extra\nRUN id -u > /tmp/u; id -g > /tmp/g; id -G > /tmp/G\n",
      images: ["made-users"],
    },
    {
      name: "ids of a number",
      dockerfile:
        "FROM made-users\nUSER 1234\nRUN id -u > /tmp/u; id -g > /tmp/g; id -G > /tmp/G\n",
      images: ["made-users"],
    },
    {
      name: "ids of two numbers",
      dockerfile:
        "FROM made-users\nUSER 1234:5678\nRUN id -u > /tmp/u; id -g > /tmp/g; id -G > /tmp/G\n",
      images: ["made-users"],
    },
    {
      name: "ids of a number that is known",
      dockerfile:
        "FROM made-users\nUSER 1500\nRUN id -u > /tmp/u; id -g > /tmp/g; id -G > /tmp/G\n",
      images: ["made-users"],
    },
    {
      name: "ids of root",
      dockerfile:
        "FROM made-users\nUSER root\nRUN id -u > /tmp/u; id -g > /tmp/g; id -G > /tmp/G\n",
      images: ["made-users"],
    },
    {
      name: "a user that does not exist",
      dockerfile: "FROM busybox\nUSER nosuch\nRUN true\n",
      fails: "SANDBOX_USER",
    },
    {
      name: "a user that is never used",
      dockerfile: "FROM busybox\nUSER nosuch\nCOPY f /f\n",
      context: { f: "f" },
    },
    {
      name: "a user that a step adds",
      dockerfile:
        "FROM busybox\nRUN echo n:x:2000:2000::/home/n:/bin/sh >> /etc/passwd && mkdir /home/n && chown 2000:2000 /home/n\nUSER n\nRUN echo $HOME > ~/x\n",
    },
    {
      name: "capabilities",
      dockerfile:
        "FROM busybox\nRUN grep '^Cap\\(Inh\\|Prm\\|Eff\\|Bnd\\|Amb\\)' /proc/self/status > /caps\nUSER daemon\nRUN grep '^Cap\\(Inh\\|Prm\\|Eff\\|Bnd\\|Amb\\)' /proc/self/status > /tmp/caps\n",
      differs: [
        {
          peer: "buildah",
          what: ["entries/caps", "entries/tmp/caps"],
          reason: "Buildah grants three capabilities fewer",
        },
      ],
    },
    {
      name: "new privileges may be gained",
      dockerfile: "FROM busybox\nRUN grep NoNewPrivs /proc/self/status > /x\n",
    },
    { name: "the umask", dockerfile: "FROM busybox\nRUN umask > /x; touch /f; mkdir /d\n" },
    {
      name: "writing to hosts files fails and leaves no trace",
      dockerfile: "FROM busybox\nRUN echo x >> /etc/hosts || echo no > /x\n",
      differs: [
        { peer: "buildah", what: ["entries/*"], reason: "Buildah lets a step write to them" },
      ],
    },
    {
      name: "hosts files of the image stay as they are",
      dockerfile:
        "FROM busybox\nCOPY hosts /etc/hosts\nCOPY hosts /etc/resolv.conf\nRUN true\nRUN cat /etc/hosts | grep -c mine > /n || true\n",
      context: { hosts: "mine\n" },
      differs: [
        {
          peer: "buildah",
          what: ["entries/n"],
          reason: "Buildah takes the image's own file when a step has no network",
        },
      ],
    },
    {
      name: "additional hosts",
      dockerfile: "FROM busybox\nRUN grep -h extra /etc/hosts > /x\n",
      args: ["--add-host=extra:10.0.0.9"],
      differs: [
        {
          peer: "buildah",
          what: ["*"],
          reason: "Buildah takes the image's own file when a step has no network",
        },
      ],
    },
    { name: "no network", dockerfile: "FROM busybox\nRUN --network=none ls /sys/class/net > /x\n" },
    {
      name: "an unknown network",
      dockerfile: "FROM busybox\nRUN --network=foo true\n",
      fails: "DOCKERFILE_FLAG",
    },
    {
      name: "a file deleted",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN rm /d/a\n",
      context: { "d/a": "a", "d/b": "b" },
    },
    {
      name: "a file of the base deleted",
      dockerfile: "FROM busybox\nRUN rm /etc/passwd /etc/group\n",
    },
    {
      name: "a directory deleted",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN rm -r /d/x\n",
      context: { "d/x/a": "a", "d/b": "b" },
    },
    {
      name: "a directory deleted and made again",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN rm -r /d && mkdir /d && echo n > /d/n\n",
      context: { "d/x/a": "a", "d/b": "b" },
    },
    {
      name: "a directory emptied",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN rm -r /d/* \n",
      context: { "d/x/a": "a", "d/b": "b" },
    },
    {
      name: "a file made and deleted in one step",
      dockerfile: "FROM busybox\nRUN echo a > /a && rm /a && mkdir /b && rmdir /b\n",
    },
    {
      name: "a file deleted and made again in one step",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN rm /d/a && echo new > /d/a\n",
      context: { "d/a": "a" },
    },
    {
      name: "a file deleted in one step and made again in the next",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN rm /d/a\nRUN echo new > /d/a\n",
      context: { "d/a": "a" },
    },
    {
      name: "a file becomes a directory",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN rm /d/a && mkdir /d/a && echo n > /d/a/n\n",
      context: { "d/a": "a" },
    },
    {
      name: "a directory becomes a file",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN rm -r /d/x && echo n > /d/x\n",
      context: { "d/x/a": "a" },
    },
    {
      name: "a directory becomes a link",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN rm -r /d/x && ln -s y /d/x\n",
      context: { "d/x/a": "a", "d/y/b": "b" },
    },
    {
      name: "a link becomes a directory",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN rm /d/l && mkdir /d/l && echo n > /d/l/n\n",
      context: { "d/l": { symlink: "y" }, "d/y/b": "b" },
    },
    {
      name: "a directory renamed",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN mv /d/x /d/z\n",
      context: { "d/x/a": "a", "d/x/s/b": "b" },
    },
    {
      name: "a directory renamed over an empty one",
      dockerfile:
        "FROM busybox\nCOPY d /d\nRUN mkdir /d/e && mv -T /d/x /d/e 2>/dev/null || (rmdir /d/e && mv /d/x /d/e)\n",
      context: { "d/x/a": "a" },
    },
    {
      name: "a file renamed over another",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN mv /d/a /d/b\n",
      context: { "d/a": "a", "d/b": "b" },
      differs: [
        {
          peer: "buildkit",
          what: ["entries/d/b"],
          reason:
            "BuildKit takes files of one size and time for the same without looking, and loses the change",
        },
      ],
    },
    {
      name: "a directory moved away and a new one in its place",
      dockerfile:
        "FROM busybox\nCOPY d /d\nRUN mv /d/x /d/old && mkdir /d/x && cp /d/old/a /d/x/c\n",
      context: { "d/x/a": "a", "d/x/b": "b" },
    },
    {
      name: "only a mode changed",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN chmod 600 /d/a && chmod 700 /d\n",
      context: { "d/a": "a", "d/b": "b" },
    },
    {
      name: "only an owner changed",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN chown 5:6 /d/a /d/x\n",
      context: { "d/a": "a", "d/x/b": "b" },
    },
    {
      name: "only a time changed",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN touch -d @1100000000 /d/a\n",
      context: { "d/a": "a" },
    },
    {
      name: "written with the same content",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN printf a > /d/a && touch -d @1000000000 /d/a\n",
      context: { "d/a": "a" },
    },
    {
      name: "a hard link to a file of a lower layer",
      dockerfile: "FROM busybox\nCOPY d /d\nRUN ln /d/a /d/h\n",
      context: { "d/a": "a" },
      differs: [
        {
          peer: "buildkit",
          what: ["entries/d/h"],
          reason:
            "a link across layers: BuildKit brings the file a second time, here both names stay one file",
        },
      ],
    },
    {
      name: "a hard-linked file of a lower layer is changed",
      dockerfile:
        "FROM busybox\nRUN mkdir /d && echo a > /d/a && ln /d/a /d/b\nRUN echo more >> /d/a\n",
    },
    {
      name: "hard links within one step",
      dockerfile:
        "FROM busybox\nRUN mkdir /d && echo a > /d/z && ln /d/z /d/a && ln /d/z /d/m && ln /d/z /up\n",
    },
    {
      name: "one of several hard links deleted",
      dockerfile:
        "FROM busybox\nRUN mkdir /d && echo a > /d/a && ln /d/a /d/b && ln /d/a /d/c\nRUN rm /d/a\n",
    },
    {
      name: "a hard link between directories with cp",
      dockerfile:
        "FROM busybox\nCOPY d /d\nRUN cp -al /d /e 2>/dev/null || (mkdir /e && ln /d/a /e/a && ln /d/b /e/b)\n",
      context: { "d/a": "a", "d/b": "b" },
      differs: [
        {
          peer: "buildkit",
          what: ["entries/e/*"],
          reason:
            "a link across layers: BuildKit brings the file a second time, here both names stay one file",
        },
      ],
    },
    {
      name: "setuid and other special bits",
      dockerfile:
        "FROM busybox\nRUN mkdir /d && touch /d/u /d/g && chmod 4755 /d/u && chmod 2755 /d/g && mkdir -m 1777 /d/t && mkdir /d/s && chmod 2770 /d/s\n",
    },
    {
      name: "links, fifos and devices",
      dockerfile: "FROM busybox\nRUN mkdir /d && ln -s /a/b /d/l && mkfifo -m 620 /d/p\n",
    },
    {
      name: "a character device",
      dockerfile: "FROM busybox\nRUN mknod -m 640 /c c 5 1\n",
      rootOnly: "an ordinary user cannot make devices",
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah grants three capabilities fewer" },
      ],
    },
    {
      name: "long and odd names",
      dockerfile:
        "FROM busybox\nRUN mkdir -p /d/$(printf 'x%.0s' $(seq 1 200))/$(printf 'y%.0s' $(seq 1 200)) && touch \"/d/a b\" '/d/q\"' /d/ü\n",
    },
    {
      name: "a file with holes and a large file",
      dockerfile:
        "FROM busybox\nRUN truncate -s 300000 /hole && dd if=/dev/zero of=/zero bs=1000 count=200 2>/dev/null\n",
    },
    {
      name: "a file with an old time",
      dockerfile: "FROM busybox\nRUN touch -d @86400 /old && touch -d @1234567890 /newer\n",
    },
    {
      name: "what is written to /run and /tmp stays, to /dev and /proc it does not",
      dockerfile:
        "FROM busybox\nRUN mkdir -p /run && echo r > /run/r && echo t > /tmp/t && echo d > /dev/shm/d\n",
    },
    {
      name: "directories for mounts that the image does not have",
      dockerfile: "FROM made-bare\nRUN echo x > /x\n",
      images: ["made-bare"],

      differs: [
        {
          peer: "buildkit",
          what: ["entries/dev", "entries/proc", "entries/sys"],
          reason: "the directories are only there to mount on; --compat-mountpoints keeps them",
        },
        {
          peer: "buildah",
          what: ["entries/dev", "entries/proc", "entries/sys"],
          reason: "the directories are only there to mount on; --compat-mountpoints keeps them",
        },
      ],
    },
    {
      name: "processes left behind end with the step",
      dockerfile:
        "FROM busybox\nRUN (sleep 1; echo late > /late) & echo early > /early\nRUN sleep 1.5; ls / | grep -c late > /n || true\n",
    },
    {
      name: "the host's name",
      dockerfile:
        'FROM busybox\nRUN test -n "$(hostname)" && grep -c "$(hostname)" /etc/hosts > /n\n',
      differs: [
        {
          peer: "buildah",
          what: ["*"],
          reason: "Buildah takes the image's own file when a step has no network",
        },
      ],
    },
    {
      name: "secrets of the command line's environment are not seen",
      dockerfile: "FROM busybox\nRUN env | grep -c HIDDEN > /n || true\n",
      env: { HIDDEN_VALUE: "x" },
    },
    {
      name: "descriptors 0, 1 and 2 only",
      dockerfile:
        'FROM busybox\nRUN ["sh", "-c", "for i in 3 4 5 6 7 8 9 10 11 12; do [ -e /proc/self/fd/$i ] && echo $i; done > /fds; true"]\n',
    },
  ],
};
