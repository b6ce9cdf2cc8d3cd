// The types of what is in use of Observable Plot and linkedom: theirs speak of a browser's DOM, which Deno does not have.
/** A value for each datum, or the name of one of its keys; a colour or a number stands for itself. */
export type Channel<T> = string | number | ((datum: T) => string | number | Date | undefined);
export interface Mark {
  readonly markOf?: unknown;
}
export interface MarkOptions<T> {
  x?: Channel<T>;
  x1?: Channel<T>;
  x2?: Channel<T>;
  y?: Channel<T>;
  fill?: Channel<T>;
  fillOpacity?: Channel<T>;
  stroke?: Channel<T>;
  strokeOpacity?: number;
  strokeWidth?: number;
  inset?: number;
  insetTop?: number;
  insetBottom?: number;
  insetLeft?: number;
  insetRight?: number;
  rx?: number;
  title?: Channel<T>;
  text?: Channel<T>;
  textAnchor?: "start" | "middle" | "end";
  frameAnchor?: "left" | "right" | "top";
  fontSize?: number;
  fontWeight?: string;
  dx?: number;
  dy?: number;
}
export interface AxisOptions {
  anchor: "top" | "bottom";
  ticks: readonly Date[];
  tickFormat?: (tick: Date) => string;
  tickSize?: number;
  label: null;
  fontSize?: number;
}
export interface ScaleOptions {
  type: "utc" | "band" | "identity";
  domain?: ReadonlyArray<string | number | Date>;
  axis?: null | "top";
  label?: null;
  padding?: number;
  tickSize?: number;
  range?: readonly [number, number];
}
export interface PlotOptions {
  document: PlotDocument;
  className: string;
  width: number;
  height: number;
  marginTop: number;
  marginRight: number;
  marginBottom: number;
  marginLeft: number;
  x: ScaleOptions;
  y: ScaleOptions;
  color?: ScaleOptions;
  marks: readonly Mark[];
}
/** A page that stands for the browser's. */
export interface PlotDocument {
  readonly nodeType: number;
}
export declare function plot(options: PlotOptions): { readonly outerHTML: string };
export declare function barX<T>(data: readonly T[], options: MarkOptions<T>): Mark;
export declare function cell<T>(data: readonly T[], options: MarkOptions<T>): Mark;
export declare function text<T>(data: readonly T[], options: MarkOptions<T>): Mark;
export declare function ruleX<T>(data: readonly T[], options: MarkOptions<T>): Mark;
export declare function axisX(options: AxisOptions): Mark;
export declare function parseHTML(html: string): { readonly document: PlotDocument };
