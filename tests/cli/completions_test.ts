// What the scripts say; tests/e2e/completions_test.ts runs them in the shells.
import {
  bashCompletions,
  brief,
  type CompletedProgram,
  fishCompletions,
  zshCompletions,
} from "../../src/cli/commands/completions.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";

const ODD: CompletedProgram = {
  options: [],
  commands: [{
    name: "odd",
    summary: "it's odd: [very]",
    argument: undefined,
    options: [
      { name: "kind", letter: "k", value: "KIND", words: ["a", "b"], isList: true, help: "one's own [a:b] \\ kind" },
      { name: "place", value: "DIR", paths: "folders", help: "where" },
    ],
  }],
};

Deno.test("the completion scripts quote what their shells would interpret", () => {
  const zsh = zshCompletions(ODD);
  assertStringIncludes(zsh, `'odd:it'\\''s odd\\: \\[very\\]'`);
  assertStringIncludes(zsh, `'(--kind -k)-k=[one'\\''s own \\[a\\:b\\] \\\\ kind]:KIND:_values -s , KIND a b'`);
  const fish = fishCompletions(ODD);
  assertStringIncludes(fish, `-d 'it\\'s odd: [very]'`);
  assertStringIncludes(fish, `-l kind -s k -x -a '(__imap_data_access_list a b)' -d 'one\\'s own [a:b] \\\\ kind'`);
  const bash = bashCompletions(ODD);
  assertStringIncludes(bash, "--kind | -k) _imap_data_access_list 'a b'; return ;;");
  assertStringIncludes(bash, "--place) _imap_data_access_paths -d; return ;;");
});

Deno.test("brief() truncates a long text between words", () => {
  assertEquals(brief("short"), "short");
  assertEquals(brief("word, ".repeat(20)), `${"word, ".repeat(11)}word ...`);
});
