import { type DefaultTreeAdapterMap, parse } from "parse5";

type Node = DefaultTreeAdapterMap["node"];

/** An element of an HTML document. */
export interface HtmlElement {
  /** In lower case. */
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** All text inside it. */
  readonly text: string;
  /** The elements around it: their tags, and their IDs as `#id`. */
  readonly inside: ReadonlySet<string>;
}

function textOf(node: Node): string {
  if ("value" in node) return node.value;
  return "childNodes" in node ? node.childNodes.map(textOf).join("") : "";
}

function elementsIn(node: Node, inside: ReadonlySet<string>): HtmlElement[] {
  if (!("childNodes" in node)) return [];
  return node.childNodes.flatMap((child) => {
    if (!("tagName" in child)) return [];
    const attributes = new Map(child.attrs.map(({ name, value }) => [name, value]));
    const element = { tag: child.tagName, attributes, text: textOf(child), inside };
    return [element, ...elementsIn(child, new Set([...inside, child.tagName, `#${attributes.get("id")}`]))];
  });
}

/** Returns the elements of an HTML document, in order, as a browser reads it. */
export function elementsOf(html: string): HtmlElement[] {
  return elementsIn(parse(html), new Set());
}
