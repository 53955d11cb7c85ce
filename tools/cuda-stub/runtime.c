// The part of CUDA's runtime that must answer: one device of compute capability 9.0 whose memory is the host's.
// Kernels are counted and not run, so nothing is computed. Functions without a body here return 0 (write-stubs.ts).
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct { unsigned x, y, z; } Dim3;

static long launches, copies, allocations, captures, replays;
long heed_stub_launches(void) { return launches; }
long heed_stub_copies(void) { return copies; }
long heed_stub_allocations(void) { return allocations; }
long heed_stub_captures(void) { return captures; }
long heed_stub_replays(void) { return replays; }

enum { ALIGNMENT = 256 };
static const size_t MEMORY = 64ull << 30;

static int allocate(void **out, size_t bytes) {
  allocations++;
  return posix_memalign(out, ALIGNMENT, bytes ? bytes : 1) ? 2 : 0;
}
static int handle(void **out) {
  *out = calloc(1, 64);
  return 0;
}

// Devices. Offsets are those of struct cudaDeviceProp in CUDA 13's cuda_runtime_api.h.
static void put32(char *at, int32_t value) { memcpy(at, &value, 4); }
static void put64(char *at, uint64_t value) { memcpy(at, &value, 8); }
int cudaGetDeviceCount(int *count) { *count = 1; return 0; }
int cudaGetDevice(int *device) { *device = 0; return 0; }
int cudaGetDeviceProperties(char *p, int device) {
  memset(p, 0, 1008);
  strcpy(p, "stub");
  put64(p + 288, MEMORY);
  put64(p + 296, 49152);
  put32(p + 304, 65536);
  put32(p + 308, 32);
  put32(p + 320, 1024);
  put32(p + 324, 1024), put32(p + 328, 1024), put32(p + 332, 64);
  put32(p + 336, INT32_MAX), put32(p + 340, 65535), put32(p + 344, 65535);
  put32(p + 360, 9), put32(p + 364, 0);
  put32(p + 384, 132);
  put32(p + 596, 50 << 20);
  put32(p + 604, 2048);
  put64(p + 624, 233472);
  put64(p + 672, 232448);
  return 0;
}
int cudaDeviceGetAttribute(int *value, int attribute, int device) {
  switch (attribute) {
    case 75: *value = 9; break;
    case 76: *value = 0; break;
    case 16: *value = 132; break;
    case 97: *value = 232448; break;
    default: *value = 1;
  }
  return 0;
}
int cudaDriverGetVersion(int *version) { *version = 13000; return 0; }
int cudaRuntimeGetVersion(int *version) { *version = 13000; return 0; }
int cudaMemGetInfo(size_t *available, size_t *total) { *available = *total = MEMORY; return 0; }

// Memory.
int cudaMalloc(void **out, size_t bytes) { return allocate(out, bytes); }
int cudaMallocHost(void **out, size_t bytes) { return allocate(out, bytes); }
int cudaHostAlloc(void **out, size_t bytes, unsigned flags) { return allocate(out, bytes); }
int cudaMallocFromPoolAsync(void **out, size_t bytes, void *pool, void *stream) { return allocate(out, bytes); }
int cudaFree(void *memory) { free(memory); return 0; }
int cudaFreeHost(void *memory) { free(memory); return 0; }
int cudaFreeAsync(void *memory, void *stream) { free(memory); return 0; }
int cudaMemcpy(void *to, const void *from, size_t bytes, int kind) {
  copies++;
  memmove(to, from, bytes);
  return 0;
}
int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *stream) {
  return cudaMemcpy(to, from, bytes, kind);
}
int cudaMemset(void *to, int value, size_t bytes) { memset(to, value, bytes); return 0; }
int cudaMemsetAsync(void *to, int value, size_t bytes, void *stream) { memset(to, value, bytes); return 0; }
int cudaPointerGetAttributes(char *attributes, const void *pointer) {
  memset(attributes, 0, 88);
  put32(attributes, 2);
  return 0;
}

// Streams, events and errors.
int cudaStreamCreate(void **out) { return handle(out); }
int cudaStreamCreateWithFlags(void **out, unsigned flags) { return handle(out); }
int cudaStreamIsCapturing(void *stream, int *status) { *status = 0; return 0; }
int cudaEventCreate(void **out) { return handle(out); }
int cudaEventCreateWithFlags(void **out, unsigned flags) { return handle(out); }
int cudaEventElapsedTime(float *milliseconds) { *milliseconds = 1; return 0; }
const char *cudaGetErrorString(int code) { return "an error of the stub"; }
const char *cudaGetErrorName(int code) { return "stubError"; }

// Kernels.
void **__cudaRegisterFatBinary(void *binary) {
  static void *registered[4];
  return registered;
}
int __cudaGetKernel(void **out, const void *function) { *out = (void *)function; return 0; }
int cudaFuncGetAttributes(char *attributes, const void *function) {
  memset(attributes, 0, 144);
  put32(attributes + 24, 1024), put32(attributes + 28, 32);
  return 0;
}
int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks) { *blocks = 2; return 0; }
static struct { Dim3 grid, block; size_t shared; void *stream; } pushed;
unsigned __cudaPushCallConfiguration(Dim3 grid, Dim3 block, size_t shared, void *stream) {
  pushed.grid = grid, pushed.block = block, pushed.shared = shared, pushed.stream = stream;
  return 0;
}
int __cudaPopCallConfiguration(Dim3 *grid, Dim3 *block, size_t *shared, void **stream) {
  *grid = pushed.grid, *block = pushed.block, *shared = pushed.shared, *stream = pushed.stream;
  return 0;
}
int __cudaLaunchKernel(void) { launches++; return 0; }
int cudaLaunchKernel(void) { launches++; return 0; }
int cudaLaunchKernelExC(void) { launches++; return 0; }
int cudaLaunchCooperativeKernel(void) { launches++; return 0; }

// Graphs.
int cudaStreamBeginCapture(void *stream, int mode) { captures++; return 0; }
int cudaStreamEndCapture(void *stream, void **graph) { return handle(graph); }
int cudaGraphInstantiate(void **out, void *graph, unsigned long long flags) { return handle(out); }
int cudaGraphLaunch(void *graph, void *stream) { replays++; return 0; }
