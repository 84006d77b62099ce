const MB = 1024 * 1024;

/** The least power of two, in whole MB, that holds so many bytes: what a work_mem is proposed in. */
export function powerOfTwoMb(bytes: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(bytes / MB)));
}
