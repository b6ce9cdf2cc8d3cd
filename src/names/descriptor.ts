import { printable } from "../printable.ts";

/** What a descriptor looks like, for messages. */
export const DESCRIPTOR_FORM = "the product's name: no underscore, no slash, no control characters";

/** Whether a text can be a descriptor: anything without an underscore that is a name on a disk and safe on a terminal. */
export function isDescriptor(text: string): boolean {
  return text !== "" && !/[_/\\]/.test(text) && printable(text) === text;
}
