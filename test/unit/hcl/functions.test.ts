// SPDX-License-Identifier: Apache-2.0
// The functions of files of build targets: what buildx's own tests and the documentation of the functions say they give.

import assert from "node:assert/strict";
import { constants, generateKeyPairSync, publicEncrypt } from "node:crypto";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { standardFunctions, type HclValue } from "#src/hcl/index.js";
import { valueOf } from "../../support/hcl.js";

function values(what: string, rows: readonly (readonly [string, HclValue])[]): void {
  describe(what, () => {
    for (const [text, wanted] of rows)
      it(`${text} is ${JSON.stringify(wanted)}`, () => {
        assert.deepEqual(valueOf(text), wanted);
      });
  });
}

values("numbers", [
  ["absolute(-3)", 3],
  ['add(1, "2")', 3],
  ["subtract(1, 2)", -1],
  ["multiply(2, 3)", 6],
  ["divide(3, 2)", 1.5],
  ["modulo(-5, 3)", -2],
  ["modulo(5, 0)", 5],
  ["negate(5)", -5],
  ["ceil(1.2)", 2],
  ["floor(-1.2)", -2],
  ["int(-1.8)", -1],
  ["log(8, 2)", 3],
  ["pow(2, 10)", 1024],
  ["signum(-3)", -1],
  ["min(3, 1, 2)", 1],
  ["max(3, 1, 2)", 3],
  ["greaterthan(2, 1)", true],
  ["greaterthanorequalto(1, 1)", true],
  ["lessthan(2, 1)", false],
  ["lessthanorequalto(1, 1)", true],
  ['parseint("ff", 16)', 255],
  ['parseint("-FF", 16)', -255],
  ['parseint("zZ", 62)', 35 * 62 + 61],
  ["range(3)", [0, 1, 2]],
  ["range(-2)", [0, -1]],
  ["range(1, 4)", [1, 2, 3]],
  ["range(4, 1)", [4, 3, 2]],
  ["range(1, 8, 3)", [1, 4, 7]],
  ["range(0)", []],
]);

values("booleans and values of any type", [
  ["and(true, false)", false],
  ["or(true, false)", true],
  ['not("false")', true],
  ["equal(1, 1)", true],
  ['equal("1", 1)', false],
  ["equal(null, null)", true],
  ["notequal([1], [2])", true],
  ['coalesce(null, "", "a")', ""],
  ['coalesce(null, 1, "a")', "1"],
  ["try(nope.x, 5)", 5],
  ["can(nope)", false],
  ['convert(["b", "a", "b"], set(string))', ["a", "b"]],
]);

values("texts", [
  ['upper("straße")', "STRAßE"],
  ['lower("ÀB")', "àb"],
  ['title("hello wörld-wide")', "Hello Wörld-Wide"],
  ['strlen("👨‍👩‍👧é")', 2],
  ['strlen("e\u0301\u0323🇩🇪\\r\\n")', 3],
  ['reverse("a👍🏽b")', "b👍🏽a"],
  ['substr("hello world", 1, 4)', "ello"],
  ['substr("hello", -3, -1)', "llo"],
  ['substr("hello", 9, 1)', ""],
  ['substr("hello", 1, 0)', ""],
  ['chomp("a\\n\\r\\n")', "a"],
  ['indent(2, "a\\nb")', "a\n  b"],
  ['replace("a.b.c", ".", "-")', "a-b-c"],
  ['replace("ab", "", "-")', "-a-b-"],
  ['replace("a", "a", "$1$&")', "$1$&"],
  ['split(",", "a,b")', ["a", "b"]],
  ['split(",", "")', [""]],
  ['split("", "a🍕")', ["a", "🍕"]],
  ['join("-", ["a"], [1, true])', "a-1-true"],
  ['trim("?!hello?!", "!?")', "hello"],
  ['trimprefix("helloworld", "hello")', "world"],
  ['trimsuffix("helloworld", "world")', "hello"],
  ['trimspace(" a\\n")', "a"],
  ['sort(["b", "a", "é", "Z"])', ["Z", "a", "b", "é"]],
]);

