import { didYouMean } from "../names/closest_word.ts";
import { parseArgs } from "@std/cli";
import type { Option } from "./option.ts";
import { UsageError } from "./usage_error.ts";

/** A parsed line. */
export interface Parsed {
  /** The values of options that have one, by name. */
  readonly values: ReadonlyMap<string, string>;
  /** The names of the flags that are set. */
  readonly flags: ReadonlySet<string>;
  /** Everything else, in order. */
  readonly rest: readonly string[];
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function unknownOption(typed: string, options: readonly Option[]): UsageError {
  const near = didYouMean(typed, options.map((option) => `--${option.name}`));
  return new UsageError(`Cannot use the option "${typed}": there is none of that name${near}`);
}

/** The options that one word stands for: `--name`, `--name=value`, or letters such as `-vq`. */
function optionsOf(word: string, options: readonly Option[]): Option[] {
  const [typed = word] = word.split("=", 1);
  const names = word.startsWith("--") ? [typed.slice(2)] : [...typed.slice(1)];
  return names.map((name) => {
    const found = options.find((option) => word.startsWith("--") ? option.name === name : option.letter === name);
    if (found === undefined) throw unknownOption(word.startsWith("--") ? typed : `-${name}`, options);
    return found;
  });
}

/** Whether a word stands for options. A lone hyphen does not: it means standard input. */
function isOption(word: string): boolean {
  return word.startsWith("-") && word !== "-" && word !== "--";
}

/**
 * Where the first argument stands that is neither an option nor the value of one: the command. The options before it are
 * the program's, all behind it is the command's.
 */
export function commandIndex(args: readonly string[], options: readonly Option[]): number {
  let isValue = false;
  for (const [index, word] of args.entries()) {
    if (!isOption(word) && !isValue) return index;
    isValue = isOption(word) && optionsOf(word, options).at(-1)?.value !== undefined && !word.includes("=");
  }
  return args.length;
}

/**
 * Refuses what `parseArgs` would take in silence: options that are none, and values for flags. What is behind `--` is not
 * looked at.
 */
function checkNames(args: readonly string[], options: readonly Option[]): void {
  for (const word of args) {
    if (word === "--") return;
    const last = isOption(word) ? optionsOf(word, options).at(-1) : undefined;
    if (last !== undefined && last.value === undefined && word.includes("=")) {
      throw new UsageError(`Cannot use the option "--${last.name}": it takes no value`);
    }
  }
}

/** Joins `--option -` to `--option=-`: `parseArgs` takes no hyphen for a value. */
function joinHyphens(args: readonly string[], options: readonly Option[]): string[] {
  const joined: string[] = [];
  for (const word of args) {
    const before = joined.at(-1) ?? "";
    const takesIt = word === "-" && before.startsWith("--") && !before.includes("=") && !joined.includes("--") &&
      options.some(({ name, value }) => value !== undefined && before === `--${name}`);
    if (takesIt) joined[joined.length - 1] = `${before}=-`;
    else joined.push(word);
  }
  return joined;
}

/** Checks the values that one option got; twice the same option is more likely a slip than a wish. */
function onlyValue(option: Option, given: unknown): string | undefined {
  const values = Array.isArray(given) ? given.filter(isText) : [];
  const [value, second] = values;
  if (value === undefined) return undefined;
  if (second !== undefined) throw new UsageError(`Cannot use the option "--${option.name}": it is given twice`);
  if (value === "") throw new UsageError(`Cannot use the option "--${option.name}": it needs a value, ${option.value}`);
  if (option.choices !== undefined && !option.choices.includes(value)) {
    const expected = `expected one of ${option.choices.join(", ")}${didYouMean(value, option.choices)}`;
    throw new UsageError(`Cannot use "${value}" for --${option.name}: ${expected}`);
  }
  return value;
}

/**
 * Parses a line by a table of options.
 *
 * @throws {UsageError} When an option is unknown, lacks its value, is given twice, or has a value it may not have.
 */
export function parse(typed: readonly string[], options: readonly Option[]): Parsed {
  const args = joinHyphens(typed, options);
  checkNames(args, options);
  const withValue = options.filter((option) => option.value !== undefined);
  const flags = options.filter((option) => option.value === undefined);
  const letters = options.flatMap(({ letter, name }) => letter === undefined ? [] : [[letter, name] as const]);
  const parsed = parseArgs(args, {
    string: [...withValue.map((option) => option.name), "_"],
    collect: withValue.map((option) => option.name),
    boolean: flags.map((option) => option.name),
    alias: Object.fromEntries(letters),
  });
  const values = new Map<string, string>();
  for (const option of withValue) {
    const value = onlyValue(option, parsed[option.name]);
    if (value !== undefined) values.set(option.name, value);
  }
  return {
    values,
    flags: new Set(flags.map((option) => option.name).filter((name) => parsed[name] === true)),
    rest: parsed._.map(String),
  };
}
