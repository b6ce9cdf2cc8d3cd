/** What stands where a JSON array should. */
export class NoJsonArray extends Error {
  override readonly name = "NoJsonArray";
}

/** One value longer than this is no row, and would take ever longer to look through. */
const LONGEST_VALUE = 512 * 1024;

const code = (character: string): number => character.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA] = [code('"'), code("\\"), code(",")];
const [ARRAY, ARRAY_END, OBJECT, OBJECT_END] = [code("["), code("]"), code("{"), code("}")];

/**
 * Reads a JSON array while it comes: whatever is whole is given out, so that an answer of any length takes little memory
 * and its first row need not wait for its last.
 */
export class JsonArrayReader {
  /** What has come and is not given out yet. */
  #text = "";
  /** Where in it the first value begins. */
  #start = 0;
  /** How far it has been looked through. */
  #at = 0;
  /** How many brackets are open: 1 between the array's values. */
  #depth = 0;
  #inString = false;
  #isBehindComma = false;
  #isDone = false;

  /** Whether the array has come to its end. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /**
   * Takes the next piece of the text.
   *
   * @returns The values that it completes.
   * @throws {NoJsonArray} When this is none. {SyntaxError} When a value is no JSON.
   */
  push(piece: string): unknown[] {
    this.#text += piece;
    const end = this.#isDone ? -1 : this.#lookThrough();
    if (this.#isDone && this.#text.slice(this.#at).trim() !== "") throw new NoJsonArray("more stands behind the array");
    if (end < 0) {
      if (this.#text.length > LONGEST_VALUE) throw new NoJsonArray("a value is too long");
      return [];
    }
    const text = this.#text.slice(this.#start, end);
    // Without this, a comma too many would count or not by where the pieces end.
    if (text.trim() === "" && (this.#isBehindComma || !this.#isDone)) throw new SyntaxError("a value is missing");
    this.#isBehindComma = !this.#isDone;
    const values: unknown = JSON.parse(`[${text}]`);
    this.#text = this.#text.slice(end + 1);
    this.#at -= end + 1;
    this.#start = 0;
    return Array.isArray(values) ? values : [];
  }

  /** Looks through what is new. Returns where the last whole value ends; -1 when none has come. */
  #lookThrough(): number {
    const text = this.#text;
    let end = -1;
    while (this.#at < text.length && !this.#isDone) {
      if (this.#inString) {
        this.#inString = !this.#passString();
        continue;
      }
      const character = text.charCodeAt(this.#at++);
      if (this.#depth === 0) this.#open(character);
      else if (character === QUOTE) this.#inString = true;
      else if (character === ARRAY || character === OBJECT) this.#depth++;
      else if (character === ARRAY_END || character === OBJECT_END) this.#isDone = --this.#depth === 0;
      if (this.#isDone && character === OBJECT_END) throw new NoJsonArray("it is no array");
      if (this.#isDone || (character === COMMA && this.#depth === 1)) end = this.#at - 1;
    }
    return end;
  }

  /** Before the array there may be white space alone. */
  #open(character: number): void {
    if (character === ARRAY) {
      this.#depth = 1;
      this.#start = this.#at;
    } else if (character > 0x20 && character !== 0xfeff) throw new NoJsonArray("it is no array");
  }

  /** Goes behind the end of a string, or of what has come of it. Returns whether its end has come. */
  #passString(): boolean {
    const quote = this.#text.indexOf('"', this.#at);
    if (quote < 0) {
      this.#at = this.#text.length;
      return false;
    }
    this.#at = quote + 1;
    let backslashes = 0;
    while (this.#text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    return backslashes % 2 === 0;
  }
}
