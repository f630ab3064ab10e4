/* The simulated GPU's libcudart: its name and its version; the samples carry their own copy of the runtime. */
int cudaRuntimeGetVersion(int *version)
{
	*version = VERSION;
	return 0;
}
