// SPDX-License-Identifier: Apache-2.0
// RUN --mount: what is mounted, and that nothing of it is left.

import type { CaseGroup } from "../case.js";

export const mounts: CaseGroup = {
  name: "mounts",
  cases: [
    {
      name: "bind of the context",
      dockerfile: "FROM busybox\nRUN --mount=type=bind,target=/ctx cat /ctx/f > /x\n",
      context: { f: "f\n" },
    },
    {
      name: "bind is the default type and read-only",
      dockerfile:
        "FROM busybox\nRUN --mount=target=/ctx touch /ctx/new 2>/dev/null || echo refused > /x\n",
      context: { f: "f\n" },
    },
    {
      name: "bind of one file",
      dockerfile: "FROM busybox\nRUN --mount=source=d/f,target=/etc/one cat /etc/one > /x\n",
      context: { "d/f": "f\n" },
    },
    {
      name: "bind from a stage",
      dockerfile:
        "FROM busybox AS s\nRUN mkdir /o && echo o > /o/f\nFROM busybox\nRUN --mount=from=s,source=/o,dst=/mnt/o cat /mnt/o/f > /x\n",
    },
    {
      name: "bind from an image",
      dockerfile:
        "FROM busybox\nRUN --mount=from=made-tree,src=/d,target=/m ls -ln /m | awk 'NR>1{print $1,$3,$4,$NF}' > /x\n",
      images: ["made-tree"],
    },
    {
      name: "bind from a named context",
      dockerfile: "FROM busybox\nRUN --mount=from=extra,target=/m cat /m/a > /x\n",
      beside: { "extra/a": "a\n" },
      args: ["--build-context=extra=extra"],
    },
    {
      name: "what is written to a writable bind is thrown away",
      dockerfile:
        "FROM busybox\nRUN --mount=target=/ctx,rw echo new > /ctx/f && cat /ctx/f > /x\nRUN --mount=target=/ctx cat /ctx/f > /y\n",
      context: { f: "f\n" },
    },
    {
      name: "what is written to a writable bind of a stage is thrown away",
      dockerfile:
        "FROM busybox AS s\nRUN mkdir /o && echo o > /o/f\nFROM busybox\nRUN --mount=from=s,source=/o,target=/o,readwrite rm /o/f && touch /o/g\nCOPY --from=s /o /from-s\n",
    },
    {
      name: "a relative target is below the working directory",
      dockerfile: "FROM busybox\nWORKDIR /w\nRUN --mount=target=in/ctx cat in/ctx/f > x\n",
      context: { f: "f\n" },
    },
    {
      name: "no target is the working directory",
      dockerfile: "FROM busybox\nWORKDIR /w\nRUN --mount=type=bind cat f > /x\n",
      context: { f: "f\n" },
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah wants a target" }],
    },
    {
      name: "the target / is refused",
      dockerfile: "FROM busybox\nRUN --mount=target=/ true\n",
      fails: "DOCKERFILE_MOUNT",
    },
    {
      name: "a source that is missing",
      dockerfile: "FROM busybox\nRUN --mount=source=no,target=/x true\n",
      fails: "STEPS_SOURCE_NOT_FOUND",
    },
    {
      name: "options with variables",
      dockerfile:
        "FROM busybox\nARG S=d\nENV T=/t\nRUN --mount=source=$S,target=${T} cat /t/f > /x\n",
      context: { "d/f": "f\n" },
    },
    {
      name: "from with a variable",
      dockerfile: "FROM busybox AS s\nFROM busybox\nARG S=s\nRUN --mount=from=$S,target=/x true\n",
      fails: "DOCKERFILE_MOUNT",
    },
    {
      name: "mount targets leave no trace",
      dockerfile:
        "FROM busybox\nRUN --mount=target=/a/b/c --mount=type=tmpfs,target=/t/u true\nRUN ls -d /a /t 2>/dev/null | wc -l > /n\n",
    },
    {
      name: "a mount target with something in it keeps that",
      dockerfile:
        "FROM busybox\nRUN mkdir /m && echo below > /m/b\nRUN --mount=type=tmpfs,target=/m echo gone > /m/x\nRUN ls /m > /ls\n",
    },
    {
      name: "what a step writes beside its mount target stays",
      dockerfile: "FROM busybox\nRUN --mount=type=tmpfs,target=/a/b echo x > /a/x\n",
    },
    {
      name: "tmpfs is empty and gone afterwards",
      dockerfile:
        "FROM busybox\nRUN --mount=type=tmpfs,target=/tmp ls /tmp | wc -l > /n && echo x > /tmp/x\n",
    },
    {
      name: "tmpfs over a directory of the image hides it",
      dockerfile:
        "FROM busybox\nRUN --mount=type=tmpfs,target=/etc ls /etc | grep -c passwd > /n || true\n",
    },
    {
      name: "tmpfs with a size",
      dockerfile:
        "FROM busybox\nRUN --mount=type=tmpfs,target=/t,size=128m grep ' /t ' /proc/mounts | grep -o 'size=[0-9]*k' > /x\n",
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah takes the size in another form" }],
    },
    {
      name: "cache outlives its step",
      dockerfile:
        "FROM busybox\nRUN --mount=type=cache,id=conformance-a,target=/c rm -rf /c/* && echo kept > /c/f\nRUN --mount=type=cache,id=conformance-a,target=/other cat /other/f > /x\n",
      args: ["--no-cache"],
    },
    {
      name: "cache is in no layer",
      dockerfile:
        "FROM busybox\nRUN --mount=type=cache,target=/conformance-b echo x > /conformance-b/x\n",
    },
    {
      name: "cache with owner and mode",
      dockerfile:
        "FROM busybox\nRUN --mount=type=cache,id=conformance-c,target=/c,uid=5,gid=6,mode=0700 stat -c '%u %g %a' /c > /x\n",
    },
    {
      name: "cache with a seed from a stage",
      dockerfile:
        "FROM busybox AS s\nRUN mkdir /seed && echo seed > /seed/f\nFROM busybox\nRUN --mount=type=cache,id=conformance-d,from=s,source=/seed,target=/c cat /c/f > /x\n",
    },
    {
      name: "cache read-only",
      dockerfile:
        "FROM busybox\nRUN --mount=type=cache,id=conformance-e,target=/c,ro touch /c/x 2>/dev/null || echo refused > /x\n",
    },
    {
      name: "caches within one another",
      dockerfile:
        "FROM busybox\nRUN --mount=type=cache,id=conformance-f,target=/c --mount=type=cache,id=conformance-g,target=/c/in echo x > /c/in/x && ls /c > /x\n",
    },
    {
      name: "cache with an unknown sharing mode",
      dockerfile: "FROM busybox\nRUN --mount=type=cache,target=/c,sharing=none true\n",
      fails: "DOCKERFILE_MOUNT",
    },
    {
      name: "a secret from a file",
      dockerfile:
        "FROM busybox\nRUN --mount=type=secret,id=s cat /run/secrets/s > /x && stat -c '%u %g %a' /run/secrets/s > /stat\nRUN ls /run 2>/dev/null | wc -l > /n\n",
      beside: { "secret.txt": "secret\n" },
      args: ["--secret=id=s,src=secret.txt"],
    },
    {
      name: "a secret at a target with owner and mode",
      dockerfile:
        "FROM busybox\nRUN --mount=type=secret,id=s,target=/etc/my/s,uid=3,gid=4,mode=0440 stat -c '%u %g %a' /etc/my/s > /x\nRUN ls -d /etc/my 2>/dev/null | wc -l > /n\n",
      beside: { "secret.txt": "secret\n" },
      args: ["--secret=id=s,src=secret.txt"],
    },
    {
      name: "a secret from the environment",
      dockerfile: "FROM busybox\nRUN --mount=type=secret,id=s cat /run/secrets/s > /x\n",
      env: { CONFORMANCE_SECRET: "from env" },
      args: ["--secret=id=s,env=CONFORMANCE_SECRET"],
    },
    {
      name: "a secret as environment",
      dockerfile:
        'FROM busybox\nRUN --mount=type=secret,id=s,env=S echo "$S $(ls /run/secrets 2>/dev/null | wc -l)" > /x\nRUN echo "[$S]" > /y\n',
      beside: { "secret.txt": "secret" },
      args: ["--secret=id=s,src=secret.txt"],
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah cannot" }],
    },
    {
      name: "a secret as environment and file",
      dockerfile:
        'FROM busybox\nRUN --mount=type=secret,id=s,env=S,target=/s echo "$S $(cat /s)" > /x\n',
      beside: { "secret.txt": "secret" },
      args: ["--secret=id=s,src=secret.txt"],
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah cannot" }],
    },
    {
      name: "a secret that is not given",
      dockerfile:
        "FROM busybox\nRUN --mount=type=secret,id=none ls /run/secrets 2>/dev/null | wc -l > /x\n",
    },
    {
      name: "a secret that is required",
      dockerfile: "FROM busybox\nRUN --mount=type=secret,id=none,required true\n",
      fails: "STEPS_SECRET_MISSING",
    },
    {
      name: "a secret named by its target",
      dockerfile: "FROM busybox\nRUN --mount=type=secret,target=/a/s cat /a/s > /x\n",
      beside: { "secret.txt": "secret\n" },
      args: ["--secret=id=s,src=secret.txt"],
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah wants an id" }],
    },
    {
      name: "a secret without a name",
      dockerfile: "FROM busybox\nRUN --mount=type=secret true\n",
      fails: "DOCKERFILE_MOUNT",
    },
    {
      name: "an agent that is required",
      dockerfile: "FROM busybox\nRUN --mount=type=ssh,required true\n",
      fails: "STEPS_SSH_MISSING",
    },
    {
      name: "a directory of the context has its own mode",
      dockerfile:
        "FROM busybox\nRUN --mount=source=d,target=/m --mount=source=d/e,target=/n,rw stat -c '%n %a %u %g' /m /n /m/e > /x\n",
      context: { d: { dir: true, mode: 0o750 }, "d/e": { dir: true, mode: 0o1777 }, "d/f": "f" },
    },
    {
      name: "the context as a whole is a new directory",
      dockerfile: "FROM busybox\nRUN --mount=target=/m stat -c '%a %u %g' /m > /x\n",
      context: { "": { dir: true, mode: 0o711 }, f: "f" },
      differs: [
        { peer: "buildah", what: ["entries/x"], reason: "Buildah mounts the context as it is" },
      ],
    },
    {
      name: "several mounts at one place: the last one counts",
      dockerfile:
        "FROM busybox\nRUN --mount=source=f,target=/m --mount=source=d,target=/m ls /m > /x\n",
      context: { f: "f", "d/in": "in" },
      differs: [{ peer: "buildah", what: ["entries/x"], reason: "the first one counts there" }],
    },
    {
      name: "an agent that is not given",
      dockerfile: 'FROM busybox\nRUN --mount=type=ssh echo "[$SSH_AUTH_SOCK]" > /x\n',
      differs: [
        {
          peer: "buildkit",
          what: ["entries/x"],
          reason: "BuildKit names a socket that is not there",
        },
      ],
    },
    {
      name: "an unknown type",
      dockerfile: "FROM busybox\nRUN --mount=type=tmp,target=/x true\n",
      fails: "DOCKERFILE_MOUNT",
    },
    {
      name: "an unknown key",
      dockerfile: "FROM busybox\nRUN --mount=typ=bind,target=/x true\n",
      fails: "DOCKERFILE_MOUNT",
    },
    {
      name: "quoted options",
      dockerfile: "FROM busybox\nRUN --mount='type=bind,\"source=a,b\",target=/m' cat /m/f > /x\n",
      context: { "a,b/f": "f\n" },
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah splits at every comma" }],
    },
    {
      name: "two mounts, one in the other",
      dockerfile:
        "FROM busybox\nRUN --mount=type=tmpfs,target=/m --mount=source=d,target=/m/d cat /m/d/f > /x\n",
      context: { "d/f": "f\n" },
    },
    {
      name: "two mounts, one in the other and named before it",
      dockerfile:
        "FROM busybox\nRUN --mount=type=tmpfs,target=/m/d --mount=target=/m ls /m /m/d > /x; touch /m/d/f\n",
      context: { "d/f": "f\n" },
    },
    {
      name: "a mount in the place of a link of the image",
      dockerfile:
        "FROM made-tree\nRUN --mount=type=tmpfs,target=/link-dir/sub ls /d/sub | wc -l > /n\n",
      images: ["made-tree"],
    },
  ],
};
