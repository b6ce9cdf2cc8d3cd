/** Answers in the words of the gateway that stands before the SDC's API (SDC protocol, "Gateway"). */

/** An answer as JSON. */
export function jsonResponse(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } });
}

/** There is no such route, or not with this method. */
export function noSuchRoute(): Response {
  return jsonResponse({ message: "Missing Authentication Token" }, 403);
}

/** The caller has no key, or a wrong one. */
export function forbidden(): Response {
  return jsonResponse({ message: "Forbidden" }, 403);
}

/** The code behind the gateway crashed, or its answer is too large. */
export function badGateway(): Response {
  return jsonResponse({ message: "Internal server error" }, 502);
}

/** The code behind the gateway refuses: a JSON string says why. */
export function badRequest(problem: string): Response {
  return jsonResponse(problem, 400);
}
