export { describeVerification } from './describe-verification.ts';
export { type VerifyReport, verifyProject } from './verify.ts';