values("paths and names", [
  ['basename("")', "."],
  ['basename("/")', "/"],
  ['basename("/foo/bar")', "bar"],
  ['basename("foo/bar")', "bar"],
  ['basename("/foo/bar.")', "bar."],
  ['basename("/foo/bar..")', "bar.."],
  ['basename("/foo/bar///")', "bar"],
  ['dirname("")', "."],
  ['dirname("/")', "/"],
  ['dirname("/foo/bar")', "/foo"],
  ['dirname("foo/bar")', "foo"],
  ['dirname("foo")', "."],
  ['dirname("/foo/bar...")', "/foo"],
  ['dirname("/foo/../../a//./b/c")', "/a/b"],
  ['dirname("../../a")', "../.."],
  ['sanitize("")', ""],
  ['sanitize("foo/bar")', "foo_bar"],
  ['sanitize("foo/bar...")', "foo_bar___"],
  ['sanitize("foo/🍕bar")', "foo__bar"],
  ['sanitize("foo/bar!@(ba+z)")', "foo_bar___ba_z_"],
  ["homedir()", "/home/me"],
]);

values("lists", [
  ["length([1, 2])", 2],
  ["length({a = 1})", 1],
  ['element(["a", "b", "c"], 4)', "b"],
  ['element(["a", "b", "c"], -1)', "c"],
  ["hasindex([1], 0)", true],
  ["hasindex([1], 1)", false],
  ['hasindex({a = 1}, "a")', true],
  ["index([5, 6], 1)", 6],
  ['index({a = 1}, "a")', 1],
  ['indexof(["one", 2, 3, "four"], "one")', 0],
  ['indexof(["one", 2, 3, "four"], "four")', 3],
  ['contains(["a", "b"], "b")', true],
  ['contains(["1"], 1)', false],
  ["coalescelist([], [1], [2])", [1]],
  ['compact(["a", "", null, "b"])', ["a", "b"]],
  ['concat(["a"], [1, 2], [])', ["a", 1, 2]],
  ['distinct([1, 2, 1, "2"])', ["1", "2"]],
  ["chunklist([1, 2, 3], 2)", [[1, 2], [3]]],
  ["chunklist([1, 2], 0)", [[1, 2]]],
  ["flatten([[1, [2]], 3, []])", [1, 2, 3]],
  ["reverselist([1, 2])", [2, 1]],
  ["slice([1, 2, 3], 1, 3)", [2, 3]],
  ["slice([1], 1, 1)", []],
  [
    'setproduct(["a", "b"], [1, "c"])',
    [
      ["a", "1"],
      ["a", "c"],
      ["b", "1"],
      ["b", "c"],
    ],
  ],
  ['setproduct(["a"], [])', []],
]);

values("maps", [
  ["keys({b = 1, a = 2})", ["a", "b"]],
  ["values({b = 1, a = 2})", [2, 1]],
  ['lookup({a = 1}, "a", 5)', 1],
  ['lookup({a = 1}, "toString", 5)', 5],
  ["merge({a = 1, b = 1}, null, {b = 2})", { a: 1, b: 2 }],
  ["merge()", {}],
  ['zipmap(["a", "b"], [1, "x"])', { a: 1, b: "x" }],
]);

values("sets", [
  ['setunion(["b"], ["a", "b"])', ["a", "b"]],
  ['setintersection(["a", "b"], ["b", "c"], ["b"])', ["b"]],
  ['setsubtract(["a", "b"], ["b"])', ["a"]],
  ['setsymmetricdifference(["a", "b"], ["b", "c"])', ["a", "c"]],
  ['setunion([1], ["a"])', ["1", "a"]],
  ['sethaselement(["a"], "a")', true],
  ['sethaselement(["a"], "b")', false],
  ["setunion([3], [20, 1])", [1, 3, 20]],
]);

