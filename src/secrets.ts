/** What must be shown nowhere, whoever says it. One set for the process, as its terminal and its logs are. */
const secrets = new Map<string, RegExp>();
/** A shorter one would hide parts of many words, and is no secret. */
const SHORTEST = 6;

/** Takes note of a credential that is in use: servers may send it back. */
export function keepSecret(secret: string): void {
  if (secret.length < SHORTEST || secrets.has(secret)) return;
  // The parts of an address are in lower case.
  secrets.set(secret, new RegExp(RegExp.escape(secret), "gi"));
}

/** A text without the credentials that are in use. */
export function withoutSecrets(text: string): string {
  let shown = text;
  for (const pattern of secrets.values()) shown = shown.replace(pattern, "[secret]");
  return shown;
}
