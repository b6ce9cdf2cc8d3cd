import { escapeHtml } from "../../src/display/table.ts";
import { type CellOutput, htmlOf, mimeText, textOf } from "../support/kernel.ts";
import type { Notebook, NotebookCell } from "../support/notebook.ts";
import { EXPORT_STYLES, type ExportStyle } from "./export_styles.ts";
import { markdownHtml } from "./markdown_html.ts";

/** Removes styles, classes and inline SVG, as GitHub does from the HTML in a notebook. */
function bare(html: string): string {
  return html.replaceAll(/<style>[^]*?<\/style>|<svg[^]*?<\/svg>/g, "").replaceAll(
    / (?:style|class|tabindex)="[^"]*"/g,
    "",
  );
}

function outputHtml(output: CellOutput, style: ExportStyle): string {
  const html = htmlOf(output);
  if (html !== undefined) return style === "github" ? bare(html) : html;
  const svg = mimeText(output, "image/svg+xml");
  if (svg !== undefined) return `<figure tabindex="0">${svg}</figure>`;
  return `<pre tabindex="0">${escapeHtml(textOf(output) ?? "")}</pre>`;
}

function cellHtml(cell: NotebookCell, style: ExportStyle): string {
  if (cell.cell_type !== "code") return `<section>${markdownHtml(cell.source)}</section>`;
  const outputs = cell.outputs.map((output) => `<div class="output">${outputHtml(output, style)}</div>`);
  const code = `<pre class="code" tabindex="0">${escapeHtml(cell.source)}</pre>`;
  return `<section id="${escapeHtml(cell.id)}">${[code, ...outputs].join("\n")}</section>`;
}

/** Converts a saved notebook to a page, as one of the sites that show notebooks does. */
export function exportNotebook(notebook: Notebook, style: ExportStyle): string {
  return [
    `<!DOCTYPE html>`,
    `<html lang="en"><head><meta charset="utf-8"><title>Notebook</title>`,
    `<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">`,
    `<style>${EXPORT_STYLES[style]}</style></head>`,
    `<body><main>`,
    ...notebook.cells.map((cell) => cellHtml(cell, style)),
    `</main></body></html>`,
  ].join("\n");
}
