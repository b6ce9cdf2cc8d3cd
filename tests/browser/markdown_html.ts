import { escapeHtml } from "../../src/display/table.ts";

/** Converts code, bold and links in a line; the rest is text. */
function inlineHtml(text: string): string {
  return escapeHtml(text)
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .replaceAll(/\*\*([^*]+)\*\*/g, "<b>$1</b>")
    .replaceAll(/\[([^\]]+)\]\((https:[^)]+)\)/g, `<a href="$2">$1</a>`);
}

function blockHtml(block: string): string {
  const fence = /^```\w*\n([^]*?)\n?```$/.exec(block);
  if (fence !== null) return `<pre tabindex="0">${escapeHtml(fence[1] ?? "")}</pre>`;
  const heading = /^(#+) (.*)$/.exec(block);
  if (heading !== null) return `<h${heading[1]?.length}>${inlineHtml(heading[2] ?? "")}</h${heading[1]?.length}>`;
  if (!/^\d+\. /.test(block)) return `<p>${inlineHtml(block)}</p>`;
  return `<ol>${block.split(/\n?\d+\. /).slice(1).map((item) => `<li>${inlineHtml(item)}</li>`).join("")}</ol>`;
}

/** Converts the Markdown of the notebooks to HTML: headings, paragraphs, numbered lists, code. */
export function markdownHtml(text: string): string {
  const blocks = text.match(/```[^]*?```|[^\n](?:[^\n]|\n(?!\n|```))*/g) ?? [];
  return blocks.map(blockHtml).join("\n");
}
