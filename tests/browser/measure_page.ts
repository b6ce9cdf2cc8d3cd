/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** An unreadable text of a page, and why it is unreadable. */
export interface Unreadable {
  readonly text: string;
  readonly problem: string;
}

/** The result of checking each text of a page. */
export interface Measures {
  /** How many pixels the page is wider than its window. */
  readonly overflow: number;
  /** How many texts were checked. */
  readonly texts: number;
  readonly unreadable: readonly Unreadable[];
}

/**
 * Runs in a page, which has nothing of this file but this function. Measures the contrast (WCAG 2.2, 1.4.3) of each text with
 * all that is painted below it, SVG too, and looks whether it is cut off anywhere.
 *
 * @param within A selector; only texts in such elements are looked at.
 */
export function measurePage(within: string): Measures {
  type Color = readonly [red: number, green: number, blue: number, alpha: number];
  const MIN_CONTRAST = 4.5;
  const SMALLEST_PIXELS = 8;
  // Charts may switch off hit testing for some of their shapes.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*{pointer-events:auto!important;scroll-behavior:auto!important}");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

  // With the namespace of XHTML: in an SVG file, createElement() creates no canvas.
  const canvas = document.createElementNS("http://www.w3.org/1999/xhtml", "canvas") as HTMLCanvasElement;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (pen === null) throw new Error("Cannot measure colors: there is no canvas");
  const known = new Map<string, Color>();
  /** Converts a CSS color to numbers. */
  const colorOf = (css: string): Color => {
    const color = known.get(css);
    if (color !== undefined) return color;
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = css;
    pen.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, alpha = 0] = pen.getImageData(0, 0, 1, 1).data;
    const found: Color = [red, green, blue, alpha / 255];
    known.set(css, found);
    return found;
  };
  const over = ([r, g, b, alpha]: Color, [R, G, B]: Color): Color => {
    const mix = (above: number, below: number) => above * alpha + below * (1 - alpha);
    return [mix(r, R), mix(g, G), mix(b, B), 1];
  };
  const luminance = ([r, g, b]: Color): number => {
    const linear = (value: number) =>
      value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const contrast = (one: Color, other: Color): number => {
    const [light, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
    return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
  };
  const ancestors = (element: Element): Element[] => {
    const found: Element[] = [];
    for (let at: Element | null = element; at !== null; at = at.parentElement) found.push(at);
    return found;
  };
  const opacityOf = (element: Element) =>
    ancestors(element).reduce((product, at) => product * Number(getComputedStyle(at).opacity), 1);
  const isSvg = (element: Element) =>
    element.namespaceURI === "http://www.w3.org/2000/svg" && element.tagName !== "svg";
  /** The color of an element's text: its fill in SVG, its color in HTML. */
  const paint = (element: Element, css: string, more = 1): Color => {
    const [r, g, b, alpha] = colorOf(css);
    return [r, g, b, alpha * opacityOf(element) * more];
  };
  const groundOf = (element: Element): Color => {
    const style = getComputedStyle(element);
    if (!isSvg(element)) return paint(element, style.backgroundColor);
    const isText = ["text", "tspan", "g"].includes(element.tagName);
    return isText || style.fill === "none" ? [0, 0, 0, 0] : paint(element, style.fill, Number(style.fillOpacity));
  };
  const textColor = (element: Element): Color => {
    const style = getComputedStyle(element);
    return isSvg(element) ? paint(element, style.fill, Number(style.fillOpacity)) : paint(element, style.color);
  };
  /** The drawn size of a text; a chart may be scaled down. */
  const sizeOf = (element: Element) => {
    const matrix = element instanceof SVGGraphicsElement ? element.getScreenCTM() : null;
    // Labels of vertical axes are turned.
    const scale = matrix === null ? 1 : Math.hypot(matrix.a, matrix.b);
    return parseFloat(getComputedStyle(element).fontSize) * scale;
  };
  const pageGround = over(colorOf("Canvas"), [255, 255, 255, 1]);

  const problemOf = (node: Text, element: Element): string | undefined => {
    const range = document.createRange();
    range.selectNodeContents(node);
    element.scrollIntoView({ block: "center" });
    // An element may be larger than its frame; the first line of its text must be visible.
    for (const frame of ancestors(element)) {
      const line = range.getClientRects()[0];
      if (line === undefined) return undefined;
      const edge = frame.getBoundingClientRect();
      const { overflowX, overflowY } = getComputedStyle(frame);
      if (["auto", "scroll"].includes(overflowX)) frame.scrollLeft += line.left - edge.left - edge.width / 3;
      if (["auto", "scroll"].includes(overflowY)) frame.scrollTop += line.top - edge.top - edge.height / 2;
    }
    const line = range.getClientRects()[0];
    if (line !== undefined && (line.top < 0 || line.bottom > innerHeight)) scrollBy(0, line.top - innerHeight / 2);
    const box = range.getClientRects()[0];
    if (box === undefined || box.width <= 1 || box.height <= 1) return undefined;
    // A line that is longer than a frame that scrolls can be read by scrolling.
    let [left, right] = [box.left, box.right];
    for (const at of ancestors(element)) {
      const { overflowX, overflowY } = getComputedStyle(at);
      const edge = at.getBoundingClientRect();
      if (["auto", "scroll"].includes(overflowX)) {
        [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
      }
      // Text only for screen readers is one pixel large.
      if (edge.width <= 1 || edge.height <= 1) return undefined;
      if (
        ["hidden", "clip"].includes(overflowX) && at !== document.body &&
        (left < edge.left - 1 || right > edge.right + 1)
      ) {
        return `is cut off at the side by ${at.tagName}`;
      }
      if (
        ["hidden", "clip"].includes(overflowY) && at !== document.body &&
        (box.top < edge.top - 1 || box.bottom > edge.bottom + 1)
      ) {
        return `is cut off above or below by ${at.tagName}`;
      }
    }
    if (box.left + scrollX < -1 || box.top + scrollY < -1) return "is outside of the page";
    const size = sizeOf(element);
    if (size < SMALLEST_PIXELS && box.height > 1) return `is ${size.toFixed(1)} pixels high`;
    const [x, y] = [box.left + Math.min(box.width / 2, 40), box.top + box.height / 2];
    const stack = document.elementsFromPoint(x, y);
    const own = stack.findIndex((at) => at === element || at.contains(element));
    if (own < 0) return `is covered, or out of reach of scrolling, at ${Math.round(x)}, ${Math.round(y)}`;
    const ground = stack.slice(own).reverse().reduce((below, at) => over(groundOf(at), below), pageGround);
    const found = contrast(over(textColor(element), ground), ground);
    const shown = ([r, g, b]: Color) => `rgb(${[r, g, b].map(Math.round).join(" ")})`;
    return found >= MIN_CONTRAST
      ? undefined
      : `has a contrast of ${found.toFixed(2)}: ${shown(over(textColor(element), ground))} on ${shown(ground)}`;
  };

  const unreadable: Unreadable[] = [];
  let texts = 0;
  for (const root of document.querySelectorAll(within)) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.nodeValue?.trim() ?? "";
      if (
        element === null || text === "" ||
        ["STYLE", "SCRIPT", "TITLE", "title", "desc", "style", "OPTION"].includes(element.tagName)
      ) continue;
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      texts++;
      const problem = problemOf(node as Text, element);
      if (problem !== undefined) unreadable.push({ text: text.slice(0, 60), problem });
    }
  }
  scrollTo(0, 0);
  document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
  const { scrollWidth, clientWidth } = document.documentElement;
  return { overflow: scrollWidth - clientWidth, texts, unreadable };
}
