/// A thing that can be known of a GPU, of a MIG device or of a process, by whichever output tells it.
///
/// The name has the unit; ``key`` is the same name in JSON. Where and how each output prints it is in one table, which a
/// test compares with this list: the order of both is the same, and may change between versions.
public enum GPUFact: Int, CaseIterable, Sendable {
    // What it is.
    /// Number of the GPU for nvidia-smi, or of a MIG device on its GPU.
    case index
    /// "GeForce GTX 1050 Ti"; of a process its command, which is empty or missing in a container.
    case name
    /// "GPU-2809c740-…", stable across reboots.
    case uuid
    /// PCI address as printed: "00000000:00:16.0".
    case busID
    /// Serial number of the board.
    case serial
    /// The MIG GPU instance of a device or a process.
    case gpuInstanceID
    /// The MIG compute instance of a device or a process.
    case computeInstanceID

    // Processes.
    /// Number of a process, in the name space of nvidia-smi.
    case pid
    /// "C" computes, "G" draws, "C+G" does both; missing up to 340.
    case type
    /// Memory of the GPU that a process holds. Not applicable on Windows.
    case usedMemoryBytes
    /// The most that a process held at once.
    case usedMemoryMaximumBytes
    /// How long a process had work on the GPU.
    case runtimeMilliseconds
    /// Whether a process that is accounted for still runs.
    case isRunning
    /// The vGPU that a process used.
    case vgpuInstance

    // The machine.
    /// When it was measured, as printed, local time of the machine.
    case timestamp
    /// "390.42"; where both are told, that of the kernel module.
    case driverVersion
    /// The newest CUDA that the driver can run, "11.4". Missing before 410, and where nvidia-smi does not find libcuda.
    case cudaVersion
    /// How many GPUs the machine has.
    case gpuCount
    /// What a document itself says went wrong.
    case errorString
    /// Name of the machine.
    case hostname

    // Memory.
    /// Frame buffer. Total is used + free + reserved, where reserved is told (from 510), else used + free.
    case memoryTotalBytes
    /// Kept by driver and firmware.
    case memoryReservedBytes
    /// Allocated by programs and, before 510, by the driver.
    case memoryUsedBytes
    /// Not allocated.
    case memoryFreeBytes
    /// The window through which the machine sees the memory.
    case bar1TotalBytes
    /// What of the window is mapped.
    case bar1UsedBytes
    /// What of the window is free.
    case bar1FreeBytes
    /// Memory for confidential computing.
    case protectedMemoryTotalBytes
    /// What of that is used; of a process what it holds.
    case protectedMemoryUsedBytes
    /// What of that is free.
    case protectedMemoryFreeBytes

    // Parts of a MIG device, or of a GPU.
    /// Multiprocessors.
    case multiprocessorCount
    /// Engines that copy.
    case copyEngineCount
    /// Engines that encode video.
    case encoderCount
    /// Engines that decode video.
    case decoderCount
    /// Engines that find optical flow.
    case ofaCount
    /// Engines that decode JPEG.
    case jpegCount

    // Utilization.
    /// Share of the last sample period in which a kernel ran. Not applicable under MIG.
    case utilizationGPUPercent
    /// Share of it in which memory was read or written.
    case utilizationMemoryPercent
    /// Share of it in which video was encoded.
    case utilizationEncoderPercent
    /// Share of it in which video was decoded.
    case utilizationDecoderPercent
    /// Share of it in which JPEG was decoded.
    case utilizationJPEGPercent
    /// Share of it in which optical flow was found.
    case utilizationOFAPercent
    /// Errors since the driver was loaded that were found in on-chip memory and could not be corrected.
    case eccVolatileUncorrectedSRAM