values("formats", [
  ['format("Hello, %s!", "Ander")', "Hello, Ander!"],
  ['format("There are %d lights", 4)', "There are 4 lights"],
  ['format("%[2]s %[1]s %s", "a", "b")', "b a b"],
  ['format("%5s|%-5s|%.2s", "ab", "ab", "abc")', "   ab|ab   |ab"],
  ['format("%5d|%-5d|%05d|%+d|% d", 42, 42, -42, 42, 42)', "   42|42   |-0042|+42| 42"],
  ['format("%x %X %#x %o %b", 255, 255, 255, 8, 5)', "ff FF 0xff 10 101"],
  ['format("%f %.2f %8.3f|", 3.14159, 3.14159, 3.14159)', "3.141590 3.14    3.142|"],
  ['format("%e %.1E", 12345.678, 12345.678)', "1.234568e+04 1.2E+04"],
  ['format("%g %g %G %.3g", 1e-7, 100000, 1e21, 1234.5)', "1e-07 100000 1E+21 1.23e+03"],
  ['format("%v %v %v %v", 1000000, "a", [1, "x"], null)', '1e+06 a [1,"x"] null'],
  ['format("%#v", "a")', '"a"'],
  ['format("%q", "a\\"b")', '"a\\"b"'],
  ['format("%t %%", "true")', "true %"],
  ['formatlist("%s-%s", ["a", "b"], "x")', ["a-x", "b-x"]],
  ['formatlist("%s", [])', []],
  ['formatlist("a")', ["a"]],
  [
    'jsonencode({b = "<&>", a = [1.50, null, true]})',
    '{"a":[1.5,null,true],"b":"\\u003c\\u0026\\u003e"}',
  ],
  ['jsondecode("{\\"a\\": [1, {\\"__proto__\\": 2}]}")', { a: [1, JSON.parse('{"__proto__":2}')] }],
  [
    'csvdecode("a,b\\r\\n1,\\"x, \\"\\"y\\"\\"\\"\\n\\n2,\\"two\\nlines\\"\\n")',
    [
      { a: "1", b: 'x, "y"' },
      { a: "2", b: "two\nlines" },
    ],
  ],
  ['csvdecode("a,b\\n")', []],
]);

values("encodings and digests", [
  ['base64encode("hé")', "aMOp"],
  ['base64decode("aMOp")', "hé"],
  ['urlencode("a b/é~")', "a+b%2F%C3%A9~"],
  ['md5("")', "d41d8cd98f00b204e9800998ecf8427e"],
  ['sha1("a")', "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"],
  ['sha256("a")', "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"],
  ['substr(sha512("a"), 0, 16)', "1f40fc92da241694"],
  ["uuidv4()", "07070707-0707-4707-8707-070707070707"],
  ['uuidv5("dns", "www.terraform.io")', "a5008fae-b28c-5ba5-96cd-82b4c53552d6"],
  [
    'uuidv5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.terraform.io")',
    "a5008fae-b28c-5ba5-96cd-82b4c53552d6",
  ],
]);

