// SPDX-License-Identifier: Apache-2.0
// Functions of networks in CIDR notation, `10.0.0.0/16` or `fd00::/48`.

import { brief } from "../brief.js";
import { argumentError } from "../errors.js";
import type { HclFunction } from "../types.js";
import { formatAddress, parseAddress } from "./addresses.js";
import { takes, takesMore, text, whole } from "./parameters.js";

/** `base` has no bits beyond the prefix; `bits` is 32 or 128. */
interface Network {
  readonly base: bigint;
  readonly prefix: number;
  readonly bits: number;
}

/** How far one call may extend a prefix. */
const mostBits = 32;

const network = (value: Parameters<typeof text>[0], name: string): Network =>
  parseNetwork(text(value, name));

export const networks: Readonly<Record<string, HclFunction>> = {
  cidrhost: takes({ prefix: network, hostnum: whole }, ({ prefix: given, hostnum }) => {
    const hosts = 1n << BigInt(given.bits - given.prefix);
    const number = BigInt(hostnum);
    // Negative numbers count from the last address.
    const host = number < 0n ? hosts + number : number;
    if (host < 0n || host >= hosts)
      throw argumentError(`a prefix of ${given.prefix} bits has no host ${hostnum}`);
    return formatAddress(given.base + host, given.bits);
  }),
  cidrnetmask: takes({ prefix: network }, ({ prefix: given }) =>
    formatAddress(mask(given.prefix, given.bits), given.bits),
  ),
  cidrsubnet: takes(
    { prefix: network, newbits: whole, netnum: whole },
    ({ prefix: given, newbits, netnum }) => {
      const prefix = extended(given, newbits, 0);
      if (netnum < 0 || BigInt(netnum) >= 1n << BigInt(newbits))
        throw argumentError(`${newbits} bits do not number a subnet ${netnum}`);
      const base = given.base + (BigInt(netnum) << BigInt(given.bits - prefix));
      return formatNetwork({ base, prefix, bits: given.bits });
    },
  ),
  cidrsubnets: takesMore({ prefix: network }, whole, ({ prefix: given }, newbits) => {
    let next = given.base;
    const end = given.base + (1n << BigInt(given.bits - given.prefix));
    return newbits.map((more) => {
      const prefix = extended(given, more, 1);
      const size = 1n << BigInt(given.bits - prefix);
      // A subnet begins at a multiple of its size.
      const base = ((next + size - 1n) / size) * size;
      next = base + size;
      if (next > end) throw argumentError(`there is no room left for a prefix of ${prefix} bits`);
      return formatNetwork({ base, prefix, bits: given.bits });
    });
  }),
};

function extended({ prefix, bits }: Network, more: number, least: number): number {
  if (more < least || more > mostBits)
    throw argumentError(`a prefix is extended by ${least} to ${mostBits} bits, not by ${more}`);
  if (prefix + more > bits)
    throw argumentError(`a prefix of ${prefix + more} bits is longer than an address, ${bits}`);
  return prefix + more;
}

function mask(prefix: number, bits: number): bigint {
  const rest = BigInt(bits - prefix);
  return ((1n << BigInt(bits)) - 1n) ^ ((1n << rest) - 1n);
}

function parseNetwork(given: string): Network {
  const [, host = "", length = ""] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(given) ?? [];
  const address = parseAddress(host);
  const prefix = Number(length);
  if (length === "" || address === undefined || prefix > address.bits)
    throw argumentError(`${brief(given)} is not a network such as 10.0.0.0/16`);
  return { base: address.value & mask(prefix, address.bits), prefix, bits: address.bits };
}

function formatNetwork({ base, prefix, bits }: Network): string {
  return `${formatAddress(base, bits)}/${prefix}`;
}
