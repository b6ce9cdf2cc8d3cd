/** The kernel, or the talk with it, did not do what a test waits for. */
export class KernelError extends Error {
  override readonly name = "KernelError";
}