values("dates", [
  ["timestamp()", "2025-09-16T12:00:00Z"],
  ['formatdate("DD MMM YYYY hh:mm ZZZ", "2018-01-02T23:12:01Z")', "02 Jan 2018 23:12 UTC"],
  [
    'formatdate("EEEE, DD-MMM-YY hh:mm:ss ZZZ", "2018-01-02T23:12:01-08:00")',
    "Tuesday, 02-Jan-18 23:12:01 -0800",
  ],
  ['formatdate("MMMM D h:m:s H EEE", "2018-01-02T03:04:05Z")', "January 2 3:4:5 3 Tue"],
  [
    'formatdate("HH:mmaa AA Z ZZZZ ZZZZZ", "2018-01-02T00:12:01+05:30")',
    "12:12am AM +05:30 +0530 +05:30",
  ],
  ["formatdate(\"h 'o''clock' ''\", \"2018-01-02T23:12:01Z\")", "23 o'clock '"],
  ['formattimestamp("X", "2015-10-21T00:00:00Z")', "1445385600"],
  ['formattimestamp("X", 1445385600)', "1445385600"],
  ['formattimestamp("YYYY-MM-DD", "2025-09-16T12:00:00Z")', "2025-09-16"],
  ["formattimestamp(\"YYYY-MM-DD'T'hh:mm:ssZ\", 1690328596)", "2023-07-25T23:43:16Z"],
  ["formattimestamp(\"YYYY-MM-DD'T'hh:mm:ssZ\", -1)", "1969-12-31T23:59:59Z"],
  ['timeadd("2017-11-22T00:00:00Z", "10m")', "2017-11-22T00:10:00Z"],
  ['timeadd("2017-11-22T00:00:00.9+02:00", "-1h100ms")', "2017-11-21T23:00:00+02:00"],
  [
    "unixtimestampparse(1690328596)",
    {
      year: 2023,
      year_day: 206,
      day: 25,
      month: 7,
      month_name: "July",
      weekday: 2,
      weekday_name: "Tuesday",
      hour: 23,
      minute: 43,
      second: 16,
      rfc3339: "2023-07-25T23:43:16Z",
      iso_year: 2023,
      iso_week: 30,
    },
  ],
  ["[unixtimestampparse(0).iso_week, unixtimestampparse(0).weekday]", [1, 4]],
  [
    '[for k in ["year", "year_day", "iso_year", "iso_week"]: unixtimestampparse(-1)[k]]',
    [1969, 365, 1970, 1],
  ],
]);

values("regular expressions", [
  ['regex("[a-z]+", "53453453.345345aaabbbccc23454")', "aaabbbccc"],
  ['regex("(\\\\d{4})-(\\\\d\\\\d)-(x)?", "2019-02-01")', ["2019", "02", null]],
  [
    'regex("^(?:(?P<scheme>[^:/?#]+):)?(?://(?P<authority>[^/?#]*))?", "https://terraform.io/docs/")',
    { scheme: "https", authority: "terraform.io" },
  ],
  ['regexall("[a-z]+", "1234abcd5678efgh9")', ["abcd", "efgh"]],
  ['regexall("x", "abc")', []],
  ['regex_replace("-ab-axxb-", "a(x*)b", "$${1}W")', "-W-xxW-"],
  ['regex_replace("-ab-axxb-", "a(x*)b", "$1")', "--xx-"],
]);

values("versions", [
  ['semvercmp("1.2.3", ">= 1.0.0")', true],
  ['semvercmp("2.1.0", "< 2.0.0")', false],
  ['semvercmp("3.22", ">= 3.20")', true],
  ['semvercmp("v1.2.3+build", "=1.2.3")', true],
  ['semvercmp("1.2.3", "1.2")', true],
  ['semvercmp("1.2.3", "1.x || >=2.5.0 || 5.0.0 - 7.2.3")', true],
  ['semvercmp("7.2.4", "5.0.0 - 7.2.3")', false],
  ['semvercmp("1.2.3", ">=1.2, <1.3 !=1.2.4")', true],
  ['semvercmp("1.3.0", "~1.2.3")', false],
  ['semvercmp("1.9.0", "~1")', true],
  ['semvercmp("1.9.0", "~>1.2")', false],
  ['semvercmp("1.9.0", "^1.2.3")', true],
  ['semvercmp("0.3.0", "^0.2.3")', false],
  ['semvercmp("0.0.4", "^0.0.3")', false],
  ['semvercmp("2.0.0", ">1")', true],
  ['semvercmp("1.5.0", ">1")', false],
  ['semvercmp("1.5.0", "<=1")', true],
  ['semvercmp("1.5.0", "!=1")', false],
  ['semvercmp("9.9.9", "*")', true],
  ['semvercmp("1.2.3-beta", ">=1.0.0")', false],
  ['semvercmp("1.2.3-beta.2", ">=1.2.3-beta.1, <1.2.3")', true],
  ['semvercmp("1.2.3-beta.10", ">1.2.3-beta.9")', true],
]);

