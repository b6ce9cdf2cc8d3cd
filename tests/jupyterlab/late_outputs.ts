// What JupyterLab does with outputs that arrive after their cell has finished; see docs/notebook.md.
// deno-lint-ignore-file no-console
import { assertEquals } from "@std/assert";
import { openBrowser, openPage } from "../browser/browser.ts";
import { openNotebook } from "./open_notebook.ts";
import { startJupyterLab } from "./start_jupyterlab.ts";
import { writeNotebook } from "./write_notebook.ts";

const CELLS = 100;
const wait = (ms: number) => `await new Promise((resolve) => setTimeout(resolve, ${ms}));`;
const display = (text: string) => `Deno.jupyter.display({ "text/plain": "${text}" }, { raw: true })`;

/** Ways in which a cell shows something: code for a text, and whether it is certain to arrive. */
const WAYS = [
  { name: "an awaited display", code: (text: string) => `${wait(5)} await ${display(text)};`, isCertain: true },
  { name: "console.log", code: (text: string) => `${wait(5)} console.log("${text}");`, isCertain: true },
  { name: "a last value", code: (text: string) => `"${text}"`, isCertain: false },
  { name: "a last value behind an await", code: (text: string) => `${wait(5)} "${text}"`, isCertain: false },
] as const;

Deno.test("JupyterLab shows what is awaited below its cell", async (t) => {
  await using lab = await startJupyterLab("light");
  await using browser = await openBrowser();

  /** Runs cells one after the other. @returns The outputs below each. */
  const run = async (
    name: string,
    sources: readonly string[],
    isLast: (text: string) => boolean,
  ): Promise<string[]> => {
    const path = await writeNotebook(lab, name, sources);
    await using watched = await openPage(browser, { width: 1280, height: 800, colorScheme: "light" });
    const notebook = await openNotebook(lab, watched.page, path);
    await notebook.choose("Run", "Run All Cells");
    await notebook.finished();
    const texts = () =>
      notebook.cells.evaluateAll((cells) =>
        cells.map((cell) => cell.querySelector(".jp-OutputArea")?.textContent ?? "")
      );
    const end = Date.now() + 10_000;
    while (!isLast((await texts()).join("")) && Date.now() < end);
    return await texts();
  };

  for (const [number, { name, code, isCertain }] of WAYS.entries()) {
    await t.step(name, async () => {
      const texts = Array.from({ length: CELLS }, (_, cell) => `<${cell}>`);
      const shown = await run(
        `way${number}.ipynb`,
        texts.map(code),
        (text) => texts.every((one) => text.includes(one)),
      );
      const lost = texts.filter((text) => !shown.some((cell) => cell.includes(text))).length;
      const elsewhere = texts.filter((text, cell) => !shown[cell]?.includes(text)).length - lost;
      console.log(
        `of ${CELLS} cells that show ${name}: ${lost} lost, ${elsewhere} below another cell (Deno ${Deno.version.deno})`,
      );
      if (isCertain) assertEquals([lost, elsewhere], [0, 0]);
    });
  }

  await t.step(
    "what nobody awaits stands below the cell that runs by then, or below its own when none does",
    async () => {
      const later = (text: string) => `void setTimeout(() => console.log("${text}"), 3_000);`;
      const cells = [later("late;"), `${wait(100)} console.log("own;")`, wait(8_000), later("last;")];
      const shown = await run("late.ipynb", cells, (text) => text.includes("last;"));
      assertEquals(shown.map((text) => text.trim()), ["", "own;", "late;", "last;"]);
    },
  );
});
