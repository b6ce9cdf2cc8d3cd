import { SPICE_FIELDS, type SpiceParts } from "./spice_fields.ts";
import type { SpiceType } from "./spice_types.ts";

/** How one type of SPICE file is called: reading, writing and messages all come from its template. */
export interface SpiceForm {
  readonly type: SpiceType;
  /** Fixed text, fields in angle brackets, and in square brackets what may be missing. */
  readonly template: string;
  /** What stands behind the template's last point. */
  readonly extension: string;
  /** With a group for each field. */
  readonly pattern: RegExp;
}

/** `imap_<start>[_v<version>].bsp` as a pattern. Case counts only where the SDC says so. */
function patternOf(template: string, exactCase: boolean): RegExp {
  const groups = template.replaceAll(".", "\\.").replaceAll("[", "(?:").replaceAll("]", ")?").replace(
    /<(\w+)>/g,
    (_, field: string) => `(?<${field}>${SPICE_FIELDS.get(field)?.pattern ?? ""})`,
  );
  return new RegExp(`^${groups}$`, exactCase ? "" : "i");
}

function form(type: SpiceType, template: string, exactCase = false): SpiceForm {
  const extension = template.slice(template.lastIndexOf(".") + 1);
  return { type, template, extension, pattern: patternOf(template, exactCase) };
}

function ephemeris(type: SpiceType, word: string): SpiceForm {
  return form(type, `imap_${word}_[od<orbit>_]<start_yyyymmdd>_<end_yyyymmdd>[_v<version>].bsp`);
}

/** All forms (SDC file-name convention); no name has two of them. */
export const SPICE_FORMS: readonly SpiceForm[] = [
  form("attitude_history", "imap_<start_yyyy_ddd>_<end_yyyy_ddd>_<version>.ah.bc"),
  form("attitude_predict", "imap_<start_yyyy_ddd>_<end_yyyy_ddd>_<version>.ap.bc"),
  form("pointing_attitude", "imap_dps_<start_yyyy_ddd>_<end_yyyy_ddd>_<version>.ah.bc"),
  form("lo_pivot_attitude", "imap_lopivot-repoint<NNNNN>_<start_yyyy_ddd>_<end_yyyy_ddd>_<version>.bc"),
  form("spin", "imap_<start_yyyy_ddd>_<end_yyyy_ddd>_<version>.spin"),
  form("spin", "imap_<start_yyyy_ddd>_<end_yyyy_ddd>_<version>.spin.csv"),
  form("repoint", "imap_<end_yyyy_ddd>_<version>.repoint"),
  form("repoint", "imap_<end_yyyy_ddd>_<version>.repoint.csv"),
  ephemeris("ephemeris_reconstructed", "recon"),
  ephemeris("ephemeris_nominal", "nom"),
  ephemeris("ephemeris_predicted", "pred"),
  ephemeris("ephemeris_90days", "90days"),
  ephemeris("ephemeris_long", "long"),
  ephemeris("ephemeris_launch", "launch"),
  form("planetary_ephemeris", "de<version>.bsp"),
  form("lagrange_point", "L1_de<version>.bsp"),
  form("planetary_constants", "pck<version>.tpc"),
  form("leapseconds", "naif<version>.tls"),
  form("spacecraft_clock", "imap_sclk_<version>.tsc"),
  form("imap_frames", "imap_<version>.tf"),
  form("science_frames", "imap_science_<version>.tf"),
  form("thruster", "imap_<start_yyyy_ddd>_<end_yyyy_ddd>_<text>_<NN>.sff"),
  form("metakernel", "imap_sdc_metakernel_<yyyy>_v<NNN>.tm", true),
  form("metakernel", "imap_<start_yyyy_ddd>_a<NN>.spice.mk"),
  form("metakernel", "IMAP_<start_yyyy_ddd>_e<NN>.mk"),
  form("earth_attitude", "earth_<start_yymmdd>_<end_yymmdd>_<prediction_yymmdd>.bpc"),
];

/** The types whose names have no day: what they say holds at all times. */
export const SPICE_TYPES_WITHOUT_DAY: readonly SpiceType[] = SPICE_FORMS
  .filter(({ template }) => !template.includes("yy"))
  .map(({ type }) => type);

/** Parts to fill a form with; what is null may be left out. */
export type GivenParts = { readonly [Part in keyof SpiceParts]?: SpiceParts[Part] | undefined };

/** A name of this form, made of these parts; undefined when a part is missing, or has no place in it. */
export function fillForm({ template }: SpiceForm, parts: GivenParts): string | undefined {
  const places = new Set([...template.matchAll(/<(\w+)>/g)].map(([, field = ""]) => SPICE_FIELDS.get(field)?.part));
  const hasPlace = (part: string) => [...places].some((place) => place === part);
  const given = Object.entries(parts).filter(([, value]) => value !== null && value !== undefined);
  if (given.some(([part]) => !hasPlace(part))) return undefined;
  const fill = (text: string): string | undefined => {
    let isWhole = true;
    const filled = text.replace(/<(\w+)>/g, (_, name: string) => {
      const field = SPICE_FIELDS.get(name);
      const value = field === undefined ? undefined : parts[field.part];
      if (field === undefined || value === undefined || value === null) isWhole = false;
      else return field.write(value);
      return "";
    });
    return isWhole ? filled : undefined;
  };
  return fill(template.replace(/\[([^\]]*)\]/g, (_, optional: string) => fill(optional) ?? ""));
}
