/** Things to undo at the end, last first. */
export interface Cleanup {
  add(undo: () => Promise<void> | void): void;
  /** Runs all of them even when some throw; throws nothing: what can not be undone is told to `note`. */
  run(): Promise<void>;
}

/** An empty list of things to undo. */
export function createCleanup(note: (text: string) => void): Cleanup {
  const undos: (() => Promise<void> | void)[] = [];
  return {
    add: (undo) => void undos.push(undo),
    async run() {
      for (let undo = undos.pop(); undo; undo = undos.pop()) {
        try {
          await undo();
        } catch (thrown) {
          note(`clean-up: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
        }
      }
    },
  };
}
