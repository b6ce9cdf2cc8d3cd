/**
 * The look of the front page, in both of the reader's themes. The tables bring their own style and take their colours
 * from the variables that JupyterLab sets; here the page sets them.
 */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--text:#1f2328;--quiet:#57606a;--ground:#ffffff;--line:#d0d7de;--edge:#8c959f;--link:#0550ae;
--field:#ffffff;--jp-content-font-color1:var(--text);--jp-layout-color0:var(--ground);
--jp-rendermime-table-row-background:#f4f6f8;--jp-border-color2:var(--line);--jp-content-link-color:var(--link)}
@media (prefers-color-scheme:dark){:root{--text:#e6edf3;--quiet:#9da7b3;--ground:#0d1117;--line:#3d444d;--edge:#768390;
--link:#79b8ff;--field:#161b22;--jp-rendermime-table-row-background:#161b22}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1rem;font:16px/1.5 system-ui,sans-serif;color:var(--text);
background:var(--ground);overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:.5rem 0}
h2{font-size:1.15rem;margin:2rem 0 .5rem}
p{margin:.5rem 0}
.quiet{color:var(--quiet)}
a{color:var(--link)}
a:focus-visible,input:focus-visible,select:focus-visible,button:focus-visible,figure:focus-visible,.imap-table:focus-visible{
outline:2px solid var(--link);outline-offset:2px}
code{font-size:.875em}
ul.counts{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;list-style:none;padding:0;margin:.5rem 0}
ul.counts b{font-variant-numeric:tabular-nums}
form{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;margin:.75rem 0}
label{display:flex;flex-direction:column;font-size:.875rem;color:var(--quiet);flex:1 1 9rem;max-width:14rem;min-width:0}
input,select,button{height:2.4rem;font:inherit;font-size:.9375rem;width:100%;padding:.35rem .5rem;color:var(--text);
background:var(--field);border:1px solid var(--edge);border-radius:6px}
button{width:auto;padding:.35rem 1rem;cursor:pointer}
nav{display:flex;gap:1.5rem;margin:.75rem 0}
figure{margin:.75rem 0;overflow-x:auto}
img{max-width:100%;min-width:44rem;height:auto;display:block}
`.trim().replaceAll("\n", "");
