import type { ImapClientOptions } from "../client/imap_client.ts";
import type { ExitCode } from "./exit_codes.ts";
import type { CommandSpec } from "./option.ts";
import type { Parsed } from "./parse.ts";

/** What a command works with. */
export interface CommandInput extends Parsed {
  /** Settings from the options of every command. */
  readonly client: ImapClientOptions;
  /** Whether to keep quiet on standard error. */
  readonly quiet: boolean;
  /** Whether to say more there, line by line. */
  readonly verbose: boolean;
  /** Whether to log each request and decision there. */
  readonly debug: boolean;
  /** Fires when the person or the system wants an end. */
  readonly signal: AbortSignal;
}

/** A command: what it takes, and what it does. */
export interface Command {
  readonly spec: CommandSpec;
  run(input: CommandInput): Promise<ExitCode>;
}
