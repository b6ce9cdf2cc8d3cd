import { resolveSettings } from "../../src/config.ts";
import { createTransport, type HttpEvent, type Transport } from "../../src/http/transport.ts";

/** A transport for a test server, and its log. */
export interface TestTransport {
  readonly transport: Transport;
  readonly events: HttpEvent[];
}

/** The options of a test's transport. */
export interface TestTransportOptions {
  readonly apiKey?: string;
  readonly accessToken?: string;
  readonly timeoutMs?: number;
  readonly retries?: number;
}

/** Creates a transport to `url`, regardless of the environment. */
export function testTransport(url: string, options: TestTransportOptions = {}): TestTransport {
  const events: HttpEvent[] = [];
  const settings = { ...resolveSettings({ url, timeoutMs: 30_000, retries: 0, ...options }), ...credentials(options) };
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
