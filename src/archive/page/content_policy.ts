import { createHash } from "node:crypto";

/** A style element's text, or a style attribute's value. Both are the page's own: text from elsewhere is escaped. */
const STYLES = /<style>([^<]*)<\/style>|\sstyle="([^"]*)"/g;

function hashOf(style: string): string {
  return `'sha256-${createHash("sha256").update(style).digest("base64")}'`;
}

/**
 * The Content-Security-Policy of a page without scripts: nothing from elsewhere, and no style but those that stand in
 * it, each by its hash (CSP level 3; `unsafe-hashes` lets hashes count for attributes too).
 */
export function contentPolicy(html: string): string {
  const styles = new Set([...html.matchAll(STYLES)].map(([, element, attribute]) => element ?? attribute ?? ""));
  return [
    "default-src 'none'",
    `style-src 'unsafe-hashes' ${[...styles].map(hashOf).join(" ")}`,
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
