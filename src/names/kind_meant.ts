import { ANCILLARY_EXTENSIONS } from "./ancillary_file.ts";
import { DEPENDENCY_EXTENSIONS } from "./dependency_file.ts";
import type { FileKind } from "./file_name.ts";
import { isOneOf } from "./name_parts.ts";
import { QUICKLOOK_EXTENSIONS } from "./quicklook_file.ts";
import { RELEASE_EXTENSIONS } from "./release_file.ts";
import { SPICE_FORMS } from "./spice_forms.ts";

/** Parts that cannot be those of a product: `imap_mag_x_20260101_20260201_v001.csv` has two days. */
function hasTwoDays(parts: readonly string[]): boolean {
  return parts.slice(3, 5).every((part) => /^\d/.test(part));
}

/** The kind that a wrong name was most likely meant to be, so that a message can say what is wrong with it. */
export function kindMeant(name: string): FileKind {
  const extension = name.slice(name.lastIndexOf(".") + 1);
  if (SPICE_FORMS.some((form) => form.extension === extension.toLowerCase() && form.extension !== "csv")) {
    return "spice";
  }
  if (isOneOf(QUICKLOOK_EXTENSIONS, extension)) return "quicklook";
  if (isOneOf(RELEASE_EXTENSIONS, extension) && name.startsWith("imap_")) return "release";
  const parts = name.split("_");
  const isValidity = parts.length === 5 || (parts.length === 6 && hasTwoDays(parts));
  if (isOneOf(DEPENDENCY_EXTENSIONS, extension) && parts.length === 6 && !isValidity) return "dependency";
  if (isOneOf(ANCILLARY_EXTENSIONS, extension) && (isValidity || extension !== "cdf")) return "ancillary";
  return isValidity ? "ancillary" : "science";
}
