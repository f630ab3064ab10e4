import ArgumentParser
import Contract
import Provisioner

extension JobContents {
    /// What the options ask for. Throws where two do not go together.
    init(_ install: InstallOptions, _ guest: GuestOptions, _ proof: ProofOptions) throws {
        self.init()
        driver = install.driver.map(ProvisionCommand.absolute)
        cuda = install.cuda.map(ProvisionCommand.absolute)
        cudaPatches = install.cudaPatch.map(ProvisionCommand.absolute)
        samples = proof.samples.map(ProvisionCommand.absolute)
        nvbandwidth = proof.nvbandwidth.map(ProvisionCommand.absolute)
        offlinePackages = guest.offline.map(ProvisionCommand.absolute)
        updatePackages = guest.updatePackages
        keepKernel = guest.keepKernel
        kernels = guest.kernels
        kernelModules = install.kernelModuleType
        persistenceDaemon = install.persistenceDaemon
        dkms = install.dkms
        if install.telemetry {
            telemetry = TelemetryRecipe(intervalSeconds: install.telemetryInterval ?? 1)
        } else if install.telemetryInterval != nil {
            throw ValidationError("--telemetry-interval goes with --telemetry.")
        }
        allowIncompatible = install.allowIncompatible
        switch (install.moduleSigningKey, install.moduleSigningCertificate) {
        case (let key?, let certificate?):
            signing = Signing(
                key: ProvisionCommand.absolute(key), certificate: ProvisionCommand.absolute(certificate))
        case (nil, nil): break
        default: throw ValidationError("--module-signing-key and --module-signing-certificate go together.")
        }
    }
}
