// SPDX-License-Identifier: Apache-2.0
// Numbers as Go's verbs write them.

/** `width` 0: none. */
export interface Flags {
  readonly zero: boolean;
  readonly sharp: boolean;
  readonly plus: boolean;
  readonly minus: boolean;
  readonly space: boolean;
  readonly width: number;
  readonly precision?: number;
}

const bases = { b: 2, d: 10, o: 8, x: 16, X: 16 } as const;
const prefixes = { b: "0b", d: "", o: "0", x: "0x", X: "0X" } as const;

export function formatInteger(value: number, verb: keyof typeof bases, flags: Flags): string {
  const digits = BigInt(Math.abs(value)).toString(bases[verb]);
  const cased = verb === "X" ? digits.toUpperCase() : digits;
  const { precision } = flags;
  const filled = cased.padStart(precision ?? 0, "0");
  const prefix = flags.sharp ? prefixes[verb] : "";
  // A precision says how many digits there are: no further zeros.
  return aligned(
    value < 0,
    prefix,
    filled,
    precision === undefined ? flags : { ...flags, zero: false },
  );
}

export function formatFloat(
  value: number,
  verb: "e" | "E" | "f" | "g" | "G",
  flags: Flags,
): string {
  const magnitude = Math.abs(value);
  const lower = verb.toLowerCase();
  let text: string;
  if (lower === "f") text = fixed(magnitude, flags.precision ?? 6);
  else if (lower === "e") text = exponent(magnitude, flags.precision ?? 6);
  else
    text =
      flags.precision === undefined
        ? shortestFloat(magnitude)
        : general(magnitude, flags.precision);
  return aligned(value < 0, "", verb === lower ? text : text.toUpperCase(), flags);
}

/** As few digits as tell the number from all others; with an exponent from a million on. */
export function shortestFloat(value: number): string {
  if (value === 0) return "0";
  const [digits = "", power = "0"] = Math.abs(value).toExponential().split("e");
  const exponentValue = Number(power);
  const sign = value < 0 ? "-" : "";
  if (exponentValue < -4 || exponentValue >= 6) return `${sign}${digits}e${marked(exponentValue)}`;
  return sign + plain(digits.replace(".", ""), exponentValue);
}

function general(value: number, precision: number): string {
  const significant = Math.max(1, precision);
  const [digits = "", power = "0"] = value.toExponential(Math.min(100, significant - 1)).split("e");
  const exponentValue = Number(power);
  const bare = digits.replace(".", "").replace(/0+$/, "") || "0";
  if (exponentValue < -4 || exponentValue >= significant)
    return `${bare.slice(0, 1)}${bare.length > 1 ? `.${bare.slice(1)}` : ""}e${marked(exponentValue)}`;
  return plain(bare, exponentValue);
}

function plain(digits: string, power: number): string {
  if (power < 0) return `0.${"0".repeat(-power - 1)}${digits}`;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, "0");
  const fraction = digits.slice(power + 1);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

function exponent(value: number, precision: number): string {
  const [digits = "", power = "0"] = value.toExponential(Math.min(100, precision)).split("e");
  const padding = "0".repeat(Math.max(0, precision - 100));
  return `${digits}${padding}e${marked(Number(power))}`;
}

function fixed(value: number, precision: number): string {
  const text =
    value < 1e21
      ? value.toFixed(Math.min(100, precision))
      : BigInt(value).toString() +
        (precision > 0 ? `.${"0".repeat(Math.min(100, precision))}` : "");
  return text + "0".repeat(Math.max(0, precision - 100));
}

/** At least two digits. */
function marked(power: number): string {
  return `${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

function aligned(negative: boolean, prefix: string, digits: string, flags: Flags): string {
  const sign = negative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
  const head = sign + prefix;
  if (flags.minus) return (head + digits).padEnd(flags.width);
  if (flags.zero) return head + digits.padStart(flags.width - head.length, "0");
  return (head + digits).padStart(flags.width);
}
