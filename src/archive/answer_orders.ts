import { archivePath } from "../names/archive_path.ts";
import { isCalendarDate } from "../names/calendar_date.ts";
import { isDataLevel } from "../names/data_levels.ts";
import { parseFileName } from "../names/file_name.ts";
import { FileNameError } from "../names/file_name_error.ts";
import { isInstrument } from "../names/instruments.ts";
import { RELEASE_PARAMETERS, RELEASE_TYPES, REPROCESS_PARAMETERS } from "../protocol/route_parameters.ts";
import type { Catalogue } from "./catalogue.ts";
import { badRequest, jsonResponse } from "./gateway.ts";

/** Takes note of what was asked for. */
export type TakeNote = (parameters: Readonly<Record<string, string>>) => void;

/** Why the parameters cannot be: one that there is not, or one that must be there and is not. */
function problemOf(
  given: ReadonlyMap<string, string>,
  known: readonly string[],
  required: readonly string[],
): string | undefined {
  for (const name of given.keys()) {
    if (!known.includes(name)) return `${name} is not a parameter; valid ones are ${known.join(", ")}`;
  }
  const missing = required.find((name) => !given.get(name));
  return missing === undefined ? undefined : `${missing} is required`;
}

function reprocessProblem(given: ReadonlyMap<string, string>): string | undefined {
  const problem = problemOf(given, REPROCESS_PARAMETERS, ["start_date", "end_date"]);
  if (problem !== undefined) return problem;
  const [start, end] = [given.get("start_date") ?? "", given.get("end_date") ?? ""];
  const [instrument, level] = [given.get("instrument"), given.get("data_level")];
  if (!isCalendarDate(start)) return `Invalid value for start_date: ${start}`;
  if (!isCalendarDate(end)) return `Invalid value for end_date: ${end}`;
  if (start > end) return "start_date is after end_date";
  if (given.has("data_level") && !given.has("descriptor")) return "data_level needs instrument and descriptor";
  if (given.has("descriptor") && instrument === undefined) return "descriptor needs instrument";
  if (instrument !== undefined && !isInstrument(instrument)) return `Invalid value for instrument: ${instrument}`;
  if (level !== undefined && !isDataLevel(level)) return `Invalid value for data_level: ${level}`;
  if ((given.get("reprocessing") ?? "True") !== "True") return "reprocessing can be True alone";
  return undefined;
}

/** Answers `POST /reprocess` (SDC protocol): takes note of it, or says in a JSON string what is wrong. */
export function answerReprocess(search: URLSearchParams, takeNote: TakeNote): Response {
  const given = new Map(search);
  const problem = reprocessProblem(given);
  if (problem !== undefined) return badRequest(problem);
  takeNote(Object.fromEntries(given));
  return jsonResponse({ message: "Reprocessing was requested", parameters: Object.fromEntries(given) });
}

/** The manifest's path; undefined when the name is none of a manifest. */
function manifestPath(name: string): string | undefined {
  try {
    return parseFileName(name).kind === "release" ? archivePath(name) : undefined;
  } catch (error) {
    if (error instanceof FileNameError) return undefined;
    throw error;
  }
}

/**
 * Answers `GET /release` (SDC protocol): takes note of it, or says in a JSON string what is wrong; 404 while the
 * archive does not have the manifest.
 */
export function answerRelease(catalogue: Catalogue, search: URLSearchParams, takeNote: TakeNote): Response {
  const given = new Map(search);
  const problem = problemOf(given, RELEASE_PARAMETERS, RELEASE_PARAMETERS);
  if (problem !== undefined) return badRequest(problem);
  const [type = "", manifest = ""] = RELEASE_PARAMETERS.map((name) => given.get(name));
  const types: readonly string[] = RELEASE_TYPES;
  if (!types.includes(type)) return badRequest(`${type} is not a release_type; valid ones are ${types.join(", ")}`);
  if (type !== "release") return badRequest(`release_type ${type} is not supported yet`);
  const path = manifestPath(manifest);
  if (path === undefined) return badRequest(`${manifest} is not the name of a release manifest`);
  if (!catalogue.has(path)) return jsonResponse(`${manifest} was not found; upload it first`, 404);
  takeNote(Object.fromEntries(given));
  return jsonResponse({ message: "The release was requested", manifest_file: manifest });
}
