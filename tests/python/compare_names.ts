/**
 * Compares kind and path of 10,000 generated names of all kinds with what the real Python client says of them:
 * `deno run -A tests/python/compare_names.ts PYTHON`, where PYTHON has imap-data-access 1.1.0 installed.
 */
import { archivePath, parseFileName } from "../../src/names/file_name.ts";
import { KNOWN_NAMES } from "../names/generated_names.ts";
import fc from "fast-check";

/** Prints `kind path` for each name on standard input. A kernel's kind is its type. */
const PYTHON = `
import sys
import imap_data_access as imap
from imap_data_access.file_validation import generate_imap_file_path
imap.config["DATA_DIR"] = imap.config["DATA_DIR"].__class__("/data")
for line in sys.stdin:
    try:
        file = generate_imap_file_path(line.rstrip("\\n"))
        kind = type(file).__name__.removesuffix("FilePath").lower()
        if kind == "spice":
            kind = file.spice_metadata["type"]
        print(kind, file.construct_path().relative_to("/data"))
    except Exception as error:
        print(type(error).__name__)
`;

/** The same of this program. */
function ours(name: string): string {
  const file = parseFileName(name);
  return `${file.kind === "spice" ? file.kernel_type : file.kind} ${archivePath(name)}`;
}

const [python = "python3"] = Deno.args;
const names = fc.sample(KNOWN_NAMES, { seed: 20260924, numRuns: 10_000 });
const child = new Deno.Command(python, { args: ["-c", PYTHON], stdin: "piped", stdout: "piped" }).spawn();
const output = child.output();
const writer = child.stdin.getWriter();
await writer.write(new TextEncoder().encode(names.join("\n")));
await writer.close();
const theirs = new TextDecoder().decode((await output).stdout).trim().split("\n");

const kinds: Record<string, number> = {};
const differing = names.flatMap((name, index) => {
  const kind = parseFileName(name).kind;
  kinds[kind] = (kinds[kind] ?? 0) + 1;
  return ours(name) === theirs[index] ? [] : [`${name}: ${ours(name)}; Python: ${theirs[index]}`];
});
const counts = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`).join(", ");
// deno-lint-ignore no-console
console.log([
  `${names.length} names (${counts}), ${new Set(names).size} of them different`,
  `${names.length - differing.length} have the same kind and path, ${differing.length} differ`,
  ...differing.slice(0, 20),
].join("\n"));
if (differing.length > 0) Deno.exit(1);