    // Temperature.
    /// Of the GPU itself.
    case temperatureCelsius
    /// How far below its limit it is (T.Limit): a distance, not a temperature; smaller is hotter.
    case temperatureHeadroomCelsius
    /// Where it switches itself off. Missing on Hopper and later, which give distances and not temperatures.
    case temperatureShutdownCelsius
    /// Where it slows down to save itself.
    case temperatureSlowdownCelsius
    /// Where it begins to lower its clocks.
    case temperatureMaxCelsius
    /// What its fan and clocks steer for.
    case temperatureTargetCelsius
    /// The lowest that can be set for that.
    case temperatureTargetMinimumCelsius
    /// The highest that can be set for that.
    case temperatureTargetMaximumCelsius
    /// The headroom at which it switches itself off; may be negative.
    case headroomShutdownCelsius
    /// The headroom at which it slows down; may be negative.
    case headroomSlowdownCelsius
    /// The headroom at which it begins to lower its clocks.
    case headroomMaxCelsius
    /// Of the memory.
    case memoryTemperatureCelsius
    /// Where the memory begins to slow down.
    case memoryTemperatureMaxCelsius
    /// The headroom at which the memory begins to slow down.
    case memoryHeadroomMaxCelsius
    /// Intended fan speed, percent of the fastest.
    case fanPercent

    // Power of the board.
    /// Of the board, averaged over a second where the GPU averages (Ampere and later), of the moment elsewhere.
    case powerDrawWatts
    /// Of the board, averaged over a second.
    case powerDrawAverageWatts
    /// Of the board at the moment.
    case powerDrawInstantWatts
    /// The limit in force.
    case powerLimitWatts
    /// The limit that was asked for.
    case powerLimitRequestedWatts
    /// The limit after a reboot.
    case powerLimitDefaultWatts
    /// The lowest limit that can be set.
    case powerLimitMinimumWatts
    /// The highest limit that can be set.
    case powerLimitMaximumWatts
    /// "Supported" where power is managed.
    case powerManagement
    /// Base power in force.
    case basePowerWatts
    /// Base power that was asked for.
    case basePowerRequestedWatts
    /// Base power after a reboot.
    case basePowerDefaultWatts
    /// The lowest base power.
    case basePowerMinimumWatts
    /// The highest base power.
    case basePowerMaximumWatts

    // Power of the memory, and of the module.
    /// Of the memory, averaged where the GPU averages.
    case memoryPowerDrawWatts
    /// Of the memory, averaged over a second.
    case memoryPowerDrawAverageWatts
    /// Of the memory at the moment.
    case memoryPowerDrawInstantWatts
    /// Of the module that the GPU shares with a CPU (Grace); never to be taken for the GPU's own.
    case modulePowerDrawWatts
    /// Of the module, averaged over a second.
    case modulePowerDrawAverageWatts
    /// Of the module at the moment.
    case modulePowerDrawInstantWatts
    /// The module's limit in force.
    case modulePowerLimitWatts
    /// The module's limit that was asked for.
    case modulePowerLimitRequestedWatts
    /// The module's limit after a reboot.
    case modulePowerLimitDefaultWatts
    /// The lowest limit of the module.
    case modulePowerLimitMinimumWatts
    /// The highest limit of the module.
    case modulePowerLimitMaximumWatts
    /// Performance state that the module's power is for.
    case modulePowerState
    /// Performance state that the power is for.
    case powerState
    /// Whether the draw is smoothed.
    case powerSmoothing
    /// Workload power profiles that were asked for.
    case powerProfilesRequested
    /// Workload power profiles in force.
    case powerProfilesEnforced
    /// Multiplier of the electrical peak limit.
    case edppMultiplierPercent

