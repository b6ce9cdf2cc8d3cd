/** The kernel, or the communication with it, did not do what a test waits for. */
export class KernelError extends Error {
  override readonly name = "KernelError";
}
