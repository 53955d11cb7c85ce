/** Horizontal swipes on a touch screen. The browser still handles pinching and scrolling. */
import { type TouchEvent, useRef } from 'react';

const SHORTEST_PX = 40;

/**
 * Handlers for an element. A React hook for swipes: `onSwipe` receives 1 for the next item (swipe left) and -1 for the
 * previous item (swipe right).
 */
export function useSwipe(onSwipe: (by: 1 | -1) => void) {
  const begin = useRef<{ x: number; y: number }>(undefined);
  return {
    onTouchStart(event: TouchEvent) {
      const [touch, ...more] = Array.from(event.touches);
      begin.current = touch && more.length === 0 ? { x: touch.clientX, y: touch.clientY } : undefined;
    },
    onTouchEnd(event: TouchEvent) {
      const touch = event.changedTouches[0];
      const from = begin.current;
      begin.current = undefined;
      if (!touch || !from) return;
      const [x, y] = [touch.clientX - from.x, touch.clientY - from.y];
      if (Math.abs(x) >= SHORTEST_PX && Math.abs(x) > 1.5 * Math.abs(y)) onSwipe(x < 0 ? 1 : -1);
    },
  };
}