    // Clocks.
    /// Current clock of the shaders.
    case clockGraphicsMHz
    /// Current clock of the multiprocessors.
    case clockSMMHz
    /// Current clock of the memory.
    case clockMemoryMHz
    /// Current clock of the video engines.
    case clockVideoMHz
    /// Highest clock of the shaders.
    case clockGraphicsMaxMHz
    /// Highest clock of the multiprocessors.
    case clockSMMaxMHz
    /// Highest clock of the memory.
    case clockMemoryMaxMHz
    /// Highest clock of the video engines.
    case clockVideoMaxMHz
    /// Clock of the shaders that programs get.
    case clockApplicationGraphicsMHz
    /// Clock of the memory that programs get.
    case clockApplicationMemoryMHz
    /// Clock of the shaders that programs get after a reboot.
    case clockDefaultApplicationGraphicsMHz
    /// Clock of the memory that programs get after a reboot.
    case clockDefaultApplicationMemoryMHz
    /// Clock of the memory that waits for a reset.
    case clockDeferredMemoryMHz
    /// Highest boost of the shaders that a customer may set.
    case clockCustomerBoostGraphicsMaxMHz
    /// "On" or "Off".
    case autoBoost
    /// "On" or "Off".
    case autoBoostDefault
    /// "P0", fastest, to "P12".
    case performanceState
    /// Voltage of the shaders.
    case graphicsVoltageMillivolts

    // Why clocks are what they are.
    /// Which reasons the GPU tells, as a mask.
    case clocksEventSupported
    /// Which reasons hold, as a mask.
    case clocksEventActive
    /// Nothing runs on it.
    case clocksEventIdle
    /// The clocks that programs get are set.
    case clocksEventApplicationClocks
    /// The power limit lowers them.
    case clocksEventSWPowerCap
    /// The hardware lowers them by half or more.
    case clocksEventHWSlowdown
    /// For heat.
    case clocksEventHWThermalSlowdown
    /// For a signal from the power supply.
    case clocksEventHWPowerBrake
    /// The driver lowers them for heat.
    case clocksEventSWThermalSlowdown
    /// They are the same for a group of GPUs.
    case clocksEventSyncBoost
    /// Displays need them.
    case clocksEventDisplayClocks
    /// For a reason that the driver does not know.
    case clocksEventUnknown
    /// How long that reason held.
    case clocksEventSWPowerCapMicroseconds
    /// How long that reason held.
    case clocksEventSyncBoostMicroseconds
    /// How long that reason held.
    case clocksEventSWThermalSlowdownMicroseconds
    /// How long that reason held.
    case clocksEventHWThermalSlowdownMicroseconds
    /// How long that reason held.
    case clocksEventHWPowerBrakeMicroseconds

    // Modes.
    /// "Default", "Exclusive_Process" or "Prohibited"; the table has "E. Process".
    case computeMode
    /// "Enabled" or "Disabled".
    case migMode
    /// What it is after a reset.
    case migModePending
    /// "Enabled" or "Disabled".
    case eccMode
    /// What it is after a reboot.
    case eccModePending
    /// "Enabled" where the driver stays loaded without programs.
    case persistenceMode
    /// "Enabled" where a display is connected to it.
    case displayMode
    /// "Enabled" where it draws for a display.
    case displayActive
    /// Whether a display is connected to it, from 575.
    case displayAttached
    /// "HMM", "ATS" or "None".
    case addressingMode
    /// "Enabled" where use is accounted for.
    case accountingMode
    /// How many processes are accounted for at most.
    case accountingBufferSize
    /// Of Windows: "WDDM", "TCC" or "MCDM".
    case driverModel
    /// What it is after a reboot.
    case driverModelPending
    /// "All On", "Compute" or "Low Double Precision".
    case operationMode
    /// What it is after a reboot.
    case operationModePending
    /// "Enabled" where it is coupled to a CPU.
    case c2cMode
    /// "Enabled" or "Disabled".
    case dramEncryptionMode
    /// What it is after a reset.
    case dramEncryptionModePending
    /// "Enabled" or "Disabled".
    case sparseOperationMode
    /// "None", "Pass-Through", "VGPU", "Host VGPU", "Host VSGA".
    case virtualizationMode
    /// "SRIOV" or "Non SRIOV".
    case hostVGPUMode
    /// "Enabled" or "Disabled".
    case vgpuHeterogeneousMode
    /// "Enabled" where the GPU's own processor drives it.
    case gspMode
    /// What it is after a reboot.
    case gspModeDefault
    /// Of IBM's NPU.
    case relaxedOrderingMode
    /// "enabled" where it can use the CPU's memory as its own.
    case egm
    /// Whether it needs a reset.
    case resetRequired
    /// Whether it should be drained and reset.
    case drainAndResetRecommended
    /// "None", or what to do: "Reset", "Reboot", "Drain P2P", "Drain and Reset".
    case recoveryAction

