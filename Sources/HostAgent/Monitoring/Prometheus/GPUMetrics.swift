import GPUReadings

/// A fact of a GPU as a family of series.
struct GPUMetric: Sendable {
    var fact: GPUFact
    var name: String
    var kind: Exposition.Kind
    var help: String
    /// From the fact's unit to the metric's.
    var factor: Double

    init(
        _ fact: GPUFact, _ name: String, kind: Exposition.Kind = .gauge, times factor: Double = 1, _ help: String
    ) {
        (self.fact, self.name, self.kind, self.help, self.factor) = (fact, name, kind, help, factor)
    }

    /// In Prometheus' base units: ratios, bytes, celsius, watts, hertz. Where mindprince's nvidia_gpu_prometheus_exporter
    /// has the same thing in the same unit, its name; else utkuozdemir's suffixes.
    static let base: [GPUMetric] = [
        GPUMetric(
            .utilizationGPUPercent, "nvidia_gpu_utilization_ratio", times: 0.01,
            "Share of the last sample period in which a kernel ran on the GPU."),
        GPUMetric(
            .utilizationMemoryPercent, "nvidia_gpu_memory_utilization_ratio", times: 0.01,
            "Share of the last sample period in which device memory was read or written."),
        GPUMetric(
            .utilizationEncoderPercent, "nvidia_gpu_encoder_utilization_ratio", times: 0.01,
            "Share of the last sample period in which the video encoder worked."),
        GPUMetric(
            .utilizationDecoderPercent, "nvidia_gpu_decoder_utilization_ratio", times: 0.01,
            "Share of the last sample period in which the video decoder worked."),
        GPUMetric(
            .utilizationJPEGPercent, "nvidia_gpu_jpeg_utilization_ratio", times: 0.01,
            "Share of the last sample period in which the JPEG engine worked."),
        GPUMetric(
            .utilizationOFAPercent, "nvidia_gpu_ofa_utilization_ratio", times: 0.01,
            "Share of the last sample period in which the optical flow engine worked."),
        GPUMetric(.memoryTotalBytes, "nvidia_gpu_memory_total_bytes", "Device memory."),
        GPUMetric(.memoryUsedBytes, "nvidia_gpu_memory_used_bytes", "Device memory in use."),
        GPUMetric(.memoryFreeBytes, "nvidia_gpu_memory_free_bytes", "Device memory that is free."),
        GPUMetric(
            .memoryReservedBytes, "nvidia_gpu_memory_reserved_bytes", "Device memory kept by driver and firmware."),
        GPUMetric(.bar1TotalBytes, "nvidia_gpu_bar1_memory_total_bytes", "Size of the BAR1 window."),
        GPUMetric(.bar1UsedBytes, "nvidia_gpu_bar1_memory_used_bytes", "BAR1 window in use."),
        GPUMetric(.temperatureCelsius, "nvidia_gpu_temperature_celsius", "Temperature of the GPU's core."),
        GPUMetric(.memoryTemperatureCelsius, "nvidia_gpu_memory_temperature_celsius", "Temperature of the memory."),
        GPUMetric(
            .temperatureSlowdownCelsius, "nvidia_gpu_temperature_slowdown_celsius",
            "Temperature at which the hardware slows the clocks down."),
        GPUMetric(
            .temperatureShutdownCelsius, "nvidia_gpu_temperature_shutdown_celsius",
            "Temperature at which the GPU is shut down."),
        GPUMetric(
            .temperatureMaxCelsius, "nvidia_gpu_temperature_max_celsius",
            "Temperature above which the driver slows the clocks down."),
        GPUMetric(
            .temperatureTargetCelsius, "nvidia_gpu_temperature_target_celsius",
            "Temperature at which the clocks are held."),
        GPUMetric(
            .temperatureHeadroomCelsius, "nvidia_gpu_temperature_headroom_celsius",
            "Degrees left to the nearest limit (T.Limit)."),
        GPUMetric(.fanPercent, "nvidia_gpu_fan_speed_ratio", times: 0.01, "Speed the fan is meant to have."),
        GPUMetric(.powerDrawWatts, "nvidia_gpu_power_draw_watts", "Power drawn by the board."),
        GPUMetric(.powerLimitWatts, "nvidia_gpu_power_limit_watts", "Power limit in force."),
        GPUMetric(.powerLimitDefaultWatts, "nvidia_gpu_power_limit_default_watts", "Power limit after a restart."),
        GPUMetric(
            .modulePowerDrawWatts, "nvidia_gpu_module_power_draw_watts", "Power drawn by the module (GPU and CPU)."),
        GPUMetric(.memoryPowerDrawWatts, "nvidia_gpu_memory_power_draw_watts", "Power drawn by the memory."),
        GPUMetric(.clockGraphicsMHz, "nvidia_gpu_clock_graphics_hertz", times: 1e6, "Graphics clock."),
        GPUMetric(.clockSMMHz, "nvidia_gpu_clock_sm_hertz", times: 1e6, "Clock of the multiprocessors."),
        GPUMetric(.clockMemoryMHz, "nvidia_gpu_clock_memory_hertz", times: 1e6, "Memory clock."),
        GPUMetric(.clockVideoMHz, "nvidia_gpu_clock_video_hertz", times: 1e6, "Clock of encoder and decoder."),
        GPUMetric(.clockGraphicsMaxMHz, "nvidia_gpu_clock_graphics_max_hertz", times: 1e6, "Highest graphics clock."),
        GPUMetric(.clockSMMaxMHz, "nvidia_gpu_clock_sm_max_hertz", times: 1e6, "Highest clock of the multiprocessors."),
        GPUMetric(.clockMemoryMaxMHz, "nvidia_gpu_clock_memory_max_hertz", times: 1e6, "Highest memory clock."),
        GPUMetric(.pcieLinkGeneration, "nvidia_gpu_pcie_link_generation", "PCIe generation of the link now."),
        GPUMetric(
            .pcieLinkGenerationMax, "nvidia_gpu_pcie_link_generation_max", "Highest PCIe generation of the link."),
        GPUMetric(.pcieLinkWidth, "nvidia_gpu_pcie_link_width", "PCIe lanes of the link now."),
        GPUMetric(.pcieLinkWidthMax, "nvidia_gpu_pcie_link_width_max", "Most PCIe lanes of the link."),
        GPUMetric(
            .pcieReplays, "nvidia_gpu_pcie_replays_total", kind: .counter, "PCIe replays since the driver was loaded."),
        GPUMetric(
            .pcieTransmitBytesPerSecond, "nvidia_gpu_pcie_transmit_bytes_per_second",
            "Bytes a second from the GPU over PCIe, over 20 ms."),
        GPUMetric(
            .pcieReceiveBytesPerSecond, "nvidia_gpu_pcie_receive_bytes_per_second",
            "Bytes a second to the GPU over PCIe, over 20 ms."),
        GPUMetric(.encoderSessionCount, "nvidia_gpu_encoder_sessions", "Sessions of the video encoder."),
        GPUMetric(
            .eccVolatileCorrected, "nvidia_gpu_ecc_errors_corrected_volatile_total", kind: .counter,
            "ECC errors corrected since the driver was loaded."),
        GPUMetric(
            .eccVolatileUncorrected, "nvidia_gpu_ecc_errors_uncorrected_volatile_total", kind: .counter,
            "ECC errors not corrected since the driver was loaded."),
        GPUMetric(
            .eccAggregateCorrected, "nvidia_gpu_ecc_errors_corrected_aggregate_total", kind: .counter,
            "ECC errors corrected in the GPU's life."),
        GPUMetric(
            .eccAggregateUncorrected, "nvidia_gpu_ecc_errors_uncorrected_aggregate_total", kind: .counter,
            "ECC errors not corrected in the GPU's life."),
        GPUMetric(
            .eccVolatileCorrectedDRAM, "nvidia_gpu_ecc_errors_corrected_volatile_dram_total", kind: .counter,
            "ECC errors of the DRAM corrected since the driver was loaded."),
        GPUMetric(
            .eccVolatileCorrectedSRAM, "nvidia_gpu_ecc_errors_corrected_volatile_sram_total", kind: .counter,
            "ECC errors of the SRAM corrected since the driver was loaded."),
        GPUMetric(
            .eccVolatileUncorrectedDRAM, "nvidia_gpu_ecc_errors_uncorrected_volatile_dram_total", kind: .counter,
            "ECC errors of the DRAM not corrected since the driver was loaded."),
        GPUMetric(
            .eccVolatileUncorrectedSRAM, "nvidia_gpu_ecc_errors_uncorrected_volatile_sram_total", kind: .counter,
            "ECC errors of the SRAM not corrected since the driver was loaded."),
        GPUMetric(
            .eccAggregateCorrectedDRAM, "nvidia_gpu_ecc_errors_corrected_aggregate_dram_total", kind: .counter,
            "ECC errors of the DRAM corrected in the GPU's life."),
        GPUMetric(
            .eccAggregateCorrectedSRAM, "nvidia_gpu_ecc_errors_corrected_aggregate_sram_total", kind: .counter,
            "ECC errors of the SRAM corrected in the GPU's life."),
        GPUMetric(
            .eccAggregateUncorrectedDRAM, "nvidia_gpu_ecc_errors_uncorrected_aggregate_dram_total", kind: .counter,
            "ECC errors of the DRAM not corrected in the GPU's life."),
        GPUMetric(
            .eccAggregateUncorrectedSRAM, "nvidia_gpu_ecc_errors_uncorrected_aggregate_sram_total", kind: .counter,
            "ECC errors of the SRAM not corrected in the GPU's life."),
        GPUMetric(
            .retiredPagesSingleBit, "nvidia_gpu_retired_pages_single_bit", "Pages retired for single bit errors."),
        GPUMetric(
            .retiredPagesDoubleBit, "nvidia_gpu_retired_pages_double_bit", "Pages retired for double bit errors."),
        GPUMetric(
            .retiredPagesPending, "nvidia_gpu_retired_pages_pending", "1 where pages are retired at the next start."),
        GPUMetric(
            .remappedRowsCorrectable, "nvidia_gpu_remapped_rows_correctable",
            "Memory rows remapped for errors that were corrected."),
        GPUMetric(
            .remappedRowsUncorrectable, "nvidia_gpu_remapped_rows_uncorrectable",
            "Memory rows remapped for errors that were not corrected."),
        GPUMetric(
            .remappedRowsPending, "nvidia_gpu_remapped_rows_pending", "1 where rows are remapped at the next reset."),
        GPUMetric(.remappedRowsFailure, "nvidia_gpu_remapped_rows_failure", "1 where a row could not be remapped."),
    ]

