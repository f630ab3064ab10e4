/*
 * gpu-probe: asks libcuda what deviceQuery asks and measures copies as bandwidthTest does, without a toolkit.
 *
 *   cc -std=gnu99 -O2 -o gpu-probe gpu-probe.c -ldl
 *   gpu-probe [--bytes N] [--repeat N] [--device N] [--no-copies] [--timeout SECONDS]
 *
 * One JSON document on standard output, whatever happens. Exit status 0 where every device answered and every copy
 * arrived, 1 where not, 2 for a wrong option. Written from the driver API's public documentation: numbers and types
 * below are its binary interface, which does not change ("_v2" are the names that the headers map the plain ones to).
 *
 * The questions are asked by a child process: a driver can hang in the kernel where no signal reaches, and libcuda can
 * crash. The parent then says in which call.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SCHEMA 1
#define MOST_DEVICES 64
#define MOST_OUTPUT (1 << 20)

typedef int CUresult;
typedef int CUdevice;
typedef unsigned long long CUdeviceptr;
typedef void *CUcontext;
typedef void *CUevent;
typedef void *CUstream;

/* --- What was asked --- */

static size_t copy_bytes = 32u << 20;
static long repeat = 20;
static long only_device = -1;
static int copies = 1;
static long timeout_seconds = 240;

/* --- The document, and what goes wrong --- */

static char *document;
static size_t length, capacity;

static void say(const char *format, ...)
{
	va_list arguments;
	int needed;

	for (;;) {
		va_start(arguments, format);
		needed = vsnprintf(document + length, capacity - length, format, arguments);
		va_end(arguments);
		if (needed >= 0 && (size_t)needed < capacity - length)
			break;
		capacity = capacity * 2 + 4096;
		document = realloc(document, capacity);
		if (!document)
			_exit(1);
	}
	length += (size_t)needed;
}

/* A JSON string. Anything but printable ASCII becomes a question mark: nothing that NVIDIA names needs more. */
static void say_string(const char *text)
{
	say("\"");
	for (; text && *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			say("\\%c", c);
		else
			say("%c", c < 0x20 || c > 0x7e ? (c == '\n' || c == '\t' ? ' ' : '?') : c);
	}
	say("\"");
}

struct trouble {
	const char *call;
	int has_code, code, device;
	char name[64], text[256];
};

#define MOST_TROUBLE 32
static struct trouble troubles[MOST_TROUBLE];
static int trouble_count;

/* Where the child is, for the parent. */
struct place {
	char call[64];
	int device;
};
static struct place *place;

static void at(const char *call)
{
	if (place)
		snprintf(place->call, sizeof place->call, "%s", call);
}

static struct trouble *add_trouble(const char *call, int device, const char *text)
{
	static struct trouble overflow;
	struct trouble *trouble = trouble_count < MOST_TROUBLE ? &troubles[trouble_count++] : &overflow;

	memset(trouble, 0, sizeof *trouble);
	trouble->call = call;
	trouble->device = device;
	snprintf(trouble->text, sizeof trouble->text, "%s", text);
	return trouble;
}

static void say_troubles(void)
{
	int i;

	say("\"errors\": [");
	for (i = 0; i < trouble_count; i++) {
		struct trouble *trouble = &troubles[i];

		say("%s\n    {\"call\": ", i ? "," : "");
		say_string(trouble->call);
		if (trouble->device >= 0)
			say(", \"device\": %d", trouble->device);
		if (trouble->has_code) {
			say(", \"code\": %d, \"name\": ", trouble->code);
			say_string(trouble->name);
		}
		say(", \"text\": ");
		say_string(trouble->text);
		say("}");
	}
	say("%s]", trouble_count ? "\n  " : "");
}

/* --- libcuda --- */

static void *library;

