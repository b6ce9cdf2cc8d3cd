import { Picture } from "../../display/picture.ts";
import type { FileRecord } from "../../protocol/file_record.ts";
import { askedText, type ResultContext } from "../records_table.ts";
import { countsOf } from "./counts.ts";
import { summarySvg } from "./summary_svg.ts";
import { summaryText } from "./summary_text.ts";

/** A picture of how many files there are of each instrument and level. */
export function summaryPicture(records: readonly FileRecord[], { asked }: Pick<ResultContext, "asked"> = {}): Picture {
  const counts = countsOf(records);
  return new Picture({ text: () => summaryText(counts), svg: () => summarySvg(counts, askedText(asked)) });
}
