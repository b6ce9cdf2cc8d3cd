import { InputError } from "../errors.ts";

/** A line that was typed wrong: an unknown option, a missing value, an argument too many. */
export class UsageError extends InputError {
  override readonly name = "UsageError";
}