static CUresult (*cuInit)(unsigned);
static CUresult (*cuDriverGetVersion)(int *);
static CUresult (*cuGetErrorName)(CUresult, const char **);
static CUresult (*cuGetErrorString)(CUresult, const char **);
static CUresult (*cuDeviceGetCount)(int *);
static CUresult (*cuDeviceGet)(CUdevice *, int);
static CUresult (*cuDeviceGetName)(char *, int, CUdevice);
static CUresult (*cuDeviceTotalMem)(size_t *, CUdevice);
static CUresult (*cuDeviceGetAttribute)(int *, int, CUdevice);
static CUresult (*cuDeviceGetPCIBusId)(char *, int, CUdevice);
static CUresult (*cuDeviceGetUuid)(unsigned char *, CUdevice);
static CUresult (*cuDeviceGetUuid_v2)(unsigned char *, CUdevice);
static CUresult (*cuDevicePrimaryCtxRetain)(CUcontext *, CUdevice);
static CUresult (*cuDevicePrimaryCtxRelease)(CUdevice);
static CUresult (*cuCtxSetCurrent)(CUcontext);
static CUresult (*cuCtxSynchronize)(void);
static CUresult (*cuMemGetInfo)(size_t *, size_t *);
static CUresult (*cuMemAlloc)(CUdeviceptr *, size_t);
static CUresult (*cuMemFree)(CUdeviceptr);
static CUresult (*cuMemAllocHost)(void **, size_t);
static CUresult (*cuMemFreeHost)(void *);
static CUresult (*cuMemsetD8)(CUdeviceptr, unsigned char, size_t);
static CUresult (*cuMemcpyDtoH)(void *, CUdeviceptr, size_t);
static CUresult (*cuMemcpyHtoDAsync)(CUdeviceptr, const void *, size_t, CUstream);
static CUresult (*cuMemcpyDtoHAsync)(void *, CUdeviceptr, size_t, CUstream);
static CUresult (*cuMemcpyDtoDAsync)(CUdeviceptr, CUdeviceptr, size_t, CUstream);
static CUresult (*cuEventCreate)(CUevent *, unsigned);
static CUresult (*cuEventDestroy)(CUevent);
static CUresult (*cuEventRecord)(CUevent, CUstream);
static CUresult (*cuEventSynchronize)(CUevent);
static CUresult (*cuEventElapsedTime)(float *, CUevent, CUevent);

/* What must be there, what may be missing; the older name where a newer one is not there. */
static const struct symbol {
	const char *name, *older;
	void *function;
	int needed;
} symbols[] = {
	{ "cuInit", NULL, &cuInit, 1 },
	{ "cuDriverGetVersion", NULL, &cuDriverGetVersion, 1 },
	{ "cuGetErrorName", NULL, &cuGetErrorName, 0 },
	{ "cuGetErrorString", NULL, &cuGetErrorString, 0 },
	{ "cuDeviceGetCount", NULL, &cuDeviceGetCount, 1 },
	{ "cuDeviceGet", NULL, &cuDeviceGet, 1 },
	{ "cuDeviceGetName", NULL, &cuDeviceGetName, 1 },
	{ "cuDeviceTotalMem_v2", NULL, &cuDeviceTotalMem, 1 },
	{ "cuDeviceGetAttribute", NULL, &cuDeviceGetAttribute, 1 },
	{ "cuDeviceGetPCIBusId", NULL, &cuDeviceGetPCIBusId, 0 },
	{ "cuDeviceGetUuid", NULL, &cuDeviceGetUuid, 0 },
	{ "cuDeviceGetUuid_v2", NULL, &cuDeviceGetUuid_v2, 0 },
	{ "cuDevicePrimaryCtxRetain", NULL, &cuDevicePrimaryCtxRetain, 1 },
	{ "cuDevicePrimaryCtxRelease_v2", "cuDevicePrimaryCtxRelease", &cuDevicePrimaryCtxRelease, 1 },
	{ "cuCtxSetCurrent", NULL, &cuCtxSetCurrent, 1 },
	{ "cuCtxSynchronize", NULL, &cuCtxSynchronize, 1 },
	{ "cuMemGetInfo_v2", NULL, &cuMemGetInfo, 0 },
	{ "cuMemAlloc_v2", NULL, &cuMemAlloc, 1 },
	{ "cuMemFree_v2", NULL, &cuMemFree, 1 },
	{ "cuMemAllocHost_v2", NULL, &cuMemAllocHost, 1 },
	{ "cuMemFreeHost", NULL, &cuMemFreeHost, 1 },
	{ "cuMemsetD8_v2", NULL, &cuMemsetD8, 1 },
	{ "cuMemcpyDtoH_v2", NULL, &cuMemcpyDtoH, 1 },
	{ "cuMemcpyHtoDAsync_v2", NULL, &cuMemcpyHtoDAsync, 1 },
	{ "cuMemcpyDtoHAsync_v2", NULL, &cuMemcpyDtoHAsync, 1 },
	{ "cuMemcpyDtoDAsync_v2", NULL, &cuMemcpyDtoDAsync, 1 },
	{ "cuEventCreate", NULL, &cuEventCreate, 0 },
	{ "cuEventDestroy_v2", "cuEventDestroy", &cuEventDestroy, 0 },
	{ "cuEventRecord", NULL, &cuEventRecord, 0 },
	{ "cuEventSynchronize", NULL, &cuEventSynchronize, 0 },
	{ "cuEventElapsedTime", NULL, &cuEventElapsedTime, 0 },
};

