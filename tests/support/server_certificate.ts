/** The certificate and the key of a TLS server. */
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

/** A positive integer in DER. */
function integer(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(Math.max(0, first));
  return der(0x02, (digits[0] ?? 0) > 127 ? [0] : [], digits);
}

const ECDSA_WITH_SHA256 = der(0x30, der(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
const COMMON_NAME = der(0x06, [0x55, 0x04, 0x03]);
const SUBJECT_ALT_NAME = der(0x06, [0x55, 0x1d, 0x11]);
const BASIC_CONSTRAINTS = der(0x06, [0x55, 0x1d, 0x13]);

function text(tag: number, value: string): Uint8Array {
  return der(tag, new TextEncoder().encode(value));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** The contents of a certificate. */
interface CertificateOptions {
  /** Its DNS names and IPv4 addresses. Default: 127.0.0.1 and localhost. */
  readonly hosts?: readonly string[];
  /** The first and the last second of its validity. Default: 2020 to 2049. */
  readonly valid?: readonly [from: Date, to: Date];
}

/** The issuer of a certificate. */
interface Signer {
  readonly name: Uint8Array;
  readonly privateKey: CryptoKey;
}

function nameOf(commonName: string): Uint8Array {
  return der(0x30, der(0x31, der(0x30, COMMON_NAME, text(0x0c, commonName))));
}

/** `20260131235959Z`, in the form for years after 2049 too. */
function moment(date: Date): Uint8Array {
  return text(0x18, `${date.toISOString().slice(0, 19).replace(/[-T:]/g, "")}Z`);
}

function hostName(host: string): Uint8Array {
  return /^[\d.]+$/.test(host) ? der(0x87, host.split(".").map(Number)) : der(0x82, new TextEncoder().encode(host));
}

interface KeyPair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

function newKeys(): Promise<KeyPair> {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
}

/** Creates and signs a certificate (RFC 5280). */
async function sign(
  subject: Uint8Array,
  { privateKey, publicKey }: KeyPair,
  extension: Uint8Array,
  { signer, valid }: { signer: Signer; valid: readonly [from: Date, to: Date] },
): Promise<Certificate> {
  const toSign = der(
    0x30,
    der(0xa0, der(0x02, [2])),
    integer(crypto.getRandomValues(new Uint8Array(8))),
    ECDSA_WITH_SHA256,
    signer.name,
    der(0x30, moment(valid[0]), moment(valid[1])),
    subject,
    new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
    der(0xa3, der(0x30, extension)),
  );
  const hash = { name: "ECDSA", hash: "SHA-256" };
  const raw = new Uint8Array(await crypto.subtle.sign(hash, signer.privateKey, new Uint8Array(toSign)));
  const signature = der(0x30, integer(raw.subarray(0, 32)), integer(raw.subarray(32)));
  const certificate = der(0x30, toSign, ECDSA_WITH_SHA256, der(0x03, [0], signature));
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  return { cert: pem("CERTIFICATE", certificate), key: pem("PRIVATE KEY", key) };
}

const LONG: readonly [from: Date, to: Date] = [new Date("2020-01-01"), new Date("2049-12-31")];

function forHosts(hosts: readonly string[]): Uint8Array {
  return der(0x30, SUBJECT_ALT_NAME, der(0x04, der(0x30, ...hosts.map(hostName))));
}

/** Creates a certificate that nothing trusts, with a new key. */
export async function selfSignedCertificate(
  { hosts = ["127.0.0.1"], valid = LONG }: CertificateOptions = {},
): Promise<Certificate> {
  const keys = await newKeys();
  const name = nameOf("127.0.0.1");
  return sign(name, keys, forHosts(hosts), { signer: { name, privateKey: keys.privateKey }, valid });
}

/** An authority that issues certificates; trust in its certificate is trust in all of them. */
export interface Authority {
  /** Its own certificate, in PEM. */
  readonly cert: string;
  /** Its own key, in PEM. */
  readonly key: string;
  /** Issues a certificate for a server. */
  issue(options?: CertificateOptions): Promise<Certificate>;
}

/** Creates an authority with a new key. */
export async function certificateAuthority(commonName = "Test authority"): Promise<Authority> {
  const keys = await newKeys();
  const name = nameOf(commonName);
  const signer = { name, privateKey: keys.privateKey };
  const isAuthority = der(0x30, BASIC_CONSTRAINTS, der(0x01, [0xff]), der(0x04, der(0x30, der(0x01, [0xff]))));
  const { cert, key } = await sign(name, keys, isAuthority, { signer, valid: LONG });
  return {
    cert,
    key,
    issue: async ({ hosts = ["127.0.0.1", "localhost"], valid = LONG } = {}) =>
      sign(nameOf("Test server"), await newKeys(), forHosts(hosts), { signer, valid }),
  };
}
