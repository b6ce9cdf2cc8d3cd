// @ts-self-types="./text.d.ts"
// deno-lint-ignore-file
// Copyright 2018-2026 the Deno authors. MIT license.
// @std/text, bundled from npm:deno-std@1.4.0 by `deno task std`: not to be edited.

// @std/text/levenshtein_distance.js
var { ceil } = Math;
var peq = new Uint32Array(1114112);
function myers32(t, p) {
  const n = t.length;
  const m = p.length;
  for (let i = 0; i < m; i++) {
    peq[p[i].codePointAt(0)] |= 1 << i;
  }
  const last = m - 1;
  let pv = -1;
  let mv = 0;
  let score = m;
  for (let j = 0; j < n; j++) {
    const eq = peq[t[j].codePointAt(0)];
    const xv = eq | mv;
    const xh = (eq & pv) + pv ^ pv | eq;
    let ph = mv | ~(xh | pv);
    let mh = pv & xh;
    score += (ph >>> last & 1) - (mh >>> last & 1);
    ph = ph << 1 | 1;
    mh = mh << 1;
    pv = mh | ~(xv | ph);
    mv = ph & xv;
  }
  for (let i = 0; i < m; i++) {
    peq[p[i].codePointAt(0)] = 0;
  }
  return score;
}
function myersX(t, p) {
  const n = t.length;
  const m = p.length;
  const h = new Int8Array(n).fill(1);
  const bmax = ceil(m / 32) - 1;
  for (let b = 0; b < bmax; b++) {
    const start2 = b * 32;
    const end = (b + 1) * 32;
    for (let i = start2; i < end; i++) {
      peq[p[i].codePointAt(0)] |= 1 << i;
    }
    let pv2 = -1;
    let mv2 = 0;
    for (let j = 0; j < n; j++) {
      const hin = h[j];
      let eq = peq[t[j].codePointAt(0)];
      const xv = eq | mv2;
      eq |= hin >>> 31;
      const xh = (eq & pv2) + pv2 ^ pv2 | eq;
      let ph = mv2 | ~(xh | pv2);
      let mh = pv2 & xh;
      h[j] = (ph >>> 31) - (mh >>> 31);
      ph = ph << 1 | -hin >>> 31;
      mh = mh << 1 | hin >>> 31;
      pv2 = mh | ~(xv | ph);
      mv2 = ph & xv;
    }
    for (let i = start2; i < end; i++) {
      peq[p[i].codePointAt(0)] = 0;
    }
  }
  const start = bmax * 32;
  for (let i = start; i < m; i++) {
    peq[p[i].codePointAt(0)] |= 1 << i;
  }
  const last = m - 1;
  let pv = -1;
  let mv = 0;
  let score = m;
  for (let j = 0; j < n; j++) {
    const hin = h[j];
    let eq = peq[t[j].codePointAt(0)];
    const xv = eq | mv;
    eq |= hin >>> 31;
    const xh = (eq & pv) + pv ^ pv | eq;
    let ph = mv | ~(xh | pv);
    let mh = pv & xh;
    score += (ph >>> last & 1) - (mh >>> last & 1);
    ph = ph << 1 | -hin >>> 31;
    mh = mh << 1 | hin >>> 31;
    pv = mh | ~(xv | ph);
    mv = ph & xv;
  }
  for (let i = start; i < m; i++) {
    peq[p[i].codePointAt(0)] = 0;
  }
  return score;
}
function levenshteinDistance(str1, str2) {
  let t = [
    ...str1,
  ];
  let p = [
    ...str2,
  ];
  if (t.length < p.length) {
    [p, t] = [
      t,
      p,
    ];
  }
  if (p.length === 0) {
    return t.length;
  }
  return p.length <= 32 ? myers32(t, p) : myersX(t, p);
}

// @std/text/closest_string.js
function closestString(givenWord, possibleWords, options) {
  if (possibleWords.length === 0) {
    throw new TypeError("When using closestString(), the possibleWords array must contain at least one word");
  }
  const { caseSensitive, compareFn = levenshteinDistance } = {
    ...options,
  };
  if (!caseSensitive) {
    givenWord = givenWord.toLowerCase();
  }
  let nearestWord = possibleWords[0];
  let closestStringDistance = Infinity;
  for (const each of possibleWords) {
    const distance = caseSensitive ? compareFn(givenWord, each) : compareFn(givenWord, each.toLowerCase());
    if (distance < closestStringDistance) {
      nearestWord = each;
      closestStringDistance = distance;
    }
  }
  return nearestWord;
}
export { closestString, levenshteinDistance };
