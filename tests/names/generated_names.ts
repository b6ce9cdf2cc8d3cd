import { addDays, DATA_LEVELS, INSTRUMENTS, toDayOfYear } from "../../src/names/fields.ts";
import { ANCILLARY_EXTENSIONS, QUICKLOOK_EXTENSIONS, SCIENCE_EXTENSIONS } from "../../src/names/file_name.ts";
import fc from "fast-check";

/** A part of a name. */
type Part = fc.Arbitrary<string>;

/** `n` digits. */
function digits(least: number, most = least): Part {
  return fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: least, maxLength: most });
}

/** Parts in a row. */
function joined(...parts: readonly (Part | string)[]): Part {
  return fc.tuple(...parts.map((part) => typeof part === "string" ? fc.constant(part) : part)).map((all) =>
    all.join("")
  );
}

/** A day, YYYYMMDD, that every client takes for one. */
const day: Part = fc.integer({ min: 0, max: 50_000 }).map((days) => addDays("19690101", days));
const instrument = fc.constantFrom(...INSTRUMENTS);
const descriptor = fc.string({ unit: fc.constantFrom(..."abcxyz019-.~+"), minLength: 1, maxLength: 40 })
  // A point behind which nothing follows is a folder's name to some.
  .filter((text) => !/^\.+$/.test(text));
const minorVersion = joined("v", digits(3));
const version = fc.oneof(minorVersion, joined("v", digits(3), ".", digits(4)));

/** Names of science files and their like. */
function products(extensions: readonly string[]): Part {
  const counter = fc.oneof(fc.constant(""), joined("-repoint", digits(5)), joined("-cr", digits(5)));
  const level = fc.constantFrom(...DATA_LEVELS);
  const ending = fc.constantFrom(...extensions);
  return joined("imap_", instrument, "_", level, "_", descriptor, "_", day, counter, "_", version, ".", ending);
}

/** Names of ancillary files and similar ones. */
function validities(extensions: readonly string[]): Part {
  const end = fc.oneof(fc.constant(""), joined("_", day));
  return joined(
    "imap_",
    instrument,
    "_",
    descriptor,
    "_",
    day,
    end,
    "_",
    minorVersion,
    ".",
    fc.constantFrom(...extensions),
  );
}

const yearDay = day.map(toDayOfYear);
const shortDay = day.map((day) => day.slice(2));
/** From the first day to the second one of the same text. */
const span = joined(yearDay, "_", yearDay);
const counted = digits(1, 6);
const ephemeris = fc.constantFrom("recon", "nom", "pred", "90days", "long", "launch");
const orbit = fc.oneof(fc.constant(""), joined("od", digits(3), "_"));
const ephemerisVersion = fc.oneof(fc.constant(""), joined("_v", digits(1, 3)));
const thruster = fc.string({ unit: fc.constantFrom(..."abcXYZ019-_"), minLength: 1, maxLength: 20 });

/** Names of SPICE files that every client knows. */
const spices: Part = fc.oneof(
  joined("imap_", span, "_", counted, ".", fc.constantFrom("ah.bc", "ap.bc", "spin", "spin.csv")),
  joined("imap_dps_", span, "_", counted, ".ah.bc"),
  joined("imap_", yearDay, "_", counted, ".", fc.constantFrom("repoint", "repoint.csv")),
  joined("imap_", ephemeris, "_", orbit, day, "_", day, ephemerisVersion, ".bsp"),
  joined(fc.constantFrom("de", "L1_de"), counted, ".bsp"),
  joined("pck", counted, ".tpc"),
  joined("naif", counted, ".tls"),
  joined("imap_sclk_", counted, ".tsc"),
  joined(fc.constantFrom("imap_", "imap_science_"), counted, ".tf"),
  joined("imap_", span, "_", thruster, "_", digits(2), ".sff"),
  joined("imap_sdc_metakernel_", yearDay.map((text) => text.slice(0, 4)), "_v", digits(3), ".tm"),
  joined(fc.constantFrom("imap_", "IMAP_"), yearDay, "_a", digits(2), ".spice.mk"),
  joined(fc.constantFrom("imap_", "IMAP_"), yearDay, "_e", digits(2), ".mk"),
  joined("earth_", shortDay, "_", shortDay, "_", shortDay, ".bpc"),
);

/** Names of the kinds that version 1.1.0 of the Python client knows. */
export const KNOWN_NAMES: Part = fc.oneof(
  products(SCIENCE_EXTENSIONS),
  validities(ANCILLARY_EXTENSIONS),
  spices,
  products(QUICKLOOK_EXTENSIONS),
  products(["json"]),
  validities(["txt"]),
);

/** Names of all kinds, including those that only newer clients know. */
export const NAMES: Part = fc.oneof(
  KNOWN_NAMES,
  joined("imap_lopivot-repoint", digits(5), "_", span, "_", counted, ".bc"),
  joined("imap_", instrument, "_", descriptor, "_", day, "-repoint", digits(5), "_", minorVersion, ".csv"),
);

/** Texts that look like names in one way or another. */
export const LOOKALIKES: Part = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom(
      "imap",
      "_",
      ".",
      "-",
      "swe",
      "l0",
      "20240105",
      "2024_001",
      "v001",
      "cdf",
      "/",
      "..",
      "\\",
      "\n",
    ),
    maxLength: 30,
  }),
  fc.tuple(NAMES, fc.nat(80), fc.string({ unit: "binary", maxLength: 3 }))
    .map(([name, at, text]) => name.slice(0, at) + text + name.slice(at + 1)),
);
