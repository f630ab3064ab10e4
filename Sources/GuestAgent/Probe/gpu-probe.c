/* gpu-probe: see Probe.swift */
int main(void) { return 0; }
