import { inspect } from "node:util";

/** What stands where a secret stood. */
export const MASK = "••••";

/** Shorter ones would mask half of every log line. */
const SHORTEST = 6;

/** Hides secret values in text and data: as they are, and in their URL-, base64- and JSON-escaped forms. */
export class SecretMasker {
  readonly #forms = new Set<string>();
  #pattern: RegExp | undefined;

  /** Hides this value from now on. @returns a warning when it is too short to be hidden */
  add(secret: string): string | undefined {
    if (secret.length < SHORTEST) return `has ${secret.length} characters; secrets shorter than ${SHORTEST} are not masked`;
    for (const form of formsOf(secret)) if (form.length >= SHORTEST) this.#forms.add(form);
    this.#pattern = undefined;
    return undefined;
  }

  /** Length of the longest form: how much of a stream has to be held back. */
  get longest(): number {
    return Math.max(0, ...[...this.#forms].map((form) => form.length));
  }

  /** The text with every secret masked. */
  text(text: string): string {
    if (this.#forms.size === 0 || text.length < SHORTEST) return text;
    return this.#cover(text, text.length, 0).shown;
  }

  /** The same data with every secret masked in keys and values. */
  deep<T>(data: T): T {
    return this.#forms.size === 0 ? data : (this.#walk(data, new Set()) as T);
  }

  /** Masks a stream of chunks as {@link text} would mask the whole; holds back what could be the beginning of a secret. */
  stream(): { write(chunk: string): string; flush(): string } {
    let held = "";
    let covered = 0; // characters of `held` that a mask shown before stands for already
    const show = (text: string, cut: number): string => {
      const part = this.#cover(text, cut, covered);
      held = text.slice(cut);
      covered = part.covered;
      return part.shown;
    };
    return {
      write: (chunk) => show(held + chunk, held.length + chunk.length - this.#tail(held + chunk)),
      flush: () => show(held, held.length),
    };
  }

  /** What is shown of the text before `cut`, and how many characters behind it belong to a secret that begins before it. */
  #cover(text: string, cut: number, covered: number): { readonly shown: string; readonly covered: number } {
    const pattern = this.#search();
    let shown = "";
    let at = covered;
    for (let found = pattern?.exec(text); pattern && found && found.index < cut; found = pattern.exec(text)) {
      const start = found.index;
      if (start >= at) shown += text.slice(at, start) + MASK;
      at = Math.max(at, start + (found[1]?.length ?? 0));
      pattern.lastIndex = start + 1; // secrets may overlap
    }
    if (at < cut) shown += text.slice(at, cut);
    return { shown, covered: Math.max(0, at - cut) };
  }

  /** Finds the longest secret that begins at each place. */
  #search(): RegExp | undefined {
    if (this.#forms.size === 0) return undefined;
    this.#pattern ??= new RegExp(
      `(?=(${[...this.#forms]
        .sort((a, b) => b.length - a.length)
        .map(escaped)
        .join("|")}))`,
      "g",
    );
    this.#pattern.lastIndex = 0;
    return this.#pattern;
  }

  /** How much of the end could be the beginning of a secret. */
  #tail(text: string): number {
    for (let length = Math.min(text.length, this.longest - 1); length > 0; length--) {
      const end = text.slice(text.length - length);
      for (const form of this.#forms) if (form.length > length && form.startsWith(end)) return length;
    }
    return 0;
  }

  #walk(data: unknown, above: Set<object>): unknown {
    if (typeof data === "string") return this.text(data);
    if (typeof data === "number" || typeof data === "bigint") return this.#forms.has(String(data)) ? MASK : data;
    if (typeof data !== "object" || data === null || data instanceof Date || ArrayBuffer.isView(data)) return data;
    if (above.has(data)) return "[circular]";
    above.add(data);
    const masked = this.#walkInto(data, above);
    above.delete(data);
    return masked;
  }

  #walkInto(data: object, above: Set<object>): unknown {
    if (Array.isArray(data)) return data.map((item) => this.#walk(item, above));
    if (data instanceof Set) return new Set([...data].map((item) => this.#walk(item, above)));
    if (data instanceof Map) return new Map([...data].map(([key, item]) => [this.#walk(key, above), this.#walk(item, above)]));
    return Object.fromEntries(Object.entries(data).map(([key, item]) => [this.text(key), this.#walk(item, above)]));
  }
}

/** Of a secret of several lines each line too: `console.log` of an object that holds it prints them one by one. */
function formsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= SHORTEST);
  return [...new Set([secret, ...lines])].flatMap(formsOfText);
}

function formsOfText(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const inspected = inspect(secret, { maxStringLength: Infinity }).slice(1, -1); // as console.log prints it within an object
  return [secret, json, JSON.stringify(json).slice(1, -1), inspected, ...urlForms(secret), ...base64Forms(secret)];
}

function urlForms(secret: string): string[] {
  const forms = [encodeURIComponent(secret), encodeURI(secret), new URLSearchParams({ s: secret }).toString().slice(2)];
  return [...forms, ...forms.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))];
}

/** A secret within longer base64 text has three looks, by its place; the outer characters, which its neighbours change, are left out. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  const forms = [bytes.toString("base64"), bytes.toString("base64").replace(/=+$/, "")];
  for (const shift of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    const first = shift === 0 ? 0 : shift + 1;
    const whole = Math.floor(((bytes.length + shift) * 8) / 6);
    forms.push(text.slice(first, whole));
  }
  return forms.flatMap((form) => [form, form.replace(/\+/g, "-").replace(/\//g, "_")]);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
