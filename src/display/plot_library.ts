// The one door to the libraries that draw; loaded when a picture is drawn, and only then.
// @ts-types="./plot_library.d.ts"
export { axisX, barX, cell, plot, ruleX, text } from "@observablehq/plot";
// @ts-types="./plot_library.d.ts"
export { parseHTML } from "linkedom";