values("networks", [
  ['cidrhost("10.12.127.0/20", 268)', "10.12.113.12"],
  ['cidrhost("10.12.127.0/20", -1)', "10.12.127.255"],
  ['cidrhost("fd00:fd12:3456:7890:00a2::/72", 34)', "fd00:fd12:3456:7890::22"],
  ['cidrnetmask("172.16.0.0/12")', "255.240.0.0"],
  ['cidrsubnet("172.16.0.0/12", 4, 2)', "172.18.0.0/16"],
  ['cidrsubnet("fd00:fd12:3456:7890::/56", 16, 162)', "fd00:fd12:3456:7800:a200::/72"],
  [
    'cidrsubnets("10.1.0.0/16", 4, 4, 8, 4)',
    ["10.1.0.0/20", "10.1.16.0/20", "10.1.32.0/24", "10.1.48.0/20"],
  ],
  ['cidrsubnet("::ffff:1.2.3.4/120", 8, 5)', "::ffff:102:305/128"],
]);

describe("a function", () => {
  const rows: readonly (readonly [text: string, message: RegExp])[] = [
    ["upper()", /^upper: takes one argument \(str\), and there are 0$/],
    ["add(1, 2, 3)", /^add: takes 2 arguments \(a, b\), and there are 3$/],
    ["homedir(1)", /takes no arguments, and there is 1/],
    ["max()", /takes at least one argument/],
    ['upper(["a"])', /str must be a string, not a list/],
    ["add(true, 1)", /a must be a number, not true/],
    ["divide(1, 0)", /division by zero/],
    ["log(-1, 2)", /not a number/],
    ["pow(10, 1000)", /too large/],
    ["signum(1.5)", /num must be a whole number/],
    ['parseint("12", 2)', /"12" is not a number of base 2/],
    ['parseint("", 10)', /not a number of base 10/],
    ["parseint(12, 10)", /number must be a string, not a number/],
    ['parseint("1", 63)', /base must be between 2 and 62/],
    ["range(2000)", /more than 1024 values/],
    ["range(1, 5, -1)", /never reached/],
    ["range(1, 5, 0)", /must not be 0/],
    ["coalesce(null, null)", /all arguments are null/],
    ["coalesce(1, true)", /must be of one type/],
    ["coalescelist([], null)", /all lists are empty or null/],
    [
      "try(nope, nope.x)",
      /nothing has a value: there is no variable nope; there is no variable nope/,
    ],
    ["convert(1, strin)", /strin is not a type \(did you mean string\?\)/],
    ['join(",", [null])', /null cannot be part of a text/],
    ["sort([null])", /null cannot be sorted/],
    ['indexof(["one", 2, 3, "four"], "3")', /the value is not in the list/],
    ["element([], 0)", /the list is empty/],
    ["index([1], 1)", /the list has 1 elements/],
    ["element(setunion([1]), 0)", /a set have no order/],
    ["concat([1], {})", /must be a list, not an object/],
    ['distinct([1, ["a"]])', /must be of one type/],
    ["chunklist([1], -1)", /size must not be negative/],
    ["slice([1], 0, 2)", /between 0 and 1/],
    ["setproduct([1])", /takes at least 2 arguments/],
    ["keys([1])", /must be a map or an object, not a list/],
    ['zipmap(["a"], [])', /1 keys and 0 values/],
    ['format("%d", 1.5)', /must be a whole number/],
    ['format("%s")', /needs an argument 1 for %s, and there are 0/],
    ['format("a", 1)', /uses 0 of 1 arguments/],
    ['format("%y", 1)', /there is no verb y, in %y/],
    ['format("100%")', /no verb after % at 4/],
    ['format("%s", null)', /null cannot be formatted as %s/],
    ['formatlist("%s%s", [1], [1, 2])', /differ in their lengths, 1 and 2/],
    ['jsondecode("{")', /this is not JSON/],
    ['jsondecode("1e999")', /too large/],
    ['csvdecode("")', /no line with the names/],
    ['csvdecode("a,a\\n")', /two columns are named "a"/],
    ['csvdecode("a,b\\n1\\n")', /line 2 has 1 fields, and the first has 2/],
    ['csvdecode("a\\n\\"x")', /a quote on line 2 is not closed/],
    ['csvdecode("a\\nx\\"y\\n")', /a field on line 2 has a quote/],
    ['base64decode("a")', /not Base64/],
    ['base64decode("/w==")', /not UTF-8/],
    ['uuidv5("nope", "a")', /the namespace is dns, url/],
    ['formatdate("q", "2018-01-02T23:12:01Z")', /no verb q; plain letters stand between/],
    ['formatdate("YYY", "2018-01-02T23:12:01Z")', /no verb YYY, but YY, YYYY/],
    ['formatdate("\'x", "2018-01-02T23:12:01Z")', /is not closed/],
    ['formatdate("YY", "2018-02-30T23:12:01Z")', /is not a timestamp/],
    ['formatdate("YY", "2018-02-03")', /is not a timestamp/],
    ['formattimestamp("YYYY", 1.2)', /whole number of seconds/],
    ['formattimestamp("YYYY", "0")', /is not a timestamp/],
    ['formattimestamp("X", "0")', /is not a timestamp/],
    ['formattimestamp("X", [])', /a timestamp or a number/],
    ["unixtimestampparse(1e15)", /beyond the years/],
    ['timeadd("2017-11-22T00:00:00Z", "1d")', /not a duration/],
    ['regex("x", "abc")', /matches nothing/],
    ['regex("(", "abc")', /cannot be read/],
    ['regex("(?P<a>x)(y)", "xy")', /all a name or none/],
    ['semvercmp("not-a-version", ">= 1.0.0")', /is not a version/],
    ['semvercmp("", ">= 1.0.0")', /is not a version/],
    ['semvercmp("1.2.3", "not-a-constraint")', /is not a constraint/],
    ['semvercmp("1.2.3", "")', /is not a constraint/],
    ['cidrhost("10.0.0.0/8/8", 1)', /is not a network/],
    ['cidrhost("10.0.0.0/33", 1)', /is not a network/],
    ['cidrhost("10.0.0.0/30", 4)', /a prefix of 30 bits has no host 4/],
    ['cidrsubnet("10.0.0.0/30", 3, 1)', /longer than an address/],
    ['cidrsubnet("10.0.0.0/8", 1, 2)', /do not number a subnet 2/],
    ['cidrsubnets("10.0.0.0/30", 1, 1, 1)', /no room left/],
    ['rsadecrypt("AAAA", "nope")', /cannot be decrypted/],
    ['byteslen("x")', /no such value/],
  ];
  for (const [text, message] of rows)
    it(`says what it does not take: ${text}`, () => {
      assert.throws(
        () => valueOf(text),
        (error) =>
          isTsbuildError(error) &&
          /^HCL_(EVALUATION|TYPE)$/.test(error.code) &&
          message.test(error.message) &&
          error.location?.file === "bake.hcl",
      );
    });

  it("decrypts what was encrypted for its key, and nothing else", () => {
    const keys = [0, 1].map(() => generateKeyPairSync("rsa", { modulusLength: 1024 }));
    const [mine, other] = keys.map(({ privateKey }) =>
      privateKey.export({ type: "pkcs1", format: "pem" }).toString(),
    );
    assert.ok(keys[0] && mine !== undefined && other !== undefined);
    const ciphertext = publicEncrypt(
      { key: keys[0].publicKey, padding: constants.RSA_PKCS1_PADDING },
      Buffer.from("sécret"),
    ).toString("base64");
    const decrypt = standardFunctions({
      home: "",
      now: () => new Date(0),
      random: () => new Uint8Array(16),
    }).get("rsadecrypt");
    assert.ok(decrypt);
    assert.equal(decrypt([ciphertext, mine]), "sécret");
    assert.throws(() => decrypt([ciphertext, other]), /cannot be decrypted/);
  });
});
