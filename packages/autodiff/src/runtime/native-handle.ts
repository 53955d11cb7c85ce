/** The owner of one native pointer: the only place that calls a release function. */
import type { Handle } from './library.ts';

/** Releases once, refuses later use, and refuses to release during a call on another thread. */
export class NativeHandle {
  readonly #what: string;
  readonly #release: (pointer: Handle) => unknown;
  #pointer: Handle | null;
  #uses = 0;

  /** `what` names the owner in errors, such as `session`. */
  constructor(what: string, pointer: Handle, release: (pointer: Handle) => unknown) {
    this.#what = what;
    this.#pointer = pointer;
    this.#release = release;
  }

  /** The pointer; throws once released. */
  get pointer(): Handle {
    if (this.#pointer === null) throw new Error(`${this.#what}: expected one in use, got a disposed one`);
    return this.#pointer;
  }

  get isReleased(): boolean {
    return this.#pointer === null;
  }

  /** Whether a hold is active. */
  get isHeld(): boolean {
    return this.#uses > 0;
  }

  /** Marks a pending call on the pointer. Disposing of the result ends the mark. */
  hold(): Disposable {
    if (this.#pointer === null) throw new Error(`${this.#what}: expected one in use, got a disposed one`);
    this.#uses += 1;
    let ended = false;
    return {
      [Symbol.dispose]: () => {
        if (!ended) this.#uses -= 1;
        ended = true;
      },
    };
  }

  /** Releases; a second call does nothing. Throws while held. */
  release(): void {
    if (this.#pointer === null) return;
    if (this.isHeld) throw new Error(`${this.#what}: expected no pending run at disposal, got ${this.#uses}`);
    this.#release(this.#pointer);
    this.#pointer = null;
  }
}
