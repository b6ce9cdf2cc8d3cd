import { BROKEN_ANSWERS } from "./broken_answers.ts";
import type { Behavior, Fault } from "../object_answer.ts";
import { HOSTILE_NAMES } from "./hostile_names.ts";
import { REDIRECTS } from "./redirects.ts";
import { REFUSALS } from "./refusals.ts";
import { WRONG_CONTENTS } from "./wrong_contents.ts";

/** All known faults of servers, by name. */
export const FAULTS: ReadonlyMap<string, Behavior | Fault> = new Map(
  [...BROKEN_ANSWERS, ...REFUSALS, ...REDIRECTS, ...WRONG_CONTENTS, ...HOSTILE_NAMES].map(({ name, fault }) => [
    name,
    fault,
  ]),
);
