/** Detects whether a person uses the page: the page is visible, and there was recent input. */

export interface Activity {
  isActive(): boolean;
  /** Calls `listener` at the first input after a rest. The returned function removes the listener. */
  onWake(listener: () => void): () => void;
  stop(): void;
}

/** Time without input that counts as a rest, long enough to look at three images. */
const REST_MS = 20_000;
const TOUCHES = ['pointerdown', 'pointermove', 'keydown', 'touchstart', 'wheel', 'focus', 'pageshow'] as const;

export function watchActivity(nowMs: () => number = () => performance.now()): Activity {
  const listeners = new Set<() => void>();
  let lastMs = nowMs();
  const isActive = () => document.visibilityState === 'visible' && nowMs() - lastMs < REST_MS;
  const touch = () => {
    if (document.visibilityState !== 'visible') return;
    const hasRested = !isActive();
    lastMs = nowMs();
    if (hasRested) for (const listener of listeners) listener();
  };
  for (const name of TOUCHES) addEventListener(name, touch, { passive: true });
  document.addEventListener('visibilitychange', touch);
  return {
    isActive,
    onWake(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      for (const name of TOUCHES) removeEventListener(name, touch);
      document.removeEventListener('visibilitychange', touch);
    },
  };
}