    // The board.
    /// "GeForce", "Tesla", "NVIDIA RTX".
    case brand
    /// "Ampere".
    case architecture
    /// "6.1".
    case computeCapability
    /// Version of the card's firmware.
    case vbios
    /// Version of the firmware of the GPU's own processor.
    case gspFirmwareVersion
    /// The 0 of /dev/nvidia0.
    case minorNumber
    /// Whether the board has several GPUs.
    case multiGPUBoard
    /// The same for all GPUs of a board.
    case boardID
    /// Of the board.
    case boardPartNumber
    /// Of the GPU.
    case gpuPartNumber
    /// Of the unit that is replaced in the field.
    case fruPartNumber
    /// Identifier of the chip.
    case pdi
    /// Version of the information in the board's flash.
    case inforomImage
    /// Version of its OEM object.
    case inforomOEM
    /// Version of its ECC object.
    case inforomECC
    /// Version of its power object.
    case inforomPower
    /// "valid" where its checksum is.
    case inforomChecksum
    /// When its black box was written last.
    case inforomFlushTimestamp
    /// How long that took.
    case inforomFlushMicroseconds
    /// How long the GPU ran in its life.
    case inforomRuntimeSeconds
    /// Place of the GPU in the machine.
    case moduleID
    /// Of the rack.
    case chassisSerial
    /// Of the tray in the rack.
    case slotNumber
    /// Of the compute tray.
    case trayIndex
    /// Of the node in the tray.
    case hostID
    /// "Direct Connected" or "Switch Connected".
    case peerType
    /// Of the GPU on NVLink.
    case fabricGUID
    /// Product of vGPU software.
    case licensedProduct
    /// "Licensed (Expiry: N/A)".
    case licenseStatus

    // PCI.
    /// Hexadecimal, as printed without "0x".
    case pciDomain
    /// Hexadecimal.
    case pciBus
    /// Hexadecimal.
    case pciDevice
    /// Hexadecimal; "3" is a display controller.
    case pciBaseClass
    /// Hexadecimal; "0" draws for displays, "2" does not.
    case pciSubClass
    /// Device, then vendor: "1C8210DE".
    case pciDeviceID
    /// Device, then vendor, of who made the board.
    case pciSubsystemID
    /// Current generation of the link; idle GPUs lower it.
    case pcieLinkGeneration
    /// Highest that GPU and machine reach together.
    case pcieLinkGenerationMax
    /// Current generation at the GPU's end.
    case pcieLinkGenerationDevice
    /// Highest of the GPU.
    case pcieLinkGenerationDeviceMax
    /// Highest of the machine.
    case pcieLinkGenerationHostMax
    /// Current number of lanes.
    case pcieLinkWidth
    /// Highest number of lanes.
    case pcieLinkWidthMax
    /// Transfers that were repeated since the last reset.
    case pcieReplays
    /// How often that counter began anew.
    case pcieReplayRollovers
    /// Transfers that were repeated, as dmon counts them.
    case pcieReplayErrors
    /// From the GPU to the machine. A kilobyte is 1000 bytes here.
    case pcieTransmitBytesPerSecond
    /// From the machine to the GPU.
    case pcieReceiveBytesPerSecond
    /// Atomic operations on the GPU's memory that others may do.
    case pciAtomicInbound
    /// Atomic operations on others' memory that the GPU may do.
    case pciAtomicOutbound
    /// Chip of a board with several GPUs.
    case pciBridgeType
    /// Its firmware.
    case pciBridgeFirmware

    // Video.
    /// Programs that encode video.
    case encoderSessionCount
    /// Their average.
    case encoderFramesPerSecond
    /// Their average.
    case encoderLatencyMicroseconds
    /// Programs that capture the frame buffer.
    case captureSessionCount
    /// Their average.
    case captureFramesPerSecond
    /// Their average.
    case captureLatencyMicroseconds

