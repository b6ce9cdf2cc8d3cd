import { cutToWidth, padToWidth, shorten, textWidth } from "../display/text_width.ts";
import { timeTicks } from "../display/scales.ts";
import {
  type Bins,
  binsOf,
  type Cell,
  cellsOf,
  type Coverage,
  coverageNotes,
  coverageTitle,
  type Product,
  versionRange,
} from "./coverage.ts";
import { counted, rowLabel } from "./records.ts";

const GAP = "·";
/**
 * The characters by where the files are, and by whether some or all days have files. Each `no` removes half a block.
 */
const BLOCKS = { archive: ["▘", "▀"], here: ["▌", "█"] } as const;
/** Only the newest versions get their own line. */
const MAX_VERSIONS = 3;
/** The maximum width of a day. */
const MAX_CHARACTERS = 4;
const DATE_WIDTH = "2026-01-05 ".length;

function block({ isFull, isHere }: Cell): string {
  return BLOCKS[isHere ? "here" : "archive"][isFull ? 1 : 0];
}

interface Line {
  readonly name: string;
  readonly cells: ReadonlyMap<number, Cell>;
}

/** Makes a line for the product and, if it has several versions, one line for each of the newest ones. */
function linesOf(product: Product, bins: Bins): Line[] {
  const name = [product.instrument, product.level, product.descriptor].join(" ");
  const { versions } = product;
  const [newest] = versions;
  if (versions.length === 1) return [{ name: `${name} ${rowLabel.version(newest)}`, cells: cellsOf(product, bins) }];
  const each = versions.slice(0, MAX_VERSIONS).map((version) => ({
    name: `  ${rowLabel.version(version)}${version === newest ? " newest" : ""}`,
    cells: cellsOf(product, bins, version),
  }));
  const older = versions.length - MAX_VERSIONS;
  const more = older > 0 ? ` (${older} older)` : "";
  return [{ name: `${name}${more}`, cells: cellsOf(product, bins) }, ...each];
}

/** The share of a line for names; larger where names would otherwise look the same. */
const NAME_SHARES = [0.45, 0.6, 0.75] as const;

/** Chooses the width of the names. */
function nameWidthOf(names: readonly string[], width: number): number {
  const different = new Set(names).size;
  const widths = NAME_SHARES.map((share) => Math.floor(width * share));
  const least = widths.find((room) => new Set(names.map((name) => shorten(name, room))).size === different);
  return Math.min(least ?? Math.max(...widths), Math.max(...names.map(textWidth)));
}

/** Chooses the width of a bin: a few days have wide marks with a gap after each. */
function charactersOf(bins: Bins, room: number): number {
  return Math.max(1, Math.min(MAX_CHARACTERS, Math.floor(room / countOf(bins))));
}

function countOf({ first, last, days }: Bins): number {
  return Math.ceil((last - first + 1) / days);
}

function axisLine(bins: Bins, width: number): string {
  const characters = charactersOf(bins, width);
  const most = Math.max(1, Math.floor(countOf(bins) * characters / DATE_WIDTH));
  let line = "";
  for (const { value: day, label } of timeTicks(bins.first, bins.last, most)) {
    const column = Math.floor((day - bins.first) / bins.days) * characters;
    if (column < line.length || column + label.length > width) continue;
    line = `${line.padEnd(column)}${label} `;
  }
  return line.trimEnd();
}

function blocksLine(cells: ReadonlyMap<number, Cell>, bins: Bins, room: number): string {
  const characters = charactersOf(bins, room);
  const blocks = Array.from({ length: countOf(bins) }, (_, index) => {
    const cell = cells.get(index);
    if (cell === undefined) return GAP.padEnd(characters);
    return characters === 1 ? block(cell) : block(cell).repeat(characters - 1).padEnd(characters);
  });
  return blocks.join("");
}

/** Explains the characters, in one line if it fits. */
function legend(cells: readonly Cell[], { days }: Bins, width: number): string[] {
  const words = [`${BLOCKS.archive[1]} at the archive`];
  if (cells.some(({ isHere }) => isHere)) words.push(`${BLOCKS.here[1]} in the data directory too`);
  if (cells.some(({ isFull }) => !isFull)) words.push(`${BLOCKS.archive[0]} ${BLOCKS.here[0]} on some of the days`);
  const line = words.join(", ");
  return [...(line.length > width ? words : [line]), ...(days > 1 ? [`each character covers ${days} days`] : [])];
}

/** Draws the days that have files with block characters, in lines of at most `columns` terminal columns. */
export function coverageText(coverage: Coverage, columns: number): string {
  const width = Math.max(20, columns);
  const { span, products } = coverage;
  // Kernels that are valid at any time have no place on the axis, but are what a SPICE query is often about.
  const kernels = coverage.undatedProducts.filter(({ isSpice }) => isSpice).map(({ descriptor, versions, files }) =>
    `${descriptor} ${versionRange(versions)}: ${counted(files, "file")}, valid at any time`
  );
  const ends = [...coverageNotes(coverage), ...kernels, ""];
  const title = coverageTitle(coverage);
  if (span === undefined) return [title, ...ends].join("\n");
  const names = products.flatMap((product) => linesOf(product, binsOf(span, 1)).map(({ name }) => name));
  const nameWidth = nameWidthOf(names, width);
  const room = width - nameWidth - 1;
  const bins = binsOf(span, room);
  const lines = products.flatMap((product) => linesOf(product, bins));
  const drawn = lines.map(({ name, cells }) =>
    `${padToWidth(shorten(name, nameWidth), nameWidth)} ${blocksLine(cells, bins, room)}`
  );
  const cells = lines.flatMap(({ cells }) => [...cells.values()]);
  const axis = `${" ".repeat(nameWidth)} ${axisLine(bins, room)}`;
  return [title, axis, ...drawn, ...legend(cells, bins, width), ...ends].map((line) =>
    cutToWidth(line, width).trimEnd()
  )
    .join(
      "\n",
    );
}
