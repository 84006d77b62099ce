/**
 * The outcome of `work`, or the abort's reason as soon as there is one. What is left of `work` then ends unheard, at the
 * latest when the connections that it uses are closed; a value that it still gives is handed to `late`.
 */
export function untilAborted<T>(signal: AbortSignal, work: Promise<T>, late?: (value: T) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work
      .then((value) => {
        if (signal.aborted) return late?.(value);
        return resolve(value);
      })
      .catch(reject)
      .finally(() => signal.removeEventListener('abort', stop));
  });
}
