/** One option of the command line: parsing, checking and help all come from this. */
export interface Option {
  /** Its name without the hyphens: `data-level`. */
  readonly name: string;
  /** One letter, for `-v`. */
  readonly letter?: string;
  /** What its value is called in help, for instance `LEVEL`. An option without one is a flag. */
  readonly value?: string;
  /** The values it may have, where they are few. */
  readonly choices?: readonly string[];
  /** The words that it takes, where they are known. Unlike `choices` they are checked by whoever uses them. */
  readonly words?: readonly string[];
  /** Whether it takes several values, with commas between them. */
  readonly isList?: boolean;
  /** What of this machine it names, which shells can complete. */
  readonly paths?: "files" | "folders";
  /** What it does, for help: a phrase without a full stop. */
  readonly help: string;
}

/** A command's argument: `FILE...`. */
export interface Argument {
  readonly name: string;
  /** The words that it takes, where they are known. */
  readonly words?: readonly string[];
  /** What of this machine it names, which shells can complete. */
  readonly paths?: "files" | "folders";
  readonly help: string;
}

/** One line to try, and what it does. */
export interface Example {
  readonly text: string;
  /** Behind the program's name. */
  readonly line: string;
}

/** What a command is called and takes. */
export interface CommandSpec {
  readonly name: string;
  /** A phrase for the list of commands. */
  readonly summary: string;
  /** What it does, for its own help. */
  readonly description: string;
  /** The one argument that it needs, if any. */
  readonly argument?: Argument;
  readonly options: readonly Option[];
  readonly examples: readonly Example[];
  /** Whether a display shows how it goes on. */
  readonly showsProgress?: boolean;
  /** What to tell who interrupts it. */
  readonly whenInterrupted?: string;
}

/** The program's name, as installed. */
export const PROGRAM = "imap-data-access";
