// SPDX-License-Identifier: Apache-2.0
// The characters of a text as a reader counts them: Unicode's grapheme clusters. (Intl.Segmenter knows them too, but for 100 000 of
// them it needs ten seconds.)

import { spend } from "../work.js";

/** What belongs to the character before it. */
const extension = String.raw`[\p{Grapheme_Extend}\p{Mc}\p{Emoji_Modifier}\u200d\u0e33\u0eb3]`;
const clusters = [
  String.raw`\r\n`,
  String.raw`\p{Cc}`,
  // Flags.
  String.raw`\p{Regional_Indicator}{2}${extension}*`,
  // Families.
  String.raw`\p{Extended_Pictographic}(?:${extension}*\u200d\p{Extended_Pictographic})*${extension}*`,
  // Syllables of Hangul from their letters.
  String.raw`(?:[\u1100-\u115f]*[\u1160-\u11a7\uac00-\ud7a3][\u1160-\u11a7]*[\u11a8-\u11ff]*|[\u1100-\u115f]+|[\u11a8-\u11ff]+)${extension}*`,
  String.raw`[^]${extension}*`,
];
const cluster = new RegExp(clusters.join("|"), "gu");

export function characters(str: string): readonly string[] {
  spend(Math.ceil(str.length / 16));
  // Of these, only the end of a line as Windows writes it is two.
  if (/^[\0-\x7f]*$/.test(str) && !str.includes("\r\n")) return str.split("");
  spend(Math.ceil(str.length / 4));
  return str.match(cluster) ?? [];
}
