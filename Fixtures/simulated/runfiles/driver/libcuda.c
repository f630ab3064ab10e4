/*
 * The simulated GPU's libcuda: enough of the driver API for a probe to ask what deviceQuery and bandwidthTest ask.
 * Device memory is host memory. Written from the API's public documentation.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef DRIVERS /* a test's folder */
#define DRIVERS "/sys/bus/pci/drivers/nvidia"
#endif
#define MOST 16

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101 };
typedef int result;
typedef unsigned long long pointer;

static int initialized, count;
static char addresses[MOST][16];

static int order(const void *a, const void *b) { return strcmp(a, b); }

result cuInit(unsigned flags)
{
	DIR *folder;
	struct dirent *entry;

	if (flags)
		return INVALID_VALUE;
	count = 0;
	folder = opendir(DRIVERS);
	while (folder && (entry = readdir(folder)) && count < MOST)
		if (strlen(entry->d_name) == 12 && entry->d_name[4] == ':')
			memcpy(addresses[count++], entry->d_name, 13);
	if (folder)
		closedir(folder);
	qsort(addresses, count, sizeof addresses[0], order);
	if (!count)
		return NO_DEVICE;
	initialized = 1;
	return SUCCESS;
}

#define READY(device) \
	do { \
		if (!initialized) \
			return NOT_INITIALIZED; \
		if ((device) < 0 || (device) >= count) \
			return INVALID_DEVICE; \
	} while (0)

result cuDriverGetVersion(int *version) { return version ? (*version = DRIVER_CUDA, SUCCESS) : INVALID_VALUE; }

result cuDeviceGetCount(int *out)
{
	if (!initialized)
		return NOT_INITIALIZED;
	*out = count;
	return SUCCESS;
}

result cuDeviceGet(int *device, int ordinal)
{
	READY(ordinal);
	*device = ordinal;
	return SUCCESS;
}

result cuDeviceGetName(char *name, int length, int device)
{
	READY(device);
	snprintf(name, length, "%s", DRIVER_CUDA >= 11030 ? "NVIDIA GeForce GTX 1050 Ti" : "GeForce GTX 1050 Ti");
	return SUCCESS;
}

result cuDeviceTotalMem_v2(size_t *bytes, int device)
{
	READY(device);
	*bytes = 4236312576u;
	return SUCCESS;
}
result cuDeviceTotalMem(size_t *bytes, int device) { return cuDeviceTotalMem_v2(bytes, device); }

static void address(int device, unsigned *domain, unsigned *bus, unsigned *slot, unsigned *function)
{
	*domain = *bus = *slot = *function = 0;
	sscanf(addresses[device], "%x:%x:%x.%x", domain, bus, slot, function);
}

result cuDeviceGetPCIBusId(char *text, int length, int device)
{
	READY(device);
	snprintf(text, length, "%s", addresses[device]);
	return SUCCESS;
}

result cuDeviceGetUuid(unsigned char *uuid, int device)
{
	unsigned domain, bus, slot, function;
	static const unsigned char start[10] = { 0x51, 0x34, 0, 0, 0x12, 0x34, 0x11, 0xe8, 0, 0 };

	READY(device);
	address(device, &domain, &bus, &slot, &function);
	memcpy(uuid, start, 10);
	uuid[10] = domain >> 8, uuid[11] = domain, uuid[12] = bus, uuid[13] = slot, uuid[14] = function, uuid[15] = 0;
	return SUCCESS;
}
result cuDeviceGetUuid_v2(unsigned char *uuid, int device) { return cuDeviceGetUuid(uuid, device); }

result cuDeviceGetAttribute(int *value, int attribute, int device)
{
	unsigned domain, bus, slot, function;
	/* The numbers of CUdevice_attribute, and deviceQuery's answers for a GeForce GTX 1050 Ti. */
	static const struct { short attribute; int value; } known[] = {
		{ 1, 1024 }, { 2, 1024 }, { 3, 1024 }, { 4, 64 }, { 5, 2147483647 }, { 6, 65535 }, { 7, 65535 }, { 8, 49152 },
		{ 9, 65536 }, { 10, 32 }, { 11, 2147483647 }, { 12, 65536 }, { 13, 1481000 }, { 14, 512 }, { 15, 1 }, { 16, 6 },
		{ 17, 0 }, { 18, 0 }, { 19, 1 }, { 20, 0 }, { 21, 131072 }, { 22, 131072 }, { 23, 65536 }, { 24, 16384 },
		{ 25, 16384 }, { 26, 16384 }, { 31, 1 }, { 32, 0 }, { 35, 0 }, { 36, 3504000 }, { 37, 128 }, { 38, 1048576 },
		{ 39, 2048 }, { 40, 2 }, { 41, 1 }, { 75, 6 }, { 76, 1 }, { 78, 1 }, { 81, 98304 }, { 82, 65536 }, { 83, 1 },
		{ 90, 1 }, { 95, 1 },
	};

	READY(device);
	address(device, &domain, &bus, &slot, &function);
	switch (attribute) {
	case 33: *value = bus; return SUCCESS;
	case 34: *value = slot; return SUCCESS;
	case 50: *value = domain; return SUCCESS;
	}
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].attribute == attribute)
			return *value = known[i].value, SUCCESS;
	*value = 0;
	return SUCCESS;
}

