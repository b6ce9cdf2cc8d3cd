// A user who links a checkout compiles our sources with the compiler options of the user's own project.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import {
  type FileRecord,
  ImapClient,
  type QueryParameters,
  type ReprocessParameters,
  type TransferReport,
  type WebpodaParameters,
} from "../mod.ts";
import * as imap from "../mod.ts";
import { testFolder } from "./support/folder.ts";

const ROOT = fromFileUrl(new URL("..", import.meta.url));

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noFallthroughCasesInSwitch: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
};

for (const [name, compilerOptions] of [["Deno's default compiler options", {}], ["strict ones", STRICT]] as const) {
  Deno.test(`the library and the command line compile with ${name}`, async () => {
    await using folder = await testFolder();
    const { imports } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
    const absolute = Object.entries<string>(imports).map(([specifier, target]) =>
      [specifier, target.startsWith("./") ? join(ROOT, target) : target] as const
    );
    const config = join(folder.path, "deno.json");
    await Deno.writeTextFile(config, JSON.stringify({ imports: Object.fromEntries(absolute), compilerOptions }));
    const args = ["check", "--quiet", "--no-lock", "--config", config, "mod.ts", "cli.ts", "archive.ts"];
    const { stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, env: { NO_COLOR: "1" } }).output();
    assertEquals(new TextDecoder().decode(stderr), "");
  });
}

/** The values of a parameter that are texts, one or several. */
type Texts<Value> = Extract<Value extends ReadonlyArray<infer One> ? One : Value, string>;

Deno.test("the types of parameters name their words, so that editors complete them, and take any other text", () => {
  // `Extract` finds no word in a mere `string`, and then these lines do not compile.
  const words: [
    Extract<Texts<QueryParameters["instrument"]>, "mag">,
    Extract<Texts<QueryParameters["data_level"]>, "l1a">,
    Extract<Texts<QueryParameters["table"]>, "spice">,
    Extract<Texts<QueryParameters["type"]>, "leapseconds">,
    Extract<Texts<QueryParameters["version"]>, "latest">,
    Extract<Texts<ReprocessParameters["instrument"]>, "mag">,
    Extract<Texts<WebpodaParameters["instrument"]>, "mag">,
  ] = ["mag", "l1a", "spice", "leapseconds", "latest", "mag", "mag"];
  const text = (word: string): QueryParameters => ({ instrument: word, data_level: [word], type: word, table: word });
  assertEquals(words.map((word) => text(word).instrument), words);
});

/** Whether two types are the same; `never` and `any` only equal themselves. */
type IsSame<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Calls that are never made: the compiler says what they return. */
function overloads(either: string | string[], list: Set<FileRecord>, all: Pick<ImapClient, "download" | "upload">) {
  const calls = {
    one: () => all.download("name"),
    some: () => all.download(["name"]),
    set: () => all.download(list),
    either: () => all.download(either),
    uploadOne: () => all.upload("path"),
    uploadSome: () => all.upload(["path"]),
    uploadEither: () => all.upload(either),
    functionOne: () => imap.download("name"),
    functionEither: () => imap.download(either),
    functionUploadEither: () => imap.upload(either),
  };
  return calls;
}

Deno.test("the types of download() and upload() say what they return, also for a name or a list of names", () => {
  type Calls = ReturnType<typeof overloads>;
  const one: IsSame<ReturnType<Calls["one" | "uploadOne" | "functionOne"]>, Promise<string>> = true;
  const some: IsSame<ReturnType<Calls["some" | "set" | "uploadSome"]>, Promise<TransferReport>> = true;
  type Either = "either" | "uploadEither" | "functionEither" | "functionUploadEither";
  const either: IsSame<ReturnType<Calls[Either]>, Promise<string | TransferReport>> = true;
  assert(one && some && either);
  // The functions have the types of the methods.
  assert(typeof overloads("name", new Set(), imap).one === "function");
  assert(typeof overloads("name", new Set(), new ImapClient()).one === "function");
});

/** Code that people first write with rows; never called. */
async function firstPrograms() {
  const files = await imap.query({ instrument: "mag", data_level: "l1a" });
  const sorted = files.toSorted((a, b) => a.start_date.localeCompare(b.start_date));
  const byInstrument = Object.groupBy(files, (file) => file.instrument);
  const both = imap.QueryResult.of(files, await imap.query({ instrument: "swe" }));
  const ancillary = await imap.query({ table: "ancillary", instrument: "mag" });
  const kernels = await imap.query({ table: "spice" });
  // @ts-expect-error: a mistyped key does not compile.
  const typo = files[0]?.instrumnt;
  // @ts-expect-error: rows have the path of the file, not its name.
  const name = files[0]?.filename;
  const records: FileRecord[] = [...files, ...ancillary, ...kernels];
  const results: imap.QueryResult[] = [files, both, ancillary, kernels];
  return { sorted, byInstrument, both, typo, name, records, results, any: await imap.query({ filename: "x" }) };
}

Deno.test("rows can be sorted by date and grouped by instrument, and a mistyped key does not compile", () => {
  type Programs = Awaited<ReturnType<typeof firstPrograms>>;
  const sorted: IsSame<Programs["sorted"], imap.QueryResult<imap.ScienceRecord>> = true;
  const both: IsSame<Programs["both"], imap.QueryResult<imap.ScienceRecord>> = true;
  const any: IsSame<Programs["any"], imap.QueryResult> = true;
  assert(sorted && both && any && typeof firstPrograms === "function");
});
