import { textWidth } from "../../display/text_width.ts";
import { rowLabel } from "../label.ts";
import type { Product } from "./coverage.ts";

/** How wide a picture is whose names are not too long. */
export const USUAL_WIDTH = 860;
/** Long names make the picture wider rather than time shorter than so many pixels. */
const LEAST_TIME = 440;
/** The space between the frame and what stands in it. */
export const EDGE = 16;
/** About how wide a character of the names is. */
const CHARACTER = 6.4;
const BOLD_CHARACTER = 8;

/** What is written beside the lines, product by product, and how much room it takes, in pixels. */
export interface ProductNames {
  readonly instruments: readonly string[];
  /** Level and descriptor. */
  readonly names: readonly string[];
  /** The newest version, and how many there are besides. */
  readonly versions: readonly string[];
  /** Where the names begin. */
  readonly nameLeft: number;
  /** Where time begins. */
  readonly left: number;
  /** How much is to the right of time. */
  readonly right: number;
  /** How wide time is. */
  readonly pixels: number;
}

function widest(texts: readonly string[], character = CHARACTER): number {
  return Math.ceil(Math.max(...texts.map(textWidth)) * character);
}

/** Finds the names of products and room for them. */
export function productNames(products: readonly Product[]): ProductNames {
  const instruments = products.map(({ instrument }) => instrument);
  const names = products.map(({ level, descriptor }) => `${level} ${descriptor}`);
  const versions = products.map(({ versions }) =>
    rowLabel.version(versions[0]) + (versions.length > 1 ? ` +${versions.length - 1}` : "")
  );
  const nameLeft = EDGE + widest(instruments, BOLD_CHARACTER) + 12;
  const [left, right] = [nameLeft + widest(names) + 12, widest(versions) + 28];
  const pixels = Math.max(LEAST_TIME, USUAL_WIDTH - left - right);
  return { instruments, names, versions, nameLeft, left, right, pixels };
}
