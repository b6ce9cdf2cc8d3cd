import { delay } from "@std/async";
import { decodeFileRecords } from "../../protocol/file_record.ts";
import type { Coverage } from "../../views/coverage/coverage.ts";
import type { Catalogue } from "../catalogue.ts";

const PARTS = `SELECT DISTINCT instrument, data_level FROM files WHERE table_name = 'science'
  ORDER BY instrument, data_level`;
/** Of each science file what the picture needs and no more: with 200,000 of them, that counts. */
const ROWS = `SELECT file_path, instrument, data_level, descriptor, start_date, version FROM files
  WHERE table_name = 'science' AND instrument = ? AND data_level = ?`;
const NOTHING: Coverage = {
  files: 0,
  undated: 0,
  cut: 0,
  elsewhere: 0,
  span: undefined,
  products: [],
  moreProducts: 0,
};

function joinSpans(a: Coverage["span"], b: Coverage["span"]): Coverage["span"] {
  if (a === undefined || b === undefined) return a ?? b;
  return { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}

/** The coverage of two sets of products, of which none is in both; no more than `most` of them. */
function join(a: Coverage, b: Coverage, most: number): Coverage {
  const products = [...a.products, ...b.products];
  return {
    files: a.files + b.files,
    undated: a.undated + b.undated,
    cut: a.cut + b.cut,
    elsewhere: a.elsewhere + b.elsewhere,
    span: joinSpans(a.span, b.span),
    products: products.slice(0, most),
    moreProducts: a.moreProducts + b.moreProducts + Math.max(0, products.length - most),
  };
}

/**
 * Draws which days have science files, product by product: SVG. The files are counted instrument by instrument and level
 * by level, and between them the archive answers others. What draws is loaded with the first picture.
 */
export async function drawCoverage(catalogue: Catalogue): Promise<string> {
  const { coverageOf, MOST_PRODUCTS } = await import("../../views/coverage/coverage.ts");
  const { coverageSvg } = await import("../../views/coverage/coverage_svg.ts");
  let coverage = NOTHING;
  for (const { instrument, data_level } of catalogue.rows(PARTS)) {
    const records = decodeFileRecords(catalogue.rows(ROWS, [String(instrument), String(data_level)]));
    coverage = join(coverage, coverageOf(records, new Set()), MOST_PRODUCTS);
    await delay(0);
  }
  return await coverageSvg(coverage, "");
}
