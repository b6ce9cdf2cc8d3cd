/** What must be shown nowhere, whoever says it. One set for the process, as its terminal and its logs are. */
const secrets = new Map<string, RegExp>();
/** A shorter one would hide parts of many words, and is no secret. */
const SHORTEST = 6;

/** Takes note of a credential that is in use: servers may send it back. */
export function keepSecret(secret: string): void {
  if (secret.length < SHORTEST || secrets.has(secret)) return;
  // The parts of an address are in lower case.
  secrets.set(secret, new RegExp(RegExp.escape(secret), "gi"));
}

/** A text without the credentials that are in use. */
export function withoutSecrets(text: string): string {
  let shown = text;
  for (const pattern of secrets.values()) shown = shown.replace(pattern, "[secret]");
  return shown;
}

/**
 * Characters that could act on a terminal or reorder a line: control characters (C0 and C1, so escape sequences too),
 * line and paragraph separators, marks that turn the direction of writing, and lone surrogates.
 */
const AFTER_LINE_FEED = String
  .raw`\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}`;
const ACTING = new RegExp(String.raw`[\u0000-\u000a${AFTER_LINE_FEED}`, "gu");
const ANY_ACTING = new RegExp(ACTING.source, "u");

/** Text from elsewhere, made safe to print on one line: each acting character becomes U+FFFD, and no credential is shown. */
export function printable(text: string): string {
  const open = withoutSecrets(text);
  return ANY_ACTING.test(open) ? open.replace(ACTING, "\ufffd") : open;
}

/** JSON has line feeds only between its values: in strings they are escaped. */
const ACTING_IN_JSON = new RegExp(String.raw`[\u0000-\u0009${AFTER_LINE_FEED}`, "gu");
const ANY_ACTING_IN_JSON = new RegExp(ACTING_IN_JSON.source, "u");

/**
 * Makes JSON safe to print: in strings each acting character is replaced by its escape, which means the same.
 *
 * @param json JSON as `JSON.stringify` writes it, of one value or of several on lines of their own.
 */
export function printableJson(json: string): string {
  const open = withoutSecrets(json);
  const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return ANY_ACTING_IN_JSON.test(open) ? open.replace(ACTING_IN_JSON, escape) : open;
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text from elsewhere, made safe for HTML, in quoted attributes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML_ENTITIES[character] ?? character);
}

/** The start of a text from elsewhere, for a message: one line, white space folded, cut after `limit` characters. */
export function excerpt(text: string, limit = 200): string {
  // Before the cut, which may leave half of a credential. Twice the limit leaves room for the white space that folding takes away.
  const folded = withoutSecrets(text.slice(0, limit * 4)).slice(0, limit * 2).replace(/\s+/g, " ").trim();
  const isCut = folded.length > limit || text.length > limit * 2;
  // A cut may leave half of a character: it must be made safe after that.
  return isCut ? `${printable(folded.slice(0, limit))}…` : printable(folded);
}

/** The most of a value that a message shows. */
const SHOWN = 60;

/** A value of any kind for a message; untyped code, a notebook's say, may give one that has no text. */
export function shown(value: unknown): string {
  try {
    const isObject = typeof value === "object" && value !== null;
    return excerpt(isObject ? JSON.stringify(value) : String(value), SHOWN);
  } catch {
    return `an ${typeof value}`;
  }
}
