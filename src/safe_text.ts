/**
 * Credentials that must not appear in any output. One set per process, since the process has one terminal and one log.
 */
const secrets = new Map<string, RegExp>();
/** A shorter text is not treated as a secret: hiding it would damage ordinary words. */
const MIN_SECRET_LENGTH = 6;

/** Hides a credential in all later output, since servers may send it back. */
export function hideSecret(secret: string): void {
  if (secret.length < MIN_SECRET_LENGTH || secrets.has(secret)) return;
  // Case-insensitive, since URL parsing converts some parts to lower case.
  secrets.set(secret, new RegExp(RegExp.escape(secret), "gi"));
}

/** Replaces the hidden credentials in a text. */
export function withoutSecrets(text: string): string {
  if (secrets.size === 0) return text;
  let shown = text;
  for (const pattern of secrets.values()) shown = shown.replace(pattern, "[secret]");
  return shown;
}

/**
 * Matches characters that control a terminal or reorder a line: control characters (C0 and C1, and thus escape
 * sequences), line and paragraph separators, marks that change the writing direction, and lone surrogates.
 */
const AFTER_LINE_FEED = String
  .raw`\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]`;
const ACTING = new RegExp(String.raw`[\u0000-\u000a${AFTER_LINE_FEED}`, "gu");
const ANY_ACTING = new RegExp(ACTING.source, "u");

/** Makes untrusted text safe to print on one line: control characters become U+FFFD, and credentials are hidden. */
export function printable(text: string): string {
  const shown = withoutSecrets(text);
  return ANY_ACTING.test(shown) ? shown.replace(ACTING, "\ufffd") : shown;
}

/** JSON has line feeds only between its values: in strings they are escaped. */
const ACTING_IN_JSON = new RegExp(String.raw`[\u0000-\u0009${AFTER_LINE_FEED}`, "gu");
const ANY_ACTING_IN_JSON = new RegExp(ACTING_IN_JSON.source, "u");

/**
 * Makes JSON safe to print: in strings, each control character is replaced by its escape sequence, which is equivalent.
 *
 * @param json The output of `JSON.stringify`, for one value or for several on separate lines.
 */
export function printableJson(json: string): string {
  const open = withoutSecrets(json);
  const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return ANY_ACTING_IN_JSON.test(open) ? open.replace(ACTING_IN_JSON, escape) : open;
}

/** Says where bytes are not UTF-8, for a message. */
function encodingProblem(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe || first === 0xfe && second === 0xff) return "it is UTF-16; save it as UTF-8";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      break;
    }
    start = end + 1;
  }
  return `line ${line} is not UTF-8; save it as UTF-8`;
}

/** Decodes the UTF-8 of a file or of standard input, or says which line is not UTF-8. A byte order mark is kept. */
export function decodeText(bytes: Uint8Array): { readonly text: string } | { readonly problem: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { problem: encodingProblem(bytes) };
  }
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes untrusted text safe for HTML, including quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML_ENTITIES[character] ?? character);
}

/** Returns the start of an untrusted text, for a message: on one line, at most `limit` characters. */
export function excerpt(text: string, limit = 200): string {
  // Secrets are hidden first, since truncation could leave half of one. Twice the limit leaves room for white space
  // that is removed.
  const folded = withoutSecrets(text.slice(0, limit * 4)).slice(0, limit * 2).replace(/\s+/g, " ").trim();
  const isCut = folded.length > limit || text.length > limit * 2;
  // Truncation may leave half of a character, so the text is made safe afterwards.
  return isCut ? `${printable(folded.slice(0, limit))}…` : printable(folded);
}

/** The maximum number of characters of a value in a message. */
const MAX_SHOWN = 60;

/** What untyped code often passes on instead of its result, as `query()` without `await` in a notebook. */
function unfinished(value: object): string | undefined {
  if (value instanceof Promise) return "a promise (write await before it)";
  return Symbol.asyncIterator in value ? "an async generator (collect it with Array.fromAsync)" : undefined;
}

/** Whether a value is a promise or an async generator, which {@linkcode shown} says how to use. */
export function isUnfinished(value: unknown): boolean {
  return typeof value === "object" && value !== null && unfinished(value) !== undefined;
}

/**
 * Formats a value of any type for a message. Untyped code, as in notebooks, may pass a value that cannot be converted
 * to a string.
 */
export function shown(value: unknown): string {
  try {
    if (typeof value !== "object" || value === null) return excerpt(String(value), MAX_SHOWN);
    const state = unfinished(value);
    if (state !== undefined) return state;
    // An invalid one is null in JSON.
    if (value instanceof Date && Number.isNaN(value.getTime())) return String(value);
    const json = JSON.stringify(value);
    // A Date or a URL is text in JSON; messages quote it themselves.
    return excerpt(json.startsWith('"') ? json.slice(1, -1) : json, MAX_SHOWN);
  } catch {
    return `an ${typeof value}`;
  }
}

/** The units of a number of bytes. */
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Formats a number of bytes with three digits: `1.42 MB`. */
export function formatBytes(bytes: number): string {
  const exponent = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  return `${Number((bytes / 1000 ** exponent).toPrecision(3))} ${UNITS[exponent]}`;
}
