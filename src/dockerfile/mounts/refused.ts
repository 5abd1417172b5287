// SPDX-License-Identifier: Apache-2.0
// The refusals that mount types share.

type Refusals = Readonly<Record<string, string>>;

/** No mode, uid and gid. */
export function ownerRefused(kind: string): Refusals {
  const says = (option: string): string => `${option} not allowed for "${kind}" type mounts`;
  return { mode: says("mode"), uid: says("uid"), gid: says("gid") };
}

/** No required. */
export function requiredRefused(kind: string): Refusals {
  return { required: `unexpected key 'required' for mount type '${kind}'` };
}

/** No size. */
export function sizeRefused(kind: string): Refusals {
  return { size: `unexpected key 'size' for mount type '${kind}'` };
}

/** No sharing. */
export function sharingRefused(kind: string): Refusals {
  return { sharing: `invalid cache sharing set for ${kind} mount` };
}