result cuDeviceComputeCapability(int *major, int *minor, int device)
{
	READY(device);
	*major = 6, *minor = 1;
	return SUCCESS;
}

static const struct { int error; const char *name, *text; } errors[] = {
	{ SUCCESS, "CUDA_SUCCESS", "no error" }, { INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument" },
	{ OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory" },
	{ NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error" },
	{ NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected" },
	{ INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal" },
	{ 802, "CUDA_ERROR_SYSTEM_NOT_READY", "system not yet initialized" },
	{ 803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver / cuda driver combination" },
	{ 999, "CUDA_ERROR_UNKNOWN", "unknown error" },
};

static result describe(int error, const char **text, int by_name)
{
	*text = NULL;
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (errors[i].error == error)
			*text = by_name ? errors[i].name : errors[i].text;
	return *text ? SUCCESS : INVALID_VALUE;
}
result cuGetErrorName(int error, const char **text) { return describe(error, text, 1); }
result cuGetErrorString(int error, const char **text) { return describe(error, text, 0); }

/* Contexts, streams and modules are marks only. */
result cuCtxCreate_v2(void **context, unsigned flags, int device)
{
	(void)flags;
	READY(device);
	*context = addresses[device];
	return SUCCESS;
}
result cuCtxCreate(void **context, unsigned flags, int device) { return cuCtxCreate_v2(context, flags, device); }
result cuCtxDestroy_v2(void *context) { return context ? SUCCESS : INVALID_VALUE; }
result cuCtxDestroy(void *context) { return cuCtxDestroy_v2(context); }
result cuCtxSynchronize(void) { return SUCCESS; }
result cuCtxSetCurrent(void *context) { (void)context; return SUCCESS; }
result cuDevicePrimaryCtxRetain(void **context, int device) { return cuCtxCreate_v2(context, 0, device); }
result cuDevicePrimaryCtxRelease_v2(int device) { READY(device); return SUCCESS; }
result cuDevicePrimaryCtxRelease(int device) { READY(device); return SUCCESS; }

result cuMemGetInfo_v2(size_t *available, size_t *total)
{
	*available = *total = 4236312576u;
	return SUCCESS;
}

static result take(void **memory, size_t bytes)
{
	*memory = bytes ? malloc(bytes) : NULL;
	return *memory ? SUCCESS : bytes ? OUT_OF_MEMORY : INVALID_VALUE;
}

result cuMemAlloc_v2(pointer *out, size_t bytes)
{
	void *memory;
	result status = take(&memory, bytes);

	*out = (pointer)(size_t)memory;
	return status;
}
result cuMemFree_v2(pointer memory) { free((void *)(size_t)memory); return SUCCESS; }
result cuMemAllocHost_v2(void **memory, size_t bytes) { return take(memory, bytes); }
result cuMemHostAlloc(void **memory, size_t bytes, unsigned flags) { (void)flags; return take(memory, bytes); }
result cuMemFreeHost(void *memory) { free(memory); return SUCCESS; }

static result copy(void *to, const void *from, size_t bytes) { memcpy(to, from, bytes); return SUCCESS; }
result cuMemcpyHtoD_v2(pointer to, const void *from, size_t n) { return copy((void *)(size_t)to, from, n); }
result cuMemcpyDtoH_v2(void *to, pointer from, size_t n) { return copy(to, (void *)(size_t)from, n); }
result cuMemcpyDtoD_v2(pointer to, pointer from, size_t n) { return copy((void *)(size_t)to, (void *)(size_t)from, n); }
result cuMemcpyHtoDAsync_v2(pointer to, const void *from, size_t n, void *s) { (void)s; return cuMemcpyHtoD_v2(to, from, n); }
result cuMemcpyDtoHAsync_v2(void *to, pointer from, size_t n, void *s) { (void)s; return cuMemcpyDtoH_v2(to, from, n); }
result cuMemcpyDtoDAsync_v2(pointer to, pointer from, size_t n, void *s) { (void)s; return cuMemcpyDtoD_v2(to, from, n); }
result cuMemsetD8_v2(pointer to, unsigned char value, size_t n) { memset((void *)(size_t)to, value, n); return SUCCESS; }

struct event { struct timespec time; };
result cuEventCreate(void **event, unsigned flags) { (void)flags; return take(event, sizeof(struct event)); }
result cuEventDestroy_v2(void *event) { free(event); return SUCCESS; }
result cuEventRecord(void *event, void *stream)
{
	(void)stream;
	clock_gettime(CLOCK_MONOTONIC, &((struct event *)event)->time);
	return SUCCESS;
}
result cuEventSynchronize(void *event) { (void)event; return SUCCESS; }
result cuEventElapsedTime(float *ms, void *start, void *end)
{
	struct timespec a = ((struct event *)start)->time, b = ((struct event *)end)->time;

	*ms = (b.tv_sec - a.tv_sec) * 1e3f + (b.tv_nsec - a.tv_nsec) / 1e6f;
	return SUCCESS;
}
result cuStreamCreate(void **stream, unsigned flags) { (void)flags; *stream = &initialized; return SUCCESS; }
result cuStreamDestroy_v2(void *stream) { (void)stream; return SUCCESS; }
result cuStreamSynchronize(void *stream) { (void)stream; return SUCCESS; }