static int open_library(void)
{
	size_t i;

	at("dlopen");
	library = dlopen("libcuda.so.1", RTLD_NOW);
	if (!library) {
		const char *reason = dlerror();

		add_trouble("dlopen", -1, reason ? reason : "libcuda.so.1 cannot be opened");
		return 0;
	}
	for (i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
		void *address = dlsym(library, symbols[i].name);

		if (!address && symbols[i].older)
			address = dlsym(library, symbols[i].older);
		if (!address && symbols[i].needed) {
			char text[160];

			snprintf(text, sizeof text, "libcuda.so.1 has no %s: it is no NVIDIA driver's, or too old a one", symbols[i].name);
			add_trouble("dlsym", -1, text);
		}
		memcpy(symbols[i].function, &address, sizeof address);
	}
	return trouble_count == 0;
}

/* For a libcuda that cannot name its own errors. */
static const struct {
	CUresult code;
	const char *name;
} names[] = {
	{ 1, "CUDA_ERROR_INVALID_VALUE" }, { 2, "CUDA_ERROR_OUT_OF_MEMORY" }, { 3, "CUDA_ERROR_NOT_INITIALIZED" },
	{ 34, "CUDA_ERROR_STUB_LIBRARY" }, { 100, "CUDA_ERROR_NO_DEVICE" }, { 101, "CUDA_ERROR_INVALID_DEVICE" },
	{ 214, "CUDA_ERROR_ECC_UNCORRECTABLE" }, { 304, "CUDA_ERROR_OPERATING_SYSTEM" },
	{ 802, "CUDA_ERROR_SYSTEM_NOT_READY" }, { 803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH" },
	{ 804, "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE" }, { 999, "CUDA_ERROR_UNKNOWN" },
};

static int failed(CUresult result, const char *call, int device)
{
	struct trouble *trouble;
	const char *text = NULL;
	size_t i;

	if (result == 0)
		return 0;
	if (!cuGetErrorString || cuGetErrorString(result, &text) != 0)
		text = NULL;
	trouble = add_trouble(call, device, text ? text : "");
	trouble->has_code = 1;
	trouble->code = result;
	text = NULL;
	if (cuGetErrorName && cuGetErrorName(result, &text) == 0 && text) {
		snprintf(trouble->name, sizeof trouble->name, "%s", text);
	} else {
		for (i = 0; i < sizeof names / sizeof names[0]; i++)
			if (names[i].code == result)
				snprintf(trouble->name, sizeof trouble->name, "%s", names[i].name);
	}
	return 1;
}

#define FAILS(device, function, ...) (at(#function), failed(function(__VA_ARGS__), #function, device))

/* --- Properties --- */

/* CUdevice_attribute by number. A driver that does not know one leaves it out. */
static const struct {
	short number;
	char yes_or_no;
	const char *name;
} attributes[] = {
	{ 16, 0, "multiprocessors" },
	{ 13, 0, "clock_khz" },
	{ 36, 0, "memory_clock_khz" },
	{ 37, 0, "memory_bus_bits" },
	{ 38, 0, "l2_cache_bytes" },
	{ 9, 0, "constant_memory_bytes" },
	{ 8, 0, "shared_memory_per_block_bytes" },
	{ 97, 0, "shared_memory_per_block_optin_bytes" },
	{ 81, 0, "shared_memory_per_multiprocessor_bytes" },
	{ 12, 0, "registers_per_block" },
	{ 82, 0, "registers_per_multiprocessor" },
	{ 10, 0, "warp_size" },
	{ 39, 0, "threads_per_multiprocessor" },
	{ 106, 0, "blocks_per_multiprocessor" },
	{ 1, 0, "threads_per_block" },
	{ 11, 0, "memory_pitch_bytes" },
	{ 14, 0, "texture_alignment_bytes" },
	{ 40, 0, "copy_engines" },
	{ 17, 1, "kernel_time_limit" },
	{ 18, 1, "integrated" },
	{ 19, 1, "can_map_host_memory" },
	{ 31, 1, "concurrent_kernels" },
	{ 32, 1, "ecc" },
	{ 41, 1, "unified_addressing" },
	{ 78, 1, "stream_priorities" },
	{ 83, 1, "managed_memory" },
	{ 89, 1, "concurrent_managed_access" },
	{ 88, 1, "pageable_memory_access" },
	{ 84, 1, "multi_gpu_board" },
	{ 90, 1, "compute_preemption" },
	{ 95, 1, "cooperative_launch" },
};

static int attribute(CUdevice handle, int number, int *value)
{
	return cuDeviceGetAttribute(value, number, handle) == 0;
}

static void say_numbers(CUdevice handle, const char *name, int first, int count)
{
	int value, i;

	for (i = 0; i < count; i++)
		if (!attribute(handle, first + i, &value))
			return;
	say(",\n      \"%s\": [", name);
	for (i = 0; i < count; i++) {
		if (attribute(handle, first + i, &value))
			say("%s%d", i ? ", " : "", value);
	}
	say("]");
}

static void say_uuid(CUdevice handle)
{
	/* The second version gives a MIG instance its own, the first gives it the GPU's. */
	unsigned char uuid[16], whole[16];
	int has_whole = cuDeviceGetUuid && cuDeviceGetUuid(whole, handle) == 0;
	int is_mig = 0, i;

	if (cuDeviceGetUuid_v2 && cuDeviceGetUuid_v2(uuid, handle) == 0)
		is_mig = has_whole && memcmp(uuid, whole, sizeof uuid) != 0;
	else if (has_whole)
		memcpy(uuid, whole, sizeof uuid);
	else
		return;
	say(",\n      \"uuid\": \"%s", is_mig ? "MIG-" : "GPU-");
	for (i = 0; i < 16; i++)
		say("%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	say("\",\n      \"mig\": %s", is_mig ? "true" : "false");
}

static int say_properties(CUdevice handle, int ordinal)
{
	static const char *const modes[] = { "default", "exclusive", "prohibited", "exclusive-process" };
	char text[256] = "";
	size_t bytes = 0, i;
	int major = 0, minor = 0, value;

	say("      \"ordinal\": %d", ordinal);
	if (FAILS(ordinal, cuDeviceGetName, text, (int)sizeof text, handle))
		return 0;
	text[sizeof text - 1] = 0;
	say(",\n      \"name\": ");
	say_string(text);
	say_uuid(handle);
	text[0] = 0;
	if (cuDeviceGetPCIBusId && cuDeviceGetPCIBusId(text, (int)sizeof text, handle) == 0) {
		say(",\n      \"pci_bus_id\": ");
		say_string(text);
	}
	if (FAILS(ordinal, cuDeviceTotalMem, &bytes, handle))
		return 0;
	say(",\n      \"total_memory_bytes\": %llu", (unsigned long long)bytes);
	if (FAILS(ordinal, cuDeviceGetAttribute, &major, 75, handle) ||
	    FAILS(ordinal, cuDeviceGetAttribute, &minor, 76, handle))
		return 0;
	say(",\n      \"compute_capability\": \"%d.%d\"", major, minor);
	for (i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
		if (!attribute(handle, attributes[i].number, &value))
			continue;
		if (attributes[i].yes_or_no)
			say(",\n      \"%s\": %s", attributes[i].name, value ? "true" : "false");
		else
			say(",\n      \"%s\": %d", attributes[i].name, value);
	}
	say_numbers(handle, "block_dimensions", 2, 3);
	say_numbers(handle, "grid_dimensions", 5, 3);
	if (attribute(handle, 20, &value)) {
		say(",\n      \"compute_mode\": ");
		say_string(value >= 0 && value < 4 ? modes[value] : "unknown");
	}
	return 1;
}

/* --- Copies --- */

enum kind { TO_DEVICE, WITHIN_DEVICE, TO_HOST };
static const char *const kind_names[] = { "host-to-device", "device-to-device", "device-to-host" };

struct buffers {
	unsigned char *source, *target; /* pinned */
	CUdeviceptr first, second;
	CUevent start, end;
	int has_events;
};

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int copy(enum kind kind, struct buffers *b, int ordinal)
{
	switch (kind) {
	case TO_DEVICE: return !FAILS(ordinal, cuMemcpyHtoDAsync, b->first, b->source, copy_bytes, NULL);
	case WITHIN_DEVICE: return !FAILS(ordinal, cuMemcpyDtoDAsync, b->second, b->first, copy_bytes, NULL);
	default: return !FAILS(ordinal, cuMemcpyDtoHAsync, b->target, b->second, copy_bytes, NULL);
	}
}

/* Whether the bytes that a copy was to bring are there: read back, unless they are on the host already. */
static int arrived(enum kind kind, struct buffers *b, int ordinal)
{
	size_t i;
	char text[160];

	if (kind != TO_HOST) {
		memset(b->target, 0x55, copy_bytes);
		if (FAILS(ordinal, cuMemcpyDtoH, b->target, kind == TO_DEVICE ? b->first : b->second, copy_bytes))
			return 0;
	}
	if (memcmp(b->source, b->target, copy_bytes) == 0)
		return 1;
	for (i = 0; b->source[i] == b->target[i]; i++)
		;
	snprintf(text, sizeof text, "%s: byte %llu of %llu arrived as 0x%02x, not 0x%02x", kind_names[kind],
		 (unsigned long long)i, (unsigned long long)copy_bytes, b->target[i], b->source[i]);
	add_trouble("compare", ordinal, text);
	return 0;
}

static int measure(enum kind kind, struct buffers *b, int ordinal)
{
	float elapsed = 0;
	double start, ms;
	int timed = b->has_events;
	long i;

	if (!copy(kind, b, ordinal) || FAILS(ordinal, cuCtxSynchronize)) /* warm-up */
		return 0;
	/* What the timed copies are to overwrite: one that does nothing is seen. */
	if (kind == TO_HOST)
		memset(b->target, 0xaa, copy_bytes);
	else if (FAILS(ordinal, cuMemsetD8, kind == TO_DEVICE ? b->first : b->second, 0xaa, copy_bytes))
		return 0;
	if (FAILS(ordinal, cuCtxSynchronize))
		return 0;
	start = now_ms();
	timed = timed && cuEventRecord(b->start, NULL) == 0;
	for (i = 0; i < repeat; i++)
		if (!copy(kind, b, ordinal))
			return 0;
	timed = timed && cuEventRecord(b->end, NULL) == 0;
	if (FAILS(ordinal, cuCtxSynchronize))
		return 0;
	ms = now_ms() - start;
	timed = timed && cuEventSynchronize(b->end) == 0 && cuEventElapsedTime(&elapsed, b->start, b->end) == 0 && elapsed > 0;
	if (timed)
		ms = elapsed;
	if (!arrived(kind, b, ordinal))
		return 0;
	/* As bandwidthTest: a copy within the device reads and writes the same memory, and both count. */
	say("%s\n        {\"kind\": \"%s\", \"bytes\": %llu, \"repeat\": %ld, \"milliseconds\": %.4f, ",
	    kind == TO_DEVICE ? "" : ",", kind_names[kind], (unsigned long long)copy_bytes, repeat, ms);
	if (ms > 0)
		say("\"gigabytes_per_second\": %.3f, ",
		    (double)copy_bytes * (double)repeat * (kind == WITHIN_DEVICE ? 2 : 1) / (ms / 1e3) / 1e9);
	say("\"timer\": \"%s\", \"verified\": true}", timed ? "event" : "clock");
	return 1;
}

static int measure_all(CUdevice handle, int ordinal)
{
	struct buffers b;
	CUcontext context = NULL;
	size_t free_bytes = 0, total = 0, i;
	unsigned state = 2463534242u + (unsigned)ordinal;
	int good = 0;

	memset(&b, 0, sizeof b);
	if (FAILS(ordinal, cuDevicePrimaryCtxRetain, &context, handle))
		return 0;
	if (FAILS(ordinal, cuCtxSetCurrent, context))
		goto release;
	if (cuMemGetInfo && cuMemGetInfo(&free_bytes, &total) == 0)
		say(",\n      \"free_memory_bytes\": %llu", (unsigned long long)free_bytes);
	if (FAILS(ordinal, cuMemAllocHost, (void **)&b.source, copy_bytes) ||
	    FAILS(ordinal, cuMemAllocHost, (void **)&b.target, copy_bytes) ||
	    FAILS(ordinal, cuMemAlloc, &b.first, copy_bytes) || FAILS(ordinal, cuMemAlloc, &b.second, copy_bytes))
		goto release;
	b.has_events = cuEventCreate && cuEventDestroy && cuEventRecord && cuEventSynchronize && cuEventElapsedTime &&
		       cuEventCreate(&b.start, 0) == 0 && cuEventCreate(&b.end, 0) == 0;
	for (i = 0; i < copy_bytes; i++) { /* xorshift: no block of memory is like another */
		state ^= state << 13;
		state ^= state >> 17;
		state ^= state << 5;
		b.source[i] = (unsigned char)state;
	}
	say(",\n      \"copies\": [");
	good = measure(TO_DEVICE, &b, ordinal) && measure(WITHIN_DEVICE, &b, ordinal) && measure(TO_HOST, &b, ordinal);
	say("\n      ]");
release:
	at("clean up");
	if (b.start)
		cuEventDestroy(b.start);
	if (b.end)
		cuEventDestroy(b.end);
	if (b.second)
		cuMemFree(b.second);
	if (b.first)
		cuMemFree(b.first);
	if (b.target)
		cuMemFreeHost(b.target);
	if (b.source)
		cuMemFreeHost(b.source);
	cuCtxSetCurrent(NULL);
	cuDevicePrimaryCtxRelease(handle);
	return good;
}

/* --- The whole --- */

static void say_head(void)
{
	say("{\n  \"gpu_probe\": %d", SCHEMA);
}

static void probe(void)
{
	Dl_info info;
	void *address;
	int version = 0, count = -1, i, said = 0;

	say_head();
	if (!open_library())
		return;
	memcpy(&address, &cuInit, sizeof address);
	if (dladdr(address, &info) && info.dli_fname) {
		say(",\n  \"library\": ");
		say_string(info.dli_fname);
	}
	if (!FAILS(-1, cuDriverGetVersion, &version))
		say(",\n  \"driver_api_version\": \"%d.%d\"", version / 1000, version % 1000 / 10);
	if (FAILS(-1, cuInit, 0) || FAILS(-1, cuDeviceGetCount, &count))
		return;
	say(",\n  \"device_count\": %d,\n  \"devices\": [", count);
	if (count < 1)
		add_trouble("cuDeviceGetCount", -1, "libcuda sees no device");
	if (only_device >= count)
		add_trouble("--device", -1, "there is no device of that number");
	for (i = 0; i < count && i < MOST_DEVICES; i++) {
		CUdevice handle;

		if (only_device >= 0 && i != only_device)
			continue;
		if (place)
			place->device = i;
		if (FAILS(i, cuDeviceGet, &handle, i))
			continue;
		say("%s\n    {\n", said++ ? "," : "");
		if (say_properties(handle, i) && copies)
			measure_all(handle, i);
		say("\n    }");
	}
	say("%s]", said ? "\n  " : "");
}

static void finish(void)
{
	say(",\n  \"result\": \"%s\",\n  ", trouble_count ? "fail" : "pass");
	say_troubles();
	say("\n}\n");
}

static int write_all(int file, const char *bytes, size_t count)
{
	while (count) {
		ssize_t written = write(file, bytes, count);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return 0;
		bytes += written;
		count -= (size_t)written;
	}
	return 1;
}

/* A document of one error, in place of the child's. */
static int give_up(const char *text)
{
	length = 0;
	trouble_count = 0;
	say_head();
	add_trouble(place && place->call[0] ? place->call : "start", place ? place->device : -1, text);
	finish();
	write_all(1, document, length);
	return 1;
}

static void child(int output, int errors)
{
	int nothing = open("/dev/null", O_RDWR);

	/* What hangs must not hold the reader's pipes open. */
	dup2(nothing, 0);
	dup2(nothing, 1);
	dup2(errors, 2);
	probe();
	finish();
	_exit(write_all(output, document, length) ? trouble_count != 0 : 1);
}

static int parent(pid_t pid, int output, int errors)
{
	struct pollfd files[2] = { { output, POLLIN, 0 }, { errors, POLLIN, 0 } };
	double end = now_ms() + (double)timeout_seconds * 1e3;
	char text[160], chunk[4096];
	int status = 0, open_files = 2, i;

	while (open_files) {
		double left = end - now_ms();

		if (left <= 0) {
			kill(pid, SIGKILL);
			snprintf(text, sizeof text, "no answer within %ld seconds", timeout_seconds);
			return give_up(text);
		}
		if (poll(files, 2, left > 1e9 ? 1000000000 : (int)left + 1) < 0 && errno != EINTR)
			return give_up("poll failed");
		for (i = 0; i < 2; i++) {
			ssize_t count;

			if (files[i].fd < 0 || !files[i].revents)
				continue;
			count = read(files[i].fd, chunk, sizeof chunk);
			if (count > 0 && i == 0 && length + (size_t)count < MOST_OUTPUT)
				say("%.*s", (int)count, chunk);
			else if (count > 0 && i == 1)
				write_all(2, chunk, (size_t)count);
			else if (count == 0 || (count < 0 && errno != EINTR)) {
				files[i].fd = -1;
				open_files--;
			}
		}
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status)) {
		snprintf(text, sizeof text, "killed by signal %d", WTERMSIG(status));
		return give_up(text);
	}
	if (!length)
		return give_up("ended without an answer");
	if (!write_all(1, document, length))
		return 1;
	return WEXITSTATUS(status);
}

