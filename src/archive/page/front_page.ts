import type { ArchiveSummary } from "./archive_summary.ts";
import { filterForm } from "./filter_form.ts";
import { type FoundPage, PAGE_ROWS, type PageFilter } from "./page_filter.ts";
import { files, foundTable, grouped, html, kindCounts, newestTable, pageLinks, productTable } from "./page_parts.ts";
import { PAGE_STYLE } from "./page_style.ts";

/** What the front page shows. */
export interface FrontPage {
  /** The archive's address, as the reader came to it: `http://127.0.0.1:8000`. */
  readonly origin: string;
  /** What there is in all. */
  readonly summary: ArchiveSummary;
  /** What the reader looks for. */
  readonly filter: PageFilter;
  /** What was found of it. */
  readonly found: FoundPage;
  /** Counts up with the catalogue's changes, so that no browser shows an old picture. */
  readonly revision: number;
}

function foundTitle({ page, count }: FoundPage): string {
  if (count === 0) return `Found ${files(count)}`;
  if (count <= PAGE_ROWS) return `Found ${files(count)}, the latest data first`;
  const first = (page - 1) * PAGE_ROWS + 1;
  const last = Math.min(page * PAGE_ROWS, count);
  return `${grouped(first)} to ${grouped(last)} of ${files(count)}`;
}

/** What there is in numbers and in a picture; where there is nothing yet, how to change that. */
function contents({ summary, origin, revision }: FrontPage): string[] {
  const { kinds, products } = summary;
  if (kinds.length === 0) {
    return [
      `<p>The archive is empty. Send it a file:</p>`,
      `<p><code>imap-data-access --url ${html(origin)} upload FILE</code></p>`,
    ];
  }
  const picture =
    `<img src="/coverage.svg?${revision}" loading="lazy" alt="Which days have science files, by product">`;
  const science = [
    productTable(products, origin),
    "<h2>Coverage</h2>",
    `<figure tabindex="0" role="region" aria-label="Coverage">${picture}</figure>`,
  ];
  return [kindCounts(summary), ...(products.length > 0 ? science : [])];
}

/** The page that a person sees who opens the archive's address: HTML without script or anything from elsewhere. */
export function frontPage(page: FrontPage): string {
  const { origin, summary, filter, found } = page;
  const total = summary.kinds.reduce((sum, { files }) => sum + files, 0);
  const problem = found.problem === undefined ? [] : [`<p role="alert">${html(found.problem)}</p>`];
  const lists = total === 0 ? [] : [
    `<h2>Came in last</h2>`,
    newestTable(summary.newest, { title: "The newest files", origin }),
    `<h2 id="files">Files</h2>`,
    filterForm(filter, summary),
    ...problem,
    foundTable(found.rows, { title: foundTitle(found), origin, kind: filter.kind }),
    pageLinks({ ...filter, page: found.page }, found.count),
  ];
  return [
    `<!DOCTYPE html>`,
    `<html lang="en">`,
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<title>IMAP archive</title><link rel="icon" href="data:,"><style>${PAGE_STYLE}</style></head>`,
    `<body>`,
    `<header><h1>IMAP archive</h1>`,
    `<p class="quiet">${files(total)}. For programs: <code>IMAP_DATA_ACCESS_URL=${html(origin)}</code></p></header>`,
    `<main>`,
    ...contents(page),
    ...lists,
    `</main>`,
    `</body>`,
    `</html>`,
    ``,
  ].join("\n");
}