    // NVLink.
    /// "Not Started", "In Progress", "Completed".
    case fabricState
    /// "Success", or the error.
    case fabricStatus
    /// The GPUs with the same one reach each other.
    case fabricCliqueID
    /// Of the domain.
    case fabricClusterUUID
    /// "Healthy", "Unhealthy", "Limited Capacity".
    case fabricHealth
    /// "Full" or "Degraded".
    case fabricBandwidth
    /// "True" while routes are being recovered.
    case fabricRouteRecovery
    /// "True" where a route is.
    case fabricRouteUnhealthy
    /// "True" while that goes on.
    case fabricAccessTimeoutRecovery
    /// "None", or what is wrong.
    case fabricIncorrectConfiguration
    /// "True" where it has one.
    case fabricPartitionAssigned

    // Errors of memory.
    /// Errors since the driver was loaded that were corrected, in all.
    case eccVolatileCorrected
    /// Errors since the driver was loaded that were corrected, in its memory.
    case eccVolatileCorrectedDeviceMemory
    /// Errors since the driver was loaded that were corrected, in registers.
    case eccVolatileCorrectedRegisterFile
    /// Errors since the driver was loaded that were corrected, in level 1 cache.
    case eccVolatileCorrectedL1Cache
    /// Errors since the driver was loaded that were corrected, in level 2 cache.
    case eccVolatileCorrectedL2Cache
    /// Errors since the driver was loaded that were corrected, in texture memory.
    case eccVolatileCorrectedTextureMemory
    /// Errors since the driver was loaded that were corrected, in texture and shared memory.
    case eccVolatileCorrectedTextureShared
    /// Errors since the driver was loaded that were corrected, in the unit that converges branches.
    case eccVolatileCorrectedCBU
    /// Errors since the driver was loaded that were corrected, in its memory (from Turing on).
    case eccVolatileCorrectedDRAM
    /// Errors since the driver was loaded that were corrected, in on-chip memory (from Turing on).
    case eccVolatileCorrectedSRAM
    /// Errors since the driver was loaded that could not be, in all.
    case eccVolatileUncorrected
    /// Errors since the driver was loaded that could not be, in its memory.
    case eccVolatileUncorrectedDeviceMemory
    /// Errors since the driver was loaded that could not be, in registers.
    case eccVolatileUncorrectedRegisterFile
    /// Errors since the driver was loaded that could not be, in level 1 cache.
    case eccVolatileUncorrectedL1Cache
    /// Errors since the driver was loaded that could not be, in level 2 cache.
    case eccVolatileUncorrectedL2Cache
    /// Errors since the driver was loaded that could not be, in texture memory.
    case eccVolatileUncorrectedTextureMemory
    /// Errors since the driver was loaded that could not be, in texture and shared memory.
    case eccVolatileUncorrectedTextureShared
    /// Errors since the driver was loaded that could not be, in the unit that converges branches.
    case eccVolatileUncorrectedCBU
    /// Errors since the driver was loaded that could not be, in its memory (from Turing on).
    case eccVolatileUncorrectedDRAM
    /// Errors since the driver was loaded in on-chip memory that could not be corrected, by parity.
    case eccVolatileUncorrectedSRAMParity
    /// Errors since the driver was loaded in on-chip memory that could not be corrected, by its code.
    case eccVolatileUncorrectedSRAMSECDED
    /// Errors in its life that were corrected, in all.
    case eccAggregateCorrected
    /// Errors in its life that were corrected, in its memory.
    case eccAggregateCorrectedDeviceMemory
    /// Errors in its life that were corrected, in registers.
    case eccAggregateCorrectedRegisterFile
    /// Errors in its life that were corrected, in level 1 cache.
    case eccAggregateCorrectedL1Cache
    /// Errors in its life that were corrected, in level 2 cache.
    case eccAggregateCorrectedL2Cache
    /// Errors in its life that were corrected, in texture memory.
    case eccAggregateCorrectedTextureMemory
    /// Errors in its life that were corrected, in texture and shared memory.
    case eccAggregateCorrectedTextureShared
    /// Errors in its life that were corrected, in the unit that converges branches.
    case eccAggregateCorrectedCBU
    /// Errors in its life that were corrected, in its memory (from Turing on).
    case eccAggregateCorrectedDRAM
    /// Errors in its life that were corrected, in on-chip memory (from Turing on).
    case eccAggregateCorrectedSRAM
    /// Errors in its life that could not be, in all.
    case eccAggregateUncorrected
    /// Errors in its life that could not be, in its memory.
    case eccAggregateUncorrectedDeviceMemory
    /// Errors in its life that could not be, in registers.
    case eccAggregateUncorrectedRegisterFile
    /// Errors in its life that could not be, in level 1 cache.
    case eccAggregateUncorrectedL1Cache
    /// Errors in its life that could not be, in level 2 cache.
    case eccAggregateUncorrectedL2Cache
    /// Errors in its life that could not be, in texture memory.
    case eccAggregateUncorrectedTextureMemory
    /// Errors in its life that could not be, in texture and shared memory.
    case eccAggregateUncorrectedTextureShared
    /// Errors in its life that could not be, in the unit that converges branches.
    case eccAggregateUncorrectedCBU
    /// Errors in its life that could not be, in its memory (from Turing on).
    case eccAggregateUncorrectedDRAM
    /// Errors in its life that could not be, in on-chip memory (from Turing on).
    case eccAggregateUncorrectedSRAM
    /// Errors in its life in on-chip memory that could not be corrected, by parity.
    case eccAggregateUncorrectedSRAMParity
    /// Errors in its life in on-chip memory that could not be corrected, by its code.
    case eccAggregateUncorrectedSRAMSECDED
    /// Whether on-chip memory had more errors than it should.
    case eccSRAMThresholdExceeded
    /// Errors in its life in on-chip memory of level 2 cache that could not be corrected.
    case eccSRAMSourceL2
    /// Errors in its life in on-chip memory of multiprocessors that could not be corrected.
    case eccSRAMSourceSM
    /// Errors in its life in on-chip memory of microcontrollers that could not be corrected.
    case eccSRAMSourceMicrocontroller
    /// Errors in its life in on-chip memory of the PCIe unit that could not be corrected.
    case eccSRAMSourcePCIe
    /// Errors in its life in on-chip memory of other parts that could not be corrected.
    case eccSRAMSourceOther
    /// Whether a memory channel waits for its repair.
    case eccChannelRepairPending
    /// Whether a cluster of multiprocessors waits for its repair.
    case eccTPCRepairPending
    /// Whether there is memory that cannot be repaired.
    case eccUnrepairableMemory
    /// Pages that were retired for several single-bit errors.
    case retiredPagesSingleBit
    /// Pages that were retired for a double-bit error.
    case retiredPagesDoubleBit
    /// Their addresses.
    case retiredPagesSingleBitList
    /// Their addresses.
    case retiredPagesDoubleBitList
    /// Whether pages wait for a reboot to be retired.
    case retiredPagesPending
    /// Rows that were remapped for errors that were corrected.
    case remappedRowsCorrectable
    /// Rows that were remapped for errors that were not.
    case remappedRowsUncorrectable
    /// Of the former, those not in use.
    case remappedRowsCorrectableInactive
    /// Of the latter, those not in use.
    case remappedRowsUncorrectableInactive
    /// Whether rows wait for a reset to be remapped.
    case remappedRowsPending
    /// Whether remapping failed.
    case remappedRowsFailure
    /// Banks with all their spare rows.
    case remapBanksMax
    /// Banks with most of them.
    case remapBanksHigh
    /// Banks with some of them.
    case remapBanksPartial
    /// Banks with few of them.
    case remapBanksLow
    /// Banks with none of them.
    case remapBanksNone
    /// Address of a page, in a list of retired ones.
    case retiredPageAddress
    /// When it was retired.
    case retiredPageTimestamp
    /// "Single Bit ECC" or "Double Bit ECC".
    case retiredPageCause

