import { inspect } from "node:util";
import { SecretMasker } from "../../../src/config/secret-masker.js";

const maskerOf = (...secrets: string[]): SecretMasker => {
  const masker = new SecretMasker();
  for (const secret of secrets) masker.add(secret);
  return masker;
};

/** The same numbers on every run. */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

it("hides a secret as it is, URL-encoded, JSON-escaped and in base64 at every alignment", () => {
  const next = numbers(7);
  const letters = 'ab/+"\\ é&=%';
  const shown: unknown[] = [];
  for (let round = 0; round < 400; round++) {
    const secret = Array.from({ length: 6 + next(8) }, () => letters[next(letters.length)]).join("");
    const masker = maskerOf(secret);
    const text = "xyzwvu".slice(0, next(6)) + secret + "pqrst".slice(0, next(5));
    const bytes = Buffer.from(text);
    for (const form of [text, encodeURIComponent(text), JSON.stringify(text), bytes.toString("base64"), bytes.toString("base64url")])
      if (!masker.text(form).includes("••••")) shown.push({ secret, form });
    if (masker.text(text).includes(secret)) shown.push({ secret, text });
  }
  expect(shown).toEqual([]);
});

it("shows of a stream what it would show of the whole, however it is cut", () => {
  const next = numbers(11);
  const differing: unknown[] = [];
  for (let round = 0; round < 1_000; round++) {
    const secrets = Array.from({ length: 3 }, () => Array.from({ length: 6 + next(5) }, () => "ab"[next(2)]).join(""));
    const text = Array.from({ length: 6 }, () => (next(2) ? (secrets[next(3)] ?? "") : "abc".slice(0, next(4)))).join("");
    const masker = maskerOf(...secrets);
    const stream = masker.stream();
    let shown = "";
    for (let at = 0, end = 0; at < text.length; at = end) shown += stream.write(text.slice(at, (end = at + 1 + next(5))));
    shown += stream.flush();
    if (shown !== masker.text(text)) differing.push({ secrets, text, shown });
  }
  expect(differing).toEqual([]);
});

it("does not show the rest of a secret that begins with another one", () => {
  const stream = maskerOf("abcdef", "abcdefghij").stream();
  expect([stream.write("x abcdef"), stream.write("ghij y"), stream.flush()]).toEqual(["x ", "•••• y", ""]);
});

it("hides secrets that overlap, whole", () => {
  expect(maskerOf("aXbXcX", "cXdXeX").text("<aXbXcXdXeX>")).toBe("<••••>");
});

it("holds nothing back that cannot be the beginning of a secret", () => {
  const stream = maskerOf("hunter2-secret").stream();
  expect([stream.write("done.\n"), stream.write("hunt"), stream.write("ing\n"), stream.flush()]).toEqual(["done.\n", "", "hunting\n", ""]);
});

it("hides secrets deep in data, in keys too, and leaves dates, maps and bytes what they are", () => {
  const [at, bytes] = [new Date(0), Buffer.from("x")];
  const given = { "key hunter2": ["a hunter2", { n: 1, at, bytes, map: new Map([["hunter2", "hunter2"]]), none: null }] };
  const masked = { "key ••••": ["a ••••", { n: 1, at, bytes, map: new Map([["••••", "••••"]]), none: null }] };
  expect(maskerOf("hunter2").deep<unknown>(given)).toEqual(masked);
});

it("ends on data that holds itself", () => {
  const given: Record<string, unknown> = { text: "hunter2" };
  given["self"] = given;
  expect(maskerOf("hunter2").deep(given)).toEqual({ text: "••••", self: "[circular]" });
});

it("warns of a secret too short to be hidden, and does not hide it", () => {
  const masker = new SecretMasker();
  expect(masker.add("abc")).toBe("has 3 characters; secrets shorter than 6 are not masked");
  expect(masker.text("abc")).toBe("abc");
});

it("hides a secret of several lines also where each line stands alone, and as console.log prints it within an object", () => {
  const secret = "-----BEGIN-----\nabc'\"def\\ghi\n-----END-----";
  const masker = maskerOf(secret);
  const printed = inspect({ secret }, { breakLength: 20 });
  expect(printed.split("+\n")).toHaveLength(3);
  expect(masker.text(printed).replace(/\s+/g, " ")).toMatch(/^\{ secret: ['"`]••••\\n['"`] \+ ['"`]••••\\n['"`] \+ ['"`]••••['"`] \}$/);
  expect(secret.split("\n").map((line) => masker.text(`<${line}>`))).toEqual(["<••••>", "<••••>", "<••••>"]);
});

it("hides a number that is a secret", () => {
  expect(maskerOf("12345678").deep({ pin: 12345678, big: 12345678n, other: 1234567 })).toEqual({
    pin: "••••",
    big: "••••",
    other: 1234567,
  });
});
