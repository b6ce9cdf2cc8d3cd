// Lists the variables of a file.
import { openCdf } from "../../src/cdf/cdf.ts";

const cdf = await openCdf(Deno.args[0] ?? "");
for (const { name, type, shape, attributes } of cdf.variables) {
  // deno-lint-ignore no-console
  console.log(name, type, shape.join(" x "), attributes.UNITS);
}
