/**
 * The look of tables in pages. JupyterLab and VS Code tell the colours of their themes in variables of their own; without
 * either, dark text on a light ground, both set, reads on any page. The selectors stay within the class.
 * File names are not underlined: the line would hide their underscores.
 */
export const TABLE_STYLE = `
.imap-table{--imap-text:var(--jp-content-font-color1,var(--vscode-foreground,#1f2328));
--imap-ground:var(--jp-layout-color0,var(--vscode-editor-background,#ffffff));
--imap-stripe:var(--jp-rendermime-table-row-background,var(--vscode-keybindingTable-rowsBackground,#f4f6f8));
--imap-line:var(--jp-border-color2,var(--vscode-panel-border,#d0d7de));
--imap-link:var(--jp-content-link-color,var(--vscode-textLink-foreground,#0969da));
width:fit-content;color:var(--imap-text);background:var(--imap-ground)}
.imap-table table{border-collapse:separate;border-spacing:0;margin:0;font-size:13px;line-height:1.4;
font-variant-numeric:tabular-nums;color:inherit;background:inherit}
.imap-table caption{caption-side:top;padding:6px 10px;white-space:nowrap;font-weight:600;color:inherit}
.imap-table caption span{font-weight:400}
.imap-table th,.imap-table td{padding:4px 10px;white-space:nowrap;border:0;color:inherit}
.imap-table th[scope=row]+td{white-space:normal;overflow-wrap:anywhere}
.imap-table th{font-weight:600;background:var(--imap-ground)}
.imap-table thead th{position:sticky;top:0;border-bottom:2px solid var(--imap-line)}
.imap-table tbody tr{background:var(--imap-ground)}
.imap-table tbody tr:nth-child(even),.imap-table tbody tr:nth-child(even) th{background:var(--imap-stripe)}
.imap-table td[colspan]{font-style:italic;border:1px solid var(--imap-line);border-width:1px 0}
.imap-table a{color:var(--imap-link);text-decoration:none}
.imap-table a:hover,.imap-table a:focus{text-decoration:underline;text-underline-offset:4px}
`.trim().replaceAll("\n", "");
