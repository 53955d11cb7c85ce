// The part of cuBLAS that must answer.
#include <stdlib.h>

int cublasCreate_v2(void **out) { *out = calloc(1, 64); return 0; }
int cublasGetMathMode(void *handle, int *mode) { *mode = 0; return 0; }
const char *cublasGetStatusName(int status) { return "stubStatus"; }
const char *cublasGetStatusString(int status) { return "an error of the stub"; }
