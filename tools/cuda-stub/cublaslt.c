// The part of cuBLASLt that must answer: handles, and that it knows no algorithm.
#include <stdlib.h>

int cublasLtCreate(void **out) { *out = calloc(1, 64); return 0; }
int cublasLtMatmulDescCreate(void **out) { *out = calloc(1, 64); return 0; }
int cublasLtMatmulPreferenceCreate(void **out) { *out = calloc(1, 64); return 0; }
int cublasLtMatrixLayoutCreate(void **out) { *out = calloc(1, 64); return 0; }
int cublasLtMatrixTransformDescCreate(void **out) { *out = calloc(1, 64); return 0; }
int cublasLtMatmulAlgoGetHeuristic(void *h, void *op, void *a, void *b, void *c, void *d, void *preference, int asked,
                                   void *results, int *found) {
  *found = 0;
  return 0;
}