    // What dmon counts.
    /// Share of the time in which power lowered the clocks.
    case powerViolationPercent
    /// Whether heat lowered the clocks.
    case thermalViolation
    /// Over all links.
    case nvlinkReceiveBytesPerSecond
    /// Over all links.
    case nvlinkTransmitBytesPerSecond

    // What the driver remembers of the last moments: `-q -d POWER`, `CLOCK` and `UTILIZATION` print it, XML does not.
    /// How many samples of power the driver remembers.
    case powerSampleCount
    /// The time that they span. Unreadable where nvidia-smi prints a time below zero as one of 580,000 years (some GeForce).
    case powerSamplesSeconds
    /// The largest of them.
    case powerSamplesMaximumWatts
    /// The smallest of them.
    case powerSamplesMinimumWatts
    /// Their mean.
    case powerSamplesAverageWatts
    /// How many samples of the clock of the multiprocessors the driver remembers.
    case clockSMSampleCount
    /// The time that they span. Unreadable where nvidia-smi prints a time below zero as one of 580,000 years (some GeForce).
    case clockSMSamplesSeconds
    /// The largest of them.
    case clockSMSamplesMaximumMHz
    /// The smallest of them.
    case clockSMSamplesMinimumMHz
    /// Their mean.
    case clockSMSamplesAverageMHz
    /// How many samples of the clock of the memory the driver remembers.
    case clockMemorySampleCount
    /// The time that they span. Unreadable where nvidia-smi prints a time below zero as one of 580,000 years (some GeForce).
    case clockMemorySamplesSeconds
    /// The largest of them.
    case clockMemorySamplesMaximumMHz
    /// The smallest of them.
    case clockMemorySamplesMinimumMHz
    /// Their mean.
    case clockMemorySamplesAverageMHz
    /// How many samples of the share of time in which a kernel ran the driver remembers.
    case utilizationGPUSampleCount
    /// The time that they span. Unreadable where nvidia-smi prints a time below zero as one of 580,000 years (some GeForce).
    case utilizationGPUSamplesSeconds
    /// The largest of them.
    case utilizationGPUSamplesMaximumPercent
    /// The smallest of them.
    case utilizationGPUSamplesMinimumPercent
    /// Their mean.
    case utilizationGPUSamplesAveragePercent
    /// How many samples of the share of time in which memory was read or written the driver remembers.
    case utilizationMemorySampleCount
    /// The time that they span. Unreadable where nvidia-smi prints a time below zero as one of 580,000 years (some GeForce).
    case utilizationMemorySamplesSeconds
    /// The largest of them.
    case utilizationMemorySamplesMaximumPercent
    /// The smallest of them.
    case utilizationMemorySamplesMinimumPercent
    /// Their mean.
    case utilizationMemorySamplesAveragePercent
    /// How many samples of the share of time in which video was encoded the driver remembers.
    case utilizationEncoderSampleCount
    /// The time that they span. Unreadable where nvidia-smi prints a time below zero as one of 580,000 years (some GeForce).
    case utilizationEncoderSamplesSeconds
    /// The largest of them.
    case utilizationEncoderSamplesMaximumPercent
    /// The smallest of them.
    case utilizationEncoderSamplesMinimumPercent
    /// Their mean.
    case utilizationEncoderSamplesAveragePercent
    /// How many samples of the share of time in which video was decoded the driver remembers.
    case utilizationDecoderSampleCount
    /// The time that they span. Unreadable where nvidia-smi prints a time below zero as one of 580,000 years (some GeForce).
    case utilizationDecoderSamplesSeconds
    /// The largest of them.
    case utilizationDecoderSamplesMaximumPercent
    /// The smallest of them.
    case utilizationDecoderSamplesMinimumPercent
    /// Their mean.
    case utilizationDecoderSamplesAveragePercent

