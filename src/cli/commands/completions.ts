import {
  bashCompletions,
  type CompletedProgram,
  completedProgram,
  fishCompletions,
  zshCompletions,
} from "../completions.ts";
import { type Command, EXIT, UsageError, writeData } from "../shell.ts";
import { didYouMean } from "../../names/vocabulary.ts";

const SHELLS: ReadonlyMap<string, (program: CompletedProgram) => string> = new Map([
  ["bash", bashCompletions],
  ["zsh", zshCompletions],
  ["fish", fishCompletions],
]);
const NAMES = [...SHELLS.keys()];

/** `completions`: prints a script for a shell. */
export const completions: Command = {
  spec: {
    name: "completions",
    summary: "print what makes a shell complete this command",
    description:
      "Prints a script that makes bash, zsh or fish complete commands, options and the words that they take, when the " +
      "Tab key is pressed.",
    argument: { name: "SHELL", words: NAMES, help: NAMES.join(", ") },
    options: [],
    examples: [
      { text: "bash: into a file that ~/.bashrc sources", line: "completions bash > ~/.imap-data-access.bash" },
      {
        text: "zsh: into a folder of $fpath; mkdir -p ~/.zfunc makes it",
        line: "completions zsh > ~/.zfunc/_imap-data-access",
      },
      {
        text: "fish; mkdir -p ~/.config/fish/completions makes the folder",
        line: "completions fish > ~/.config/fish/completions/imap-data-access.fish",
      },
    ],
  },
  async run({ rest }) {
    const [name, second] = rest;
    if (name === undefined || second !== undefined) {
      throw new UsageError(`Cannot print completions: expected the name of one shell, ${NAMES.join(", ")}`);
    }
    const script = SHELLS.get(name);
    if (script === undefined) {
      const near = didYouMean(name, NAMES);
      throw new UsageError(`Cannot print completions for "${name}": expected one of ${NAMES.join(", ")}${near}`);
    }
    await writeData(script(await completedProgram()));
    return EXIT.done;
  },
};
