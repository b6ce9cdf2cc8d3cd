/** Names and addresses that lead to this machine, or to one of the own network (RFC 1918, 3927, 4193, 6762, 8375). */
const PRIVATE: readonly RegExp[] = [
  /^(localhost|[^.]+\.localhost)$/,
  /^(127|10)\.\d+\.\d+\.\d+$/,
  /^(192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\.\d+\.\d+$/,
  /^\[(::1|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)\]$/,
  // A name without a dot is one of the own network, as `http://archive:8000` is between containers. The few top-level
  // domains that have an address of their own (`http://ai/`) cannot be told from it: who writes one gives the key away.
  /^[^.:[\]]+$/,
  /\.(local|internal|lan|home\.arpa)$/,
];

/** Whether a URL's host is this machine or one of the own network, where plain HTTP is usual. */
export function isPrivateHost(hostname: string): boolean {
  return PRIVATE.some((pattern) => pattern.test(hostname));
}
