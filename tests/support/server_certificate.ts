/** What a TLS server needs. */
export interface Certificate {
  /** In PEM. */
  readonly cert: string;
  /** In PEM. */
  readonly key: string;
}

/** A value in DER: tag, length, bytes (X.690). */
function der(tag: number, ...parts: ReadonlyArray<Uint8Array | readonly number[]>): Uint8Array {
  const bytes = parts.flatMap((part) => [...part]);
  const { length } = bytes;
  const shown = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return new Uint8Array([tag, ...shown, ...bytes]);
}

/** A positive whole number. */
function integer(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(Math.max(0, first));
  return der(0x02, (digits[0] ?? 0) > 127 ? [0] : [], digits);
}

const ECDSA_WITH_SHA256 = der(0x30, der(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
const COMMON_NAME = der(0x06, [0x55, 0x04, 0x03]);
const SUBJECT_ALT_NAME = der(0x06, [0x55, 0x1d, 0x11]);

function text(tag: number, value: string): Uint8Array {
  return der(tag, new TextEncoder().encode(value));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** Makes a certificate for 127.0.0.1 that nobody trusts, with a key that is as new (RFC 5280). */
export async function selfSignedCertificate(): Promise<Certificate> {
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const { privateKey, publicKey } = await crypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  const name = der(0x30, der(0x31, der(0x30, COMMON_NAME, text(0x0c, "127.0.0.1"))));
  const validity = der(0x30, text(0x17, "200101000000Z"), text(0x17, "491231235959Z"));
  const address = der(0x30, SUBJECT_ALT_NAME, der(0x04, der(0x30, der(0x87, [127, 0, 0, 1]))));
  const toSign = der(
    0x30,
    der(0xa0, der(0x02, [2])),
    integer(crypto.getRandomValues(new Uint8Array(8))),
    ECDSA_WITH_SHA256,
    name,
    validity,
    name,
    new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
    der(0xa3, der(0x30, address)),
  );
  const hash = { name: "ECDSA", hash: "SHA-256" };
  const raw = new Uint8Array(await crypto.subtle.sign(hash, privateKey, new Uint8Array(toSign)));
  const signature = der(0x30, integer(raw.subarray(0, 32)), integer(raw.subarray(32)));
  const certificate = der(0x30, toSign, ECDSA_WITH_SHA256, der(0x03, [0], signature));
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  return { cert: pem("CERTIFICATE", certificate), key: pem("PRIVATE KEY", key) };
}
