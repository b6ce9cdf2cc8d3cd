import { resolveSettings } from "../../src/config.ts";
import { createTransport, type HttpEvent, type Transport } from "../../src/http/transport.ts";

/** A transport for a test server, and what it logged. */
export interface TestTransport {
  readonly transport: Transport;
  readonly events: HttpEvent[];
}

/** What a test says of its transport. */
export interface TestTransportOptions {
  readonly apiKey?: string;
  readonly accessToken?: string;
  readonly timeoutMs?: number;
  readonly retries?: number;
}

/** Makes a transport that goes to `url`, whatever the environment says. */
export function testTransport(url: string, options: TestTransportOptions = {}): TestTransport {
  const events: HttpEvent[] = [];
  const settings = { ...resolveSettings({ url, timeoutMs: 5000, retries: 0, ...options }), ...credentials(options) };
  return {
    transport: createTransport(settings, {
      log: (event) => events.push(event),
      random: () => 0,
    }),
    events,
  };
}

function credentials({ apiKey, accessToken }: TestTransportOptions) {
  return { apiKey, accessToken };
}
