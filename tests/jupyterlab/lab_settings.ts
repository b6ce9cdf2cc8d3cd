import { dirname, join } from "@std/path";

/** JupyterLab's own settings, by plugin, as its settings editor saves them. */
function settings(theme: string): Record<string, unknown> {
  return {
    "@jupyterlab/apputils-extension/themes": { theme, "adaptive-theme": false },
    // No question and no request to other machines.
    "@jupyterlab/apputils-extension/notification": { fetchNews: "false", checkForUpdates: false },
    // All cells are in the page, those out of sight too.
    "@jupyterlab/notebook-extension/tracker": { windowingMode: "none" },
    // A file is saved when the test says so.
    "@jupyterlab/docmanager-extension/plugin": { autosave: false },
  };
}

/** The themes of JupyterLab that are tested. */
export const THEMES = { light: "JupyterLab Light", dark: "JupyterLab Dark" } as const;

/** Writes the settings for a theme to a folder that JupyterLab takes settings from. */
export async function writeSettings(folder: string, theme: keyof typeof THEMES): Promise<void> {
  for (const [plugin, values] of Object.entries(settings(THEMES[theme]))) {
    const path = join(folder, `${plugin}.jupyterlab-settings`);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, JSON.stringify(values));
  }
}
