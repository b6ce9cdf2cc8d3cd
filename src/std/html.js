// @ts-self-types="./html.d.ts"
// deno-lint-ignore-file
// Copyright 2018-2026 the Deno authors. MIT license.
// @std/html, bundled from npm:deno-std@1.4.0 by `deno task std`: not to be edited.

// @std/html/entities.js
var rawToEntityEntries = [
  [
    "&",
    "&amp;",
  ],
  [
    "<",
    "&lt;",
  ],
  [
    ">",
    "&gt;",
  ],
  [
    '"',
    "&quot;",
  ],
  [
    "'",
    "&#39;",
  ],
];
var defaultEntityList = Object.fromEntries([
  ...rawToEntityEntries.map(([raw, entity]) => [
    entity,
    raw,
  ]),
  [
    "&apos;",
    "'",
  ],
  [
    "&nbsp;",
    "\xA0",
  ],
]);
var rawToEntity = new Map(rawToEntityEntries);
var rawRe = new RegExp(
  `[${
    [
      ...rawToEntity.keys(),
    ].join("")
  }]`,
  "g",
);
function escape(str) {
  return str.replaceAll(rawRe, (m) => rawToEntity.get(m));
}
export { escape };
