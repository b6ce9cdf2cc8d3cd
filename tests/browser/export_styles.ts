/** What all sites have: a column of text, and frames for wide content. */
const PAGE = `
body{margin:0;font:15px/1.5 system-ui,sans-serif}
main{max-width:70rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
pre{overflow:auto;padding:.6rem;margin:.5rem 0;font:13px/1.4 ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:normal}
figure{margin:0;overflow-x:auto}
.output{margin:.5rem 0 1rem}
`;

/** The colors of JupyterLab's light and dark themes, in its variables; exports of nbconvert have them too. */
const LAB = `${PAGE}
:root{color-scheme:light;--jp-content-font-color1:rgba(0,0,0,.87);--jp-layout-color0:#fff;
--jp-rendermime-table-row-background:#f5f5f5;--jp-border-color2:#e0e0e0;--jp-content-link-color:#1976d2;
--code:#f5f5f5}
@media (prefers-color-scheme:dark){:root{color-scheme:dark;--jp-content-font-color1:#fff;--jp-layout-color0:#111;
--jp-rendermime-table-row-background:#212121;--jp-border-color2:#616161;--jp-content-link-color:#64b5f6;--code:#212121}}
body{color:var(--jp-content-font-color1);background:var(--jp-layout-color0)}
.code{background:var(--code)}
`;

/** nbviewer: always light, without variables, even if the reader prefers dark. */
const NBVIEWER = `${PAGE}
:root{color-scheme:light}body{color:#333;background:#fff}.code{background:#f7f7f7}
`;

/** GitHub: only its own style, light and dark; tables scroll in frames. */
const GITHUB = `${PAGE}
:root{color-scheme:light;--text:#1f2328;--ground:#fff;--line:#d1d9e0;--stripe:#f6f8fa;--link:#0969da}
@media (prefers-color-scheme:dark){:root{color-scheme:dark;--text:#f0f6fc;--ground:#0d1117;--line:#3d444d;--stripe:#151b23;--link:#4493f8}}
body{color:var(--text);background:var(--ground)}.code{background:var(--stripe)}a{color:var(--link)}
table{display:block;width:max-content;max-width:100%;overflow:auto;border-collapse:collapse}
th,td{padding:6px 13px;border:1px solid var(--line)}tr:nth-child(2n){background:var(--stripe)}
`;

/** The styles of sites that show notebooks, by name. */
export const EXPORT_STYLES = { lab: LAB, nbviewer: NBVIEWER, github: GITHUB } as const;

/** A site that shows notebooks. */
export type ExportStyle = keyof typeof EXPORT_STYLES;
