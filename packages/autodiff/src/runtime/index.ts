/** The runtime's public surface. */
export { runtimeVersion } from './ort-api.ts';
export {
  type Binding,
  createSession,
  type Device,
  type HostTensor,
  type Session,
  type SessionOptions,
} from './session.ts';
