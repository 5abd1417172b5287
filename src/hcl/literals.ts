// SPDX-License-Identifier: Apache-2.0
// What the text of a literal stands for.

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  '"': '"',
  "\\": "\\",
};

/** Without the escapes of a template; those of quotes too, where it is `quoted`. Throws SyntaxError with the reason. */
export function unescape(text: string, quoted: boolean): string {
  const pattern = quoted
    ? /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|([^]?))|([$%])[$%]\{/gu
    : /([$%])[$%]\{/g;
  const replaced = quoted
    ? text.replace(
        pattern,
        (whole, short?: string, long?: string, one?: string, introducer?: string) => {
          if (introducer !== undefined) return introducer.concat("{");
          if (one === undefined) return codePoint(short ?? long ?? "");
          const meant = Object.hasOwn(escapes, one) ? escapes[one] : undefined;
          if (meant === undefined) throw new SyntaxError(invalidEscape(whole, one));
          return meant;
        },
      )
    : text.replace(pattern, (_whole, introducer: string) => `${introducer}{`);
  // Texts that look the same are the same.
  return replaced.normalize("NFC");
}

function codePoint(digits: string): string {
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff) throw new SyntaxError(`U+${digits} is beyond the last character of Unicode`);
  // Half of a pair is no character.
  return code >= 0xd800 && code <= 0xdfff ? "\ufffd" : String.fromCodePoint(code);
}

function invalidEscape(whole: string, one: string): string {
  if (one === "u") return `${whole} needs four hexadecimal digits`;
  if (one === "U") return `${whole} needs eight hexadecimal digits`;
  return `${whole} is not a valid escape; a backslash itself is written \\\\`;
}

/** undefined: not a number. */
export function parseNumber(text: string): number | undefined {
  if (!/^[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
