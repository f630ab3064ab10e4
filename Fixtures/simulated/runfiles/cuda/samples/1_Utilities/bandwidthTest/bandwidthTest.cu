/*
 * What bandwidthTest says of the simulated GPU: the seed's figures, in MB/s for 33554432 bytes up to CUDA 10, in GB/s for
 * 32000000 bytes later. Quick mode, --csv, --mode=shmoo and --help are known.
 */
#include <stdio.h>
#include <string.h>

static const struct {
	const char *title, *csv;
	double megabytes;
} transfers[] = {
	{ "Host to Device", "H2D-Pinned", 9719.0 },
	{ "Device to Host", "D2H-Pinned", 9215.8 },
	{ "Device to Device", "D2D", 95525.1 },
};

int main(int argc, char **argv)
{
	struct cudaDeviceProp gpu;
	cudaError_t error;
	int csv = 0, shmoo = 0, giga = CUDART_VERSION >= 10010, count;
	long quick = giga ? 32000000 : 33554432;

	for (int i = 1; i < argc; i++) {
		const char *option = argv[i] + strspn(argv[i], "-");

		if (!strcmp(option, "csv"))
			csv = 1;
		else if (!strcmp(option, "mode=shmoo"))
			shmoo = 1;
		else if (!strcmp(option, "help")) {
			puts("Usage:  bandwidthTest [OPTION]...\nTest the bandwidth for device to host, host to device, and device to "
			     "device transfers\n\n--help  --csv  --mode=[quick|shmoo]");
			return 0;
		}
	}
	printf("[CUDA Bandwidth Test] - Starting...\nRunning on...\n\n");
	error = cudaGetDeviceCount(&count);
	if (error == cudaSuccess)
		error = cudaGetDeviceProperties(&gpu, 0);
	if (error != cudaSuccess) {
		printf("cudaGetDeviceProperties returned %d\n-> %s\n", (int)error, cudaGetErrorString(error));
		printf("CUDA error at bandwidthTest.cu:256 code=%d(%s) \"cudaSetDevice(currentDevice)\" \n", (int)error,
		       cudaGetErrorName(error));
		return 1;
	}
	printf(" Device 0: %s\n %s Mode\n\n", gpu.name, shmoo ? "Shmoo" : "Quick");
	for (int i = 0; i < 3; i++) {
		double rate = giga ? transfers[i].megabytes / 1000 : transfers[i].megabytes;
		long size = shmoo ? 1000 : quick;

		if (!csv)
			printf(" %s Bandwidth, 1 Device(s)\n PINNED Memory Transfers\n   Transfer Size (Bytes)\tBandwidth(%s)\n",
			       transfers[i].title, giga ? "GB/s" : "MB/s");
		do {
			/* Small transfers are slow: half the rate is reached at 128 KiB. */
			double shown = size == quick ? rate : rate * size / (size + 131072.0);

			if (csv)
				printf("bandwidthTest-%s, Bandwidth = %.1f %s, Time = %.5f s, Size = %ld bytes, NumDevsUsed = 1\n",
				       transfers[i].csv, shown, giga ? "GB/s" : "MB/s",
				       size / (shown * (giga ? 1e9 : 1048576.0)), size);
			else
				printf("   %ld\t\t\t%s%.1f\n", size, size < 10000 ? "\t" : "", shown);
			if (size == quick || !shmoo)
				break;
			size = size * 4 > quick ? quick : size * 4;
		} while (1);
		if (!csv)
			puts("");
	}
	puts("Result = PASS\n\nNOTE: The CUDA Samples are not meant for performance measurements. Results may vary when GPU "
	     "Boost is enabled.");
	return 0;
}
