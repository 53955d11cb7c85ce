/**
 * Turns off ONNX Runtime's telemetry. Official builds of the runtime send telemetry by default (docs/Privacy.md in
 * microsoft/onnxruntime). On Linux and macOS these builds upload events over HTTPS and keep an identifier of the
 * machine in the user's cache folder. On Windows these builds write to the system's event log. heed's users have not
 * agreed to telemetry, so heed turns telemetry off.
 */
import koffi from 'koffi';

/** Environment variable that the runtime reads once, when the library initializes. */
export const OPT_OUT = 'ORT_DISABLE_TELEMETRY';

/**
 * Disables telemetry. Call this function before the library is loaded. On Windows the variable has no effect; use
 * `DisableTelemetryEvents` there.
 */
export function forbidTelemetry(): void {
  if (process.platform === 'win32') return;
  // The C library's own: in a worker thread process.env is a copy that native code never sees.
  koffi.load(null).func('setenv', 'int', ['str', 'str', 'int'])(OPT_OUT, '1', 1);
}
