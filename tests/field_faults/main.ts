// Runs the faults of the field against this checkout and, if one is given, next to an older one:
// `deno task test:field-faults -- /path/to/a/checkout/of/68ef285` (run `deno install` there first). Needs gcc and script.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { FIELD_FAULTS, type FieldFault } from "./cases.ts";
import { HEAD, Lab } from "./checkout.ts";
import { HELD } from "./held.ts";

/** The checkout to compare with, from the command line. */
const [OLD] = Deno.args;

interface Row extends FieldFault {
  readonly head: string;
  /** Undefined without a checkout to compare with. */
  readonly old: string | undefined;
}

const rows: Row[] = [];

async function verdictOf({ run }: Pick<FieldFault, "run">, checkout: string): Promise<string> {
  await using lab = new Lab(checkout);
  return await run(lab);
}

for (const fault of FIELD_FAULTS) {
  const { kind, name, right, test: [file, words] } = fault;
  Deno.test(`field fault: ${kind}: ${name}`, async () => {
    const old = OLD === undefined ? undefined : verdictOf(fault, OLD);
    const head = await verdictOf(fault, HEAD);
    rows.push({ ...fault, head, old: await old });
    assertEquals(head, right);
    assert(await old !== head, "the older checkout does the same");
    const text = (await Deno.readTextFile(join(HEAD, file))).replaceAll(/\s+/g, " ");
    assert(words !== "" && text.includes(words), `${file} has no test "${words}"`);
  });
}

for (const held of HELD) {
  Deno.test(`held, and holds: ${held.name}`, async () => {
    const old = OLD === undefined ? "" : verdictOf(held, OLD);
    assertEquals(await verdictOf(held, HEAD), "");
    assertEquals(await old, "", "it did not hold at the older checkout");
  });
}

Deno.test("all cases of the list have run", () => {
  assertEquals(FIELD_FAULTS.length, 25);
  for (const { kind, name, old, head, test: [file, words] } of rows) {
    // deno-lint-ignore no-console
    console.log(
      [`${kind}: ${name}`, `  then: ${old ?? "-"}`, `  now:  ${head}`, `  test: ${file}: ${words}`].join("\n"),
    );
  }
  assertEquals(rows.length, FIELD_FAULTS.length);
});
