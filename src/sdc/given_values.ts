import { InputError } from "../errors.ts";
import { shown } from "../printable.ts";
import type { QueryParameters } from "../protocol/query_parameters.ts";

/** Whether a parameter has a value that counts. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}

/**
 * The values of each parameter that is given, as text.
 *
 * @throws {InputError} When untyped code gave what no parameter can be.
 */
export function givenValues(parameters: QueryParameters): Map<string, string[]> {
  if (typeof parameters !== "object" || parameters === null) {
    throw new InputError(`Cannot query by "${shown(parameters)}": expected an object with parameters`);
  }
  const values = new Map<string, string[]>();
  for (const [name, given] of Object.entries(parameters)) {
    if (!isGiven(given)) continue;
    const list: readonly unknown[] = Array.isArray(given) ? given : [given];
    const odd = list.find((value) => typeof value === "object" || typeof value === "symbol");
    if (odd !== undefined) {
      throw new InputError(`Cannot query ${name} "${shown(odd)}": expected text, a number, or a list of them`);
    }
    values.set(name, [...new Set(list.map(String))]);
  }
  return values;
}
