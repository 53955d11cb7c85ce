/**
 * Turns off ONNX Runtime's telemetry. Its official builds do so by default (docs/Privacy.md in
 * microsoft/onnxruntime). On Linux and macOS they upload events over HTTPS and keep an identifier of the machine in the
 * user's cache folder. On Windows they write to the system's event log. heed's users were not asked either, so heed
 * turns it off.
 */
import koffi from 'koffi';

/** Variable that the runtime reads once, when the library initializes. */
export const OPT_OUT = 'ORT_DISABLE_TELEMETRY';

/**
 * Disables telemetry. Call it before the library is loaded. On Windows it has no effect; use `DisableTelemetryEvents`
 * there.
 */
export function forbidTelemetry(): void {
  if (process.platform === 'win32') return;
  // The C library's own: in a worker thread process.env is a copy that native code never sees.
  koffi.load(null).func('setenv', 'int', ['str', 'str', 'int'])(OPT_OUT, '1', 1);
}
