// `deno task test` lists this test as ignored, so that nobody thinks that it ran.
Deno.test({
  name: "pages in a browser: `deno task test:browser`, which needs Chromium",
  ignore: true,
  fn() {},
});

Deno.test({
  name: "notebooks in JupyterLab: `deno task test:jupyterlab`; 20 times over: `deno task test:notebooks`",
  ignore: true,
  fn() {},
});