    // What it can do for virtual GPUs; only a vGPU host tells.
    /// Whether profiles of a fraction of it can be among several of one machine.
    case vgpuFractionalMulti
    /// Whether profiles of different types can share it.
    case vgpuHeterogeneousProfiles
    /// Whether profiles with different amounts of memory can share it.
    case vgpuHeterogeneousSizes
    /// Whether the places of profiles with equal amounts of memory are told.
    case vgpuHomogeneousPlacements
    /// Whether profiles can share a MIG instance.
    case vgpuMIGTimeSlicing
    /// Whether they do.
    case vgpuMIGTimeSlicingMode
    /// Whether the driver lets a machine have profiles of several types.
    case vgpuHeterogeneousMulti

    // Power smoothing (Blackwell and later): a floor under the power, so that it changes slowly.
    /// Who may change it.
    case powerSmoothingPrivilegeLevel
    /// Whether the floor ends at once when work does.
    case powerSmoothingImmediateRampDown
    /// Whether it goes by the state of charge.
    case powerSmoothingStateOfCharge
    /// Whether it can be delayed.
    case powerSmoothingDelayedSupported
    /// The most that the module may draw, of which the floor is a share.
    case powerSmoothingCeilingWatts
    /// The floor that is in force.
    case powerSmoothingFloorWatts
    /// The lowest floor that can be set, of the ceiling.
    case powerSmoothingFloorMinimumPercent
    /// The highest floor that can be set, of the ceiling.
    case powerSmoothingFloorMaximumPercent
    /// What is left of the life of its circuit, which wears.
    case powerSmoothingLifetimePercent
    /// How many profiles there are to choose from.
    case powerSmoothingPresetCount
    /// The number of the profile that is in force.
    case powerSmoothingActivePreset
    /// The floor when idle.
    case powerSmoothingPrimaryFloorWatts
    /// The floor while working.
    case powerSmoothingSecondaryFloorWatts
    /// The smallest distance from the secondary floor at which the primary may begin.
    case powerSmoothingActivationOffsetMinimumWatts
    /// The lowest power at which the floors may change places.
    case powerSmoothingActivationPointMinimumWatts
    /// The time that window multipliers multiply.
    case powerSmoothingWindowMilliseconds
    /// The profile's floor, of the ceiling.
    case powerSmoothingProfileFloorPercent
    /// The profile's speed upwards.
    case powerSmoothingProfileRampUpWattsPerSecond
    /// The profile's speed downwards.
    case powerSmoothingProfileRampDownWattsPerSecond
    /// The profile's delay before power goes down.
    case powerSmoothingProfileRampDownDelayMilliseconds
    /// The profile's floor while working.
    case powerSmoothingProfileSecondaryFloorWatts
    /// The profile's time before the primary floor begins, in windows.
    case powerSmoothingProfileActivationWindow
    /// The profile's time over which the primary floor is aimed at, in windows.
    case powerSmoothingProfileTargetWindow
    /// The profile's distance from the secondary floor at which the primary begins.
    case powerSmoothingProfileActivationOffsetWatts
    /// What an administrator set in place of the profile's floor, of the ceiling.
    case powerSmoothingOverrideFloorPercent
    /// What an administrator set in place of the profile's speed upwards.
    case powerSmoothingOverrideRampUpWattsPerSecond
    /// What an administrator set in place of the profile's speed downwards.
    case powerSmoothingOverrideRampDownWattsPerSecond
    /// What an administrator set in place of the profile's delay before power goes down.
    case powerSmoothingOverrideRampDownDelayMilliseconds
    /// What an administrator set in place of the profile's floor while working.
    case powerSmoothingOverrideSecondaryFloorWatts
    /// What an administrator set in place of the profile's time before the primary floor begins, in windows.
    case powerSmoothingOverrideActivationWindow
    /// What an administrator set in place of the profile's time over which the primary floor is aimed at, in windows.
    case powerSmoothingOverrideTargetWindow
    /// What an administrator set in place of the profile's distance from the secondary floor at which the primary begins.
    case powerSmoothingOverrideActivationOffsetWatts
}