    /// As dcgm-exporter's default-counters.csv names them, in DCGM's units (MHz, MiB, percent).
    static let dcgm: [GPUMetric] = [
        GPUMetric(.clockSMMHz, "DCGM_FI_DEV_SM_CLOCK", "SM clock frequency (in MHz)."),
        GPUMetric(.clockMemoryMHz, "DCGM_FI_DEV_MEM_CLOCK", "Memory clock frequency (in MHz)."),
        GPUMetric(.memoryTemperatureCelsius, "DCGM_FI_DEV_MEMORY_TEMP", "Memory temperature (in C)."),
        GPUMetric(.temperatureCelsius, "DCGM_FI_DEV_GPU_TEMP", "GPU temperature (in C)."),
        GPUMetric(.powerDrawWatts, "DCGM_FI_DEV_POWER_USAGE", "Power draw (in W)."),
        GPUMetric(.pcieReplays, "DCGM_FI_DEV_PCIE_REPLAY_COUNTER", kind: .counter, "Total number of PCIe retries."),
        GPUMetric(.utilizationGPUPercent, "DCGM_FI_DEV_GPU_UTIL", "GPU utilization (in %)."),
        GPUMetric(.utilizationMemoryPercent, "DCGM_FI_DEV_MEM_COPY_UTIL", "Memory utilization (in %)."),
        GPUMetric(.utilizationEncoderPercent, "DCGM_FI_DEV_ENC_UTIL", "Encoder utilization (in %)."),
        GPUMetric(.utilizationDecoderPercent, "DCGM_FI_DEV_DEC_UTIL", "Decoder utilization (in %)."),
        GPUMetric(.memoryFreeBytes, "DCGM_FI_DEV_FB_FREE", times: 1.0 / 1_048_576, "Framebuffer memory free (in MiB)."),
        GPUMetric(.memoryUsedBytes, "DCGM_FI_DEV_FB_USED", times: 1.0 / 1_048_576, "Framebuffer memory used (in MiB)."),
        GPUMetric(
            .memoryReservedBytes, "DCGM_FI_DEV_FB_RESERVED", times: 1.0 / 1_048_576,
            "Framebuffer memory reserved (in MiB)."),
        GPUMetric(
            .eccVolatileCorrected, "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", kind: .counter,
            "Total number of single-bit volatile ECC errors."),
        GPUMetric(
            .eccVolatileUncorrected, "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", kind: .counter,
            "Total number of double-bit volatile ECC errors."),
        GPUMetric(
            .eccAggregateCorrected, "DCGM_FI_DEV_ECC_SBE_AGG_TOTAL", kind: .counter,
            "Total number of single-bit persistent ECC errors."),
        GPUMetric(
            .eccAggregateUncorrected, "DCGM_FI_DEV_ECC_DBE_AGG_TOTAL", kind: .counter,
            "Total number of double-bit persistent ECC errors."),
        GPUMetric(
            .retiredPagesSingleBit, "DCGM_FI_DEV_RETIRED_SBE", kind: .counter,
            "Total number of retired pages due to single-bit errors."),
        GPUMetric(
            .retiredPagesDoubleBit, "DCGM_FI_DEV_RETIRED_DBE", kind: .counter,
            "Total number of retired pages due to double-bit errors."),
        GPUMetric(
            .retiredPagesPending, "DCGM_FI_DEV_RETIRED_PENDING", kind: .counter,
            "Total number of pages pending retirement."),
        GPUMetric(
            .remappedRowsUncorrectable, "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", kind: .counter,
            "Number of remapped rows for uncorrectable errors."),
        GPUMetric(
            .remappedRowsCorrectable, "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", kind: .counter,
            "Number of remapped rows for correctable errors."),
        GPUMetric(.remappedRowsFailure, "DCGM_FI_DEV_ROW_REMAP_FAILURE", "Whether remapping of rows has failed."),
    ]
}
