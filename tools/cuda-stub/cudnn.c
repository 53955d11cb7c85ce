// The part of cuDNN that must answer: version, descriptors, one engine for every convolution, workspaces of 0 bytes.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// Values of cudnn_graph.h, version 9.
enum { ATTRIBUTE_HEURISTIC_RESULTS = 202 };
enum { TYPE_INT64 = 3, TYPE_DESCRIPTOR = 15 };

size_t cudnnGetVersion(void) { return 91300; }
const char *cudnnGetErrorString(int status) { return "an error of the stub"; }
int cudnnCreate(void **out) { *out = calloc(1, 64); return 0; }
int cudnnGetReductionWorkspaceSize(void *h, void *reduction, void *from, void *to, size_t *bytes) { *bytes = 0; return 0; }
int cudnnGetReductionIndicesSize(void *h, void *reduction, void *from, void *to, size_t *bytes) { *bytes = 0; return 0; }
int cudnnGetConvolutionForwardWorkspaceSize(void *h, void *x, void *w, void *c, void *y, int algorithm, size_t *bytes) {
  *bytes = 0;
  return 0;
}

int cudnnBackendCreateDescriptor(int type, void **out) { *out = calloc(1, 64); return 0; }
int cudnnBackendDestroyDescriptor(void *descriptor) { free(descriptor); return 0; }
int cudnnBackendGetAttribute(void *descriptor, int name, int type, int64_t asked, int64_t *count, void *values) {
  // Asked for no value, it tells how many there are. Descriptors are made by the caller and stay as they are.
  int64_t given = name == ATTRIBUTE_HEURISTIC_RESULTS || asked == 1 ? 1 : 0;
  if (count) *count = given;
  if (given && asked > 0 && values && type != TYPE_DESCRIPTOR) memset(values, 0, type == TYPE_INT64 ? 8 : 4);
  return 0;
}
