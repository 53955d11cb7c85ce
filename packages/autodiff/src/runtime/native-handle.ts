/** The owner of one native pointer, which prevents a second release and use after release. */
import type { Handle } from './library.ts';

/** Releases the pointer once, throws on use after release, and refuses to release during a call on another thread. */
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

  /** The pointer; throws after `release`. */
  get pointer(): Handle {
    if (this.#pointer === null) throw new Error(`${this.#what}: expected one in use, got a disposed one`);
    return this.#pointer;
  }

  get isReleased(): boolean {
    return this.#pointer === null;
  }

  /** Whether a call on the pointer is pending. */
  get isHeld(): boolean {
    return this.#uses > 0;
  }

  /** Marks a call on the pointer as pending, until the caller disposes of the result. */
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

  /** Releases the pointer; a second call does nothing. Throws while a call on the pointer is pending. */
  release(): void {
    if (this.#pointer === null) return;
    if (this.isHeld) throw new Error(`${this.#what}: expected no pending run at disposal, got ${this.#uses}`);
    this.#release(this.#pointer);
    this.#pointer = null;
  }
}
