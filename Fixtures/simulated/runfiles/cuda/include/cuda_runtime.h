/*
 * The simulated GPU's CUDA runtime, all of it in this header: it finds the GPUs where the kernel module has bound them and
 * answers with the seed's GeForce GTX 1050 Ti. Written from the runtime's public documentation.
 */
#ifndef SIMULATED_CUDA_RUNTIME_H
#define SIMULATED_CUDA_RUNTIME_H

#include "crt/host_config.h"
#include "cuda_runtime_api.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum {
	cudaSuccess = 0,
	cudaErrorInvalidValue = CUDART_VERSION < 10010 ? 11 : 1,
	cudaErrorInsufficientDriver = 35,
	cudaErrorNoDevice = CUDART_VERSION < 10010 ? 38 : 100,
	cudaErrorInvalidDevice = CUDART_VERSION < 10010 ? 10 : 101,
} cudaError_t;

struct cudaDeviceProp {
	char name[256];
	int major, minor, pciDomainID, pciBusID, pciDeviceID;
	size_t totalGlobalMem;
	int multiProcessorCount, clockRate, memoryClockRate, memoryBusWidth, l2CacheSize;
};

static inline const char *simulated_root(void)
{
	const char *root = getenv("SIMULATED_ROOT");

	return root ? root : "";
}

static inline const char *cudaGetErrorString(cudaError_t error)
{
	switch (error) {
	case cudaSuccess: return "no error";
	case cudaErrorInsufficientDriver: return "CUDA driver version is insufficient for CUDA runtime version";
	case cudaErrorNoDevice: return "no CUDA-capable device is detected";
	case cudaErrorInvalidDevice: return "invalid device ordinal";
	default: return "invalid argument";
	}
}

static inline const char *cudaGetErrorName(cudaError_t error)
{
	switch (error) {
	case cudaSuccess: return "cudaSuccess";
	case cudaErrorInsufficientDriver: return "cudaErrorInsufficientDriver";
	case cudaErrorNoDevice: return "cudaErrorNoDevice";
	case cudaErrorInvalidDevice: return "cudaErrorInvalidDevice";
	default: return "cudaErrorInvalidValue";
	}
}

/* The newest CUDA each driver branch runs; 0 without a driver. */
static inline cudaError_t cudaDriverGetVersion(int *version)
{
	static const int branches[][2] = {
		{ 595, 13020 }, { 590, 13010 }, { 580, 13000 }, { 575, 12090 }, { 570, 12080 }, { 560, 12060 }, { 555, 12050 },
		{ 550, 12040 }, { 545, 12030 }, { 535, 12020 }, { 530, 12010 }, { 525, 12000 }, { 520, 11080 }, { 515, 11070 },
		{ 510, 11060 }, { 495, 11050 }, { 470, 11040 }, { 465, 11030 }, { 460, 11020 }, { 455, 11010 }, { 450, 11000 },
		{ 440, 10020 }, { 418, 10010 }, { 410, 10000 }, { 396, 9020 }, { 387, 9010 }, { 384, 9000 }, { 375, 8000 },
	};
	char path[4096];
	FILE *file;
	int branch = 0;

	*version = 0;
	snprintf(path, sizeof path, "%s/sys/module/nvidia/version", simulated_root());
	file = fopen(path, "r");
	if (!file)
		return cudaSuccess;
	if (fscanf(file, "%d", &branch) != 1)
		branch = 0;
	fclose(file);
	for (size_t i = 0; i < sizeof branches / sizeof branches[0]; i++)
		if (branch >= branches[i][0]) {
			*version = branches[i][1];
			break;
		}
	return cudaSuccess;
}

static inline cudaError_t cudaRuntimeGetVersion(int *version)
{
	*version = CUDART_VERSION;
	return cudaSuccess;
}

static inline int simulated_order(const void *a, const void *b)
{
	return strcmp((const char *)a, (const char *)b);
}

static inline int simulated_addresses(char (*addresses)[16], int most)
{
	char path[4096];
	DIR *folder;
	struct dirent *entry;
	int count = 0;

	snprintf(path, sizeof path, "%s/sys/bus/pci/drivers/nvidia", simulated_root());
	folder = opendir(path);
	while (folder && (entry = readdir(folder)) && count < most)
		if (strlen(entry->d_name) == 12 && entry->d_name[4] == ':')
			memcpy(addresses[count++], entry->d_name, 13);
	if (folder)
		closedir(folder);
	qsort(addresses, count, sizeof addresses[0], simulated_order);
	return count;
}

static inline cudaError_t cudaGetDeviceCount(int *count)
{
	char addresses[16][16];
	int driver;

	cudaDriverGetVersion(&driver);
	*count = 0;
	/* Since 11.0 a driver of the same major version is enough. */
	if (driver == 0 || driver / 1000 < CUDART_VERSION / 1000 || (CUDART_VERSION < 11000 && driver < CUDART_VERSION))
		return cudaErrorInsufficientDriver;
	*count = simulated_addresses(addresses, 16);
	return *count ? cudaSuccess : cudaErrorNoDevice;
}

static inline cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *prop, int device)
{
	char addresses[16][16];
	unsigned domain = 0, bus = 0, slot = 0;
	int count = simulated_addresses(addresses, 16), driver;

	if (device < 0 || device >= count)
		return cudaErrorInvalidDevice;
	cudaDriverGetVersion(&driver);
	memset(prop, 0, sizeof *prop);
	strcpy(prop->name, driver >= 11030 ? "NVIDIA GeForce GTX 1050 Ti" : "GeForce GTX 1050 Ti");
	sscanf(addresses[device], "%x:%x:%x", &domain, &bus, &slot);
	prop->pciDomainID = domain, prop->pciBusID = bus, prop->pciDeviceID = slot;
	prop->major = 6, prop->minor = 1;
	prop->totalGlobalMem = 4236312576u;
	prop->multiProcessorCount = 6;
	prop->clockRate = 1481000, prop->memoryClockRate = 3504000;
	prop->memoryBusWidth = 128, prop->l2CacheSize = 1048576;
	return cudaSuccess;
}

static inline cudaError_t cudaSetDevice(int device)
{
	char addresses[16][16];

	return device >= 0 && device < simulated_addresses(addresses, 16) ? cudaSuccess : cudaErrorInvalidDevice;
}

#endif
