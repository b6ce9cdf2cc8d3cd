import { citationOf } from "../../src/mirror/lock_citation.ts";
import type { LockContents } from "../../src/mirror/lock_file.ts";
import { minimalCdf } from "../../src/demo/cdf.ts";
import { testFolder } from "../support/folder.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";

const FILE = { version: "v001", bytes: 1, sha256: "0".repeat(64), md5: "0".repeat(32), ingestion_date: undefined };
const CDF = "imap/glows/l1b/2011/09/imap_glows_l1b_hist_20110921_v001.cdf";
const LOCK: LockContents = {
  name: "50% of {MAG} & ~more_\\\x1b[31m",
  created: "2026-06-01T12:00:00Z",
  archive: "https://user:s3cret@api.example.org/{v1}?key=s3cret",
  program: "",
  query: undefined,
  files: [
    { ...FILE, path: CDF },
    { ...FILE, path: "imap/spice/lsk/naif0012.tls", version: "0012" },
    { ...FILE, path: "imap/ancillary/mag/imap_mag_l1-cal_20260101_v001.csv" },
  ],
};

Deno.test("citationOf() quotes what CDF files say of their source, and escapes everything for BibTeX", async () => {
  await using folder = await testFolder();
  const attributes = {
    Logical_source_description: "Photon rate & more.",
    PI_name: "Dr. A. B\\C",
    PI_affiliation: "Institute_1 #2",
    Acknowledgement: "Cite {A et al. $5^2 ~\x1b[31m",
    DOI: "https://doi.org/10.48322/abc_1",
  };
  await Deno.mkdir(dirname(join(folder.path, CDF)), { recursive: true });
  await Deno.writeFile(join(folder.path, CDF), minimalCdf({ attributes, variables: [] }));
  const text = await citationOf(LOCK, folder.path, "text");
  assertStringIncludes(text, " Locked on 2026-06-01. Archive: https://api.example.org/%7Bv1%7D\n");
  assertStringIncludes(text, "  SPICE leapseconds, 1 file, version 0012\n");
  assertStringIncludes(text, "  imap_glows_l1b_hist (Photon rate & more), 1 file, 2011-09-21, version v001\n");
  assertStringIncludes(text, "Principal investigator: Dr. A. B\\C, Institute_1 #2\n");
  assertStringIncludes(text, "DOI: https://doi.org/10.48322/abc_1\n");
  const bibtex = await citationOf(LOCK, folder.path, "bibtex");
  assertStringIncludes(bibtex, "@misc{imap-50-of-MAG-more-");
  assertStringIncludes(
    bibtex,
    "data set 50\\% of \\textbraceleft{}MAG\\textbraceright{} \\& \\textasciitilde{}more\\_\\textbackslash{}",
  );
  assertStringIncludes(bibtex, "  doi = {10.48322/abc_1},\n");
  assertStringIncludes(bibtex, "Dr. A. B\\textbackslash{}C, Institute\\_1 \\#2");
  assertStringIncludes(bibtex, "Cite \\textbraceleft{}A et al. \\$5\\textasciicircum{}2 \\textasciitilde{}");
  // BibTeX counts all braces, even those behind a backslash.
  const braces = bibtex.match(/[{}]/g) ?? [];
  assertEquals(braces.filter((brace) => brace === "{").length * 2, braces.length);
  for (const citation of [text, bibtex]) {
    for (const part of ["s3cret", "user:", "\x1b"]) assertEquals(citation.includes(part), false, citation);
  }
});

Deno.test("citationOf() says nothing of files that are not here, and names no author", async () => {
  await using folder = await testFolder();
  const text = await citationOf({ ...LOCK, archive: "not a URL", created: "" }, folder.path, "text");
  assertMatch(text, /^Interstellar [^.]+\.\n/);
  assertEquals(/Locked|Archive/.test(text), false);
  assertEquals(text.includes("investigator"), false);
  const bibtex = await citationOf(LOCK, folder.path, "bibtex");
  // It is not known when named files were downloaded.
  assertEquals(/author|year|urldate/.test(bibtex), false);
});
