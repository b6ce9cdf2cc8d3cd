import { Picture } from "../display/picture.ts";
import type { FileRecord } from "../protocol/rows.ts";
import { coverageOf } from "./coverage.ts";
import { coverageSvg } from "./coverage_svg.ts";
import { coverageText } from "./coverage_text.ts";
import { askedText, type ResultContext } from "./records.ts";

/** What a coverage picture is made from, besides the rows. */
export interface CoverageContext extends Pick<ResultContext, "asked"> {
  /** The archive paths of the files that are in the data directory. */
  readonly here?: ReadonlySet<string>;
}

/** A picture of the days that have files: a line for each product. */
export function coveragePicture(records: readonly FileRecord[], { asked, here }: CoverageContext = {}): Picture {
  const coverage = coverageOf(records, here ?? new Set());
  return new Picture({
    text: (columns) => coverageText(coverage, columns),
    svg: () => coverageSvg(coverage, askedText(asked)),
  });
}
