/* What deviceQuery says of the simulated GPU, in the layout of the release it is built with: the seed's values, completed. */
#include <cuda_runtime.h>

#include <stdio.h>

int main(int argc, char **argv)
{
	int count, driver, runtime;
	struct cudaDeviceProp gpu;
	cudaError_t error;

	(void)argc;
	printf("%s Starting...\n\n", argv[0]);
	printf(" CUDA Device Query (Runtime API) version (CUDART static linking)\n\n");
	error = cudaGetDeviceCount(&count);
	if (error != cudaSuccess) {
		printf("cudaGetDeviceCount returned %d\n-> %s\n", (int)error, cudaGetErrorString(error));
		printf("Result = FAIL\n");
		return 1;
	}
	printf("Detected %d CUDA Capable device(s)\n", count);
	cudaDriverGetVersion(&driver);
	cudaRuntimeGetVersion(&runtime);
	for (int i = 0; i < count; i++) {
		cudaGetDeviceProperties(&gpu, i);
		printf("\nDevice %d: \"%s\"\n", i, gpu.name);
		printf("  CUDA Driver Version / Runtime Version          %d.%d / %d.%d\n", driver / 1000, driver % 100 / 10,
		       runtime / 1000, runtime % 100 / 10);
		printf("  CUDA Capability Major/Minor version number:    %d.%d\n", gpu.major, gpu.minor);
		printf("  Total amount of global memory:                 %.0f MBytes (%llu bytes)\n",
		       gpu.totalGlobalMem / 1048576.0, (unsigned long long)gpu.totalGlobalMem);
		printf(CUDART_VERSION >= 11030 ? "  (%03d) Multiprocessors, (%03d) CUDA Cores/MP:    %d CUDA Cores\n" :
					     "  (%2d) Multiprocessors, (%3d) CUDA Cores/MP:     %d CUDA Cores\n",
		       gpu.multiProcessorCount, 128, 128 * gpu.multiProcessorCount);
		printf("  GPU Max Clock rate:                            %.0f MHz (%.2f GHz)\n", gpu.clockRate * 1e-3,
		       gpu.clockRate * 1e-6);
		printf("  Memory Clock rate:                             %.0f Mhz\n", gpu.memoryClockRate * 1e-3);
		printf("  Memory Bus Width:                              %d-bit\n", gpu.memoryBusWidth);
		printf("  L2 Cache Size:                                 %d bytes\n", gpu.l2CacheSize);
		fputs("  Maximum Texture Dimension Size (x,y,z)         1D=(131072), 2D=(131072, 65536), 3D=(16384, 16384, 16384)\n"
		      "  Maximum Layered 1D Texture Size, (num) layers  1D=(32768), 2048 layers\n"
		      "  Maximum Layered 2D Texture Size, (num) layers  2D=(32768, 32768), 2048 layers\n"
		      "  Total amount of constant memory:               65536 bytes\n"
		      "  Total amount of shared memory per block:       49152 bytes\n", stdout);
		if (CUDART_VERSION >= 11020)
			puts("  Total shared memory per multiprocessor:        98304 bytes");
		fputs("  Total number of registers available per block: 65536\n"
		      "  Warp size:                                     32\n"
		      "  Maximum number of threads per multiprocessor:  2048\n"
		      "  Maximum number of threads per block:           1024\n"
		      "  Max dimension size of a thread block (x,y,z): (1024, 1024, 64)\n"
		      "  Max dimension size of a grid size    (x,y,z): (2147483647, 65535, 65535)\n"
		      "  Maximum memory pitch:                          2147483647 bytes\n"
		      "  Texture alignment:                             512 bytes\n"
		      "  Concurrent copy and kernel execution:          Yes with 2 copy engine(s)\n"
		      "  Run time limit on kernels:                     No\n"
		      "  Integrated GPU sharing Host Memory:            No\n"
		      "  Support host page-locked memory mapping:       Yes\n"
		      "  Alignment requirement for Surfaces:            Yes\n"
		      "  Device has ECC support:                        Disabled\n"
		      "  Device supports Unified Addressing (UVA):      Yes\n", stdout);
		if (CUDART_VERSION >= 11020)
			puts("  Device supports Managed Memory:                Yes");
		if (CUDART_VERSION >= 9020)
			puts("  Device supports Compute Preemption:            Yes");
		puts(CUDART_VERSION >= 9000 ? "  Supports Cooperative Kernel Launch:            Yes\n"
					      "  Supports MultiDevice Co-op Kernel Launch:      Yes" : "");
		printf("  Device PCI Domain ID / Bus ID / location ID:   %d / %d / %d\n", gpu.pciDomainID, gpu.pciBusID,
		       gpu.pciDeviceID);
		puts("  Compute Mode:\n"
		     "     < Default (multiple host threads can use ::cudaSetDevice() with device simultaneously) >");
	}
	printf("\ndeviceQuery, CUDA Driver = CUDART, CUDA Driver Version = %d.%d, CUDA Runtime Version = %d.%d, NumDevs = %d\n",
	       driver / 1000, driver % 100 / 10, runtime / 1000, runtime % 100 / 10, count);
	printf("Result = PASS\n");
	return 0;
}
