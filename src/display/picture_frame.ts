import { printable } from "../safe_text.ts";
import { escape } from "@std/html";

/** What a legend says of a colour or a sign. */
export interface LegendEntry {
  readonly fill: string;
  /** How high the sign is drawn, in pixels of 10. */
  readonly height: number;
  readonly opacity?: number;
  readonly text: string;
}

/** A picture but for its frame: title, legend, ground. */
interface FramedPicture {
  readonly title: string;
  readonly subtitle: string;
  /** What it shows, for those who do not see it. */
  readonly description: string;
  readonly width: number;
  readonly legend: readonly LegendEntry[];
  /** An `<svg>` that stands below the title, and its height. */
  readonly body: string;
  readonly bodyHeight: number;
}

/**
 * Notebooks show an SVG as an image, which neither the theme's colours nor the page's style reach: with a ground of its own
 * and colours that were chosen for it, a picture reads the same in a light and a dark theme, in a file and on paper.
 */
const GROUND = "#ffffff";
const EDGE = "#d0d7de";
const TEXT = "#1f2328";
const QUIET = "#57606a";
const PADDING = 16;
/** On a narrow page a picture scrolls rather than that its text, 11 pixels high, is drawn smaller than 8. */
const SMALLEST = 0.75;
/** About how wide a character is at the size of the legend. */
const CHARACTER = 6.2;

function svgText(x: number, y: number, attributes: string, text: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escape(printable(text))}</text>`;
}

function legendSvg(entries: readonly LegendEntry[], y: number): string {
  let x = PADDING;
  return entries.map(({ fill, height, opacity = 1, text }) => {
    const sign = `<rect x="${x}" y="${
      y - height / 2
    }" width="14" height="${height}" fill="${fill}" opacity="${opacity}"/>`;
    const entry = sign + svgText(x + 20, y + 4, `font-size="11" fill="${TEXT}"`, text);
    x += Math.round(38 + text.length * CHARACTER);
    return entry;
  }).join("");
}

/** Cuts a line that is too long for the picture. */
function fitting(text: string, width: number): string {
  const most = Math.floor((width - 2 * PADDING) / CHARACTER);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Places to the hundredth of a pixel: more makes the file longer, and no eye sees it. */
function rounded(svg: string): string {
  return svg.replace(
    / (x|y|width|height)="(-?\d+\.\d{3,})"/g,
    (_, name, number) => ` ${name}="${+Number(number).toFixed(2)}"`,
  );
}

/** Puts a picture into its frame: a whole SVG file without script and outside resource, every text in it escaped. */
export function framedSvg({ title, subtitle, description, width, legend, body, bodyHeight }: FramedPicture): string {
  // Without a line below the title all the rest moves up.
  const top = subtitle === "" ? 39 : 58;
  const bodyTop = top + (legend.length > 0 ? 24 : 0);
  const height = bodyTop + bodyHeight + PADDING;
  const [shownTitle, shownSubtitle] = [printable(title), fitting(subtitle, width)];
  const about = `<title>${escape(shownTitle)}</title><desc>${escape(printable(description))}</desc>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escape(shownTitle)}" width="${width}" ` +
    `height="${height}" viewBox="0 0 ${width} ${height}" style="max-width:100%;min-width:${
      Math.ceil(width * SMALLEST)
    }px;height:auto" color="${TEXT}" ` +
    `font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif">${about}`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6" fill="${GROUND}" stroke="${EDGE}"/>`,
    svgText(PADDING, 28, `font-size="15" font-weight="600" fill="${TEXT}"`, shownTitle),
    ...(subtitle === "" ? [] : [svgText(PADDING, 47, `font-size="11" fill="${QUIET}"`, shownSubtitle)]),
    ...(legend.length === 0 ? [] : [legendSvg(legend, top + 10)]),
    rounded(body).replace("<svg ", `<svg y="${bodyTop}" `),
    "</svg>",
    "",
  ].join("\n");
}
