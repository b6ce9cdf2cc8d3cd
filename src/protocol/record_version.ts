import { isVersion, parseVersion, type Version } from "../names/version.ts";
import type { FileRecord } from "./file_record.ts";

/** A row's version, from its text or from the two numbers that newer servers send instead; undefined when it has none. */
export function recordVersion({ version, major_version, minor_version }: FileRecord): Version | undefined {
  if (typeof minor_version === "number") return { major: major_version ?? null, minor: minor_version };
  return typeof version === "string" && isVersion(version) ? parseVersion(version) : undefined;
}