static int number(const char *text, long least, long most, long *value)
{
	char *end;

	if (!text || !*text)
		return 0;
	errno = 0;
	*value = strtol(text, &end, 10);
	return errno == 0 && *end == 0 && *value >= least && *value <= most;
}

static int usage(const char *option)
{
	char text[160];

	snprintf(text, sizeof text,
		 "%.60s: usage: gpu-probe [--bytes N] [--repeat N] [--device N] [--no-copies] [--timeout SECONDS]", option);
	say_head();
	add_trouble("usage", -1, text);
	finish();
	write_all(1, document, length);
	return 2;
}

int main(int argc, char **argv)
{
	int output[2], errors[2], i;
	long value;
	pid_t pid;

	for (i = 1; i < argc; i++) {
		const char *option = argv[i];

		if (strcmp(option, "--no-copies") == 0)
			copies = 0;
		else if (strcmp(option, "--bytes") == 0 && number(argv[i + 1], 1, 1L << 30, &value))
			copy_bytes = (size_t)value, i++;
		else if (strcmp(option, "--repeat") == 0 && number(argv[i + 1], 1, 100000, &value))
			repeat = value, i++;
		else if (strcmp(option, "--device") == 0 && number(argv[i + 1], 0, MOST_DEVICES - 1, &value))
			only_device = value, i++;
		else if (strcmp(option, "--timeout") == 0 && number(argv[i + 1], 1, 86400, &value))
			timeout_seconds = value, i++;
		else
			return usage(option);
	}
	signal(SIGPIPE, SIG_IGN);
	place = mmap(NULL, sizeof *place, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (place == MAP_FAILED)
		place = NULL;
	else
		place->device = -1;
	if (pipe(output) != 0 || pipe(errors) != 0 || (pid = fork()) < 0)
		return give_up(strerror(errno));
	if (pid == 0) {
		close(output[0]);
		close(errors[0]);
		child(output[1], errors[1]);
	}
	close(output[1]);
	close(errors[1]);
	return parent(pid, output[0], errors[0]);
}
