import type { Behavior } from "../object_answer.ts";
import { named, type NamedFault } from "./fault_list.ts";

function to(location: string | null): Behavior {
  return { status: 307, body: new Uint8Array(), headers: { location } };
}

/** Redirects to all kinds of URLs. */
export const REDIRECTS: readonly NamedFault[] = [
  named("redirects to itself", (_right, { url }) => to(url.href)),
  named("redirects from one URL to another and back", (_right, { url: { pathname, search } }) => {
    // Two spellings of one path.
    const other = pathname.includes("%61") ? pathname.replaceAll("%61", "a") : pathname.replaceAll("a", "%61");
    return to(`${other}${search}`);
  }),
  named("redirects to another origin", (_right, { url, elsewhere }) => to(`${elsewhere}${url.pathname}${url.search}`)),
  named("redirects to nowhere", to(null)),
  named("redirects to file:", to("file:///etc/passwd")),
  named("redirects to data:", to("data:application/json,[]")),
  named("redirects to a URL with a password", to("http://user:pass@127.0.0.1/")),
  named("redirects to control characters", to("http://127.0.0.1:1/\u001b[2J")),
];
